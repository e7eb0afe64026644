import type { Database } from './database.ts'

/** A statement that waits; its `id` is the one by which the store knows it. */
export interface WaitingStatement {
  id: string
  /** JSON */
  statement: string
}

/** What a learning record store is still to be told, in the order in which it happened. */
export class Statements {
  readonly #database: Database
  readonly #now: () => number
  /** What is queued later comes later, also in one millisecond. */
  #last = 0

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** Queues statements about a person. */
  async add(person: string, statements: readonly { id: string }[]): Promise<void> {
    const rows = statements.map((statement) => {
      this.#last = Math.max(this.#last + 1, this.#now())
      return { id: statement.id, person, queued_at: this.#last, statement: JSON.stringify(statement) }
    })
    if (rows.length > 0) await this.#database.insertInto('statements').values(rows).execute()
  }

  /** Those that wait longest, at most `count`. */
  async oldest(count: number): Promise<WaitingStatement[]> {
    return this.#database
      .selectFrom('statements')
      .select(['id', 'statement'])
      .orderBy('queued_at')
      .orderBy('id')
      .limit(count)
      .execute()
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.#database.deleteFrom('statements').where('id', 'in', ids).execute()
  }

  async count(): Promise<number> {
    const { count } = await this.#database
      .selectFrom('statements')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /** Keeps the newest `most`; gives how many were given up. */
  async trim(most: number): Promise<number> {
    const first = await this.#database
      .selectFrom('statements')
      .select('queued_at')
      .orderBy('queued_at', 'desc')
      .offset(most)
      .limit(1)
      .executeTakeFirst()
    if (!first) return 0
    const { numDeletedRows } = await this.#database
      .deleteFrom('statements')
      .where('queued_at', '<=', first.queued_at)
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}
