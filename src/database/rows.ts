import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Schema } from './schema.ts'

/** In an order in which they may be filled. */
export const TABLES = [
  'people',
  'sessions',
  'labs',
  'progress',
  'terminals',
  'cohorts',
  'members',
  'invitations',
  'hands',
  'broadcasts',
  'allowances',
  'hints',
  'lessons',
  'passes',
  'secrets',
  'marks',
  'extensions',
  'reminders',
  'statements',
  'grades',
  'moments',
  'audit',
] as const satisfies (keyof Schema)[]

/** Tables that are missing above: a new one does not compile until it is listed. */
type Missing = Exclude<keyof Schema, (typeof TABLES)[number]>
const _complete: [Missing] extends [never] ? true : Missing = true
void _complete

/** Rows that are inserted at once: PostgreSQL takes 65,535 values in a statement. */
const BATCH = 500

export type Row = Record<string, unknown>

/** The names of the migrations that have run, in order. */
export async function migrationsOf(database: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
    database,
  )
  return rows.map(({ name }) => name)
}

/** All rows of all tables as they are at one moment. */
export function readRows(database: Database): Promise<[table: string, rows: Row[]][]> {
  return database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const tables: [string, Row[]][] = []
      for (const table of TABLES)
        tables.push([table, await transaction.selectFrom(table).selectAll().execute()])
      return tables
    })
}

/** Fills an empty database, all or nothing. Throws when it is not empty, or rows are of a table that there is not. */
export async function writeRows(database: Database, tables: [table: string, rows: Row[]][]): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    for (const table of TABLES) {
      const one = await transaction.selectFrom(table).selectAll().limit(1).executeTakeFirst()
      if (one) throw new Error('The database is not empty: nothing is put back over what is there.')
    }
    for (const [table, rows] of tables) {
      const known = TABLES.find((name) => name === table)
      if (!known) throw new Error(`The backup has a table "${table}" that this version does not know.`)
      for (let from = 0; from < rows.length; from += BATCH)
        await transaction
          .insertInto(known)
          .values(rows.slice(from, from + BATCH) as never)
          .execute()
    }
  })
}
