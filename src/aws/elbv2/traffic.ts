import type { Duplex } from 'node:stream'
import type { HostTable } from '#network/hosts.ts'
import { LAB_ADDRESS } from '#network/lab-address.ts'
import { ConnectError, type Peer, type VirtualNetwork } from '#network/virtual-network.ts'
import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { internetPath, type Scope, scopeOfKey, tables } from '../ec2/index.ts'
import { groupAttribute } from './attributes.ts'
import { PROVISIONING_MS } from './data/limits.ts'
import { HttpProxy } from './http-proxy.ts'
import { isSecure } from './listener-certificates.ts'
import { balancerIdOf } from './listeners.ts'
import { TrafficMeter } from './meter.ts'
import { TargetPicker } from './pick-target.ts'
import { admitsClient, insideAddress, mayReach } from './reach.ts'
import type { ListenerRecord, LoadBalancerRecord } from './records.ts'
import { isSticky, type Sticky } from './stickiness.ts'
import { listeners, loadBalancers } from './tables.ts'
import { terminate } from './tls.ts'

const BALANCER_KEY = /^(aws\/[^/]+\/[^/]+\/elbv2)\/load-balancers\/(.+)$/
const LISTENER_KEY = /^(aws\/[^/]+\/[^/]+\/elbv2)\/listeners\//

const NAME =
  /^[a-z0-9-]+\.(?:(?<application>[a-z]{2}(?:-[a-z]+)+-\d)\.elb|elb\.(?<network>[a-z]{2}(?:-[a-z]+)+-\d))\.amazonaws\.com$/

/** A load balancer's addresses and listeners on the network. */
interface Presence {
  close(): void
  /** What it was made from; another means that it has to be made anew. */
  shape: string
}

/** The load balancers of a world's accounts as machines: they listen on the addresses of their network interfaces. */
export class LoadBalancerTraffic implements HostTable {
  readonly meter = new TrafficMeter()
  readonly #world: World
  readonly #accountIds: string[]
  readonly #network: VirtualNetwork
  readonly #present = new Map<string, Presence>()
  /** Address → the load balancer that has it. */
  readonly #owners = new Map<string, { scope: Scope; arn: string }>()
  readonly #turns = new Map<string, number>()
  readonly #route: { close(): void }

  constructor(world: World, accountIds: string[], network: VirtualNetwork) {
    this.#world = world
    this.#accountIds = accountIds
    this.#network = network
    this.#route = network.addRoute({ resolve: (from, to) => this.#guard(from, to) })
  }

  /** Brings new load balancers up, and keeps what listens in step with the records. */
  controller(): Controller {
    const world = this.#world
    return {
      name: 'elbv2-traffic',
      sources: [
        {
          prefix: 'aws/',
          keys: ({ key, entry }) => {
            if (BALANCER_KEY.test(key)) return [key]
            const [, folder] = LISTENER_KEY.exec(key) ?? []
            if (folder === undefined) return []
            return [`${folder}/load-balancers/${balancerIdOf((entry.value as ListenerRecord).arn)}`]
          },
        },
      ],
      reconcile: (key) => {
        const scope = scopeOfKey(world, key)
        const record = world.store.get<LoadBalancerRecord>(key)?.value
        if (record?.state === 'provisioning') {
          const left = record.created + world.provisioningTime(PROVISIONING_MS) - world.clock.now()
          if (left > 0) return { requeueAfterMs: left }
          loadBalancers.put(scope, { ...record, state: 'active' })
        }
        this.#sync(key, scope, loadBalancers.find(scope, record?.arn ?? ''))
        return undefined
      },
    }
  }

  stop(): void {
    this.#route.close()
    for (const { close } of this.#present.values()) close()
    this.#present.clear()
  }

  /** The accounts' regions with load balancers that are up. */
  scopes(): Scope[] {
    const scopes = [...this.#present.keys()].map((key) => scopeOfKey(this.#world, key))
    return [...new Map(scopes.map((scope) => [`${scope.accountId}/${scope.region}`, scope])).values()]
  }

  resolve(host: string, port: number): ReturnType<HostTable['resolve']> {
    const found = this.#named(host)
    return found && { kind: 'tcp', connect: () => this.#fromInternet(found.scope, found.record, port) }
  }

  /** The address that an internal load balancer's name leads to inside its VPC; undefined for other names. */
  lookup(host: string): string | undefined {
    const found = this.#named(host)
    return found?.record.scheme === 'internal' ? insideAddress(found.scope, found.record) : undefined
  }

  #named(host: string): { scope: Scope; record: LoadBalancerRecord } | undefined {
    const match = NAME.exec(host)?.groups
    const region = match?.application ?? match?.network
    if (region === undefined) return undefined
    for (const accountId of this.#accountIds) {
      const scope: Scope = { world: this.#world, accountId, region }
      const record = loadBalancers.list(scope).find(({ dnsName }) => dnsName === host)
      if (record) return { scope, record }
    }
    return undefined
  }

  #fromInternet(scope: Scope, record: LoadBalancerRecord, port: number): Duplex {
    const open = record.mappings.filter(
      ({ subnetId }) =>
        record.scheme === 'internet-facing' &&
        internetPath(scope, { id: subnetId, vpcId: record.vpcId }) === 'internet-gateway',
    )
    const turn = this.#turns.get(record.arn) ?? 0
    this.#turns.set(record.arn, turn + 1)
    const mapping = open[turn % Math.max(1, open.length)]
    const address = mapping && tables.networkInterfaces.find(scope, mapping.networkInterfaceId)?.addresses[0]
    if (!address) throw new ConnectError('ETIMEDOUT', record.dnsName, port)
    const from = { address: LAB_ADDRESS, port: 10_000 + this.#world.ids.number(50_000) }
    return this.#network.connect({ address, port }, from)
  }

  /** Packets that the security groups do not let in, or that nobody listens for, go unanswered. */
  #guard(from: Peer, to: Peer): Peer | undefined {
    const owner = this.#owners.get(to.address)
    const record = owner && loadBalancers.find(owner.scope, owner.arn)
    if (!owner || !record) return undefined
    const listens = listeners.list(owner.scope, owner.arn).some(({ port }) => port === to.port)
    if (!listens || !admitsClient(owner.scope, record, from.address, to.port))
      throw new ConnectError('ETIMEDOUT', to.address, to.port)
    return undefined
  }

  #sync(key: string, scope: Scope, record: LoadBalancerRecord | undefined): void {
    const own = record?.state === 'active' ? listeners.list(scope, record.arn) : []
    const shape = JSON.stringify([
      record?.mappings,
      own.map(({ arn, port, protocol }) => [arn, port, protocol]),
    ])
    const present = this.#present.get(key)
    if (present?.shape === shape) return
    present?.close()
    this.#present.delete(key)
    if (record?.state === 'active') this.#present.set(key, { shape, close: this.#appear(scope, record, own) })
  }

  #appear(scope: Scope, record: LoadBalancerRecord, own: ListenerRecord[]): () => void {
    const handles: { close(): void }[] = []
    const acceptors = own.map((listener) => ({
      port: listener.port,
      accept: this.#acceptor(scope, listener),
    }))
    for (const { networkInterfaceId } of record.mappings) {
      const address = tables.networkInterfaces.find(scope, networkInterfaceId)?.addresses[0]
      if (address === undefined) continue
      this.#owners.set(address, { scope, arn: record.arn })
      handles.push(this.#network.addAddress(address), { close: () => this.#owners.delete(address) })
      for (const { port, accept } of acceptors) handles.push(this.#network.listen(address, port, accept))
    }
    return () => {
      for (const handle of handles) handle.close()
    }
  }

  #acceptor(scope: Scope, listener: ListenerRecord): (socket: Duplex, peer: Peer) => void {
    const accept = this.#plainAcceptor(scope, listener)
    if (!isSecure(listener.protocol)) return accept
    return (socket, peer) => {
      const present = listeners.find(scope, listener.arn)
      const secure = present && terminate(scope, present, socket)
      if (secure) accept(secure, peer)
      else socket.destroy()
    }
  }

  #plainAcceptor(scope: Scope, listener: ListenerRecord): (socket: Duplex, peer: Peer) => void {
    if (listener.protocol === 'HTTP' || listener.protocol === 'HTTPS') {
      const proxy = new HttpProxy(scope, listener.arn, this.#network, this.meter)
      return (socket, peer) => proxy.accept(socket, peer)
    }
    const picker = new TargetPicker()
    const bySource = new Map<string, Sticky>()
    return (socket, peer) => this.#passThrough(scope, listener.arn, picker, bySource, socket, peer)
  }

  /** A TCP listener: the connection is joined to one of a target's, or closed when there is none. */
  #passThrough(
    scope: Scope,
    listenerArn: string,
    picker: TargetPicker,
    bySource: Map<string, Sticky>,
    socket: Duplex,
    peer: Peer,
  ): void {
    socket.on('error', () => socket.destroy())
    const listener = listeners.find(scope, listenerArn)
    const record = listener && loadBalancers.find(scope, listener.loadBalancerArn)
    const bound = bySource.get(peer.address)
    const target = listener && picker.pick(scope, listener.defaultActions.at(-1)!, bound)
    if (target && isSticky(target.group))
      bySource.set(peer.address, { groupArn: target.group.arn, id: target.id, port: target.port })
    else bySource.delete(peer.address)
    if (!record || !target) return void socket.destroy()
    const keepsClient = groupAttribute(target.group, 'preserve_client_ip.enabled') === 'true'
    const from = keepsClient
      ? peer
      : { address: insideAddress(scope, record)!, port: 10_000 + scope.world.ids.number(50_000) }
    // A target that cannot be reached leaves the client waiting.
    if (!mayReach(scope, record, target, target.port, from.address)) return
    try {
      const stream = this.#network.connect({ address: target.address, port: target.port }, from)
      stream.on('error', () => socket.destroy())
      stream.on('close', () => socket.destroy())
      socket.on('close', () => stream.destroy())
      socket.pipe(stream).pipe(socket)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      socket.destroy()
    }
  }
}
