import { createHash, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'

/** Browsers that were let in, and as whom. */
export class Sessions {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Lets a browser in; gives the cookie's value: 128 random bits. */
  async create(learner: string, now: number): Promise<string> {
    const id = randomBytes(16).toString('base64url')
    await this.#database
      .insertInto('sessions')
      .values({ hash: hash(id), learner, created_at: now })
      .execute()
    return id
  }

  /** Whose session it is. */
  async learner(id: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom('sessions')
      .select('learner')
      .where('hash', '=', hash(id))
      .executeTakeFirst()
    return row?.learner
  }
}

/** Whoever reads the database must not be able to use a session. */
function hash(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
