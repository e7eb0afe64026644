import type { Kysely } from 'kysely'
import { Table } from './table.ts'

/** What a learning record store is still to be told. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await new Table(database.schema.createTable('statements'))
    .key('id')
    .text('person')
    .number('queued_at')
    .text('statement')
    .create()
  await database.schema
    .createIndex('statements_order')
    .on('statements')
    .columns(['queued_at', 'id'])
    .execute()
  await database.schema.createIndex('statements_person').on('statements').column('person').execute()
}
