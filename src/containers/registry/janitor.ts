import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import type { StoredBlob, StoredManifest } from './metadata.ts'

/** World's time (ms) for which an upload that nobody finishes, or a blob that no manifest names, is kept: a day. */
const LIFETIME_MS = 24 * 3600 * 1000
/** A repository is looked through at most once in this time (world's time, ms): pushes come in hundreds of writes. */
const INTERVAL_MS = 3600 * 1000

const KEY = /^(registry\/.+)\/_(?:blobs|uploads|manifests)\/[^/]+$/

/** Forgets what pushes have left behind in a world's registries: uploads never finished, blobs that no manifest names. */
export function registryJanitor(world: World): Controller {
  const { store, clock } = world
  const looked = new Map<string, number>()
  return {
    name: 'registry-janitor',
    sources: [{ prefix: 'registry/', keys: ({ key }) => KEY.exec(key)?.slice(1, 2) ?? [] }],
    reconcile(repository) {
      const now = clock.now()
      const wait = (looked.get(repository) ?? now) + INTERVAL_MS - now
      if (!looked.has(repository) || wait > 0) {
        if (!looked.has(repository)) looked.set(repository, now)
        return { requeueAfterMs: wait }
      }
      const named = new Set(
        store
          .values<StoredManifest>(`${repository}/_manifests/`)
          .flatMap(({ references, digest }) => [digest, ...references]),
      )
      const old = (at: number | undefined) => now - (at ?? 0) >= LIFETIME_MS
      const uploads = store.list<{ startedAt: number }>(`${repository}/_uploads/`).entries
      const blobs = store
        .list<StoredBlob>(`${repository}/_blobs/`)
        .entries.filter(({ key }) => !named.has(key.slice(key.lastIndexOf('/') + 1)))
      const gone = [
        ...uploads.filter(({ value }) => old(value.startedAt)),
        ...blobs.filter(({ value }) => old(value.at)),
      ]
      store.commit(gone.map(({ key }) => ({ key, value: undefined })))
      looked.set(repository, now)
      if (uploads.length + blobs.length > gone.length) return { requeueAfterMs: INTERVAL_MS }
      looked.delete(repository)
      return undefined
    },
  }
}
