import { PRICES_DATE, PRICES_REGION } from '#aws/pricing/index.ts'
import type { World } from '#world/world.ts'
import { costUntil, endedCosts, hourly, hourlyByService, presentEntries } from './ledger.ts'

/** What the resources of a world would cost on AWS, in US dollars. */
export interface CostReport {
  /** On the world's clock, ms. */
  now: number
  perHour: number
  /** The same by service. */
  perHourBy: Record<string, number>
  soFar: number
  resources: CostedResource[]
  /** What resources have cost that are gone. */
  ended: { service: string; soFar: number }[]
  /** Where the prices hold and when they were gone through. */
  prices: { region: string; date: string }
}

export interface CostedResource {
  service: string
  type: string
  name: string
  accountId: string
  region: string
  startedAt: number
  perHour: number
  soFar: number
  charges: { description: string; unit: string; quantity: number; usd: number; source: string }[]
}

/** Dearest first. */
export function costReport(world: World): CostReport {
  const now = world.clock.now()
  const resources = presentEntries(world)
    .map((entry): CostedResource => {
      const { service, type, name, accountId, region, startedAt } = entry
      const charges = entry.charges.map(({ price: { description, unit, usd, source }, quantity }) => ({
        ...{ description, unit, quantity, usd, source },
      }))
      const perHour = hourly(entry)
      return {
        service,
        type,
        name,
        accountId,
        region,
        startedAt,
        perHour,
        soFar: costUntil(entry, now),
        charges,
      }
    })
    .sort((a, b) => b.perHour - a.perHour || b.soFar - a.soFar)
  const ended = endedCosts(world)
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
  return {
    now,
    perHour: sum(resources.map(({ perHour }) => perHour)),
    perHourBy: hourlyByService(presentEntries(world)),
    soFar: sum([...resources, ...ended].map(({ soFar }) => soFar)),
    resources,
    ended,
    prices: { region: PRICES_REGION.code, date: PRICES_DATE },
  }
}
