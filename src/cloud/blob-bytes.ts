import { names, sizeOf } from '#containers/blobs/collector.ts'
import type { BlobStore } from '#containers/blobs/store.ts'
import type { Store } from '#world/store.ts'
import { storeTexts } from './world-texts.ts'

/** How many bytes of blobs and uploads a world names that are not the catalogue's. Blobs that several worlds name count for each. */
export async function blobBytes(store: Store, blobs: BlobStore): Promise<number> {
  const named = new Set<string>()
  for await (const text of storeTexts(store)) for (const name of names(text)) named.add(name)
  let bytes = 0
  for (const name of named) {
    if (!name.startsWith('sha256:')) bytes += (await blobs.uploads.size(name)) ?? 0
    else if (!blobs.isPinned(name)) bytes += (await sizeOf(blobs, name)) ?? 0
  }
  return bytes
}
