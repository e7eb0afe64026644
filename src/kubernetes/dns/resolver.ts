import type { DnsRecord, DnsType, NameAnswer, NameTrouble } from '#containers/runtime.ts'
import { addressesOf, decodeReply, encodeQuery, type Question, type Reply } from '#network/dns-message.ts'
import { OWN_RESOLVER } from '#network/name-servers.ts'
import { ConnectError, type VirtualNetwork } from '#network/virtual-network.ts'
import type { Pod } from '../objects.ts'
import type { NodeNames } from '../provider.ts'

const DOMAIN = 'cluster.local'
/** A name with fewer dots is tried with the search domains first (`options ndots:5`). */
const NDOTS = 5
const DNS_PORT = 53

/** What `/etc/resolv.conf` says. */
export interface ResolverSettings {
  servers: string[]
  searches: string[]
  options: { name: string; value?: string }[]
}

export interface ResolverOptions {
  network: VirtualNetwork
  /** Names as the nodes of the cluster resolve them; undefined: NXDOMAIN. */
  upstream(name: string): string | undefined
  /** A random whole number below `count`. */
  pick(count: number): number
  /** The answer of a node that has the cluster's name server itself; undefined: it has none. */
  local(pod: Pod, question: Question): Reply | undefined
  serviceCidr: string
  /** Default: the resolver of the nodes' network, and the domain of their own names. */
  nodeNames?: (() => NodeNames) | undefined
}

/** The resolver of a cluster's pods: asks the name servers of their `resolv.conf` over the network. */
export class PodResolver {
  readonly #options: ResolverOptions

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /** What a name is to a pod that has an address, by its search domains. */
  resolve(pod: Pod, address: string, name: string): NameAnswer {
    if (/^\d+(\.\d+){3}$/.test(name)) return [name]
    const { searches, options } = this.#settingsOf(pod)
    const ndots = Number(options.find((option) => option.name === 'ndots')?.value ?? 1)
    let failed = false
    for (const candidate of candidates(name, searches, ndots)) {
      // getaddrinfo asks for both kinds of addresses.
      const [answer] = (['A', 'AAAA'] as const).map((type) => this.#ask(pod, address, candidate, type))
      if (answer === 'failed') failed = true
      else if (typeof answer === 'string') return answer
      else if (answer && addressesOf(answer).length > 0) return addressesOf(answer)
    }
    return failed ? 'failed' : []
  }

  /** What its name server, or `server`, tells of a full name; undefined: NXDOMAIN. */
  records(
    pod: Pod,
    address: string,
    name: string,
    type: DnsType,
    server?: string,
  ): DnsRecord[] | NameTrouble | undefined {
    const reply = this.#ask(pod, address, name.replace(/\.$/, ''), type, server)
    if (typeof reply === 'string') return reply
    return reply.code === 'NXDOMAIN' ? undefined : reply.answers.flatMap(recordOf)
  }

  #settingsOf(pod: Pod): ResolverSettings {
    return settingsOf(pod, pod.spec.nodeName ?? '', this.#options)
  }

  /** The first answer of a pod's name servers. */
  #ask(pod: Pod, address: string, name: string, type: AskedType, server?: string): Reply | NameTrouble {
    const servers = server === undefined ? this.#settingsOf(pod).servers : [server]
    let trouble: NameTrouble = 'silent'
    for (const one of servers) {
      const reply = this.#exchange(pod, address, one, { name, type })
      if (typeof reply === 'string') trouble = reply
      else if (reply.code === 'SERVFAIL' || reply.code === 'REFUSED') trouble = 'failed'
      else return reply
    }
    return trouble
  }

  #exchange(pod: Pod, address: string, server: string, question: Question): Reply | 'refused' | 'silent' {
    const { network, upstream, pick, local, serviceCidr } = this.#options
    if (server === OWN_RESOLVER) return ofNode(question, upstream(question.name))
    if (server === serverOf(serviceCidr)) {
      const reply = local(pod, question)
      if (reply) return reply
    }
    const from = { address, port: 32768 + pick(28232) }
    try {
      const reply = network.exchange(
        { address: server, port: DNS_PORT },
        from,
        encodeQuery(question, pick(65536)),
      )
      return reply ? decodeReply(reply) : 'silent'
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      return error.code === 'ECONNREFUSED' ? 'refused' : 'silent'
    }
  }
}

type AskedType = DnsType | 'AAAA'

/** A record as `nslookup` reads it. */
function recordOf(answer: Reply['answers'][number]): DnsRecord[] {
  const { name } = answer
  if (answer.type === 'A' || answer.type === 'CNAME' || answer.type === 'PTR')
    return [{ name, type: answer.type, data: answer.data }]
  if (answer.type !== 'SRV') return []
  const { priority = 0, weight = 0, port, target } = answer.data
  return [{ name, type: 'SRV', data: `${priority} ${weight} ${port} ${target}` }]
}

const ofNode = ({ name, type }: Question, address: string | undefined): Reply => ({
  code: address === undefined ? 'NXDOMAIN' : 'NOERROR',
  answers: address === undefined || type !== 'A' ? [] : [{ type, name, data: address }],
  authoritative: false,
})

/** `/etc/resolv.conf` of a pod, as the kubelet writes it. */
export function resolverFile(pod: Pod, nodeName: string, cluster: ClusterNames): string {
  const { servers, searches, options } = settingsOf(pod, nodeName, cluster)
  const words = options.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`))
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(words.length > 0 ? [`options ${words.join(' ')}`] : []),
    '',
  ].join('\n')
}

/** What a cluster tells its pods of names. */
type ClusterNames = Pick<ResolverOptions, 'serviceCidr' | 'nodeNames'>

/** By the pod's policy and its own settings (pkg/kubelet/network/dns/dns.go). */
function settingsOf(
  { metadata, spec }: Pod,
  nodeName: string,
  { serviceCidr, nodeNames }: ClusterNames,
): ResolverSettings {
  const own = spec.dnsConfig
  const node = nodeNames?.() ?? { servers: [OWN_RESOLVER] }
  const nodeDomain = nodeName.split('.').slice(1).join('.')
  const nodeSearches = node.searches ?? (nodeDomain ? [nodeDomain] : [])
  const policy = policyOf(spec)
  const namespace = metadata.namespace!
  const base: ResolverSettings =
    policy === 'None'
      ? { servers: [], searches: [], options: [] }
      : policy === 'Default'
        ? { servers: node.servers, searches: nodeSearches, options: [] }
        : {
            servers: [serverOf(serviceCidr)],
            searches: [`${namespace}.svc.${DOMAIN}`, `svc.${DOMAIN}`, DOMAIN, ...nodeSearches],
            options: [{ name: 'ndots', value: String(NDOTS) }],
          }
  const changed = new Map(base.options.map((option) => [option.name, option]))
  for (const { name, value } of own?.options ?? [])
    if (name) changed.set(name, { name, ...(value !== undefined && { value }) })
  return {
    servers: [...new Set([...base.servers, ...(own?.nameservers ?? [])])].slice(0, 3),
    searches: [...new Set([...base.searches, ...(own?.searches ?? [])])],
    options: [...changed.values()],
  }
}

function policyOf({ dnsPolicy = 'ClusterFirst', hostNetwork }: Pod['spec']): string {
  return dnsPolicy === 'ClusterFirst' && hostNetwork ? 'Default' : dnsPolicy
}

/** The DNS Service has the tenth address of the Service range. */
const serverOf = (serviceCidr: string): string => serviceCidr.replace(/\d+\/\d+$/, '10')

function candidates(name: string, searches: string[], ndots: number): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = searches.map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 < ndots ? [...searched, name] : [name, ...searched]
}
