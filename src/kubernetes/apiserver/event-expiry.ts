import type { Controller } from '#world/controller.ts'
import { parseTime } from '../time.ts'
import type { Obj } from './json.ts'
import { kindOf } from './kinds/registry.ts'
import type { Objects } from './storage/objects.ts'

/** How long an Event is kept after it was last written, ms: kube-apiserver's `--event-ttl`. */
const TTL_MS = 3600_000

/** Forgets old Events. Reconcile keys are store keys. */
export function eventExpiry(objects: Objects): Controller {
  const { world } = objects.context
  return {
    name: 'event-expiry',
    sources: [
      { prefix: objects.prefix(kindOf('events')), keys: ({ type, key }) => (type === 'put' ? [key] : []) },
    ],
    reconcile(key) {
      const event = world.store.get<Obj>(key)?.value
      if (!event) return
      const { lastTimestamp, eventTime, series, metadata } = event
      const last = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp
      const left = parseTime(last) + TTL_MS - world.clock.now()
      if (left > 0) return { requeueAfterMs: left }
      world.store.delete(key)
    },
  }
}
