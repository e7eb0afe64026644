import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import {
  type InstanceRecord,
  imageForEks,
  launchInstances,
  type Scope,
  scopeOfKey,
  tables,
  terminateInstance,
} from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { wait } from './cluster-controller.ts'
import { durations } from './data/durations.ts'
import {
  CLUSTER_TAG,
  instancesOf,
  joinBlocker,
  NODEGROUP_TAG,
  networkReady,
  nodeRecord,
} from './node-records.ts'
import type { ClusterRecord, Issue, NodegroupRecord, NodeRecord } from './records.ts'
import { clusters, nodegroups, nodes, putNodegroup } from './tables.ts'
import { endUpdate } from './updates.ts'

/** What EKS asks the cluster about its nodes. */
export interface NodeWatch {
  /** Whether all these nodes are Ready in the cluster. Asked again every second while a node group is being created. */
  ready(clusterUid: string, nodeNames: string[]): boolean
  /** Whether a node that is leaving has no pods left that must be evicted. */
  drained(clusterUid: string, nodeName: string): boolean
}

const NODEGROUP_KEY = /^aws\/[^/]+\/[^/]+\/eks\/nodegroups\//
const INSTANCE_KEY = /^aws\/[^/]+\/[^/]+\/ec2\/instances\//
const OTHER_KEY = /^aws\/[^/]+\/([^/]+\/eks\/(access-entries|clusters)|global\/iam\/(role|policy))\//
const POLL_MS = 1000

/** Keeps each node group's machines, the records of its nodes and its status as they should be. */
export function nodegroupController(world: World, watch?: NodeWatch): Controller {
  const all = () =>
    world.store
      .list('aws/')
      .entries.map(({ key }) => key)
      .filter((key) => NODEGROUP_KEY.test(key))
  return {
    name: 'eks-nodegroups',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry }) => {
          if (NODEGROUP_KEY.test(key)) return [key]
          if (INSTANCE_KEY.test(key)) return keyOfInstance(world, key, entry.value as InstanceRecord)
          return OTHER_KEY.test(key) ? all() : []
        },
      },
    ],
    reconcile(key) {
      const [clusterName, name] = key.split('/').slice(5).map(decodeURIComponent)
      return reconcile(scopeOfKey(world, key), clusterName!, name!, watch)
    },
  }
}

function keyOfInstance(world: World, key: string, { tags }: InstanceRecord): string[] {
  const cluster = tags[CLUSTER_TAG]
  const name = tags[NODEGROUP_TAG]
  return cluster && name ? [nodegroups.key(scopeOfKey(world, key), cluster, name)] : []
}

function reconcile(
  scope: Scope,
  clusterName: string,
  name: string,
  watch: NodeWatch | undefined,
): Result | undefined {
  const nodegroup = nodegroups.find(scope, clusterName, name)
  const cluster = clusters.find(scope, clusterName)
  if (!nodegroup || !cluster) return undefined
  if (nodegroup.status === 'DELETING') return shutDown(scope, cluster, nodegroup, watch)
  const launchIssue = scale(scope, cluster, nodegroup)
  const blocker = joinBlocker(scope, cluster, nodegroup) ?? launchIssue
  const joining = blocker ? undefined : joinNodes(scope, cluster, nodegroup)
  return earliest(joining, settle(scope, cluster, nodegroup, blocker, watch))
}

const earliest = (...results: (Result | undefined)[]): Result | undefined => {
  const waits = results.flatMap((result) => result?.requeueAfterMs ?? [])
  return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined
}

/** Launches or terminates machines until there are as many as desired, spread over the subnets. */
function scale(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): Issue | undefined {
  const present = instancesOf(scope, nodegroup)
  const { desiredSize } = nodegroup.scaling
  for (const surplus of present.slice(desiredSize)) {
    nodes.delete(scope, cluster.name, surplus.id)
    terminateInstance(scope, surplus.id)
  }
  try {
    for (let count = present.length; count < desiredSize; count++) launchNode(scope, cluster, nodegroup)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return {
      code: 'AsgInstanceLaunchFailures',
      message: `Could not launch On-Demand Instances. ${error.code} - ${error.message} Launching EC2 instance failed.`,
      resourceIds: [nodegroup.autoScalingGroup],
    }
  }
  return undefined
}

function launchNode(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): void {
  const present = instancesOf(scope, nodegroup)
  const count = (subnetId: string) => present.filter((instance) => instance.subnetId === subnetId).length
  const [subnetId] = [...nodegroup.subnetIds].sort((a, b) => count(a) - count(b))
  const { amiType, diskSize, launchTemplate } = nodegroup
  launchInstances(scope, {
    imageId: imageForEks(nodegroup.version, amiType.includes('ARM_64') ? 'arm64' : 'x86_64', scope.region),
    type: nodegroup.instanceTypes[0]!,
    subnet: tables.subnets.get(scope, subnetId!),
    count: 1,
    groupIds: [cluster.clusterSecurityGroupId!],
    volumeSizeGiB: diskSize ?? 20,
    keyName: nodegroup.remoteAccess?.ec2SshKey,
    lifecycle: nodegroup.capacityType === 'SPOT' ? 'spot' : undefined,
    requesterId: '940372691376',
    profile: instanceProfile(scope, nodegroup),
    tags: {
      'aws:autoscaling:groupName': nodegroup.autoScalingGroup,
      [CLUSTER_TAG]: cluster.name,
      [NODEGROUP_TAG]: nodegroup.name,
      'k8s.io/cluster-autoscaler/enabled': 'true',
      [`k8s.io/cluster-autoscaler/${cluster.name}`]: 'owned',
      [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
      ...(launchTemplate && { 'aws:ec2launchtemplate:id': launchTemplate.id }),
    },
  })
}

const instanceProfile = (scope: Scope, nodegroup: NodegroupRecord) => ({
  arn: `arn:aws:iam::${scope.accountId}:instance-profile/eks-${nodegroup.uid}`,
  id: `AIPA${nodegroup.uid.replaceAll('-', '').slice(0, 17).toUpperCase()}`,
})

/** Writes a node record for each machine that has been up long enough, and drops those of machines that left. */
function joinNodes(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): Result | undefined {
  const living = instancesOf(scope, nodegroup)
  const waits = living.map((instance): Result | undefined => {
    const before = nodes.find(scope, cluster.name, instance.id)
    if (instance.state !== 'running') {
      if (before) nodes.delete(scope, cluster.name, instance.id)
      return undefined
    }
    const waiting = before ? undefined : wait(scope, instance.since, durations.nodeJoin)
    if (!waiting) putNode(scope, nodeRecord(scope, cluster, nodegroup, instance, before), before)
    return waiting
  })
  const ids = new Set(living.map(({ id }) => id))
  for (const node of nodes.list(scope, cluster.name)) {
    if (node.nodegroupName === nodegroup.name && !ids.has(node.instanceId)) {
      nodes.delete(scope, cluster.name, node.instanceId)
    }
  }
  return earliest(...waits)
}

function putNode(scope: Scope, node: NodeRecord, before: NodeRecord | undefined): void {
  if (JSON.stringify(node) === JSON.stringify(before)) return
  nodes.put(scope, node, node.clusterName, node.instanceId)
}

/** Decides the status of a node group that is coming up or changing. */
function settle(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
  blocker: Issue | undefined,
  watch: NodeWatch | undefined,
): Result | undefined {
  const { status, since } = nodegroup
  const update = (fields: Partial<NodegroupRecord>): undefined => {
    const now = scope.world.clock.now()
    putNodegroup(scope, { ...nodegroup, since: now, modifiedAt: now, ...fields })
  }
  if (status === 'UPDATING') {
    const waiting = wait(scope, since, durations.nodegroupUpdate)
    if (waiting) return waiting
    endUpdate(scope, nodegroup.clusterName, nodegroup.updateId)
    return update({ status: 'ACTIVE', updateId: undefined })
  }
  if (status !== 'CREATING') return undefined
  const issue = blocker ?? unhealthy(scope, nodegroup)
  if (issue) {
    const waiting = wait(scope, since, durations.nodegroupGiveUp)
    return waiting ?? update({ status: 'CREATE_FAILED', issues: [issue] })
  }
  const waiting = wait(scope, since, durations.nodegroupCreate)
  if (waiting) return waiting
  const joined = nodes.list(scope, cluster.name).filter((node) => node.nodegroupName === nodegroup.name)
  if (joined.length < nodegroup.scaling.desiredSize) return undefined
  const names = joined.map((node) => node.name)
  if (watch && !watch.ready(cluster.uid, names)) return { requeueAfterMs: POLL_MS }
  return update({ status: 'ACTIVE' })
}

function unhealthy(scope: Scope, nodegroup: NodegroupRecord): Issue | undefined {
  if (networkReady(scope, nodegroup)) return undefined
  return {
    code: 'NodeCreationFailure',
    message: 'Unhealthy nodes in the kubernetes cluster',
    resourceIds: instancesOf(scope, nodegroup).map(({ id }) => id),
  }
}

/** Drains the nodes, terminates their machines, and forgets the node group when all are gone. */
function shutDown(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
  watch: NodeWatch | undefined,
): Result | undefined {
  const living = instancesOf(scope, nodegroup)
  for (const instance of living) {
    const node = nodes.find(scope, cluster.name, instance.id)
    if (node && !node.draining) putNode(scope, { ...node, draining: true }, node)
    if (node && watch && !watch.drained(cluster.uid, node.name)) continue
    if (node) nodes.delete(scope, cluster.name, instance.id)
    terminateInstance(scope, instance.id)
  }
  if (instancesOf(scope, nodegroup).length > 0) return { requeueAfterMs: POLL_MS }
  for (const node of nodes.list(scope, cluster.name)) {
    if (node.nodegroupName === nodegroup.name) nodes.delete(scope, cluster.name, node.instanceId)
  }
  const waiting = wait(scope, nodegroup.since, durations.nodegroupDelete)
  if (waiting) return waiting
  nodegroups.delete(scope, cluster.name, nodegroup.name)
  return undefined
}
