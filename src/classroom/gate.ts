import type { Database } from '#database/database.ts'
import type { Cohorts } from './cohorts.ts'

/** What one person is let do by an instructor. */
export interface Allowance {
  person: string
  lab: string
  /** Empty: the lab as a whole. */
  step: string
  /** `unlock`: start a lab that is not open yet. `skip`: a step was done for them. */
  kind: 'unlock' | 'skip'
}

/** Which labs a learner may start, as their cohorts' pace and their instructors say. */
export class Gate {
  readonly #database: Database
  readonly #cohorts: Cohorts
  readonly #now: () => number

  constructor(database: Database, cohorts: Cohorts, now: () => number = Date.now) {
    this.#database = database
    this.#cohorts = cohorts
    this.#now = now
  }

  /**
   * Whether a lab is open for a person. Somebody in no cohort may start any; somebody in several, what any of them
   * opens. A cohort that has not begun opens nothing.
   */
  async isOpen(person: string, lab: string): Promise<boolean> {
    const cohorts = (await this.#cohorts.list({ person, role: 'learner' })).filter(
      ({ archivedAt, endsAt }) => archivedAt === undefined && (endsAt === undefined || endsAt > this.#now()),
    )
    if (cohorts.length === 0) return true
    const opened = cohorts.some(
      ({ startsAt, pace, open }) =>
        (startsAt === undefined || startsAt <= this.#now()) && (pace === 'free' || open.includes(lab)),
    )
    return opened || (await this.has({ person, lab, step: '', kind: 'unlock' }))
  }

  async allow({ person, lab, step, kind }: Allowance, by: string): Promise<void> {
    await this.#database
      .insertInto('allowances')
      .values({ person, lab, step, kind, granted_by: by, granted_at: this.#now() })
      .onConflict((conflict) => conflict.columns(['person', 'lab', 'step', 'kind']).doNothing())
      .execute()
  }

  /** Takes back what was allowed of a kind in a lab. */
  async forget(person: string, lab: string, kind: Allowance['kind']): Promise<void> {
    await this.#database
      .deleteFrom('allowances')
      .where('person', '=', person)
      .where('lab', '=', lab)
      .where('kind', '=', kind)
      .execute()
  }

  async has({ person, lab, step, kind }: Allowance): Promise<boolean> {
    const row = await this.#database
      .selectFrom('allowances')
      .select('granted_at')
      .where('person', '=', person)
      .where('lab', '=', lab)
      .where('step', '=', step)
      .where('kind', '=', kind)
      .executeTakeFirst()
    return row !== undefined
  }
}
