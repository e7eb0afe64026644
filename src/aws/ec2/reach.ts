import type { World } from '#world/world.ts'
import { inBlock, mostSpecific } from './cidr.ts'
import { type NetworkIndex, networkIndex, type PlacedInterface } from './network-index.ts'
import { prefixListOf } from './prefix-lists.ts'
import type { InstanceRecord, NetworkAclEntry, NetworkInterfaceRecord, RouteRecord } from './records.ts'
import { routeState } from './route-state.ts'
import type { Scope } from './scope.ts'
import { natGateways, networkInterfaces, peerings } from './tables.ts'

/** One end of a connection: an address of a network interface, or one on the internet. */
export type End = InsideEnd | InternetEnd

export interface InsideEnd extends PlacedInterface {
  /** One of the interface's private addresses. */
  address: string
}

export interface InternetEnd {
  address: string
  /** The AWS service that answers there (`com.amazonaws.us-east-1.s3`), if one does: gateway endpoints lead to it. */
  service?: string
}

export interface Flow {
  /** Default `tcp`. */
  protocol?: 'tcp' | 'udp'
  port: number
  /** Source port, for the answers that network ACLs must let back. Default: one of Linux's ephemeral ports. */
  fromPort?: number
}

/** Whether a connection can be made, and by which way; or what stands in it. */
export type Path =
  | {
      open: true
      /** Ids of what the packets pass on their way out: gateways, endpoints, peering connections. */
      via: string[]
      /** What the far end sees as the source. */
      sourceAddress: string
    }
  | {
      open: false
      /** Id of the security group's interface, network ACL, route table or gateway that drops the packets. */
      blockedBy: string
      reason: string
      /** The interface whose security groups or network ACL drop the packets, on their way out of it or into it. */
      dropped?: Dropped
    }

interface Dropped {
  interfaceId: string
  egress: boolean
}

const EPHEMERAL_PORT = 40_000
const PROTOCOL_NUMBERS = { tcp: '6', udp: '17' } as const

/** A path that is closed, while the way is followed. */
class Blocked {
  readonly blockedBy: string
  readonly reason: string
  readonly dropped: Dropped | undefined
  constructor(blockedBy: string, reason: string, dropped?: Dropped) {
    this.blockedBy = blockedBy
    this.reason = reason
    this.dropped = dropped
  }
}

/**
 * Whether a TCP or UDP connection from one end to the other is made: by routes, security groups (stateful: the answers of what
 * was let out come back) and network ACLs (stateless: both ways are asked). A blocked packet is dropped, so clients see time-outs.
 * https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html, …/vpc-security-groups.html, …/vpc-network-acls.html
 */
export function reach(world: World, from: End, to: End, flow: Flow): Path {
  const way = new Way(world, flow)
  try {
    return { open: true, ...way.follow(from, to) }
  } catch (error) {
    if (!(error instanceof Blocked)) throw error
    const { blockedBy, reason, dropped } = error
    return { open: false, blockedBy, reason, ...(dropped && { dropped }) }
  }
}

/** An instance's own packets: from the primary address of its first interface. */
export function endOfInstance(scope: Scope, instance: InstanceRecord): InsideEnd | undefined {
  const eni = networkInterfaces.find(scope, instance.networkInterfaceIds[0] ?? '')
  return eni && { eni, accountId: scope.accountId, region: scope.region, address: eni.addresses[0]! }
}

const isInside = (end: End): end is InsideEnd => 'eni' in end

class Way {
  readonly #world: World
  readonly #index: NetworkIndex
  readonly #protocol: 'tcp' | 'udp'
  readonly #port: number
  readonly #fromPort: number

  constructor(world: World, { protocol = 'tcp', port, fromPort }: Flow) {
    this.#world = world
    this.#index = networkIndex(world)
    this.#protocol = protocol
    this.#port = port
    this.#fromPort = fromPort || EPHEMERAL_PORT
  }

  follow(from: End, to: End): { via: string[]; sourceAddress: string } {
    if (!isInside(from)) {
      if (isInside(to)) this.#fromInternet(from, to)
      return { via: [], sourceAddress: from.address }
    }
    if (!isInside(to)) return this.#toInternet(from, to)
    return { via: this.#between(from, to), sourceAddress: from.address }
  }

  /** Between interfaces of one VPC, or of two that are peered. */
  #between(from: InsideEnd, to: InsideEnd): string[] {
    if (sameMachine(from.eni, to.eni)) return []
    const via = from.eni.vpcId === to.eni.vpcId ? [] : [this.#peering(from, to)]
    this.#groupsAdmit(from, to, true)
    this.#groupsAdmit(to, from, false)
    if (from.eni.subnetId !== to.eni.subnetId) {
      this.#aclAdmits(from.eni, true, to.address, this.#port)
      this.#aclAdmits(to.eni, false, from.address, this.#port)
      this.#aclAdmits(to.eni, true, from.address, this.#fromPort)
      this.#aclAdmits(from.eni, false, to.address, this.#fromPort)
    }
    return via
  }

  /** The peering connection that both sides' route tables name. */
  #peering(from: InsideEnd, to: InsideEnd): string {
    const { route, tableId } = this.#route(from, { address: to.address })
    const peering = route.target.startsWith('pcx-')
      ? this.#find((scope) => peerings.find(scope, route.target), from)
      : undefined
    const sides = [peering?.requester.vpcId, peering?.accepter.vpcId]
    if (!sides.includes(from.eni.vpcId) || !sides.includes(to.eni.vpcId))
      throw new Blocked(tableId, `${route.target} does not lead to ${to.eni.vpcId}`)
    const back = this.#route(to, { address: from.address })
    if (back.route.target !== route.target)
      throw new Blocked(back.tableId, `no route back to ${from.address} by ${route.target}`)
    return route.target
  }

  #toInternet(from: InsideEnd, to: InternetEnd): { via: string[]; sourceAddress: string } {
    this.#groupsAdmit(from, to, true)
    this.#aclAdmits(from.eni, true, to.address, this.#port)
    this.#aclAdmits(from.eni, false, to.address, this.#fromPort)
    const { route, tableId } = this.#route(from, to)
    const { target } = route
    if (target.startsWith('igw-')) return { via: [target], sourceAddress: publicAddressOf(from, target) }
    if (target.startsWith('nat-')) return this.#byNat(from, to, target)
    if (target.startsWith('vpce-')) return { via: [target], sourceAddress: from.address }
    if (target.startsWith('eni-') || target.startsWith('i-')) return this.#byNatInstance(from, to, target)
    throw new Blocked(tableId, `${target} does not lead to the internet`)
  }

  #byNat(from: InsideEnd, to: InternetEnd, id: string): { via: string[]; sourceAddress: string } {
    const nat = this.#find((scope) => natGateways.find(scope, id), from)
    const eni =
      nat && this.#index.interfacesAt(nat.privateIp).find((one) => one.eni.id === nat.networkInterfaceId)
    if (!nat || !eni) throw new Blocked(id, `${id} is gone`)
    if (nat.state !== 'available') throw new Blocked(id, `${id} is ${nat.state}`)
    if (from.eni.subnetId !== nat.subnetId) {
      this.#aclAdmits(eni.eni, false, from.address, this.#port)
      this.#aclAdmits(eni.eni, true, from.address, this.#fromPort)
    }
    if (nat.connectivity === 'private') throw new Blocked(id, `${id} is a private NAT gateway`)
    const onward = this.#toInternet({ ...eni, address: nat.privateIp }, to)
    return { via: [id, ...onward.via], sourceAddress: onward.sourceAddress }
  }

  #byNatInstance(from: InsideEnd, to: InternetEnd, target: string): { via: string[]; sourceAddress: string } {
    const next = this.#world.store
      .values<NetworkInterfaceRecord>(`aws/${from.accountId}/${from.region}/ec2/network-interfaces/`)
      .find(
        ({ id, attachment }) =>
          id === target || (attachment?.instanceId === target && attachment.deviceIndex === 0),
      )
    if (!next) throw new Blocked(target, `${target} is gone`)
    if (next.sourceDestCheck) throw new Blocked(next.id, `the source/destination check of ${next.id} is on`)
    if (next.id === from.eni.id) throw new Blocked(next.id, `${next.id} routes to itself`)
    const end: InsideEnd = { ...from, eni: next, address: next.addresses[0]! }
    this.#groupsAdmit(end, from, false)
    const onward = this.#toInternet(end, to)
    return { via: [target, ...onward.via], sourceAddress: onward.sourceAddress }
  }

  #fromInternet(from: InternetEnd, to: InsideEnd): void {
    const { route, tableId } = this.#route(to, from)
    if (!route.target.startsWith('igw-'))
      throw new Blocked(tableId, `no route to an internet gateway for ${from.address}`)
    publicAddressOf(to, route.target)
    this.#aclAdmits(to.eni, false, from.address, this.#port)
    this.#aclAdmits(to.eni, true, from.address, this.#fromPort)
    this.#groupsAdmit(to, from, false)
  }

  /** The most specific route of the interface's subnet for an address. */
  #route(end: InsideEnd, to: InternetEnd): { route: RouteRecord; tableId: string } {
    const table = this.#index.routeTable(end.eni.subnetId, end.eni.vpcId)
    const scope = this.#scope(end)
    const list = to.service && prefixListOf(to.service)
    const route =
      (list && table?.routes.find(({ destination }) => destination === list)) ||
      mostSpecific(table?.routes ?? [], to.address)
    const tableId = table?.id ?? end.eni.subnetId
    if (!route) throw new Blocked(tableId, `no route for ${to.address}`)
    if (routeState(scope, route) === 'blackhole') throw new Blocked(tableId, `${route.target} is gone`)
    return { route, tableId }
  }

  /** Security groups: any rule of any group admits; an interface without groups (a NAT gateway's) admits all. */
  #groupsAdmit(here: InsideEnd, there: End, egress: boolean): void {
    const { groupIds, id } = here.eni
    if (groupIds.length === 0) return
    const admits = groupIds.some((groupId) =>
      this.#index.rules(groupId).some((rule) => {
        if (rule.egress !== egress || !this.#isOurProtocol(rule.protocol)) return false
        if (!portFits(rule.protocol === '-1' ? undefined : rule, this.#port)) return false
        if (rule.peerGroupId) return isInside(there) && there.eni.groupIds.includes(rule.peerGroupId)
        if (rule.prefixListId)
          return !isInside(there) && !!there.service && prefixListOf(there.service) === rule.prefixListId
        return rule.cidr !== undefined && inBlock(rule.cidr, there.address)
      }),
    )
    if (admits) return
    const peer = `${there.address}, ${this.#protocol} port ${this.#port}`
    throw new Blocked(
      groupIds.join(', '),
      egress ? `no rule of ${id} lets out to ${peer}` : `no rule of ${id} lets in from ${peer}`,
      { interfaceId: id, egress },
    )
  }

  /** Network ACLs: the rule with the lowest number that fits decides. */
  #aclAdmits(eni: NetworkInterfaceRecord, egress: boolean, address: string, port: number): void {
    const acl = this.#index.networkAcl(eni.subnetId, eni.vpcId)
    if (!acl) return
    const rule = acl.entries
      .filter((entry) => entry.egress === egress && this.#entryFits(entry, address, port))
      .sort((a, b) => a.ruleNumber - b.ruleNumber)[0]
    if (rule?.action === 'allow') return
    const direction = egress ? `out to ${address}` : `in from ${address}`
    throw new Blocked(
      acl.id,
      `rule ${rule?.ruleNumber ?? '*'} of ${acl.id} denies ${direction}, port ${port}`,
      { interfaceId: eni.id, egress },
    )
  }

  #entryFits(entry: NetworkAclEntry, address: string, port: number): boolean {
    if (!entry.cidr || !inBlock(entry.cidr, address) || !this.#isOurProtocol(entry.protocol)) return false
    return portFits(entry.protocol === '-1' ? undefined : entry, port)
  }

  #isOurProtocol(protocol: string): boolean {
    return protocol === '-1' || protocol === this.#protocol || protocol === PROTOCOL_NUMBERS[this.#protocol]
  }

  #scope({ accountId, region }: PlacedInterface) {
    return { world: this.#world, accountId, region }
  }

  #find<T>(find: (scope: { world: World; accountId: string; region: string }) => T, end: PlacedInterface): T {
    return find(this.#scope(end))
  }
}

/** Traffic that stays on a machine meets no security group. */
function sameMachine(a: NetworkInterfaceRecord, b: NetworkInterfaceRecord): boolean {
  return (
    a.id === b.id ||
    (a.attachment?.instanceId !== undefined && a.attachment.instanceId === b.attachment?.instanceId)
  )
}

/** An internet gateway maps only an interface's primary address, to its public one. */
function publicAddressOf({ eni, address }: InsideEnd, gateway: string): string {
  if (eni.publicIp && eni.addresses[0] === address) return eni.publicIp
  throw new Blocked(gateway, `${address} has no public address for ${gateway}`)
}

function portFits(range: { fromPort?: number; toPort?: number } | undefined, port: number): boolean {
  const { fromPort = -1, toPort = 65535 } = range ?? {}
  return fromPort <= 0 && toPort === -1 ? true : fromPort <= port && port <= toPort
}
