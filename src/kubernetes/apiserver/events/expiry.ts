import type { Controller, Result } from '#world/controller.ts'
import { isTurnOver } from '#world/turns.ts'
import { parseTime } from '../../time.ts'
import type { Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects } from '../storage/objects.ts'

/** How long an Event is kept after it was last written, ms: kube-apiserver's `--event-ttl`. */
const TTL_MS = 3600_000

/** Forgets old Events. Reconcile keys are the seconds in which some end, so that there is one timer for all of a second. */
export function eventExpiry(objects: Objects): Controller {
  const { world } = objects.context
  /** Store keys by the second in which their Events end, as it was when they were last written. */
  const ending = new Map<string, Set<string>>()

  /** Its newest time, and not before it was made: what somebody else writes may tell of long ago. */
  function endOf({ lastTimestamp, eventTime, series, metadata }: Obj): string {
    const told = parseTime(
      series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp,
    )
    const last = Math.max(told, parseTime(metadata.creationTimestamp))
    return String(Math.ceil((last + TTL_MS) / 1000))
  }

  function reconcile(second: string): Result | undefined {
    const left = Number(second) * 1000 - world.clock.now()
    if (left > 0) return { requeueAfterMs: left }
    const keys = ending.get(second) ?? new Set()
    for (const key of keys) {
      keys.delete(key)
      const event = world.store.get<Obj>(key)?.value
      if (event && endOf(event) === second) world.store.delete(key)
      if (isTurnOver() && keys.size > 0) return { requeueAfterMs: 0 }
    }
    ending.delete(second)
    return undefined
  }

  return {
    name: 'event-expiry',
    sources: [
      {
        prefix: objects.prefix(kindOf('events')),
        keys: ({ type, key, entry }: { type: string; key: string; entry: { value: Obj } }) => {
          if (type !== 'put') return []
          const second = endOf(entry.value)
          const keys = ending.get(second)
          if (keys) keys.add(key)
          else ending.set(second, new Set([key]))
          return keys ? [] : [second]
        },
      },
    ],
    reconcile,
  }
}
