import type { Question } from '#network/dns-message.ts'
import type { PodNames } from '../records.ts'
import { fallsThrough, type Plugin, QueryError, zoneFor, zoneOf } from './plugin.ts'

const DEFAULT_TTL = 5
const POD_NAMES: readonly string[] = ['disabled', 'insecure', 'verified']
/** What stands in a block and has no effect here. */
const READ = new Set(
  'endpoint tls kubeconfig resyncperiod labels namespace_labels endpoint_pod_names ignore noendpoints apiserver_qps apiserver_burst apiserver_max_inflight startup_timeout'.split(
    ' ',
  ),
)
const REVERSE = 'in-addr.arpa'

/** The names of Services and pods: coredns/plugin/kubernetes (README, setup.go). */
export const kubernetes: Plugin = ({ directive, block, fail, records, synced, ask }) => {
  if (!records) {
    return fail(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    )
  }
  const zones = (directive.args.length > 0 ? directive.args : block.zones).map(zoneOf)
  let pods: PodNames = 'disabled'
  let ttl = DEFAULT_TTL
  let namespaces: string[] | undefined
  for (const [word = '', ...args] of directive.body) {
    if (word === 'pods') {
      if (!POD_NAMES.includes(args[0] ?? ''))
        fail(`wrong value for pods: ${args[0] ?? ''},  must be one of: disabled, verified, insecure`)
      pods = args[0] as PodNames
    } else if (word === 'ttl') {
      ttl = Number(args[0])
      if (!(ttl >= 0 && ttl <= 3600)) fail(`ttl must be in range [0, 3600]: ${args[0]}`)
    } else if (word === 'namespaces') namespaces = args
    else if (word !== 'fallthrough' && !READ.has(word)) fail(`unknown property '${word}'`)
  }
  const forward = zones.filter((zone) => !zone.endsWith('.arpa'))
  const passes = fallsThrough(directive.body)
  return (query, next) => {
    const zone = zoneFor(query.name, zones)
    if (zone === undefined) return next()
    if (!synced()) throw new QueryError('plugin/kubernetes: no kubernetes API server: unsynced')
    const settings = { zone: forward[0] ?? '', ttl, pods }
    const alias = (question: Question) => ask({ ...query, ...question })
    if (zone.endsWith(REVERSE)) {
      const reply = records.reverse(query, settings)
      return reply.code === 'NXDOMAIN' && passes(query.name) ? next() : reply
    }
    const namespace = query.name
      .slice(0, -zone.length - 1)
      .split('.')
      .at(-2)
    const exposed = namespace === undefined || !namespaces || namespaces.includes(namespace)
    const reply = records.answer(query, settings, alias)
    if (exposed && reply.code !== 'NXDOMAIN') return reply
    return passes(query.name) ? next() : { ...reply, code: 'NXDOMAIN', answers: [] }
  }
}
