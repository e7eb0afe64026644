import {
  type InstanceRecord,
  imageForAutoMode,
  instanceTypes,
  launchInstances,
  ROOT_DEVICE,
  type Scope,
  type SubnetRecord,
  tables,
  terminateInstance,
} from '../ec2/index.ts'
import { decide, rolePrincipal } from '../iam/identity.ts'
import { denial } from '../wire/denial.ts'
import { durations } from './data/durations.ts'
import { reachesEndpoint } from './endpoint-access.ts'
import { maxPods, nodeResources } from './node-capacity.ts'
import { ensureProfile } from './node-machines.ts'
import { nodeRecord } from './node-records.ts'
import type { ClusterRecord, NodeRecord } from './records.ts'
import { accessEntries, nodes } from './tables.ts'
import { wait } from './wait.ts'

/** Tag by which an instance is known to be EKS Auto Mode's. */
export const AUTO_CLUSTER_TAG = 'eks:eks-cluster-name'
/** What a machine's disk for images and pods has unless its NodeClass says otherwise, GiB. */
const DISK_GIB = 80

/** A machine to launch for a NodeClaim. */
export interface AutoMachineOrder {
  nodeClaim: string
  nodePool: string
  nodeClass: string
  type: string
  subnet: SubnetRecord
  groupIds: string[]
  /** Name of the node role. */
  role: string
  spot: boolean
  tags: Record<string, string>
}

/**
 * Launches the machine of a NodeClaim with the rights of the cluster's role. Throws EC2's errors: UnauthorizedOperation when the role
 * may not, InsufficientFreeAddressesInSubnet, …
 */
export function launchAutoMachine(
  scope: Scope,
  cluster: ClusterRecord,
  order: AutoMachineOrder,
): InstanceRecord {
  const roleArn = `arn:aws:iam::${scope.accountId}:role/${order.role}`
  allow(scope, cluster, 'ec2:RunInstances', '*')
  allow(scope, cluster, 'iam:PassRole', roleArn, { 'iam:PassedToService': 'ec2.amazonaws.com' })
  const profile = ensureProfile(scope, {
    name: `eks-${scope.region}-${cluster.name}-${order.role}`.slice(0, 128),
    uid: cluster.uid,
    roleArn,
  })
  const { architecture } = instanceTypes.get(order.type)!
  const [instance] = launchInstances(scope, {
    imageId: imageForAutoMode(cluster.version, architecture, scope.region),
    type: order.type,
    subnet: order.subnet,
    count: 1,
    groupIds: order.groupIds,
    profile,
    volumes: [{ device: ROOT_DEVICE, sizeGiB: DISK_GIB }],
    lifecycle: order.spot ? 'spot' : undefined,
    requesterId: 'eks.amazonaws.com',
    tags: {
      ...order.tags,
      Name: order.nodePool,
      'aws:eks:cluster-name': cluster.name,
      [AUTO_CLUSTER_TAG]: cluster.name,
      'eks:kubernetes-node-class-name': order.nodeClass,
      'eks:kubernetes-node-pool-name': order.nodePool,
      'karpenter.sh/nodeclaim': order.nodeClaim,
      [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
    },
  })
  return instance!
}

/** EKS assumes the cluster's role to work with EC2. */
function allow(
  scope: Scope,
  cluster: ClusterRecord,
  action: string,
  resource: string,
  conditions: Record<string, string> = {},
): void {
  const principal = rolePrincipal(scope.world, cluster.roleArn, 'eks-auto-mode')
  const decision = principal && decide(scope.world, { principal, action, resource, conditions })
  if (decision?.allowed) return
  const nobody = {
    arn: cluster.roleArn,
    accountId: scope.accountId,
    userId: '',
    type: 'assumed-role' as const,
  }
  throw denial('ec2', principal ?? nobody, action, resource, decision ?? { allowed: false })
}

/** The machines of Auto Mode that a cluster has, those that are ending included. */
export const autoMachines = (scope: Scope, cluster: Pick<ClusterRecord, 'name'>): InstanceRecord[] =>
  tables.instances
    .list(scope)
    .filter(({ tags, state }) => tags[AUTO_CLUSTER_TAG] === cluster.name && state !== 'terminated')

/** Ends all machines of Auto Mode that a cluster has. */
export function endAutoMachines(scope: Scope, cluster: Pick<ClusterRecord, 'name'>): void {
  for (const { id } of autoMachines(scope, cluster)) terminateInstance(scope, id)
}

/** Capacity and allocatable of a machine of Auto Mode: it runs nothing on the host's network that would need an address less. */
export function autoResources(typeName: string): ReturnType<typeof nodeResources> {
  const type = instanceTypes.get(typeName)!
  return nodeResources(type, DISK_GIB, maxPods(type) - 2)
}

/**
 * Makes the machine of a NodeClaim a node, or takes it away, as things are: the node record when it has joined, `'coming'` or
 * the time until it can, in ms, when it has not. A machine needs a way to the API server and an access entry of type EC2 for its role.
 */
export function joinAutoMachine(
  scope: Scope,
  cluster: ClusterRecord,
  instance: InstanceRecord,
  settings: {
    nodeClaim: string
    roleArn: string
    labels: Record<string, string>
    taints: NodeRecord['taints']
  },
): NodeRecord | { afterMs: number } {
  const before = nodes.find(scope, cluster.name, instance.id)
  if (instance.state !== 'running') return { afterMs: RETRY_MS }
  const waiting = before ? undefined : wait(scope, instance.since, durations.nodeJoin)
  if (waiting) return { afterMs: waiting.requeueAfterMs! }
  if (!connects(scope, cluster, instance, settings.roleArn)) {
    if (before && before.connected !== false) put(scope, { ...before, connected: false })
    return { afterMs: RETRY_MS }
  }
  const record = nodeRecord(scope, cluster, instance, before, {
    ...settings,
    name: instance.id,
    version: cluster.version,
    draining: before?.draining ?? false,
    maxPods: Number(autoResources(instance.type).capacity.pods),
  })
  if (JSON.stringify(record) !== JSON.stringify(before)) put(scope, record)
  return record
}

const RETRY_MS = 10_000

const put = (scope: Scope, node: NodeRecord) => nodes.put(scope, node, node.clusterName, node.instanceId)

function connects(scope: Scope, cluster: ClusterRecord, instance: InstanceRecord, roleArn: string): boolean {
  const entry = accessEntries.find(scope, cluster.name, roleArn)
  return reachesEndpoint(scope, cluster, instance) && entry?.type === 'EC2'
}

/** Begins the drain of a machine that is to go; keeps to disruption budgets. */
export function drainAutoMachine(
  scope: Scope,
  cluster: ClusterRecord,
  instanceId: string,
): NodeRecord | undefined {
  const node = nodes.find(scope, cluster.name, instanceId)
  if (!node || node.draining) return node
  const drainingSince = scope.world.clock.now()
  return put(scope, { ...node, draining: true, drainingSince, keepBudgets: true })
}
