import { randomBytes } from 'node:crypto'
import type { Database } from '#database/database.ts'

/** Acts that are kept: sign-ins, and what people with rights over others did. */
export type Act =
  | 'sign-in'
  | 'sign-in-refused'
  | 'sign-out'
  | 'cohort-create'
  | 'cohort-change'
  | 'cohort-code'
  | 'cohort-join'
  | 'member-remove'
  | 'broadcast'
  | 'hand-take'
  | 'hand-answer'
  | 'lab-reset'
  | 'allowance'
  | 'due-extend'
  | 'look-in'
  | 'look-out'
  | 'replay'
  | 'keyboard'
  | 'step-skip'
  | 'report'
  | 'invitation-create'
  | 'invitation-accept'
  | 'invitation-revoke'
  | 'person-change'
  | 'person-export'
  | 'person-delete'

export interface AuditEntry {
  id: string
  /** ms since the epoch */
  at: number
  /** Who did it: a person's id, or empty for nobody known. */
  actor: string
  act: Act
  /** To whom or what: an id. */
  subject: string
  /** What else tells what happened; never a secret. */
  detail: Record<string, unknown>
  /** The address that it came from. */
  address?: string
}

/** What was done by whom, appended only. */
export class AuditLog {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  async add(
    entry: Omit<AuditEntry, 'id' | 'at' | 'detail'> & { detail?: Record<string, unknown> },
  ): Promise<void> {
    const { actor, act, subject, detail = {}, address } = entry
    await this.#database
      .insertInto('audit')
      .values({
        id: randomBytes(12).toString('base64url'),
        at: this.#now(),
        actor,
        act,
        subject,
        detail: JSON.stringify(detail),
        address: address ?? null,
      })
      .execute()
  }

  /** The latest first; `before` (ms) goes on where a list ended. */
  async list({ limit = 100, before }: { limit?: number; before?: number } = {}): Promise<AuditEntry[]> {
    let query = this.#database
      .selectFrom('audit')
      .selectAll()
      .orderBy('at', 'desc')
      .orderBy('id')
      .limit(limit)
    if (before !== undefined) query = query.where('at', '<', before)
    return (await query.execute()).map(({ detail, address, act, ...row }) => ({
      ...row,
      act: act as Act,
      detail: JSON.parse(detail) as Record<string, unknown>,
      ...(address !== null && { address }),
    }))
  }

  /** Forgets what is older. */
  async deleteBefore(time: number): Promise<void> {
    await this.#database.deleteFrom('audit').where('at', '<', time).execute()
  }
}
