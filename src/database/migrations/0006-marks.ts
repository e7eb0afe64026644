import type { Kysely } from 'kysely'
import { Table } from './table.ts'

export async function up(database: Kysely<unknown>): Promise<void> {
  await new Table(database.schema.createTable('marks'))
    .text('learner', 'lab', 'step', 'collateral')
    .create('lab', 'learner', 'step')
}
