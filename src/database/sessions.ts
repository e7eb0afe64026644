import { createHash, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'
import type { Person } from './people.ts'

/** Browsers that are signed in, and as whom. */
export class Sessions {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Signs a browser in until `expires` (ms since the epoch); gives the cookie's value: 128 random bits. */
  async create(learner: string, now: number, expires: number): Promise<string> {
    const id = randomBytes(16).toString('base64url')
    await this.#database
      .insertInto('sessions')
      .values({ hash: hash(id), learner, created_at: now, expires_at: expires })
      .execute()
    return id
  }

  /** Whose session it is, and until when (ms since the epoch), unless it or its person's right to sign in has ended. */
  async person(
    id: string,
    now: number,
  ): Promise<(Pick<Person, 'id' | 'name' | 'role'> & { until: number }) | undefined> {
    const found = await this.#database
      .selectFrom('sessions')
      .innerJoin('people', 'people.id', 'sessions.learner')
      .select(['people.id', 'people.name', 'people.role', 'expires_at'])
      .where('hash', '=', hash(id))
      .where('expires_at', '>', now)
      .where('disabled_at', 'is', null)
      .executeTakeFirst()
    if (!found) return undefined
    const { expires_at, ...person } = found
    return { ...person, until: Number(expires_at) }
  }

  /** Signs a browser out. */
  async delete(id: string): Promise<void> {
    await this.#database.deleteFrom('sessions').where('hash', '=', hash(id)).execute()
  }

  /** Signs a person out everywhere. */
  async deleteAll(learner: string): Promise<void> {
    await this.#database.deleteFrom('sessions').where('learner', '=', learner).execute()
  }

  /** Forgets what has ended. */
  async deleteExpired(now: number): Promise<void> {
    await this.#database.deleteFrom('sessions').where('expires_at', '<=', now).execute()
  }
}

/** Whoever reads the database must not be able to use a session. */
function hash(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
