import { join } from 'node:path'
import { answers, cloudSocket } from '#cloud/runtime-directory.ts'
import { backUp, type Place } from '#server/backup/backup.ts'
import { restore } from '#server/backup/restore.ts'
import { readSettings } from '#server/settings.ts'
import { DEFAULT_DATA } from '../options.ts'

interface Options {
  config?: string
  data?: string
}

export async function runBackup(file: string, options: Options): Promise<void> {
  await backUp(await placeOf(options), file)
  console.log(`Written: ${file}. It holds what people did and the hashes of their passwords: keep it safe.`)
}

export async function runRestore(file: string, options: Options): Promise<void> {
  const place = await placeOf(options)
  if (await answers(await cloudSocket(join(place.data, 'cloud'))))
    throw new Error(`A Drydock runs on ${place.data}. End it first.`)
  const { madeAt } = await restore(place, file)
  console.log(`Put back into ${place.data}: the state of ${madeAt}.`)
}

async function placeOf({ config, data }: Options): Promise<Place> {
  const hosting = config === undefined ? undefined : await readSettings(config, process.env)
  const folder = data ?? hosting?.data ?? DEFAULT_DATA
  return { data: folder, database: hosting?.database ?? join(folder, 'drydock.db') }
}
