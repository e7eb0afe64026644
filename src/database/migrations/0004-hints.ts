import type { Kysely } from 'kysely'
import { Table } from './table.ts'

export async function up(database: Kysely<unknown>): Promise<void> {
  await new Table(database.schema.createTable('hints'))
    .text('learner', 'lab', 'step')
    .number('opened', 'opened_at')
    .create('learner', 'lab', 'step')
}
