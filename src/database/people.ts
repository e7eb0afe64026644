import { randomBytes } from 'node:crypto'
import type { Role } from '#server/api.ts'
import type { Database } from './database.ts'
import type { PeopleTable } from './schema.ts'

/** Somebody who may sign in. */
export interface Person {
  id: string
  name: string
  role: Role
  email?: string
  createdAt: number
  disabledAt?: number
}

export interface NewPerson {
  /** Made up when left out. */
  id?: string
  name: string
  role: Role
  email?: string
  /** A hash. */
  password?: string
  /** `<issuer>|<sub>` at an OpenID provider. */
  subject?: string
}

/** The one person of a server that only this machine reaches: it is theirs. */
export const OWNER = { id: 'local', name: 'Owner', role: 'admin' } as const satisfies NewPerson

/** The people of this server. */
export class People {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Adds a person. Rejects when the e-mail address or the subject is another person's. */
  async add(
    { id = randomBytes(9).toString('base64url'), ...person }: NewPerson,
    now: number,
  ): Promise<Person> {
    const row: PeopleTable = {
      id,
      name: person.name,
      role: person.role,
      email: person.email?.toLowerCase() ?? null,
      password: person.password ?? null,
      subject: person.subject ?? null,
      created_at: now,
      disabled_at: null,
    }
    await this.#database.insertInto('people').values(row).execute()
    return personOf(row)
  }

  async find(id: string): Promise<Person | undefined> {
    const row = await this.#database.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst()
    return row && personOf(row)
  }

  async findBySubject(subject: string): Promise<Person | undefined> {
    const row = await this.#database
      .selectFrom('people')
      .selectAll()
      .where('subject', '=', subject)
      .executeTakeFirst()
    return row && personOf(row)
  }

  /** A person with the hash of their password, by e-mail address (in any case). */
  async findByEmail(email: string): Promise<{ person: Person; password: string | null } | undefined> {
    const row = await this.#database
      .selectFrom('people')
      .selectAll()
      .where('email', '=', email.toLowerCase())
      .executeTakeFirst()
    return row && { person: personOf(row), password: row.password }
  }

  /** Everybody, by name. */
  async list(): Promise<Person[]> {
    const rows = await this.#database.selectFrom('people').selectAll().orderBy('name').orderBy('id').execute()
    return rows.map(personOf)
  }

  /** Changes what is given. */
  async update(
    id: string,
    {
      disabledAt,
      ...changes
    }: Partial<Pick<NewPerson, 'name' | 'role' | 'password' | 'subject'>> & { disabledAt?: number | null },
  ): Promise<void> {
    const set = { ...changes, ...(disabledAt !== undefined && { disabled_at: disabledAt }) }
    if (Object.keys(set).length === 0) return
    await this.#database.updateTable('people').set(set).where('id', '=', id).execute()
  }
}

function personOf(row: PeopleTable): Person {
  const { id, name, role, email, created_at, disabled_at } = row
  return {
    id,
    name,
    role,
    ...(email !== null && { email }),
    createdAt: created_at,
    ...(disabled_at !== null && { disabledAt: disabled_at }),
  }
}
