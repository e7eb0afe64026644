import type { Controller, Result } from '#world/controller.ts'
import type { Snapshot } from '#world/snapshot.ts'
import type { World } from '#world/world.ts'
import { billedKey, type Metered, meter } from './meters.ts'

const HOUR_MS = 3_600_000
const HOURS_A_MONTH = 730
/** Rates may change with the date alone: a Kubernetes version that leaves standard support. */
const LOOK_AGAIN_MS = 24 * HOUR_MS

/** What a present resource has cost until a moment, and what it costs from then on. */
export interface Entry extends Metered {
  /** When it was first seen, ms on the world's clock. */
  startedAt: number
  /** US dollars until `since`. */
  accrued: number
  since: number
}

const PRESENT = 'costs/present/'
const ENDED = 'costs/ended/'

/** US dollars an hour. */
export const hourly = ({ charges }: Pick<Metered, 'charges'>): number =>
  charges.reduce(
    (sum, { price, quantity }) =>
      sum + (price.usd * quantity) / (price.unit.endsWith('-Mo') ? HOURS_A_MONTH : 1),
    0,
  )

/** US dollars until `now`. */
export const costUntil = (entry: Entry, now: number): number =>
  entry.accrued + (hourly(entry) * Math.max(0, now - entry.since)) / HOUR_MS

/** Keeps the books of a world: each change of a resource's rate closes what it has cost so far. Survives restarts as all else does. */
export function costLedger(world: World): Controller {
  const { store, clock } = world
  const keyed = ({ key }: { key: string }) => {
    const billed = billedKey(key)
    return billed ? [billed] : []
  }
  return {
    name: 'cost-ledger',
    sources: ['aws/', 'efs-data/', 'registry/'].map((prefix) => ({ prefix, keys: keyed })),
    reconcile(key): Result | undefined {
      const metered = meter(world, key)
      const known = store.get<Entry>(PRESENT + key)?.value
      const now = clock.now()
      if (!metered) {
        if (known) close(key, known, now)
        return undefined
      }
      const again = metered.service === 'eks' ? { requeueAfterMs: LOOK_AGAIN_MS } : undefined
      // What has never cost anything is not in the books.
      if (!known && metered.charges.length === 0) return again
      if (known && JSON.stringify(known.charges) === JSON.stringify(metered.charges)) return again
      store.put<Entry>(PRESENT + key, {
        ...metered,
        startedAt: known?.startedAt ?? now,
        accrued: known ? costUntil(known, now) : 0,
        since: now,
      })
      return again
    },
  }

  /** What has ended is kept as a sum by service. */
  function close(key: string, entry: Entry, now: number): void {
    const total = ENDED + entry.service
    const before = store.get<number>(total)?.value ?? 0
    store.commit([
      { key: PRESENT + key, value: undefined },
      { key: total, value: before + costUntil(entry, now) },
    ])
  }
}

export const presentEntries = ({ store }: World): Entry[] => store.values<Entry>(PRESENT)

/** Those of a state that stands still. */
export const entriesIn = ({ entries }: Pick<Snapshot, 'entries'>): Entry[] =>
  entries.filter(({ key }) => key.startsWith(PRESENT)).map(({ value }) => value as Entry)

/** US dollars an hour, by service. */
export function hourlyByService(entries: Entry[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const entry of entries) sums[entry.service] = (sums[entry.service] ?? 0) + hourly(entry)
  return sums
}

/** US dollars that resources have cost which are gone, by service. */
export const endedCosts = ({ store }: World): { service: string; soFar: number }[] =>
  store
    .list<number>(ENDED)
    .entries.map(({ key, value }) => ({ service: key.slice(ENDED.length), soFar: value }))
