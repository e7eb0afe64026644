import { randomBytes } from 'node:crypto'
import type { Database } from './database.ts'

/** What happened in a learner's lab beside what their terminals show and what they asked of their cloud. */
export type Moment =
  | { kind: 'started' | 'reset' }
  /** A check says something else than before. */
  | {
      kind: 'check'
      step: string
      status: 'passed' | 'failed' | 'error'
      finding?: { id: string; title: string; observed?: string }
    }
  /** So many hints of a step are open; `solution` when it was shown or run. */
  | { kind: 'hints'; step: string; opened: number; solution?: true }
  /** An instructor did a step. */
  | { kind: 'skipped'; step: string }
  /** The world's clock was moved, or goes at another speed: `world` is what it says then, ms since the epoch. */
  | { kind: 'clock'; world: number; speed: number }

/** `at` in ms since the epoch. */
export type KeptMoment = Moment & { at: number }

/** What happened in learners' labs, appended only. */
export class Moments {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  async add(person: string, lab: string, moment: Moment): Promise<void> {
    const id = randomBytes(12).toString('base64url')
    await this.#database
      .insertInto('moments')
      .values({ id, person, lab, at: this.#now(), moment: JSON.stringify(moment) })
      .execute()
  }

  /** Those of a person's lab, in order. */
  async list(person: string, lab: string): Promise<KeptMoment[]> {
    const rows = await this.#database
      .selectFrom('moments')
      .select(['at', 'moment'])
      .where('person', '=', person)
      .where('lab', '=', lab)
      .orderBy('at')
      .orderBy('id')
      .execute()
    return rows.map(({ at, moment }) => ({ ...(JSON.parse(moment) as Moment), at }))
  }

  /** Forgets what is older. */
  async deleteBefore(time: number): Promise<void> {
    await this.#database.deleteFrom('moments').where('at', '<', time).execute()
  }
}
