import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import type { Store } from '#world/store.ts'

/** Roughly how many characters are serialized before the event loop gets a turn. */
const CHUNK = 64 * 1024

/** Everything that a store holds now, as text in pieces. */
export async function* storeTexts(store: Store): AsyncGenerator<string> {
  let chunk = ''
  for (const { key, value } of store.snapshot().entries()) {
    chunk += `${key} ${JSON.stringify(value)}\n`
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
    await setImmediate()
  }
  yield chunk
}

/** The lines of all files under a folder: a world's journals, snapshots and save points are JSON. */
export async function* folderTexts(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const input = createReadStream(join(entry.parentPath, entry.name), 'utf8')
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  }
}
