import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Kysely, Migrator } from 'kysely'
import * as start from './migrations/0001-start.ts'
import * as people from './migrations/0002-people.ts'
import type { Schema } from './schema.ts'
import { sqliteDialect } from './sqlite.ts'

export type Database = Kysely<Schema>

/** In order; a name never changes once released. */
const MIGRATIONS = { '0001-start': start, '0002-people': people }

/** Opens the database in a file (`:memory:` for none) and brings its tables up to date. */
export async function openDatabase(file: string): Promise<Database> {
  if (file !== ':memory:') await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const database = new Kysely<Schema>({ dialect: sqliteDialect(file) })
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error) {
    await database.destroy()
    throw new Error(
      `The database ${file} could not be opened: ${(error as Error).message}. It may be from a newer version; update Drydock or choose another data folder.`,
      { cause: error },
    )
  }
  return database
}
