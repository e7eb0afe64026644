import type { Database } from './database.ts'

/** A secret of this installation, made once and the same for all its servers. */
export async function keptSecret(
  database: Database,
  name: string,
  make: () => string | Promise<string>,
): Promise<string> {
  const find = () =>
    database.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirst()
  const known = await find()
  if (known) return known.value
  await database
    .insertInto('secrets')
    .values({ name, value: await make() })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  // Another server may have made it meanwhile.
  return (await find())!.value
}
