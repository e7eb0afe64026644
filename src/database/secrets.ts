import type { Database } from './database.ts'

/** A secret of this installation, made once and the same for all its servers. */
export async function keptSecret(database: Database, name: string, make: () => string): Promise<string> {
  await database
    .insertInto('secrets')
    .values({ name, value: make() })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const { value } = await database
    .selectFrom('secrets')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return value
}
