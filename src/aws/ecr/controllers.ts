import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { scopeOfKey } from '../ec2/index.ts'
import { type Backfill, reconcileBackfill } from './backfill.ts'
import type { ImageCatalogs } from './image-catalog.ts'
import { reconcileLifecycle } from './lifecycle-operations.ts'
import type { ImageState, RepositoryRecord } from './records.ts'
import { reconcileReplication } from './replicate.ts'
import { reconcileScan } from './scans.ts'
import { reconcileSigning } from './signing.ts'
import { reconcileStorage } from './storage-class.ts'

const IMAGE = /^aws\/[^/]+\/[^/]+\/ecr\/images\/[^/]+\/[^/]+$/
const BACKFILL = /^aws\/[^/]+\/[^/]+\/ecr\/replication-backfills\/[^/]+$/
const REPOSITORY = /^aws\/[^/]+\/[^/]+\/ecr\/repositories\/[^/]+$/

const soonest = (waits: (number | undefined)[]) => {
  const known = waits.filter((wait) => wait !== undefined)
  return known.length > 0 ? { requeueAfterMs: Math.min(...known) } : undefined
}

/** Moves images along: scans end, copies arrive, the archive gives back. */
export function imageController(world: World, catalogs: ImageCatalogs): Controller {
  return {
    name: 'ecr-images',
    sources: [{ prefix: 'aws/', keys: ({ key, type }) => (type === 'put' && IMAGE.test(key) ? [key] : []) }],
    async reconcile(key) {
      const state = world.store.get<ImageState>(key)?.value
      if (!state) return
      const scope = scopeOfKey(world, key)
      const images = catalogs(scope)
      // An image that was deleted by way of the registry leaves its state behind.
      if (!images.manifests(state.repository).some(({ digest }) => digest === state.digest))
        return void world.store.delete(key)
      return soonest([
        await reconcileScan(scope, state, images),
        await reconcileReplication(scope, state, catalogs),
        reconcileStorage(scope, state),
        await reconcileSigning(scope, state, images),
      ])
    },
  }
}

/** Lets lifecycle policies and their previews act. */
export function lifecyclePolicyController(world: World, catalogs: ImageCatalogs): Controller {
  return {
    name: 'ecr-lifecycle-policies',
    sources: [
      { prefix: 'aws/', keys: ({ key, type }) => (type === 'put' && REPOSITORY.test(key) ? [key] : []) },
    ],
    reconcile(key) {
      const record = world.store.get<RepositoryRecord>(key)?.value
      if (!record) return
      const scope = scopeOfKey(world, key)
      return soonest([reconcileLifecycle(scope, record, catalogs(scope))])
    },
  }
}

/** Copies, image by image, what was pushed before replication was configured. */
export function backfillController(world: World, catalogs: ImageCatalogs): Controller {
  return {
    name: 'ecr-replication-backfills',
    sources: [
      { prefix: 'aws/', keys: ({ key, type }) => (type === 'put' && BACKFILL.test(key) ? [key] : []) },
    ],
    async reconcile(key) {
      const backfill = world.store.get<Backfill>(key)?.value
      if (!backfill) return
      return soonest([await reconcileBackfill(scopeOfKey(world, key), backfill, catalogs)])
    },
  }
}
