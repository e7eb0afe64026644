import { ConnectError, type Peer, type Route, type VirtualNetwork } from '#network/virtual-network.ts'
import type { NetworkView } from '../runtime.ts'
import type { ContainerRecord, Endpoint } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import { networkView } from './network-view.ts'
import { hasNames, type NetworkRecord, type Networks } from './networks.ts'
import { HOST_ADDRESS } from './published-ports.ts'

/** A running container as the network sees it. */
interface Member {
  /** Where its processes listen. */
  address: string
  networks: Set<string>
}

/**
 * The bridges between the containers of an engine: who has which address, who reaches whom, who has which name.
 * Containers that share no network time out, as the engine's isolation rules drop their packets.
 */
export class ContainerNetwork implements Route {
  readonly #networks: Networks
  readonly #containers: ContainerStore
  /** By every address of a container. */
  readonly #members = new Map<string, Member>()
  #turn = 0

  constructor(options: { network: VirtualNetwork; networks: Networks; containers: ContainerStore }) {
    this.#networks = options.networks
    this.#containers = options.containers
    options.network.addRoute(this)
  }

  /** Gives a starting container its places. Throws EngineError; then it has none. */
  join(record: ContainerRecord): Pick<ContainerRecord, 'endpoints' | 'address'> {
    const mode = record.hostConfig.NetworkMode ?? 'default'
    if (mode.startsWith('container:')) {
      return { endpoints: {}, address: this.#containers.require(mode.slice('container:'.length)).address }
    }
    const others = this.#containers.all().filter(({ id }) => id !== record.id)
    const endpoints: Record<string, Endpoint> = {}
    for (const [name, endpoint] of Object.entries(record.endpoints)) {
      endpoints[name] = this.#networks.join(this.#networks.require(name), endpoint, others)
    }
    const first = Object.values(endpoints).find(({ address }) => address !== '')
    const address = endpoints.host ? HOST_ADDRESS : (first?.address ?? loopback(record.id))
    this.#register(address, endpoints)
    return { endpoints, address }
  }

  /** Takes its places away when it has ended. */
  leave(record: ContainerRecord): Pick<ContainerRecord, 'endpoints'> {
    for (const { address } of Object.values(record.endpoints)) this.#members.delete(address)
    this.#members.delete(record.address)
    return {
      endpoints: Object.fromEntries(
        Object.entries(record.endpoints).map(([name, endpoint]) => [
          name,
          { ...endpoint, id: '', address: '', ...(endpoint.address && { last: endpoint.address }) },
        ]),
      ),
    }
  }

  /** Tells of a running container whose networks have changed. */
  changed(record: ContainerRecord, before: ContainerRecord): void {
    this.leave(before)
    this.#register(record.address, record.endpoints)
  }

  #register(address: string, endpoints: Record<string, Endpoint>): void {
    if (address === HOST_ADDRESS) return
    const networks = new Set(Object.values(endpoints).map(({ networkId }) => networkId))
    const member = { address, networks }
    this.#members.set(address, member)
    for (const endpoint of Object.values(endpoints)) {
      if (endpoint.address) this.#members.set(endpoint.address, member)
    }
  }

  resolve(from: Peer, to: Peer): Peer | undefined {
    if (this.#members.size === 0) return undefined
    const source = this.#members.get(from.address)
    const target = this.#members.get(to.address)
    if (source && target !== source) {
      const known = this.#known()
      const mine = known.filter(({ id }) => source.networks.has(id))
      if (mine.some(({ gateway }) => gateway === to.address)) return { ...to, address: HOST_ADDRESS }
      if (!target && mine.every(({ internal, subnet }) => internal || !subnet))
        throw new ConnectError('ENETUNREACH', to.address, to.port)
    }
    if (!target) return undefined
    if (source && source !== target) {
      const shared = this.#known().some(
        ({ id, subnet }) => subnet && source.networks.has(id) && target.networks.has(id),
      )
      if (!shared) throw new ConnectError('ETIMEDOUT', to.address, to.port)
    }
    return { ...to, address: target.address }
  }

  /** Its interfaces and routes, those of the container whose network it is in for one that shares; undefined: the machine's. */
  view(record: ContainerRecord): NetworkView | undefined {
    const mode = record.hostConfig.NetworkMode ?? ''
    if (!mode.startsWith('container:')) return networkView(record, this.#networks)
    const other = this.#containers.find(mode.slice('container:'.length))
    return other && this.view(other)
  }

  #known(): NetworkRecord[] {
    return this.#networks.all()
  }

  /** The engine's machine as a container sees it: the gateway of its first network. */
  gateway(record: ContainerRecord): string {
    const ids = Object.values(record.endpoints).map(({ networkId }) => networkId)
    return this.#known().find(({ id, gateway }) => gateway && ids.includes(id))?.gateway ?? '172.17.0.1'
  }

  /** The address of another container's name on a network that both are in; several are taken in turn. */
  lookup(record: ContainerRecord, name: string): string | undefined {
    const wanted = name.replace(/\.$/, '')
    const found: string[] = []
    const own = this.#containers.get(record.id)?.endpoints ?? {}
    for (const [network, { id }] of Object.entries(own)) {
      if (id === '' || !hasNames(network)) continue
      for (const other of this.#containers.all()) {
        const endpoint = other.endpoints[network]
        if (!endpoint?.address) continue
        if (dnsNames(other, endpoint).includes(wanted)) found.push(endpoint.address)
      }
    }
    return found.length > 0 ? found[this.#turn++ % found.length] : undefined
  }
}

/** The names of a container in a network: its own, its aliases, its short id, its host name. */
export const dnsNames = ({ id, name, config }: ContainerRecord, { aliases }: Endpoint): string[] => [
  ...new Set([name, ...aliases, id.slice(0, 12), config.Hostname ?? '']),
]

/** An address that nobody else has and nobody reaches, for a container without network. */
const loopback = (id: string): string =>
  `127.${[0, 2, 4].map((at) => Number.parseInt(id.slice(at, at + 2), 16)).join('.')}`
