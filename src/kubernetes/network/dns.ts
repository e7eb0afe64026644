import type { DnsRecord, DnsType } from '#containers/runtime.ts'
import type { ClusterApi } from '../api.ts'
import type { Pod, Service, ServicePort } from '../objects.ts'
import type { ServiceRoute } from './services.ts'

const DOMAIN = 'cluster.local'
/** A name with fewer dots is tried with the search domains first (`options ndots:5`). */
const NDOTS = 5
/** How far ExternalName may lead. */
const MAX_ALIASES = 8

export interface DnsOptions {
  api: ClusterApi
  services: ServiceRoute
  serviceCidr: string
  /** A random whole number below `count`. */
  pick(count: number): number
  /** Names outside the cluster, as the nodes resolve them; undefined: NXDOMAIN. */
  upstream?(name: string): string | undefined
}

/** CoreDNS with the kubernetes plugin, and the resolver of a pod in front of it. */
export class ClusterDns {
  readonly #options: DnsOptions

  constructor(options: DnsOptions) {
    this.#options = options
  }

  /** The address of a name as a pod sees it, by its search domains; undefined: NXDOMAIN. */
  resolve(pod: Pod, name: string): string | undefined {
    if (/^\d+(\.\d+){3}$/.test(name)) return name
    const { searches, ndots, isCluster } = this.#resolverOf(pod)
    for (const candidate of candidates(name, searches, ndots)) {
      const addresses = this.#ask(candidate, 'A', isCluster)?.filter(({ type }) => type === 'A')
      if (addresses?.length) return addresses[this.#options.pick(addresses.length)]!.data
    }
  }

  /** The records of a full name, as the name server of a pod gives them; undefined: NXDOMAIN. */
  records(pod: Pod, name: string, type: DnsType): DnsRecord[] | undefined {
    return this.#ask(name, type, this.#resolverOf(pod).isCluster)
  }

  #resolverOf(pod: Pod): { searches: string[]; ndots: number; isCluster: boolean } {
    const { searches = [], nameservers = [], options = [] } = pod.spec.dnsConfig ?? {}
    const given = options.find(({ name }) => name === 'ndots')?.value
    if (usesNodeDns(pod)) return { searches, ndots: Number(given ?? 1), isCluster: false }
    if (pod.spec.dnsPolicy === 'None') {
      const isCluster = nameservers[0] === clusterDnsAddress(this.#options.serviceCidr)
      return { searches, ndots: Number(given ?? 1), isCluster }
    }
    const all = [...clusterDomains(pod), ...searches]
    return { searches: all, ndots: Number(given ?? NDOTS), isCluster: true }
  }

  #ask(name: string, type: DnsType, isCluster: boolean, aliases = 0): DnsRecord[] | undefined {
    const lower = name.toLowerCase()
    if (isCluster && lower.endsWith('.in-addr.arpa')) return this.#names(lower)
    if (isCluster && lower.endsWith(`.${DOMAIN}`)) return this.#inCluster(lower, type, aliases)
    const address = this.#options.upstream?.(lower)
    if (address === undefined) return undefined
    return type === 'A' ? [{ name: lower, type, data: address }] : []
  }

  #inCluster(name: string, type: DnsType, aliases: number): DnsRecord[] | undefined {
    const labels = name.slice(0, -DOMAIN.length - 1).split('.')
    const [namespace, kind] = labels.slice(-2)
    if (kind === 'svc') return this.#service(name, type, labels.slice(0, -2), namespace!, aliases)
    if (kind !== 'pod' || labels.length !== 3) return undefined
    return type === 'A' ? [{ name, type, data: labels[0]!.replaceAll('-', '.') }] : []
  }

  #service(
    name: string,
    type: DnsType,
    labels: string[],
    namespace: string,
    aliases: number,
  ): DnsRecord[] | undefined {
    const service = this.#options.api.get<Service>('services', namespace, labels.at(-1) ?? '')
    if (!service) return undefined
    const { spec } = service
    if (spec.type === 'ExternalName') return this.#alias(name, type, spec.externalName!, aliases)
    const of = `${service.metadata.name}.${namespace}.svc.${DOMAIN}`
    if (labels.length === 3 && labels[0]!.startsWith('_')) {
      const wanted = spec.ports?.find(
        ({ name, protocol = 'TCP' }) =>
          labels[0] === `_${name}` && labels[1] === `_${protocol.toLowerCase()}`,
      )
      if (!wanted) return undefined
      return type === 'SRV' ? this.#ports(name, service, wanted, of) : []
    }
    if (labels.length > 2) return undefined
    const [host] = labels.length === 2 ? labels : []
    if (spec.clusterIP !== 'None') {
      if (host !== undefined || !spec.clusterIP) return undefined
      return type === 'A' ? [{ name, type, data: spec.clusterIP }] : []
    }
    const endpoints = this.#options.services.endpointsOf(service)
    const found =
      host === undefined ? endpoints : endpoints.filter((endpoint) => nameOfEndpoint(endpoint) === host)
    if (found.length === 0) return undefined
    return type === 'A' ? found.map(({ address }) => ({ name, type, data: address })) : []
  }

  #alias(name: string, type: DnsType, target: string, aliases: number): DnsRecord[] | undefined {
    if (aliases >= MAX_ALIASES) return undefined
    const rest = type === 'CNAME' ? [] : (this.#ask(target, type, true, aliases + 1) ?? [])
    return [{ name, type: 'CNAME', data: target }, ...rest]
  }

  /** Where a port of a Service is: at its address, or at each endpoint of a headless one. */
  #ports(name: string, service: Service, port: ServicePort, of: string): DnsRecord[] {
    const record = (number: number, target: string, weight: number): DnsRecord => ({
      name,
      type: 'SRV',
      data: `0 ${weight} ${number} ${target}`,
    })
    if (service.spec.clusterIP !== 'None') return [record(port.port, of, 100)]
    const endpoints = this.#options.services.endpointsOf(service)
    const weight = Math.floor(100 / endpoints.length)
    return endpoints.map((endpoint) =>
      record(
        Number(endpoint.ports[port.name ?? ''] ?? port.port),
        `${nameOfEndpoint(endpoint)}.${of}`,
        weight,
      ),
    )
  }

  /** The names of an address: of a Service, or of an endpoint of a headless one. */
  #names(name: string): DnsRecord[] | undefined {
    const { api, services } = this.#options
    const address = name.replace('.in-addr.arpa', '').split('.').reverse().join('.')
    const found = api.list<Service>('services').flatMap((service) => {
      const of = `${service.metadata.name}.${service.metadata.namespace}.svc.${DOMAIN}`
      if (service.spec.clusterIP !== 'None') return service.spec.clusterIP === address ? [of] : []
      return services
        .endpointsOf(service)
        .filter((endpoint) => endpoint.address === address)
        .map((endpoint) => `${nameOfEndpoint(endpoint)}.${of}`)
    })
    return found.length > 0 ? found.map((data) => ({ name, type: 'PTR', data })) : undefined
  }
}

export const usesNodeDns = ({ spec }: Pod): boolean =>
  spec.dnsPolicy === 'Default' ||
  (spec.hostNetwork === true && spec.dnsPolicy !== 'ClusterFirstWithHostNet' && spec.dnsPolicy !== 'None')

/** The DNS Service has the tenth address of the Service range. */
const clusterDnsAddress = (serviceCidr: string): string => serviceCidr.replace(/\d+\/\d+$/, '10')

const clusterDomains = ({ metadata: { namespace } }: Pod): string[] => [
  `${namespace}.svc.${DOMAIN}`,
  `svc.${DOMAIN}`,
  DOMAIN,
]

/** `/etc/resolv.conf` of a pod, as the kubelet has the runtime write it. Models pkg/kubelet/network/dns. */
export function resolverFile(pod: Pod, nodeName: string, serviceCidr: string): string {
  const nodeDomain = nodeName.split('.').slice(1).join('.')
  const config = pod.spec.dnsConfig ?? {}
  const base = usesNodeDns(pod)
    ? // The VPC's resolver, at its link-local address.
      { servers: ['169.254.169.253'], searches: [nodeDomain], options: [] }
    : pod.spec.dnsPolicy === 'None'
      ? { servers: [], searches: [], options: [] }
      : {
          servers: [clusterDnsAddress(serviceCidr)],
          searches: [...clusterDomains(pod), nodeDomain],
          options: [`ndots:${NDOTS}`],
        }
  const options = new Map<string, string | undefined>(
    base.options.map((option) => option.split(':') as [string, string]),
  )
  for (const { name, value } of config.options ?? []) options.set(name!, value)
  const searches = unique([...base.searches, ...(config.searches ?? [])])
  const servers = unique([...base.servers, ...(config.nameservers ?? [])])
  const shown = [...options].map(([name, value]) => (value ? `${name}:${value}` : name))
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(shown.length > 0 ? [`options ${shown.join(' ')}`] : []),
    '',
  ].join('\n')
}

const unique = (names: string[]): string[] => [...new Set(names.filter(Boolean))]

const nameOfEndpoint = ({ address, hostname }: { address: string; hostname: string | undefined }): string =>
  hostname ?? address.replaceAll('.', '-')

function candidates(name: string, domains: string[], ndots: number): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const searched = domains.map((domain) => `${name}.${domain}`)
  const dots = name.split('.').length - 1
  return dots < ndots ? [...searched, name] : [name, ...searched]
}
