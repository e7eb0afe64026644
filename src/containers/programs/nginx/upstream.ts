import { createHash } from 'node:crypto'
import { type Directive, find, findAll } from './config.ts'
import { type Exchange, remoteAddress } from './exchange.ts'
import { variables } from './variables.ts'

/** A server of an upstream, as its group remembers it. */
interface Peer {
  /** `host:port` */
  target: string
  weight: number
  current: number
  backup: boolean
  maxFails: number
  failTimeoutMs: number
  fails: number
  /** When it last failed, ms. */
  failedAt: number
  active: number
}

const groups = new WeakMap<Directive, Peer[]>()

/** A server that a request may be passed to; what came of it is told back. */
export interface Choice {
  target: string
  /** Its connection is over: `failed` counts it against the server. */
  done(failed: boolean): void
}

/**
 * The servers of an upstream in the order in which they are tried: by smooth weighted round robin, `least_conn`, `ip_hash`,
 * `hash` or `random`; backups last; those that have failed lately not at all.
 * https://nginx.org/en/docs/http/ngx_http_upstream_module.html
 */
export function* choices(exchange: Exchange, upstream: Directive): Generator<Choice> {
  const now = () => exchange.site.process.machine.clock.now()
  const { block = [] } = upstream
  const peers = groups.get(upstream) ?? findAll(block, 'server').filter(isUp).map(peerOf)
  groups.set(upstream, peers)
  const tried = new Set<Peer>()
  const usable = (peer: Peer) =>
    !tried.has(peer) &&
    (peer.maxFails === 0 || peer.fails < peer.maxFails || now() - peer.failedAt >= peer.failTimeoutMs)
  for (;;) {
    const ready = [false, true]
      .map((backup) => peers.filter((peer) => peer.backup === backup && usable(peer)))
      .find((some) => some.length > 0)
    if (!ready) return
    const peer = pick(exchange, block, ready)
    tried.add(peer)
    peer.active++
    yield {
      target: peer.target,
      done(failed) {
        peer.active--
        if (failed) {
          if (now() - peer.failedAt >= peer.failTimeoutMs) peer.fails = 0
          peer.fails++
          peer.failedAt = now()
        } else peer.fails = 0
      },
    }
  }
}

const isUp = ({ args }: Directive) => !args.includes('down')

function peerOf({ args }: Directive): Peer {
  const option = (name: string) => args.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
  const target = args[0]!
  return {
    target: /:\d+$/.test(target) ? target : `${target}:80`,
    weight: Number(option('weight') ?? 1),
    current: 0,
    backup: args.includes('backup'),
    maxFails: Number(option('max_fails') ?? 1),
    failTimeoutMs: Number.parseInt(option('fail_timeout') ?? '10', 10) * 1000,
    fails: 0,
    failedAt: Number.NEGATIVE_INFINITY,
    active: 0,
  }
}

function pick(exchange: Exchange, block: readonly Directive[], peers: Peer[]): Peer {
  const key = find(block, 'ip_hash')
    ? remoteAddress(exchange).split('.').slice(0, 3).join('.')
    : find(block, 'hash') && variables(exchange, find(block, 'hash')!.args[0] ?? '')
  if (key !== undefined) {
    const weights = peers.reduce((sum, { weight }) => sum + weight, 0)
    let place = createHash('md5').update(key).digest().readUInt32BE(0) % weights
    return peers.find(({ weight }) => {
      place -= weight
      return place < 0
    })!
  }
  if (find(block, 'random')) return peers[Math.floor(Math.random() * peers.length)]!
  const least = Math.min(...peers.map(({ active, weight }) => active / weight))
  const candidates = find(block, 'least_conn')
    ? peers.filter(({ active, weight }) => active / weight === least)
    : peers
  let total = 0
  for (const peer of candidates) {
    peer.current += peer.weight
    total += peer.weight
  }
  const best = candidates.reduce((a, b) => (b.current > a.current ? b : a))
  best.current -= total
  return best
}
