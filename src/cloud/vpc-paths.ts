import {
  endAt,
  endpointAddress,
  hostPath,
  type InsideEnd,
  type Path,
  type Scope,
  scopeOfKey,
  tables,
} from '#aws/ec2/index.ts'
import { privateEndpointAddress, reachEndpoint } from '#aws/eks/endpoint-access.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'

const CLUSTER_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/clusters\/[^/]+$/

/** What the machines of a world's VPCs find behind host names, and whether their packets get there. */
export class VpcPaths {
  readonly #world: World
  /** The clusters of all accounts by the host names of their API servers. */
  readonly #clusters: StoreIndex<ClusterRecord>

  constructor(world: World) {
    this.#world = world
    this.#clusters = new StoreIndex<ClusterRecord>(world.store, 'aws/', (record, key) =>
      CLUSTER_KEY.test(key) ? [new URL(record.endpoint).hostname.toLowerCase()] : [],
    )
  }

  /** The private address that a name has inside a VPC (by private DNS); undefined: it has public ones only. */
  privateAddress(scope: Scope, vpcId: string, name: string): string | undefined {
    const cluster = this.clusterOf(name)
    if (cluster) return privateEndpointAddress(cluster.scope, cluster.record, vpcId)
    return endpointAddress(scope, vpcId, name)
  }

  /** The way from a machine to a host of the internet or of AWS, which may lead through an endpoint of its VPC. */
  toHost(from: InsideEnd, name: string, address: string, port: number): Path {
    const cluster = this.clusterOf(name)
    if (cluster) return reachEndpoint(cluster.scope, cluster.record, from)
    return hostPath(this.#world, from, { name, address, port })
  }

  /** Whether an address belongs to an interface endpoint. */
  isEndpoint(address: string): boolean {
    return this.endAt(address)?.eni.interfaceType === 'vpc_endpoint'
  }

  /** Whose API server answers to a host name. */
  clusterOf(name: string): { scope: Scope; record: ClusterRecord } | undefined {
    const host = name.toLowerCase()
    const [key] = this.#clusters.keys(host)
    const [record] = this.#clusters.get(host)
    return record && { scope: scopeOfKey(this.#world, key!), record }
  }

  /** Who has a private address; where VPCs overlap, in the VPC that is asked for. */
  endAt(address: string, vpcId?: string): InsideEnd | undefined {
    return endAt(this.#world, address, vpcId)
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
