import { inBlock } from '../ec2/cidr.ts'
import {
  type End,
  endOfInstance,
  type InsideEnd,
  type InstanceRecord,
  type Path,
  reach,
  type Scope,
  tables,
  withoutNames,
} from '../ec2/index.ts'
import type { ClusterRecord } from './records.ts'
import { nodes } from './tables.ts'

const API_PORT = 443

/**
 * Whether somebody reaches a cluster's API server: inside the cluster's VPC by the control plane's interfaces where private access
 * is on, else by the internet, where public access must be on and the caller's public address in `publicAccessCidrs`.
 * https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
 */
export function reachEndpoint(scope: Scope, cluster: ClusterRecord, from: End): Path {
  const { world } = scope
  if (cluster.endpointPrivateAccess && 'eni' in from && from.eni.vpcId === cluster.vpcId) {
    const ways = controlPlaneEnds(scope, cluster).map((to) => reach(world, from, to, { port: API_PORT }))
    return ways.find(({ open }) => open) ?? ways[0] ?? closed(cluster.name, 'it has no interfaces')
  }
  if (!cluster.endpointPublicAccess) {
    return closed(cluster.name, `its endpoint is private: ${from.address} is not in ${cluster.vpcId}`)
  }
  const path = reach(world, from, { address: PUBLIC_ADDRESS }, { port: API_PORT })
  if (!path.open) return path
  if (cluster.publicAccessCidrs.some((cidr) => inBlock(cidr, path.sourceAddress))) return path
  return closed(cluster.name, `${path.sourceAddress} is not in its publicAccessCidrs`)
}

/** Whether a machine's kubelet reaches the API server; one that is connected asks for its name no more. */
export function reachesEndpoint(scope: Scope, cluster: ClusterRecord, instance: InstanceRecord): boolean {
  const end = endOfInstance(scope, instance)
  if (!end) return false
  const node = nodes.find(scope, cluster.name, instance.id)
  const isConnected = node !== undefined && node.connected !== false
  const host = new URL(cluster.endpoint).hostname
  if (!isConnected && withoutNames(scope, instance.vpcId, host)) return false
  return reachEndpoint(scope, cluster, end).open
}

/** Any address of Amazon's: routes to the internet do not differ by it. */
const PUBLIC_ADDRESS = '52.0.0.1'

const closed = (blockedBy: string, reason: string): Path => ({ open: false, blockedBy, reason })

/** The control plane's interfaces in the customer's subnets. */
export function controlPlaneEnds(scope: Scope, cluster: ClusterRecord): InsideEnd[] {
  return cluster.networkInterfaceIds.flatMap((id) => {
    const eni = tables.networkInterfaces.find(scope, id)
    return eni ? [{ eni, accountId: scope.accountId, region: scope.region, address: eni.addresses[0]! }] : []
  })
}

/** The address that a cluster's host name has for a machine of a VPC; undefined: its public ones. */
export function privateEndpointAddress(
  scope: Scope,
  cluster: ClusterRecord,
  vpcId: string | undefined,
): string | undefined {
  const isPrivate =
    cluster.endpointPrivateAccess && (vpcId === cluster.vpcId || !cluster.endpointPublicAccess)
  return isPrivate ? controlPlaneEnds(scope, cluster)[0]?.address : undefined
}
