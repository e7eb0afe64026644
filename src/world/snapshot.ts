import { open, rename } from 'node:fs/promises'
import { lines } from './journal.ts'
import type { Entry, Store } from './store.ts'

/** Roughly how many characters are serialized before the event loop gets a turn. */
const CHUNK = 64 * 1024

/** What a snapshot file holds: a state at a revision. */
export interface Snapshot {
  revision: number
  entries: Entry[]
}

/**
 * Writes the store's present state to `path`, atomically (a reader finds the old file or the new one, never half).
 * Lines of JSON: the revision, then `[key, value, createRevision, modRevision, version]` each and an end mark.
 */
export async function writeSnapshot(
  store: Store,
  path: string,
): Promise<{ revision: number; bytes: number }> {
  const snapshot = store.snapshot()
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w', 0o600)
  let bytes = 0
  try {
    let chunk = `${JSON.stringify({ revision: snapshot.revision, size: snapshot.size })}\n`
    const flush = async () => {
      bytes += (await file.write(chunk)).bytesWritten
      chunk = ''
    }
    for (const { key, value, createRevision, modRevision, version } of snapshot.entries()) {
      chunk += `${JSON.stringify([key, value, createRevision, modRevision, version])}\n`
      if (chunk.length >= CHUNK) await flush()
    }
    await flush()
    await file.write(`${JSON.stringify({ end: true })}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  return { revision: snapshot.revision, bytes }
}

/** Reads a snapshot file. Throws when it is not whole. */
export async function readSnapshot(path: string): Promise<Snapshot> {
  let header: { revision: number; size: number } | undefined
  let whole = false
  const entries: Entry[] = []
  for await (const { text } of lines(path)) {
    const line = JSON.parse(text) as { revision: number; size: number } | { end: true } | unknown[]
    if (Array.isArray(line)) {
      const [key, value, createRevision, modRevision, version] = line as [
        string,
        unknown,
        number,
        number,
        number,
      ]
      entries.push({ key, value, createRevision, modRevision, version })
    } else if ('end' in line) whole = true
    else header = line
  }
  if (!header || !whole || entries.length !== header.size) {
    throw new Error(
      `snapshot ${path} is damaged: it holds ${entries.length} of ${header?.size ?? '?'} entries`,
    )
  }
  return { revision: header.revision, entries }
}
