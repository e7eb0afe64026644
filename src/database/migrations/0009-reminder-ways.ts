import { type Kysely, sql } from 'kysely'
import { Table } from './table.ts'

/** By which way somebody was reminded: one that fails must not repeat the other. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('reminders').renameTo('reminders_before').execute()
  await new Table(database.schema.createTable('reminders'))
    .text('cohort', 'person', 'kind', 'way')
    .number('due_at', 'sent_at')
    .create('cohort', 'person', 'kind', 'way', 'due_at')
  for (const way of ['mail', 'webhook'])
    await sql`insert into reminders (cohort, person, kind, way, due_at, sent_at)
      select cohort, person, kind, ${way}, due_at, sent_at from reminders_before`.execute(database)
  await database.schema.dropTable('reminders_before').execute()
}
