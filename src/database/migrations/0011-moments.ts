import type { Kysely } from 'kysely'
import { Table } from './table.ts'

/** What happened in a learner's lab, and when. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await new Table(database.schema.createTable('moments'))
    .key('id')
    .text('person', 'lab')
    .number('at')
    .text('moment')
    .create()
  await database.schema.createIndex('moments_person').on('moments').columns(['person', 'lab', 'at']).execute()
  await database.schema.createIndex('moments_at').on('moments').column('at').execute()
}
