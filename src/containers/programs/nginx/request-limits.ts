import { type Directive, findAll } from './config.ts'
import { type Exchange, setting, settings } from './exchange.ts'
import { errorLog } from './logs.ts'
import { variables } from './variables.ts'

/** What a key has used of its rate: thousandths of requests over it, and when that was, ms. */
interface Bucket {
  excess: number
  at: number
}

/** The buckets of each zone of a running configuration. */
const zones = new WeakMap<Directive, Map<string, Bucket>>()
const KEYS = 10_000

/**
 * Counts a request against its `limit_req` zones (a leaky bucket) and waits as they say; gives the status of a refusal.
 * https://nginx.org/en/docs/http/ngx_http_limit_req_module.html
 */
export async function limited(exchange: Exchange): Promise<number | undefined> {
  const { process, http } = exchange.site
  const now = process.machine.clock.now()
  let wait = 0
  for (const { args } of settings(exchange, 'limit_req')) {
    const option = (name: string) => args.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
    const zone = findAll(http, 'limit_req_zone').find(
      ({ args: words }) => words[1]?.split(':')[0] === `zone=${option('zone')}`,
    )
    const key = zone && variables(exchange, zone.args[0]!)
    if (!zone || !key) continue
    const [, count = '1', per] = /^rate=(\d+)r\/([sm])$/.exec(zone.args[2] ?? '') ?? []
    const rate = (Number(count) * 1000) / (per === 'm' ? 60 : 1)
    const buckets = zones.get(zone) ?? new Map<string, Bucket>()
    zones.set(zone, buckets)
    const bucket = buckets.get(key)
    const excess = bucket ? Math.max(0, bucket.excess - (rate * (now - bucket.at)) / 1000 + 1000) : 0
    if (excess > Number(option('burst') ?? 0) * 1000) {
      errorLog(
        exchange,
        `limiting requests, excess: ${(excess / 1000).toFixed(3)} by zone "${option('zone')}"`,
      )
      return Number(setting(exchange, 'limit_req_status')?.args[0] ?? 503)
    }
    if (buckets.size >= KEYS) buckets.clear()
    buckets.set(key, { excess, at: now })
    const free = args.includes('nodelay') ? Number.POSITIVE_INFINITY : Number(option('delay') ?? 0) * 1000
    if (excess > free) wait = Math.max(wait, ((excess - free) * 1000) / rate)
  }
  if (wait > 0) await process.sleep(wait)
  return undefined
}
