import type { ClusterApi } from '../api.ts'
import type { Pod, Service } from '../objects.ts'
import type { ServiceRoute } from './services.ts'

const DOMAIN = 'cluster.local'
/** A name with fewer dots is tried with the search domains first (`options ndots:5`). */
const NDOTS = 5
/** How far ExternalName may lead. */
const MAX_ALIASES = 8

export interface DnsOptions {
  api: ClusterApi
  services: ServiceRoute
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
    if (usesNodeDns(pod)) return this.#options.upstream?.(name)
    for (const candidate of candidates(name, pod.metadata.namespace!, pod.spec.dnsConfig?.searches)) {
      const address = this.query(candidate)
      if (address !== undefined) return address
    }
  }

  /** The address record of a full name. */
  query(name: string, aliases = 0): string | undefined {
    const lower = name.toLowerCase()
    if (!lower.endsWith(`.${DOMAIN}`)) return this.#options.upstream?.(lower)
    const labels = lower.slice(0, -DOMAIN.length - 1).split('.')
    const [namespace, kind] = labels.slice(-2)
    if (kind === 'svc') return this.#service(labels.slice(0, -2), namespace!, aliases)
    if (kind === 'pod') return labels.length === 3 ? labels[0]!.replaceAll('-', '.') : undefined
  }

  #service(labels: string[], namespace: string, aliases: number): string | undefined {
    const { api, services, pick } = this.#options
    const service = api.get<Service>('services', namespace, labels.at(-1) ?? '')
    if (!service || labels.length > 2) return
    if (service.spec.type === 'ExternalName') {
      return aliases < MAX_ALIASES ? this.query(service.spec.externalName!, aliases + 1) : undefined
    }
    const [host] = labels.length === 2 ? labels : []
    if (service.spec.clusterIP !== 'None') return host === undefined ? service.spec.clusterIP : undefined
    const endpoints = services.endpointsOf(service)
    const wanted =
      host === undefined ? endpoints : endpoints.filter((endpoint) => nameOfEndpoint(endpoint) === host)
    return wanted.length > 0 ? wanted[pick(wanted.length)]!.address : undefined
  }
}

const usesNodeDns = ({ spec }: Pod): boolean =>
  spec.dnsPolicy === 'Default' || (spec.hostNetwork === true && spec.dnsPolicy !== 'ClusterFirstWithHostNet')

/** `/etc/resolv.conf` of a pod, as the kubelet writes it. The DNS Service has the tenth address of the Service range. */
export function resolverFile(pod: Pod, nodeName: string, serviceCidr: string): string {
  const nodeDomain = nodeName.split('.').slice(1).join('.')
  const own = pod.spec.dnsConfig?.searches ?? []
  // The VPC's resolver, at its link-local address.
  if (usesNodeDns(pod)) return `search ${[...own, nodeDomain].join(' ')}\nnameserver 169.254.169.253\n`
  const { namespace } = pod.metadata
  const searches = [
    `${namespace}.svc.${DOMAIN}`,
    `svc.${DOMAIN}`,
    DOMAIN,
    ...(nodeDomain ? [nodeDomain] : []),
    ...own,
  ]
  const server = serviceCidr.replace(/\d+\/\d+$/, '10')
  return `search ${searches.join(' ')}\nnameserver ${server}\noptions ndots:${NDOTS}\n`
}

const nameOfEndpoint = ({ address, hostname }: { address: string; hostname: string | undefined }): string =>
  hostname ?? address.replaceAll('.', '-')

function candidates(name: string, namespace: string, searches: string[] = []): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const domains = [`${namespace}.svc.${DOMAIN}`, `svc.${DOMAIN}`, DOMAIN, ...searches]
  const searched = domains.map((domain) => `${name}.${domain}`)
  const dots = name.split('.').length - 1
  return dots < NDOTS ? [...searched, name] : [name, ...searched]
}
