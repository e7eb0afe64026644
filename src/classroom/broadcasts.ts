import type { Database } from '#database/database.ts'
import { token } from './secrets.ts'

/** What an instructor tells a whole cohort. */
export interface Broadcast {
  id: string
  cohort: string
  /** A person's id. */
  author: string
  text: string
  /** A page of this site. */
  link?: string
  /** ms since the epoch */
  sentAt: number
}

/** What was told to cohorts. */
export class Broadcasts {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  async send(broadcast: Omit<Broadcast, 'id' | 'sentAt'>): Promise<Broadcast> {
    const sent = { ...broadcast, id: token(), sentAt: this.#now() }
    const { link, sentAt, ...row } = sent
    await this.#database
      .insertInto('broadcasts')
      .values({ ...row, link: link ?? null, sent_at: sentAt })
      .execute()
    return sent
  }

  /** The latest of some cohorts, the newest first. */
  async list(cohorts: string[], limit = 20): Promise<Broadcast[]> {
    if (cohorts.length === 0) return []
    const rows = await this.#database
      .selectFrom('broadcasts')
      .selectAll()
      .where('cohort', 'in', cohorts)
      .orderBy('sent_at', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(({ link, sent_at, ...row }) => ({
      ...row,
      ...(link !== null && { link }),
      sentAt: sent_at,
    }))
  }
}
