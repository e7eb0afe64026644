import { endpointServiceOf } from '#aws/ec2/data/endpoint-services.ts'
import { type InsideEnd, type Path, reach, type Scope, tables } from '#aws/ec2/index.ts'
import { networkIndex } from '#aws/ec2/network-index.ts'
import { privateEndpointFor } from '#aws/ec2/vpc-endpoints.ts'
import { privateEndpointAddress, reachEndpoint } from '#aws/eks/endpoint-access.ts'
import { type ClusterRecord, clusters } from '#aws/eks/index.ts'
import type { World } from '#world/world.ts'

const CLUSTER_HOST = /^[0-9a-f]{32}\.gr\d\.([a-z0-9-]+)\.eks\.amazonaws\.com$/

/** What the machines of a world's VPCs find behind host names, and whether their packets get there. */
export class VpcPaths {
  readonly #world: World
  readonly #accountId: string

  constructor(world: World, accountId: string) {
    this.#world = world
    this.#accountId = accountId
  }

  /** The private address that a name has inside a VPC (by private DNS); undefined: it has public ones only. */
  privateAddress(scope: Scope, vpcId: string, name: string): string | undefined {
    const cluster = this.clusterOf(name)
    if (cluster) return privateEndpointAddress(cluster.scope, cluster.record, vpcId)
    const endpoint = privateEndpointFor(scope, vpcId, name)
    const eni = endpoint && tables.networkInterfaces.find(scope, endpoint.networkInterfaceIds[0] ?? '')
    return eni?.addresses[0]
  }

  /** The way from a machine to a host of the internet or of AWS, which may lead through an endpoint of its VPC. */
  toHost(from: InsideEnd, name: string, address: string, port: number): Path {
    const scope: Scope = { world: this.#world, accountId: from.accountId, region: from.region }
    const cluster = this.clusterOf(name)
    if (cluster) return reachEndpoint(cluster.scope, cluster.record, from)
    const inside = this.privateAddress(scope, from.eni.vpcId, name)
    const to = inside === undefined ? undefined : this.endAt(inside, from.eni.vpcId)
    if (to) return reach(this.#world, from, to, { port })
    return reach(this.#world, from, { address, service: endpointServiceOf(name, from.region) }, { port })
  }

  /** Whether an address belongs to an interface endpoint. */
  isEndpoint(address: string): boolean {
    return this.endAt(address)?.eni.interfaceType === 'vpc_endpoint'
  }

  /** Whose API server answers to a host name. */
  clusterOf(name: string): { scope: Scope; record: ClusterRecord } | undefined {
    const region = CLUSTER_HOST.exec(name.toLowerCase())?.[1]
    if (!region) return undefined
    const scope: Scope = { world: this.#world, accountId: this.#accountId, region }
    const record = clusters
      .list(scope)
      .find(({ endpoint }) => endpoint.toLowerCase() === `https://${name.toLowerCase()}`)
    return record && { scope, record }
  }

  /** Who has a private address; where VPCs overlap, in the VPC that is asked for. */
  endAt(address: string, vpcId?: string): InsideEnd | undefined {
    const all = networkIndex(this.#world)
      .interfacesAt(address)
      .filter(({ eni }) => eni.addresses.includes(address))
    const found = all.find(({ eni }) => eni.vpcId === vpcId) ?? all[0]
    return found && { ...found, address }
  }

  /**
   * As whom a pod's packets leave its VPC: the VPC CNI gives them the primary address of their machine
   * (AWS_VPC_K8S_CNI_EXTERNALSNAT is off; https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html).
   */
  leaving(end: InsideEnd): InsideEnd {
    const instanceId = end.eni.attachment?.instanceId
    if (!instanceId) return end
    const scope: Scope = { world: this.#world, accountId: end.accountId, region: end.region }
    const primary = tables.instances.find(scope, instanceId)?.networkInterfaceIds[0]
    const eni = primary === undefined ? undefined : tables.networkInterfaces.find(scope, primary)
    return eni ? { ...end, eni, address: eni.addresses[0]! } : end
  }
}
