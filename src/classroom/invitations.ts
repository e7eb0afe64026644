import type { Database } from '#database/database.ts'
import type { InvitationsTable } from '#database/schema.ts'
import type { Role } from '#server/api.ts'
import { digest, token } from './secrets.ts'

/** A link by which one person gets in. Times in ms since the epoch. */
export interface Invitation {
  /** The digest of its secret: it names the invitation, and nobody gets in by it. */
  id: string
  name: string
  role: Role
  email?: string
  cohort?: string
  createdBy: string
  createdAt: number
  expiresAt: number
  /** Who came by it, or took it back. */
  usedBy?: string
}

/** Invitations that are out. */
export class Invitations {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** Makes one; `secret` is told once. `lifetime` in ms. */
  async create(
    invitation: Pick<Invitation, 'name' | 'role' | 'email' | 'cohort' | 'createdBy'>,
    lifetime: number,
  ): Promise<{ invitation: Invitation; secret: string }> {
    const secret = token()
    const createdAt = this.#now()
    const made = { ...invitation, id: digest(secret), createdAt, expiresAt: createdAt + lifetime }
    const { id, email, cohort, name, role } = made
    await this.#database
      .insertInto('invitations')
      .values({
        hash: id,
        name,
        role,
        email: email?.toLowerCase() ?? null,
        cohort: cohort ?? null,
        created_by: made.createdBy,
        created_at: createdAt,
        expires_at: made.expiresAt,
        used_by: null,
      })
      .execute()
    return { invitation: made, secret }
  }

  /** The invitation of a secret, while it is good. */
  async find(secret: string): Promise<Invitation | undefined> {
    const row = await this.#database
      .selectFrom('invitations')
      .selectAll()
      .where('hash', '=', digest(secret))
      .where('used_by', 'is', null)
      .where('expires_at', '>', this.#now())
      .executeTakeFirst()
    return row && invitationOf(row)
  }

  /** Uses one up; false when another was faster. */
  async use(id: string, by: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#database
      .updateTable('invitations')
      .set({ used_by: by })
      .where('hash', '=', id)
      .where('used_by', 'is', null)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Those that are out and good, the newest first. */
  async list(): Promise<Invitation[]> {
    const rows = await this.#database
      .selectFrom('invitations')
      .selectAll()
      .where('used_by', 'is', null)
      .where('expires_at', '>', this.#now())
      .orderBy('created_at', 'desc')
      .execute()
    return rows.map(invitationOf)
  }
}

function invitationOf(row: InvitationsTable): Invitation {
  const { hash, email, cohort, created_by, created_at, expires_at, used_by, ...rest } = row
  return {
    ...rest,
    id: hash,
    ...(email !== null && { email }),
    ...(cohort !== null && { cohort }),
    createdBy: created_by,
    createdAt: created_at,
    expiresAt: expires_at,
    ...(used_by !== null && { usedBy: used_by }),
  }
}
