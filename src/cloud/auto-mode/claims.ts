import { type InstanceRecord, tables, terminateInstance } from '#aws/ec2/index.ts'
import {
  AUTO_CLUSTER_TAG,
  autoResources,
  drainAutoMachine,
  joinAutoMachine,
  launchAutoMachine,
} from '#aws/eks/auto-machines.ts'
import { nodes as nodeTable } from '#aws/eks/tables.ts'
import { AwsError } from '#aws/wire/service.ts'
import type { Node } from '#kubernetes/objects.ts'
import { controllerReference, withCondition } from '#kubernetes/pods.ts'
import { timestamp } from '#kubernetes/time.ts'
import type { Result } from '#world/controller.ts'
import type { RunningCluster } from '../clusters.ts'
import {
  CLAIMS,
  CLASSES,
  COMPONENT,
  type Condition,
  type NodeClaim,
  type NodeClass,
  POOL_LABEL,
} from './kinds.ts'
import { networkOf, type Offering } from './offerings.ts'

const FINALIZER = 'karpenter.sh/termination'
/** How long Karpenter waits for a machine to become a node before it gives the claim up, ms. */
const REGISTRATION_LIMIT_MS = 900_000
const LAUNCH_RETRY_MS = 10_000
const POLL_MS = 500

export const condition = (claim: NodeClaim, type: string): Condition | undefined =>
  claim.status?.conditions?.find((one) => one.type === type)
export const isUp = (claim: NodeClaim): boolean => condition(claim, 'Initialized')?.status === 'True'

/** Makes the claim for a machine; what it may be is settled already. */
export function makeClaim(cluster: RunningCluster, choice: Offering): NodeClaim {
  const { pool } = choice
  const { client } = cluster.kubernetes
  const random = cluster.scope.world.ids.text(5, 'bcdfghjklmnpqrstvwxz2456789')
  return client.create<NodeClaim>(CLAIMS, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: {
      name: `${pool.metadata.name}-${random}`,
      labels: choice.node.metadata.labels!,
      finalizers: [FINALIZER],
      ownerReferences: [{ ...controllerReference(pool), controller: false }],
    },
    spec: pool.spec.template.spec,
  })
}

/** Moves a claim one step: launched, registered, initialized, and on its way out drained, ended, forgotten. */
export function reconcileClaim(
  cluster: RunningCluster,
  claim: NodeClaim,
  drained: (node: string) => boolean,
): Result | undefined {
  const instance = machineOf(cluster, claim)
  if (claim.metadata.deletionTimestamp) return endClaim(cluster, claim, instance, drained)
  if (!claim.status?.providerID) return launch(cluster, claim)
  if (!instance || instance.state === 'terminated' || instance.state === 'shutting-down') {
    cluster.kubernetes.client.delete(CLAIMS, '', claim.metadata.name)
    return undefined
  }
  return join(cluster, claim, instance)
}

const machineOf = ({ scope }: RunningCluster, { status }: NodeClaim): InstanceRecord | undefined =>
  tables.instances.find(scope, status?.providerID?.split('/').at(-1) ?? '')

function launch(cluster: RunningCluster, claim: NodeClaim): Result | undefined {
  const { scope, record, kubernetes } = cluster
  const { client } = kubernetes
  const { labels = {}, name } = claim.metadata
  const nodeClass = client.get<NodeClass>(CLASSES, '', claim.spec.nodeClassRef.name)
  const { subnets, groups } = nodeClass
    ? networkOf(scope, record.vpcId, nodeClass)
    : { subnets: [], groups: [] }
  const type = labels['node.kubernetes.io/instance-type']!
  const subnet = subnets.find(({ zone }) => zone === labels['topology.kubernetes.io/zone'])
  try {
    if (!nodeClass?.spec.role || !subnet)
      throw new AwsError('NodeClassNotReady', `resolving nodeclass ${claim.spec.nodeClassRef.name}`)
    const instance = launchAutoMachine(scope, record, {
      nodeClaim: name,
      nodePool: labels[POOL_LABEL]!,
      nodeClass: nodeClass.metadata.name,
      type,
      subnet,
      groupIds: groups.map(({ id }) => id),
      role: nodeClass.spec.role,
      spot: labels['karpenter.sh/capacity-type'] === 'spot',
      tags: nodeClass.spec.tags ?? {},
    })
    write(cluster, claim, 'Launched', 'True', 'Launched', '', {
      providerID: `aws:///${instance.zone}/${instance.id}`,
      imageID: instance.imageId,
      ...autoResources(type),
    })
    return undefined
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const message = `Failed to create instance: ${error.code}: ${error.message}`
    if (condition(claim, 'Launched')?.message !== message) {
      write(cluster, claim, 'Launched', 'Unknown', 'LaunchFailed', message)
      client.event(claim, 'Warning', 'LaunchFailed', message, COMPONENT)
    }
    return { requeueAfterMs: LAUNCH_RETRY_MS }
  }
}

/** Makes the machine a node when it may be one; gives up when that takes too long. */
function join(cluster: RunningCluster, claim: NodeClaim, instance: InstanceRecord): Result | undefined {
  const { scope, record, kubernetes } = cluster
  const { client } = kubernetes
  const roleArn = tables.instances.get(scope, instance.id).profile?.arn
  const role = client.get<NodeClass>(CLASSES, '', claim.spec.nodeClassRef.name)?.spec.role
  const joined = joinAutoMachine(scope, record, instance, {
    nodeClaim: claim.metadata.name,
    roleArn: role ? `arn:aws:iam::${scope.accountId}:role/${role}` : (roleArn ?? ''),
    labels: claim.metadata.labels ?? {},
    taints: (claim.spec.taints ?? []) as never,
  })
  if ('afterMs' in joined) {
    const age = scope.world.clock.now() - Date.parse(claim.metadata.creationTimestamp!)
    if (!isUp(claim) && age > REGISTRATION_LIMIT_MS) client.delete(CLAIMS, '', claim.metadata.name)
    return { requeueAfterMs: joined.afterMs }
  }
  if (isUp(claim)) return undefined
  const node = client.get<Node>('nodes', '', joined.name)
  const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  // Until the taint of its beginning is off, no pod fits there, and another machine would be launched beside it.
  const isTainted = node?.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready')
  if (!isReady || isTainted) return { requeueAfterMs: POLL_MS }
  let known = write(cluster, claim, 'Registered', 'True', 'Registered', '', { nodeName: joined.name })
  known = write(cluster, known, 'Initialized', 'True', 'Initialized', '', {
    lastPodEventTime: timestamp(scope.world.clock.now()),
  })
  write(cluster, known, 'Ready', 'True', 'Ready', '')
  return undefined
}

/** Ends the machine of a claim that goes, once the pods that a drain moves are off its node. */
function endClaim(
  cluster: RunningCluster,
  claim: NodeClaim,
  instance: InstanceRecord | undefined,
  drained: (node: string) => boolean,
): Result | undefined {
  const { scope, record, kubernetes } = cluster
  if (!instance || instance.state === 'terminated') {
    if (instance) nodeTable.delete(scope, record.name, instance.id)
    const { finalizers = [], ...metadata } = claim.metadata
    kubernetes.client.update(CLAIMS, {
      ...claim,
      metadata: { ...metadata, finalizers: finalizers.filter((one) => one !== FINALIZER) },
    })
    return undefined
  }
  const node = drainAutoMachine(scope, record, instance.id)
  if (node && !drained(node.name)) return { requeueAfterMs: POLL_MS }
  terminateInstance(scope, instance.id)
  return undefined
}

/** Sets a condition of a claim with further fields of its status, and tells of the change as Karpenter does. */
function write(
  cluster: RunningCluster,
  claim: NodeClaim,
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
  more: Partial<NodeClaim['status']> = {},
): NodeClaim {
  const { client } = cluster.kubernetes
  const before = condition(claim, type)?.status ?? 'Unknown'
  const now = timestamp(cluster.scope.world.clock.now())
  const conditions = withCondition(claim.status?.conditions, { type, status, reason, message }, now)
  const next = client.updateStatus<NodeClaim>(CLAIMS, {
    ...claim,
    status: { ...claim.status, ...more, conditions },
  })
  if (before !== status && status === 'True') {
    const text = `Status condition transitioned, Type: ${type}, Status: ${before} -> ${status}, Reason: ${reason}`
    client.event(next, 'Normal', type, text, COMPONENT)
  }
  return next
}

/** The cluster that a machine of Auto Mode belongs to. */
export const clusterOfMachine = (instance: InstanceRecord): string | undefined =>
  instance.tags[AUTO_CLUSTER_TAG]
