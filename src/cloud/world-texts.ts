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

/** Journals that another process folds go while they are read; so often a world is read anew. */
const READINGS = 5

/** All that a world holds, with its save points: from its store, if it is open here, else from its folder. */
export async function* worldTexts(folder: string, store: Store | undefined): AsyncGenerator<string> {
  if (store) yield* storeTexts(store)
  for (let reading = 1; ; reading++) {
    try {
      return yield* folderTexts(store ? join(folder, 'saves') : folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || reading === READINGS) throw error
    }
  }
}

/** The lines of all files under a folder: a world's journals, snapshots and save points are JSON. */
async function* folderTexts(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const input = createReadStream(join(entry.parentPath, entry.name), 'utf8')
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  }
}
