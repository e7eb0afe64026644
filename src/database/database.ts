import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Kysely, Migrator } from 'kysely'
import { reason } from './away.ts'
import * as start from './migrations/0001-start.ts'
import * as people from './migrations/0002-people.ts'
import * as classroom from './migrations/0003-classroom.ts'
import * as hints from './migrations/0004-hints.ts'
import * as course from './migrations/0005-course.ts'
import * as marks from './migrations/0006-marks.ts'
import * as due from './migrations/0007-due.ts'
import * as statements from './migrations/0008-statements.ts'
import * as reminderWays from './migrations/0009-reminder-ways.ts'
import * as grades from './migrations/0010-grades.ts'
import * as moments from './migrations/0011-moments.ts'
import type { Schema } from './schema.ts'

export type Database = Kysely<Schema>

/** In order; a name never changes once released. */
const MIGRATIONS = {
  '0001-start': start,
  '0002-people': people,
  '0003-classroom': classroom,
  '0004-hints': hints,
  '0005-course': course,
  '0006-marks': marks,
  '0007-due': due,
  '0008-statements': statements,
  '0009-reminder-ways': reminderWays,
  '0010-grades': grades,
  '0011-moments': moments,
}

/**
 * Opens the database, an SQLite file (`:memory:` for none) or a PostgreSQL server (`postgres://…`), and brings its tables
 * up to date. Rejects with what to do when it cannot be opened.
 */
export async function openDatabase(location: string): Promise<Database> {
  const postgres = isPostgres(location)
  if (!postgres && location !== ':memory:') await mkdir(dirname(location), { recursive: true, mode: 0o700 })
  const dialect = postgres
    ? (await import('./postgres.ts')).postgresDialect(location)
    : (await import('./sqlite.ts')).sqliteDialect(location)
  const database = new Kysely<Schema>({ dialect })
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error) {
    await database.destroy()
    const name = postgres ? withoutPassword(location) : location
    const next = postgres
      ? 'Look whether the server runs and whether user, password and database are right.'
      : 'It may be from a newer version; update Drydock or choose another data folder.'
    throw new Error(`The database ${name} could not be opened: ${reason(error)}. ${next}`, { cause: error })
  }
  return database
}

export function isPostgres(location: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(location)
}

/** An address that may stand in a log. */
function withoutPassword(location: string): string {
  const url = new URL(location)
  if (url.password) url.password = '…'
  return decodeURI(url.href)
}
