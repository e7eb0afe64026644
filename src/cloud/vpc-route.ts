import { type InsideEnd, type Path, reach } from '#aws/ec2/index.ts'
import { ConnectError, type Peer, type Protocol, type Route } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { FlowRecorder } from './flow-recorder.ts'
import type { VpcPaths } from './vpc-paths.ts'

/**
 * Lets through what the VPCs let through: connections from network interfaces (pods, instances, tasks, load balancers) to others
 * or to the internet. Packets that are dropped leave the client waiting. Must be asked after all routes that lead elsewhere.
 */
export class VpcRoute implements Route {
  readonly #world: World
  readonly #paths: VpcPaths
  readonly #nameOf: (address: string) => string | undefined
  readonly #machineOf: (address: string) => string
  readonly #flows: FlowRecorder

  /** `nameOf` tells the host name behind an address of the internet, `machineOf` the machine that a container on a bridge hides behind. */
  constructor(
    world: World,
    paths: VpcPaths,
    nameOf: (address: string) => string | undefined,
    machineOf: (address: string) => string,
    flows: FlowRecorder,
  ) {
    this.#world = world
    this.#paths = paths
    this.#nameOf = nameOf
    this.#machineOf = machineOf
    this.#flows = flows
  }

  resolve(from: Peer, to: Peer, dialed: Peer, protocol: Protocol): undefined {
    if (from.address === to.address || from.address.startsWith('127.')) return
    const source = { ...from, address: this.#machineOf(from.address) }
    const machine = this.#machineOf(to.address)
    // On a bridge it is the machine that packets are admitted to, at the port that it publishes.
    const target = machine === to.address ? to : { address: machine, port: publishedPort(to, dialed) }
    if (source.address === target.address) return
    const path = this.#path(source, target, machine === to.address ? dialed : target, protocol)
    if (path && !path.open) throw new ConnectError('ETIMEDOUT', dialed.address, dialed.port)
  }

  #path(from: Peer, to: Peer, dialed: Peer, protocol: Protocol): Path | undefined {
    const target = this.#paths.endAt(to.address)
    const source = this.#paths.endAt(from.address, target?.eni.vpcId)
    if (!source) return undefined
    const name = target ? undefined : this.#nameOf(to.address)
    if (name) return this.#outside(this.#paths.leaving(source), name, from, to, protocol)
    if (!target) return undefined
    const first =
      to.address === dialed.address ? undefined : this.#paths.endAt(dialed.address, source.eni.vpcId)
    if (!first) return this.#inside(source, target, from.port, to.port, protocol)
    // A node port: to the node that was asked, then from that node to the pod.
    const entry = this.#inside(source, first, from.port, dialed.port, protocol)
    return entry.open ? this.#inside(first, target, from.port, to.port, protocol) : entry
  }

  #inside(from: InsideEnd, to: InsideEnd, fromPort: number, port: number, protocol: Protocol): Path {
    const source = from.eni.vpcId === to.eni.vpcId ? from : this.#paths.leaving(from)
    const path = reach(this.#world, source, to, {
      port,
      fromPort,
      protocol: protocol === 'UDP' ? 'udp' : 'tcp',
    })
    this.#flows.note({
      from: { peer: { address: source.address, port: fromPort }, end: source },
      to: { peer: { address: to.address, port }, end: to },
      protocol,
      path,
    })
    return path
  }

  #outside(source: InsideEnd, name: string, from: Peer, to: Peer, protocol: Protocol): Path {
    const path = this.#paths.toHost(source, name, to.address, to.port)
    const peer = { address: source.address, port: from.port }
    this.#flows.note({ from: { peer, end: source }, to: { peer: to }, protocol, path })
    return path
  }
}

/** A client that was led to the container by a proxy in its own task dialled another port. */
const publishedPort = (to: Peer, dialed: Peer): number =>
  dialed.address.startsWith('127.') ? to.port : dialed.port
