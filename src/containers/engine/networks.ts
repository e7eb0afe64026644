import type { World } from '#world/world.ts'
import { digestOf } from '../blobs/digest.ts'
import { badRequest, conflict, EngineError, notFound } from './api.ts'
import type { ContainerRecord, Endpoint } from './container-record.ts'
import { freeSubnet, hostAddress, overlaps, parseSubnet } from './subnets.ts'

/** A network of the engine, in the world's store under `docker/networks/<id>`. */
export interface NetworkRecord {
  id: string
  name: string
  driver: string
  /** World's time, ms. */
  createdAt: number
  /** `172.18.0.0/16`; empty for `host` and `none`. */
  subnet: string
  gateway: string
  /** The part of the subnet that containers get addresses from. */
  range?: string
  /** Addresses of it that are somebody else's, by name. */
  reserved?: Record<string, string>
  internal: boolean
  attachable: boolean
  labels: Record<string, string>
  options: Record<string, string>
}

/** The body of `POST /networks/create`. */
export interface NetworkRequest {
  Name?: string
  Driver?: string
  Internal?: boolean
  Attachable?: boolean
  Ingress?: boolean
  ConfigOnly?: boolean
  EnableIPv6?: boolean
  Labels?: Record<string, string> | null
  Options?: Record<string, string> | null
  IPAM?: { Driver?: string; Config?: PoolRequest[] | null } | null
}

interface PoolRequest {
  Subnet?: string
  Gateway?: string
  IPRange?: string
  AuxiliaryAddresses?: Record<string, string> | null
}

/** How a container joins a network, from the API's `EndpointsConfig`. */
export interface EndpointRequest {
  Aliases?: string[] | null
  IPAMConfig?: { IPv4Address?: string } | null
  MacAddress?: string
  DriverOpts?: Record<string, string> | null
}

const PREDEFINED = ['bridge', 'host', 'none']
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
/** Drivers that the real engine has besides. */
const OTHER_DRIVERS = new Set(['macvlan', 'ipvlan'])
const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'

/** The networks of a Docker Engine and the addresses in them. */
export class Networks {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    const { store } = world
    for (const name of PREDEFINED) {
      const id = digestOf(`${world.id} docker network ${name}`).slice('sha256:'.length)
      if (store.get(key(id))) continue
      store.put(key(id), {
        id,
        name,
        driver: name === 'none' ? 'null' : name,
        createdAt: world.clock.now(),
        subnet: name === 'bridge' ? '172.17.0.0/16' : '',
        gateway: name === 'bridge' ? '172.17.0.1' : '',
        internal: false,
        attachable: false,
        labels: {},
        options: name === 'bridge' ? BRIDGE_OPTIONS : {},
      } satisfies NetworkRecord)
    }
  }

  all(): NetworkRecord[] {
    return this.#world.store.values<NetworkRecord>('docker/networks/')
  }

  /** By full id, name or the beginning of an id. */
  find(term: string): NetworkRecord | undefined {
    const all = this.all()
    const exact = all.find(({ id }) => id === term) ?? all.find(({ name }) => name === term)
    if (exact) return exact
    const matches = term ? all.filter(({ id }) => id.startsWith(term)) : []
    if (matches.length > 1) {
      throw badRequest(`network ${term} is ambiguous (${matches.length} matches found based on ID prefix)`)
    }
    return matches[0]
  }

  /** As `find`. Throws the engine's `network … not found`. */
  require(term: string): NetworkRecord {
    const network = this.find(term)
    if (!network) throw notFound(`network ${term} not found`)
    return network
  }

  /** Throws EngineError with the engine's text. */
  create(request: NetworkRequest): NetworkRecord {
    const name = request.Name ?? ''
    const driver = request.Driver || 'bridge'
    if (PREDEFINED.includes(name))
      throw new EngineError(403, `operation is not permitted on predefined ${name} network `)
    if (!NAME.test(name)) throw badRequest(`invalid network name: ${name}`)
    if (driver === 'overlay' || request.Ingress) throw new EngineError(403, NOT_A_MANAGER)
    if (driver === 'host' || driver === 'null')
      throw new EngineError(403, `only one instance of "${driver}" network is allowed`)
    if (OTHER_DRIVERS.has(driver) || request.ConfigOnly)
      throw new EngineError(501, `drydock: ${driver} networks are not simulated; use the bridge driver`)
    if (request.EnableIPv6) throw new EngineError(501, 'drydock: IPv6 networks are not simulated')
    if (driver !== 'bridge') throw notFound(`plugin "${driver}" not found`)
    if (this.all().some((network) => network.name === name))
      throw conflict(`network with name ${name} already exists`)
    const record: NetworkRecord = {
      id: this.#world.ids.hex(64),
      name,
      driver,
      createdAt: this.#world.clock.now(),
      ...this.#pool(request.IPAM?.Config?.[0] ?? {}),
      internal: request.Internal ?? false,
      attachable: request.Attachable ?? false,
      labels: request.Labels ?? {},
      options: request.Options ?? {},
    }
    this.#world.store.put(key(record.id), record)
    return record
  }

  #pool(config: PoolRequest): Pick<NetworkRecord, 'subnet' | 'gateway' | 'range' | 'reserved'> {
    const taken = this.all().flatMap(({ subnet }) => (subnet ? [parseSubnet(subnet)!] : []))
    if (!config.Subnet) {
      const free = freeSubnet(taken)
      if (!free) throw new EngineError(500, 'all predefined address pools have been fully subnetted')
      return { subnet: free, gateway: hostAddress(parseSubnet(free)!, 1) }
    }
    const subnet = parseSubnet(config.Subnet)
    if (!subnet)
      throw badRequest(
        `invalid network config:\ninvalid subnet ${config.Subnet}: invalid CIDR block notation`,
      )
    if (subnet.text !== config.Subnet)
      throw badRequest(
        `invalid network config:\ninvalid subnet ${config.Subnet}: it should be ${subnet.text}`,
      )
    if (taken.some((other) => overlaps(other, subnet)))
      throw new EngineError(403, 'invalid pool request: Pool overlaps with other one on this address space')
    return {
      subnet: config.Subnet,
      gateway: config.Gateway || hostAddress(subnet, 1),
      range: config.IPRange || undefined,
      reserved: config.AuxiliaryAddresses ?? undefined,
    }
  }

  /** Throws EngineError when it is the engine's own or containers are in it. */
  remove(term: string, containers: readonly ContainerRecord[]): NetworkRecord {
    const network = this.require(term)
    if (PREDEFINED.includes(network.name))
      throw new EngineError(403, `${network.name} is a pre-defined network and cannot be removed`)
    const users = this.attached(network, containers)
    if (users.length > 0) {
      const names = users
        .map(({ name, endpoints }) => `name:"${name}" id:"${endpoints[network.name]!.id.slice(0, 12)}"`)
        .join(', ')
      throw new EngineError(
        403,
        `error while removing network: network ${network.name} has active endpoints (${names})`,
      )
    }
    this.#world.store.delete(key(network.id))
    return network
  }

  /** The running containers in a network. */
  attached(network: NetworkRecord, containers: readonly ContainerRecord[]): ContainerRecord[] {
    return containers.filter(({ endpoints }) =>
      Object.values(endpoints).some(({ networkId, id }) => networkId === network.id && id !== ''),
    )
  }

  /** A place in a network for a container that runs. Throws EngineError when there is no address left. */
  join(network: NetworkRecord, endpoint: Endpoint, containers: readonly ContainerRecord[]): Endpoint {
    const id = this.#world.ids.hex(64)
    if (!network.subnet) return { ...endpoint, networkId: network.id, id, address: '' }
    const used = new Set([network.gateway, ...Object.values(network.reserved ?? {})])
    for (const record of containers)
      for (const other of Object.values(record.endpoints))
        if (other.networkId === network.id && other.id !== '') used.add(other.address)
    const subnet = parseSubnet(network.subnet)!
    if (endpoint.wanted) {
      const address = parseSubnet(`${endpoint.wanted}/32`)
      if (!address || !overlaps(subnet, address))
        throw new EngineError(403, `no configured subnet contains IP address ${endpoint.wanted}`)
      if (used.has(endpoint.wanted)) throw new EngineError(403, 'Address already in use')
      return { ...endpoint, networkId: network.id, id, address: endpoint.wanted }
    }
    const pool = (network.range && parseSubnet(network.range)) || subnet
    const last = endpoint.last && parseSubnet(`${endpoint.last}/32`)
    if (last && overlaps(subnet, last) && !used.has(endpoint.last!))
      return { ...endpoint, networkId: network.id, id, address: endpoint.last! }
    for (let n = pool === subnet ? 2 : 0; n < pool.size - 1; n++) {
      const address = hostAddress(pool, n)
      if (!used.has(address)) return { ...endpoint, networkId: network.id, id, address }
    }
    throw new EngineError(
      500,
      `no available IPv4 addresses on this network's address pools: ${network.name} (${network.id})`,
    )
  }
}

/** What `docker network inspect bridge` shows of the default bridge. */
const BRIDGE_OPTIONS = {
  'com.docker.network.bridge.default_bridge': 'true',
  'com.docker.network.bridge.enable_icc': 'true',
  'com.docker.network.bridge.enable_ip_masquerade': 'true',
  'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
  'com.docker.network.bridge.name': 'docker0',
  'com.docker.network.driver.mtu': '1500',
}

const key = (id: string) => `docker/networks/${id}`

/** Whether containers have names on it: on all but those that every engine has. */
export const hasNames = (networkName: string): boolean => !PREDEFINED.includes(networkName)

/** The MAC address of an endpoint: the one that was asked for, or one made from its address. */
export const macAddress = ({ macAddress: asked, address }: Endpoint): string =>
  asked ??
  `02:42:${address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`

/** 0 for a network without addresses. */
export const prefixLength = ({ subnet }: NetworkRecord): number =>
  parseSubnet(subnet) ? Number(subnet.split('/')[1]) : 0

/** The endpoint that a request asks for. Throws EngineError where the engine does not allow it. */
export function requestedEndpoint(name: string, request: EndpointRequest | null | undefined): Endpoint {
  const wanted = request?.IPAMConfig?.IPv4Address || undefined
  const aliases = request?.Aliases ?? []
  if (wanted && !hasNames(name)) {
    throw badRequest(
      'invalid endpoint settings:\nuser specified IP address is supported on user defined networks only',
    )
  }
  if (aliases.length > 0 && !hasNames(name)) {
    throw badRequest(
      'invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks',
    )
  }
  const macAddress = request?.MacAddress || undefined
  if (macAddress && !/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(macAddress))
    throw badRequest(`invalid endpoint settings:\ninvalid MAC address: ${macAddress}`)
  return {
    networkId: '',
    aliases,
    wanted,
    macAddress,
    driverOptions: request?.DriverOpts ?? undefined,
    id: '',
    address: '',
  }
}
