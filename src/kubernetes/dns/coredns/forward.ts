import { addressRecord, failure, noData, type Question, type Reply } from '#network/dns-message.ts'
import { OWN_RESOLVER } from '#network/name-servers.ts'
import { ConnectError, type Peer } from '#network/virtual-network.ts'
import { isIn, type Plugin, QueryError, type Surroundings, zoneOf } from './plugin.ts'

const DNS_PORT = 53
/** What a name of outside is kept for, s. */
const UPSTREAM_TTL = 30
/** What stands in a block and has no effect here. */
const READ = new Set(
  'force_tcp prefer_udp expire max_fails max_connect_attempts tls tls_servername policy health_check max_concurrent next failfast_all_unhealthy_upstreams failover max_idle_conns max_age doh_method'.split(
    ' ',
  ),
)

/** The resolver of the machine's network, or another server. */
type Upstream = 'own' | Peer

/** Asks other name servers: coredns/plugin/forward (README, setup.go). */
export const forward: Plugin = (setup) => {
  const { directive, fail, read, pick } = setup
  const [from, ...targets] = directive.args
  if (from === undefined || targets.length === 0)
    return fail(`Wrong argument count or unexpected line ending after '${from ?? 'forward'}'`)
  const excepted: string[] = []
  for (const [word = '', ...args] of directive.body) {
    if (word === 'except') excepted.push(...args.map(zoneOf))
    else if (!READ.has(word)) fail(`unknown property '${word}'`)
  }
  const upstreams = targets.flatMap((target): Upstream | Upstream[] => {
    if (target.startsWith('/')) {
      const text = read(target)
      return text === undefined ? fail(`not an IP address or file: "${target}"`) : serversOf(text)
    }
    const [, address, port = DNS_PORT] = /^(?:dns:\/\/)?(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(target) ?? []
    if (/^(tls|https|grpc|quic):\/\//.test(target)) fail(`drydock: ${target} is not simulated`)
    if (!address) return fail(`not an IP address or file: "${target}"`)
    return { address, port: Number(port) }
  })
  const zone = zoneOf(from)
  return (query, next) => {
    if (!isIn(query.name, zone) || excepted.some((one) => isIn(query.name, one))) return next()
    const first = pick(upstreams.length)
    let trouble = ''
    for (let index = 0; index < upstreams.length; index++) {
      const upstream = upstreams[(first + index) % upstreams.length]!
      const reply = upstream === 'own' ? outside(setup, query) : asked(setup, upstream, query)
      if (typeof reply !== 'string') return reply
      trouble = reply
    }
    throw new QueryError(trouble)
  }
}

/** The name servers of a `resolv.conf`; one that names none means the machine's own. */
function serversOf(text: string): Upstream[] {
  const servers = [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address = '']) => address)
  if (servers.length === 0) return ['own']
  return servers.map((address) => (address === OWN_RESOLVER ? 'own' : { address, port: DNS_PORT }))
}

/** The addresses that a forward directive names. */
export const targetsOf = (args: readonly string[]): string[] =>
  args.slice(1).map((target) => target.replace(/^dns:\/\//, '').replace(/:\d+$/, ''))

function outside({ upstream }: Surroundings, { name, type }: Question): Reply {
  const address = upstream(name)
  if (address === undefined) return failure('NXDOMAIN')
  if (type !== 'A') return noData(false)
  return { code: 'NOERROR', answers: [addressRecord(name, address, UPSTREAM_TTL)], authoritative: false }
}

/** The answer of another server, or why there is none, as Go tells it. */
function asked({ exchange, address }: Surroundings, server: Peer, question: Question): Reply | string {
  const ways = `udp ${address}:${32768 + (question.name.length % 28232)}->${server.address}:${server.port}`
  try {
    return exchange(server, question) ?? `read ${ways}: i/o timeout`
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return `read ${ways}: ${error.code === 'ECONNREFUSED' ? 'read: connection refused' : 'i/o timeout'}`
  }
}
