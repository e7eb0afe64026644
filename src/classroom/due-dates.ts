import type { Database } from '#database/database.ts'
import type { Cohort } from './cohorts.ts'

/** What a learner is told of a date: that it comes near, or that it has passed. */
export type ReminderKind = 'soon' | 'overdue'

/** How they are told. */
export type ReminderWay = 'mail' | 'webhook'

/** Who is reminded of what, and how. */
export interface Reminded {
  cohort: string
  person: string
  kind: ReminderKind
  way: ReminderWay
  /** ms since the epoch */
  dueAt: number
}

/** Until when learners are to be done with their course: the cohort's date, or one that an instructor gave them. Times in ms since the epoch. */
export class DueDates {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** The dates that single people of a cohort were given, by their ids. */
  async extensions(cohort: string): Promise<Map<string, number>> {
    const rows = await this.#database
      .selectFrom('extensions')
      .select(['person', 'due_at'])
      .where('cohort', '=', cohort)
      .execute()
    return new Map(rows.map(({ person, due_at }) => [person, Number(due_at)]))
  }

  /** A person's date in a cohort, if there is one. */
  async of({ id, dueAt }: Pick<Cohort, 'id' | 'dueAt'>, person: string): Promise<number | undefined> {
    return (await this.extensions(id)).get(person) ?? dueAt
  }

  /** Gives a person another date, whatever the cohort's is. */
  async extend(cohort: string, person: string, dueAt: number, by: string): Promise<void> {
    const row = { due_at: dueAt, granted_by: by, granted_at: this.#now() }
    await this.#database
      .insertInto('extensions')
      .values({ cohort, person, ...row })
      .onConflict((conflict) => conflict.columns(['person', 'cohort']).doUpdateSet(row))
      .execute()
  }

  /** Notes that a person is reminded; false when they were before: then nobody does it again. */
  async claim({ dueAt, ...row }: Reminded): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('reminders')
      .values({ ...row, due_at: dueAt, sent_at: this.#now() })
      .onConflict((conflict) => conflict.columns(['cohort', 'person', 'kind', 'way', 'due_at']).doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  /** The reminder could not be sent: it is due again. */
  async release({ dueAt, ...row }: Reminded): Promise<void> {
    await this.#database
      .deleteFrom('reminders')
      .where((where) => where.and({ ...row, due_at: dueAt }))
      .execute()
  }
}
