import type { Kysely } from 'kysely'
import { Table } from './table.ts'

/** Columns of gradebooks elsewhere that results of labs are sent to. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await new Table(database.schema.createTable('grades'))
    .text('person', 'lab', 'platform', 'line_item', 'subject')
    .optionalText('sent')
    .create('person', 'lab', 'line_item')
}
