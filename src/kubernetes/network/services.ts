import { ConnectError, type Peer, type Protocol, type Route } from '#network/virtual-network.ts'
import type { Store, StoreEvent, WatchHandle } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { ClusterApi } from '../api.ts'
import type { EndpointSlice, Node, Pod, Service, ServicePort } from '../objects.ts'
import { nameOf } from '../pods.ts'

/** A ready backend of a Service's port. */
interface Backend extends Peer {
  node: string | undefined
}

/** A Service's port as traffic finds it. */
interface Entry {
  service: Service
  port: ServicePort
}

/** An endpoint of a Service, with the numbers of its ports by their names. */
export interface ServiceEndpoint {
  address: string
  hostname: string | undefined
  ports: Record<string, number | undefined>
}

/** The Services as the rules of a node have them. */
interface Rules {
  /** `address:port/PROTOCOL` → port of a Service. */
  clusterIps: Map<string, Entry>
  /** `port/PROTOCOL` → port of a Service. */
  nodePorts: Map<string, Entry>
  backends: Map<string, Backend[]>
}

/** A Service's port as the rules of a node have it. */
export interface PortRules {
  service: Service
  port: ServicePort
  /** Ready ones. */
  backends: readonly { address: string; port: number; node: string | undefined }[]
}

const SERVICE_NAME = 'kubernetes.io/service-name'
/** How long (ms) a client sticks to its backend by default (`clientIP.timeoutSeconds` 10800). */
const STICKY_MS = 10_800_000

/**
 * What kube-proxy does on all nodes: leads connections to cluster IPs and node ports to a ready endpoint.
 * Kept by watch; a connection costs a few map look-ups, however many Services there are.
 */
export class ServiceRoute implements Route {
  readonly #api: ClusterApi
  readonly #pick: (count: number) => number
  readonly #pods: StoreIndex<Pod>
  readonly #now: () => number
  readonly #serviceCidr: (address: string) => boolean
  readonly #isInside: (address: string) => boolean
  /** `address:port/PROTOCOL` → port of a Service. */
  readonly #clusterIps = new Map<string, Entry>()
  readonly #nodePorts = new Map<string, Entry>()
  readonly #slices: StoreIndex<EndpointSlice>
  readonly #nodes: StoreIndex<Node>
  readonly #backends = new Map<string, Backend[]>()
  /** By node: the rules of nodes whose kube-proxy does not run. */
  readonly #frozen = new Map<string, Rules>()
  readonly #sticky = new Map<string, { backend: Backend; until: number }>()
  readonly #watches: WatchHandle[]

  constructor(options: {
    store: Store
    api: ClusterApi
    serviceCidr: string
    /** Those that live, by their own addresses. */
    pods: StoreIndex<Pod>
    /** Whether an address is a pod's of this cluster. */
    isPod(address: string): boolean
    now(): number
    /** A random whole number below `count`. */
    pick(count: number): number
  }) {
    const { store, api } = options
    this.#api = api
    this.#pick = options.pick
    this.#pods = options.pods
    this.#now = options.now
    this.#serviceCidr = inRange(options.serviceCidr)
    this.#slices = new StoreIndex<EndpointSlice>(
      store,
      api.prefix('endpointslices.discovery.k8s.io'),
      (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`],
    )
    this.#nodes = new StoreIndex<Node>(store, api.prefix('nodes'), (node) =>
      (node.status?.addresses ?? []).filter(({ type }) => type.endsWith('IP')).map(({ address }) => address),
    )
    this.#isInside = (address) => options.isPod(address) || this.#nodes.has(address)
    for (const service of api.list<Service>('services')) this.#put(service)
    this.#watches = [
      store.watch<Service>(api.prefix('services'), (event) => this.#serviceChanged(event)),
      store.watch<EndpointSlice>(api.prefix('endpointslices.discovery.k8s.io'), () => this.#backends.clear()),
    ]
  }

  close(): void {
    for (const watch of [...this.#watches, this.#slices, this.#nodes]) watch.close()
  }

  /** The node that has an address. */
  nodeAt(address: string): string | undefined {
    return this.#nodes.get(address)[0]?.metadata.name
  }

  /** The kube-proxy of a node ended: its rules stay as they are; with `empty` the node lost them, or never had any. */
  freeze(node: string, empty = false): void {
    const rules: Rules = { clusterIps: new Map(), nodePorts: new Map(), backends: new Map() }
    if (!empty) {
      rules.clusterIps = new Map(this.#clusterIps)
      rules.nodePorts = new Map(this.#nodePorts)
      for (const { service, port } of [...rules.clusterIps.values(), ...rules.nodePorts.values()])
        rules.backends.set(keyOf(service, port), this.#backendsOf(service, port))
    }
    this.#frozen.set(node, rules)
  }

  /** The kube-proxy of a node follows the Services. */
  follow(node: string): void {
    this.#frozen.delete(node)
  }

  /** What the rules of a node say at present, by Service and port. */
  rulesOn(node: string): PortRules[] {
    const frozen = this.#frozen.get(node)
    const entries = new Map<string, Entry>()
    for (const entry of (frozen?.clusterIps ?? this.#clusterIps).values())
      entries.set(keyOf(entry.service, entry.port), entry)
    return [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { service, port }]) => ({
        service,
        port,
        backends: frozen ? (frozen.backends.get(key) ?? []) : this.#backendsOf(service, port),
      }))
  }

  /** The rules that a connection meets when they are not the present ones: those of the node that it starts from, or enters by. */
  #rulesOf(from: Peer, to: Peer): Rules | undefined {
    if (this.#frozen.size === 0) return undefined
    const nodeOf = (address: string) =>
      this.#nodes.get(address)[0]?.metadata.name ?? this.#pods.get(address)[0]?.spec.nodeName
    return this.#frozen.get(nodeOf(from.address) ?? this.#nodes.get(to.address)[0]?.metadata.name ?? '')
  }

  resolve(from: Peer, to: Peer, _dialed: Peer, protocol: Protocol): Peer | undefined {
    const rules = this.#rulesOf(from, to)
    const { clusterIps, nodePorts } = rules ?? { clusterIps: this.#clusterIps, nodePorts: this.#nodePorts }
    // Cluster addresses mean something only on the cluster's own nodes: another cluster may use the same ones.
    if (this.#isInside(from.address)) {
      const entry = clusterIps.get(`${to.address}:${to.port}/${protocol}`)
      if (entry) return this.#choose(entry, from, to, rules)
      if (this.#serviceCidr(to.address)) throw new ConnectError('ETIMEDOUT', to.address, to.port)
    }
    const onNode = nodePorts.get(`${to.port}/${protocol}`)
    const [node] = onNode ? this.#nodes.get(to.address) : []
    if (!onNode || !node) return
    const local = onNode.service.spec.externalTrafficPolicy === 'Local' ? node.metadata.name : undefined
    return this.#choose(onNode, from, to, rules, local)
  }

  /** Addresses of a headless Service's ready endpoints, or of all of them when it publishes those too. */
  endpointsOf(service: Service): ServiceEndpoint[] {
    const all = service.spec.publishNotReadyAddresses
    return this.#slices.get(nameOf(service)).flatMap(({ endpoints = [], ports: numbers }) => {
      const ports = Object.fromEntries((numbers ?? []).map(({ name = '', port }) => [name, port]))
      return endpoints
        .filter(({ conditions }) => all || conditions?.ready !== false)
        .flatMap(({ addresses, hostname }) => addresses.map((address) => ({ address, hostname, ports })))
    })
  }

  #choose({ service, port }: Entry, from: Peer, to: Peer, rules?: Rules, localTo?: string): Peer {
    const all = rules ? (rules.backends.get(keyOf(service, port)) ?? []) : this.#backendsOf(service, port)
    const backends = localTo === undefined ? all : all.filter(({ node }) => node === localTo)
    // kube-proxy rejects what has no endpoint, and drops what has none on the node.
    if (backends.length === 0) {
      throw new ConnectError(
        localTo !== undefined && all.length > 0 ? 'ETIMEDOUT' : 'ECONNREFUSED',
        to.address,
        to.port,
      )
    }
    if (service.spec.sessionAffinity !== 'ClientIP') return backends[this.#pick(backends.length)]!
    const client = `${from.address}>${nameOf(service)}:${port.port}`
    const known = this.#sticky.get(client)
    const kept =
      known && known.until > this.#now()
        ? backends.find((backend) => same(backend, known.backend))
        : undefined
    const backend = kept ?? backends[this.#pick(backends.length)]!
    const seconds = service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
    this.#sticky.set(client, { backend, until: this.#now() + (seconds ? seconds * 1000 : STICKY_MS) })
    return backend
  }

  #backendsOf(service: Service, port: ServicePort): Backend[] {
    const key = keyOf(service, port)
    const known = this.#backends.get(key)
    if (known) return known
    const backends = this.#slices.get(nameOf(service)).flatMap(({ endpoints = [], ports = [] }) => {
      const target = ports.find(({ name }) => (name ?? '') === (port.name ?? ''))?.port
      if (target === undefined) return []
      return endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses, nodeName }) =>
          addresses.map((address) => ({ address, port: target, node: nodeName })),
        )
    })
    this.#backends.set(key, backends)
    return backends
  }

  #serviceChanged({ type, entry, previous }: StoreEvent<Service>): void {
    if (previous) this.#drop(previous.value)
    if (type === 'put')
      this.#put(
        this.#api.get<Service>('services', entry.value.metadata.namespace!, entry.value.metadata.name) ??
          entry.value,
      )
  }

  #put(service: Service): void {
    for (const port of service.spec.ports ?? []) {
      const protocol = port.protocol ?? 'TCP'
      for (const address of addressesOf(service))
        this.#clusterIps.set(`${address}:${port.port}/${protocol}`, { service, port })
      if (port.nodePort) this.#nodePorts.set(`${port.nodePort}/${protocol}`, { service, port })
    }
  }

  #drop(service: Service): void {
    for (const port of service.spec.ports ?? []) {
      const protocol = port.protocol ?? 'TCP'
      for (const address of addressesOf(service))
        this.#clusterIps.delete(`${address}:${port.port}/${protocol}`)
      if (port.nodePort) this.#nodePorts.delete(`${port.nodePort}/${protocol}`)
      this.#backends.delete(`${nameOf(service)}:${port.name ?? ''}`)
    }
  }
}

const keyOf = (service: Service, port: ServicePort): string => `${nameOf(service)}:${port.name ?? ''}`

const addressesOf = ({ spec }: Service): string[] => [
  ...(spec.clusterIP && spec.clusterIP !== 'None' ? [spec.clusterIP] : []),
  ...(spec.externalIPs ?? []),
]

const same = (a: Peer, b: Peer): boolean => a.address === b.address && a.port === b.port

const toNumber = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** Whether an IPv4 address is in a CIDR. */
export function inRange(cidr: string): (address: string) => boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(toNumber(base) / size)
  return (address) => Math.floor(toNumber(address) / size) === first
}
