import type { Kysely } from 'kysely'

export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('sessions')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('learner', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('labs')
    .addColumn('learner', 'text', (column) => column.notNull())
    .addColumn('lab', 'text', (column) => column.notNull())
    .addColumn('world', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('labs_key', ['learner', 'lab'])
    .execute()
  await database.schema
    .createTable('progress')
    .addColumn('learner', 'text', (column) => column.notNull())
    .addColumn('lab', 'text', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('report', 'text', (column) => column.notNull())
    .addColumn('passed_at', 'bigint')
    .addPrimaryKeyConstraint('progress_key', ['learner', 'lab', 'step'])
    .execute()
  await database.schema
    .createTable('terminals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('learner', 'text', (column) => column.notNull())
    .addColumn('lab', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
}
