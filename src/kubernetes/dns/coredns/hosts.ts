import { addressRecord, failure, noData } from '#network/dns-message.ts'
import { fallsThrough, type Plugin, zoneFor, zoneOf } from './plugin.ts'

const DEFAULT_TTL = 3600

/** Names from a file as `/etc/hosts` and from lines of the directive itself: coredns/plugin/hosts (README). */
export const hosts: Plugin = ({ directive, block, fail, read }) => {
  const [path = '/etc/hosts', ...own] = directive.args
  const zones = (own.length > 0 ? own : block.zones).map(zoneOf)
  const inline: string[][] = []
  let ttl = DEFAULT_TTL
  for (const line of directive.body) {
    const [word = '', ...args] = line
    if (word === 'ttl') {
      ttl = Number(args[0])
      if (!(ttl > 0 && ttl <= 65535)) fail(`ttl provided is invalid`)
    } else if (/^[\d.]+$|:/.test(word)) inline.push(line)
    else if (!['fallthrough', 'no_reverse', 'reload'].includes(word)) fail(`unknown property '${word}'`)
  }
  const passes = fallsThrough(directive.body)
  const addressesOf = (name: string): string[] => {
    const lines = (read(path) ?? '').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    return [...inline, ...lines].flatMap(([address = '', ...names]) =>
      names.some((one) => zoneOf(one) === name) && /^[\d.]+$/.test(address) ? [address] : [],
    )
  }
  return (query, next) => {
    if (zoneFor(query.name, zones) === undefined) return next()
    const addresses = addressesOf(query.name)
    if (addresses.length === 0) return passes(query.name) ? next() : failure('NXDOMAIN', true)
    if (query.type !== 'A') return noData()
    const answers = addresses.map((address) => addressRecord(query.name, address, ttl))
    return { code: 'NOERROR', answers, authoritative: true }
  }
}
