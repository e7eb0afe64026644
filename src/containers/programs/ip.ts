import type { Process, Program } from '../processes/process.ts'
import type { NetworkRoute } from '../runtime.ts'
import { type Link, linksOf } from './links.ts'

/** BusyBox's `ip` and iproute2's say the same in other words. */
type Kind = 'busybox' | 'iproute2'

interface Options {
  kind: Kind
  family: 4 | 6 | undefined
  oneline: boolean
  brief: boolean
}

const OBJECTS = ['address', 'link', 'route'] as const
const OTHER_OBJECTS = ['neighbour', 'neighbor', 'rule', 'tunnel', 'netns', 'monitor', 'maddress', 'tuntap']

const BUSYBOX_USAGE = `BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.

Usage: ip [OPTIONS] address|route|link|tunnel|neigh|rule [ARGS]

OPTIONS := -f[amily] inet|inet6|link | -o[neline]
`
const IPROUTE2_USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | route }
       OPTIONS := { -4 | -6 | -br[ief] | -o[neline] | -f[amily] { inet | inet6 } }
`

/** `ip address`, `ip link` and `ip route`: what they show; changing takes a right that containers do not have. */
export const ip =
  (kind: Kind): Program =>
  async (process) => {
    const words = process.argv.slice(1)
    const options: Options = { kind, family: undefined, oneline: false, brief: false }
    const usage = async () => {
      await process.complain(kind === 'busybox' ? BUSYBOX_USAGE : IPROUTE2_USAGE)
      return kind === 'busybox' ? 1 : 255
    }
    while (words[0]?.startsWith('-')) {
      const word = words.shift()!.replace(/^--?/, '')
      const family = word && 'family'.startsWith(word) ? words.shift() : undefined
      if (word === '4' || family === 'inet') options.family = 4
      else if (word === '6' || family === 'inet6') options.family = 6
      else if (word && 'oneline'.startsWith(word)) options.oneline = true
      else if (kind === 'iproute2' && /^br(?:i|ie|ief)?$/.test(word)) options.brief = true
      else if (kind === 'iproute2' && /^(?:d|details|s|stats|statistics|j|json)$/.test(word)) {
        await process.complain(`drydock: ip -${word} is not simulated\n`)
        return 1
      } else if (!(kind === 'iproute2' && /^c(?:olor)?(?:=\w+)?$/.test(word))) return usage()
    }
    const [name = '', ...rest] = words
    const object = name && OBJECTS.find((known) => known.startsWith(name))
    if (!object) {
      const other = name && OTHER_OBJECTS.find((known) => known.startsWith(name))
      if (!other) return usage()
      await process.complain(`drydock: ip ${other} is not simulated\n`)
      return 1
    }
    const verb = rest[0] && ['show', 'list', 'lst', 'get'].find((known) => known.startsWith(rest[0]!))
    if (verb) rest.shift()
    else if (/^(?:add|a|del|d|delete|change|replace|set|flush|append)$/.test(rest[0] ?? '')) {
      await process.complain(
        `${kind === 'busybox' ? 'ip: ' : ''}RTNETLINK answers: Operation not permitted\n`,
      )
      return 2
    }
    if (verb === 'get') {
      await process.complain('drydock: ip route get is not simulated\n')
      return 1
    }
    const known = await linksOf(process)
    if (!known) return 1
    let device: string | undefined
    let destination: string | undefined
    while (rest.length > 0) {
      const word = rest.shift()!
      if (
        ['to', 'scope', 'label', 'type', 'master', 'table', 'via', 'proto', 'src', 'match'].includes(word)
      ) {
        await process.complain(`drydock: ip ${object} show ${word} is not simulated\n`)
        return 1
      }
      // All interfaces of a container are up.
      if (word === 'up' && object !== 'route') continue
      if (word === 'dev') device = rest.shift() ?? ''
      else if (object === 'route') destination = word
      else device = word
    }
    if (device !== undefined && !known.links.some((link) => link.name === device)) {
      await process.complain(
        kind === 'busybox' ? `ip: can't find device '${device}'\n` : `Device "${device}" does not exist.\n`,
      )
      return 1
    }
    const links = known.links.filter((link) => device === undefined || link.name === device)
    if (object === 'route') {
      const routes = known.routes.filter(
        (route) => destination === undefined || route.destination === destination,
      )
      return showRoutes(process, options, routes, links, device)
    }
    for (const link of links) await process.print(shown(options, link, object === 'link'))
    return 0
  }

/** `eth0@if7` */
const fullName = ({ name, peerIndex }: Link) => (peerIndex === undefined ? name : `${name}@if${peerIndex}`)

const stateOf = ({ loopback }: Link) => (loopback ? 'UNKNOWN' : 'UP')

function flagsOf({ loopback }: Link, kind: Kind): string {
  // BusyBox takes the other end, which it cannot see, for one that is down.
  if (loopback) return '<LOOPBACK,UP,LOWER_UP>'
  return `<BROADCAST,MULTICAST,UP,LOWER_UP${kind === 'busybox' ? ',M-DOWN' : ''}>`
}

/** An interface with its addresses, or for `ip link` without. */
function shown(options: Options, link: Link, linkOnly: boolean): string {
  const { kind, family, oneline, brief } = options
  const addresses = link.addresses.filter((one) => !linkOnly && (!family || one.family === family))
  if (family && !linkOnly && addresses.length === 0) return ''
  if (brief) {
    const start = `${fullName(link).padEnd(16)} ${stateOf(link).padEnd(14)} `
    return linkOnly
      ? `${start}${link.macAddress} ${flagsOf(link, kind)} \n`
      : `${start}${addresses.map(({ address, prefixLength }) => `${address}/${prefixLength} `).join('')}\n`
  }
  const end = oneline ? '\\' : '\n'
  const group = kind === 'busybox' ? '' : `${linkOnly ? 'mode DEFAULT ' : ''}group default `
  const queue = link.queueLength > 0 ? `qlen ${link.queueLength}` : ''
  const hardware = link.loopback ? 'loopback' : 'ether'
  const broadcast = link.loopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff'
  const peer = kind === 'iproute2' && link.peerIndex !== undefined ? ' link-netnsid 0' : ''
  const head = `${link.index}: ${fullName(link)}: ${flagsOf(link, kind)} mtu ${link.mtu} qdisc noqueue state ${stateOf(link)} ${group}${queue}`
  const hardwareLine = `${end}    link/${hardware} ${link.macAddress} brd ${broadcast}${peer}`
  const lines = addresses.map(({ family: of, address, prefixLength, broadcast: to, scope }) => {
    const start = oneline ? `${link.index}: ${link.name}` : ''
    const text = `    inet${of === 6 ? '6' : ''} ${address}/${prefixLength} ${to ? `brd ${to} ` : ''}scope ${scope} ${of === 4 ? link.name : ''}`
    return `${start}${text}${end}       valid_lft forever preferred_lft forever\n`
  })
  if (oneline && !linkOnly) return lines.join('')
  return `${head}${family && !linkOnly ? '' : hardwareLine}\n${lines.join('')}`
}

async function showRoutes(
  process: Process,
  { kind, family }: Options,
  routes: NetworkRoute[],
  links: Link[],
  device: string | undefined,
): Promise<number> {
  const gap = kind === 'busybox' ? ' ' : ''
  if (family === 6) {
    for (const { name, addresses } of links)
      if (addresses.some(({ scope }) => scope === 'link'))
        await process.print(
          `fe80::/64 dev ${name} ${kind === 'busybox' ? ' ' : 'proto kernel '}metric 256 ${kind === 'busybox' ? '' : 'pref medium'}\n`,
        )
    return 0
  }
  for (const route of routes) {
    if (!links.some(({ name }) => name === route.device)) continue
    const words = [
      route.destination.replace(/\/32$/, ''),
      ...(route.gateway ? ['via', route.gateway] : []),
      ...(device === undefined ? ['dev', route.device] : []),
      ...(kind === 'iproute2' && route.kernel ? ['proto', 'kernel'] : []),
      ...(route.gateway ? [] : ['scope', 'link']),
      ...(route.source ? [`${gap}src`, route.source] : []),
    ]
    await process.print(`${words.join(' ')} \n`)
  }
  return 0
}
