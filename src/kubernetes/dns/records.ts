import type { Answer } from 'dns-packet'
import { addressRecord, failure, noData, type Question, type Reply } from '#network/dns-message.ts'
import type { ClusterApi } from '../api.ts'
import type { ServiceRoute } from '../network/services.ts'
import type { Namespace, Service } from '../objects.ts'
import type { UserInfo } from '../provider.ts'

/** Which addresses have a name `10-1-2-3.NAMESPACE.pod`. */
export type PodNames = 'disabled' | 'insecure' | 'verified'

export interface RecordSettings {
  /** The zone of Services, `cluster.local`. */
  zone: string
  ttl: number
  pods: PodNames
}

/** What the names of a cluster's Services and pods stand for, as CoreDNS's kubernetes plugin has it (github.com/kubernetes/dns, specification 1.1.0). */
export class ClusterRecords {
  readonly #api: ClusterApi
  readonly #services: ServiceRoute
  readonly #isPod: (address: string) => boolean

  /** `isPod`: whether a pod of the cluster has the address. */
  constructor(api: ClusterApi, services: ServiceRoute, isPod: (address: string) => boolean) {
    this.#api = api
    this.#services = services
    this.#isPod = isPod
  }

  /** Whether a user may read what the names are made of. */
  isReadableBy(user: UserInfo): boolean {
    return (
      [
        ['', 'services'],
        ['', 'namespaces'],
        ['discovery.k8s.io', 'endpointslices'],
      ] as const
    ).every(([group, resource]) =>
      this.#api.mayAccess({
        user,
        verb: 'list',
        group,
        version: 'v1',
        resource,
        subresource: '',
        namespace: '',
        name: '',
      }),
    )
  }

  /** The answer to a question about a name of the zone; `alias` is asked for what an ExternalName leads to. */
  answer(question: Question, settings: RecordSettings, alias: (question: Question) => Reply): Reply {
    const { name } = question
    if (name === settings.zone) return noData()
    const labels = name.slice(0, -settings.zone.length - 1).split('.')
    if (labels.length === 1 && labels[0] === 'dns-version') {
      return question.type === 'TXT'
        ? found({ type: 'TXT', name, ttl: settings.ttl, data: '1.1.0' })
        : noData()
    }
    const kind = labels.at(-1)
    const namespace = labels.at(-2)
    if (kind !== 'svc' && kind !== 'pod') return failure('NXDOMAIN', true)
    if (namespace === undefined) return noData()
    if (!this.#api.get<Namespace>('namespaces', '', namespace)) return failure('NXDOMAIN', true)
    const rest = labels.slice(0, -2)
    if (rest.length === 0) return noData()
    return kind === 'pod'
      ? this.#pod(question, rest, settings)
      : this.#service(question, rest, namespace, settings, alias)
  }

  /** The name that an address leads back to: a Service's, or an endpoint's. */
  reverse({ name, type }: Question, { zone, ttl }: RecordSettings): Reply {
    const address = name
      .replace(/\.in-addr\.arpa$/, '')
      .split('.')
      .reverse()
      .join('.')
    const data = this.#nameOf(address)
    if (!data) return failure('NXDOMAIN', true)
    return type === 'PTR' ? found({ type: 'PTR', name, ttl, data: `${data}.svc.${zone}` }) : noData()
  }

  #nameOf(address: string): string | undefined {
    for (const service of this.#api.list<Service>('services')) {
      const { name, namespace } = service.metadata
      if (service.spec.clusterIP === address) return `${name}.${namespace}`
      if (service.spec.clusterIP !== 'None') continue
      const endpoint = this.#services.endpointsOf(service).find((one) => one.address === address)
      if (endpoint) return `${nameOfEndpoint(endpoint)}.${name}.${namespace}`
    }
  }

  #pod({ name, type }: Question, labels: string[], { pods, ttl }: RecordSettings): Reply {
    const address = labels.length === 1 ? labels[0]!.replaceAll('-', '.') : ''
    const known = pods === 'insecure' || (pods === 'verified' && this.#isPod(address))
    if (!known || !/^\d+(\.\d+){3}$/.test(address)) return failure('NXDOMAIN', true)
    return type === 'A' ? found(addressRecord(name, address, ttl)) : noData()
  }

  #service(
    question: Question,
    labels: string[],
    namespace: string,
    settings: RecordSettings,
    alias: (question: Question) => Reply,
  ): Reply {
    const { name, type } = question
    const service = this.#api.get<Service>('services', namespace, labels.at(-1)!)
    if (!service) return failure('NXDOMAIN', true)
    const before = labels.slice(0, -1)
    if (service.spec.type === 'ExternalName') {
      if (before.length > 0) return failure('NXDOMAIN', true)
      return externalName(question, service.spec.externalName!, settings.ttl, alias)
    }
    if (before.length === 2 && before.every((label) => label.startsWith('_')))
      return this.#ports(question, service, before as [string, string], settings)
    if (before.length > 1) return failure('NXDOMAIN', true)
    const addresses = this.#addressesOf(service, before[0])
    // A headless Service without endpoints has no name either (plugin/kubernetes, findServices).
    if (addresses.length === 0) return failure('NXDOMAIN', true)
    return type === 'A'
      ? found(...addresses.map((address) => addressRecord(name, address, settings.ttl)))
      : noData()
  }

  /** Addresses of a Service, or of its endpoint of a name. */
  #addressesOf(service: Service, host: string | undefined): string[] {
    if (service.spec.clusterIP !== 'None') return host === undefined ? [service.spec.clusterIP!] : []
    return this.#services
      .endpointsOf(service)
      .filter((endpoint) => host === undefined || nameOfEndpoint(endpoint) === host)
      .map(({ address }) => address)
  }

  #ports(
    { name, type }: Question,
    service: Service,
    [port, protocol]: [string, string],
    { zone, ttl }: RecordSettings,
  ): Reply {
    const known = (service.spec.ports ?? []).find(
      (one) =>
        `_${one.name}` === port && `_${(one.protocol ?? 'TCP').toLowerCase()}` === protocol.toLowerCase(),
    )
    if (!known) return failure('NXDOMAIN', true)
    if (type !== 'SRV') return noData()
    const base = `${service.metadata.name}.${service.metadata.namespace}.svc.${zone}`
    const { clusterIP } = service.spec
    const endpoints = clusterIP === 'None' ? this.#services.endpointsOf(service) : []
    const weight = Math.floor(100 / Math.max(1, endpoints.length))
    const record = (number: number, target: string): Answer => ({
      type: 'SRV',
      name,
      ttl,
      data: { priority: 0, weight, port: number, target },
    })
    if (clusterIP !== 'None') return found(record(known.port, base))
    return found(
      ...endpoints.map((endpoint) =>
        record(Number(endpoint.ports[known.name ?? ''] ?? known.port), `${nameOfEndpoint(endpoint)}.${base}`),
      ),
    )
  }
}

const found = (...answers: Answer[]): Reply => ({ code: 'NOERROR', answers, authoritative: true })

function externalName(
  { name, type }: Question,
  target: string,
  ttl: number,
  alias: (question: Question) => Reply,
): Reply {
  const data = target.replace(/\.$/, '')
  const led: Answer = { type: 'CNAME', name, ttl, data }
  if (type === 'CNAME') return found(led)
  return found(led, ...alias({ name: data.toLowerCase(), type }).answers)
}

const nameOfEndpoint = ({ address, hostname }: { address: string; hostname: string | undefined }): string =>
  hostname ?? address.replaceAll('.', '-')
