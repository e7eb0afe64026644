import type { Selectable } from 'kysely'
import type { Database } from '#database/database.ts'
import type { Person } from '#database/people.ts'
import type { CohortsTable } from '#database/schema.ts'
import { normalizeCode, readableCode, token } from './secrets.ts'

/** How a cohort goes through its labs: each at will, or only those that the instructor has opened. */
export type Pace = 'free' | 'gated'

/** People who learn together. Times in ms since the epoch. */
export interface Cohort {
  id: string
  name: string
  /** With it people join. */
  code: string
  /** A learning path's id. */
  path?: string
  /** Ids of its labs, in order; empty: all. */
  labs: string[]
  pace: Pace
  /** Labs that may be started while the pace is `gated`. */
  open: string[]
  startsAt?: number
  endsAt?: number
  /** When its path, or its labs, are to be done. */
  dueAt?: number
  createdAt: number
  archivedAt?: number
}

export interface Member extends Pick<Person, 'id' | 'name'> {
  role: 'learner' | 'instructor'
  joinedAt: number
}

export type CohortChanges = Partial<Omit<Cohort, 'id' | 'code' | 'createdAt'>>

/** Cohorts and who is in them. */
export class Cohorts {
  readonly #database: Database
  readonly #now: () => number

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** Makes one, led by `instructor`, or by nobody yet. Rejects when the `id`, made up when left out, is another's. */
  async create(
    { id = token(), ...cohort }: Pick<Cohort, 'name'> & Partial<Pick<Cohort, 'id'>> & CohortChanges,
    instructor?: string,
  ): Promise<Cohort> {
    const made: Cohort = {
      labs: [],
      pace: 'free',
      open: [],
      ...cohort,
      id,
      code: readableCode(2),
      createdAt: this.#now(),
    }
    await this.#database.transaction().execute(async (transaction) => {
      await transaction.insertInto('cohorts').values(rowOf(made)).execute()
      if (instructor === undefined) return
      await transaction
        .insertInto('members')
        .values({ cohort: made.id, person: instructor, role: 'instructor', joined_at: made.createdAt })
        .execute()
    })
    return made
  }

  async find(id: string): Promise<Cohort | undefined> {
    const row = await this.#database.selectFrom('cohorts').selectAll().where('id', '=', id).executeTakeFirst()
    return row && cohortOf(row)
  }

  /** All, or those that a person is in with a role; the newest first. */
  async list(of?: { person: string; role: Member['role'] }): Promise<Cohort[]> {
    let query = this.#database
      .selectFrom('cohorts')
      .selectAll('cohorts')
      .orderBy('created_at', 'desc')
      .orderBy('id')
    if (of) {
      query = query.where('id', 'in', (inner) =>
        inner
          .selectFrom('members')
          .select('cohort')
          .where('person', '=', of.person)
          .where('role', '=', of.role),
      )
    }
    return (await query.execute()).map(cohortOf)
  }

  async change(cohort: Cohort, changes: CohortChanges): Promise<Cohort> {
    const changed = { ...cohort, ...changes }
    await this.#database.updateTable('cohorts').set(rowOf(changed)).where('id', '=', cohort.id).execute()
    return changed
  }

  /** Gives it another code: the one before lets nobody in any more. */
  async renewCode(cohort: Cohort): Promise<Cohort> {
    const changed = { ...cohort, code: readableCode(2) }
    await this.#database
      .updateTable('cohorts')
      .set({ code: changed.code })
      .where('id', '=', cohort.id)
      .execute()
    return changed
  }

  /** The cohort that a typed code lets into now. */
  async findByCode(typed: string): Promise<Cohort | undefined> {
    const row = await this.#database
      .selectFrom('cohorts')
      .selectAll()
      .where('code', '=', normalizeCode(typed))
      .where('archived_at', 'is', null)
      .executeTakeFirst()
    const cohort = row && cohortOf(row)
    return cohort && (cohort.endsAt === undefined || cohort.endsAt > this.#now()) ? cohort : undefined
  }

  /** Puts a person in; whoever is in stays what they are. */
  async join(cohort: string, person: string, role: Member['role']): Promise<void> {
    await this.#database
      .insertInto('members')
      .values({ cohort, person, role, joined_at: this.#now() })
      .onConflict((conflict) => conflict.columns(['cohort', 'person']).doNothing())
      .execute()
  }

  async remove(cohort: string, person: string): Promise<void> {
    await this.#database
      .deleteFrom('members')
      .where('cohort', '=', cohort)
      .where('person', '=', person)
      .execute()
  }

  /** Who is in it, by name. */
  async members(cohort: string): Promise<Member[]> {
    const rows = await this.#database
      .selectFrom('members')
      .innerJoin('people', 'people.id', 'members.person')
      .select(['people.id', 'people.name', 'members.role', 'members.joined_at'])
      .where('cohort', '=', cohort)
      .orderBy('people.name')
      .orderBy('people.id')
      .execute()
    return rows.map(({ joined_at, ...row }) => ({ ...row, joinedAt: joined_at }))
  }

  /** What a person is in a cohort, if anything. */
  async role(cohort: string, person: string): Promise<Member['role'] | undefined> {
    const row = await this.#database
      .selectFrom('members')
      .select('role')
      .where('cohort', '=', cohort)
      .where('person', '=', person)
      .executeTakeFirst()
    return row?.role
  }
}

function rowOf(cohort: Cohort): CohortsTable {
  const { path, labs, open, startsAt, endsAt, dueAt, createdAt, archivedAt, ...row } = cohort
  return {
    ...row,
    path: path ?? null,
    labs: JSON.stringify(labs),
    open: JSON.stringify(open),
    starts_at: startsAt ?? null,
    ends_at: endsAt ?? null,
    due_at: dueAt ?? null,
    created_at: createdAt,
    archived_at: archivedAt ?? null,
  }
}

function cohortOf(row: Selectable<CohortsTable>): Cohort {
  const { path, labs, open, starts_at, ends_at, due_at, created_at, archived_at, ...rest } = row
  return {
    ...rest,
    ...(path !== null && { path }),
    labs: JSON.parse(labs) as string[],
    open: JSON.parse(open) as string[],
    ...(starts_at !== null && { startsAt: starts_at }),
    ...(ends_at !== null && { endsAt: ends_at }),
    ...(due_at !== null && { dueAt: due_at }),
    createdAt: created_at,
    ...(archived_at !== null && { archivedAt: archived_at }),
  }
}
