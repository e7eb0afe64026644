import type { Database } from '#database/database.ts'

/** Tables with rows of a person, and the columns that name them. Sessions are left out of exports: only hashes of secrets. */
const TABLES = [
  ['labs', 'learner'],
  ['progress', 'learner'],
  ['terminals', 'learner'],
  ['lessons', 'learner'],
  ['passes', 'learner'],
  ['members', 'person'],
  ['hands', 'person'],
  ['allowances', 'person'],
  ['hints', 'learner'],
  ['marks', 'learner'],
  ['extensions', 'person'],
  ['reminders', 'person'],
  ['statements', 'person'],
  ['grades', 'person'],
  ['moments', 'person'],
] as const

/** Everything that is kept of a person, by table. */
export async function exportPerson(database: Database, id: string): Promise<Record<string, unknown[]>> {
  const person = await database
    .selectFrom('people')
    .select(['id', 'name', 'role', 'email', 'subject', 'created_at', 'disabled_at'])
    .where('id', '=', id)
    .execute()
  const data: Record<string, unknown[]> = { people: person }
  for (const [table, column] of TABLES) {
    data[table] = await database
      .selectFrom(table as 'labs')
      .selectAll()
      .where(column as 'learner', '=', id)
      .execute()
  }
  data.invitations = await database
    .selectFrom('invitations')
    .select(['name', 'email', 'role', 'cohort', 'created_at'])
    .where('used_by', '=', id)
    .execute()
  data.audit = await database.selectFrom('audit').selectAll().where('actor', '=', id).orderBy('at').execute()
  return data
}

/** Deletes a person and what is kept of them. The audit log keeps their id, which then names nobody. */
export async function forgetPerson(database: Database, id: string): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    for (const [table, column] of [...TABLES, ['sessions', 'learner'] as const]) {
      await transaction
        .deleteFrom(table as 'labs')
        .where(column as 'learner', '=', id)
        .execute()
    }
    await transaction.deleteFrom('invitations').where('used_by', '=', id).execute()
    await transaction.deleteFrom('people').where('id', '=', id).execute()
  })
}
