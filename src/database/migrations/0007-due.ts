import type { Kysely } from 'kysely'
import { Table } from './table.ts'

/** When courses are to be done, for whom later, and who was reminded. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const table = (name: string) => new Table(database.schema.createTable(name))
  await database.schema.alterTable('cohorts').addColumn('due_at', 'bigint').execute()
  await table('extensions')
    .text('person', 'cohort')
    .number('due_at')
    .text('granted_by')
    .number('granted_at')
    .create('person', 'cohort')
  await table('reminders')
    .text('cohort', 'person', 'kind')
    .number('due_at', 'sent_at')
    .create('cohort', 'person', 'kind', 'due_at')
}
