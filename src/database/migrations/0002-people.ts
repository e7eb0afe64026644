import type { Kysely } from 'kysely'

export async function up(database: Kysely<{ sessions: object }>): Promise<void> {
  await database.schema
    .createTable('people')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('email', 'text', (column) => column.unique())
    .addColumn('password', 'text')
    .addColumn('subject', 'text', (column) => column.unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('disabled_at', 'bigint')
    .execute()
  // Browsers of before were let in without a sign-in: anybody's on this machine.
  await database.deleteFrom('sessions').execute()
  await database.schema
    .alterTable('sessions')
    .addColumn('expires_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await database.schema.createIndex('sessions_learner').on('sessions').column('learner').execute()
}
