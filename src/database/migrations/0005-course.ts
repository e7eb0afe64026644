import type { Kysely } from 'kysely'

/** What learners have read and answered, what they have ever passed, and what the installation signs with. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('lessons')
    .addColumn('learner', 'text', (column) => column.notNull())
    .addColumn('lesson', 'text', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('lessons_key', ['learner', 'lesson'])
    .execute()
  await schema
    .createTable('passes')
    .addColumn('learner', 'text', (column) => column.notNull())
    .addColumn('lab', 'text', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('passed_at', 'bigint', (column) => column.notNull())
    .addColumn('proven', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('passes_key', ['learner', 'lab', 'step'])
    .execute()
  await schema
    .createTable('secrets')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute()
  // Steps that were passed before there was this table.
  const typed = database as Kysely<{ progress: Progress; passes: Omit<Progress, 'passed_at'> & Passed }>
  await typed
    .insertInto('passes')
    .columns(['learner', 'lab', 'step', 'passed_at', 'proven'])
    .expression(({ selectFrom }) =>
      selectFrom('progress')
        .select(({ lit }) => ['learner', 'lab', 'step', 'passed_at', lit(1).as('proven')])
        .where('passed_at', 'is not', null)
        .$castTo<{ learner: string; lab: string; step: string; passed_at: number; proven: number }>(),
    )
    .execute()
}

interface Progress {
  learner: string
  lab: string
  step: string
  passed_at: number | null
}

interface Passed {
  passed_at: number
  proven: number
}
