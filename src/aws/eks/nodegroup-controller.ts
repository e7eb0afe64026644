import { stringify } from 'yaml'
import type { Controller, Result } from '#world/controller.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import type { GroupRecord } from '../autoscaling/index.ts'
import { type InstanceRecord, type Scope, scopeOfKey, tables } from '../ec2/index.ts'
import { durations } from './data/durations.ts'
import { reachesEndpoint } from './endpoint-access.ts'
import type { AwsAuth } from './kubernetes-access.ts'
import { endGroup, reconcileGroup } from './node-machines.ts'
import {
  CLUSTER_TAG,
  instancesOf,
  isAdmitted,
  joinBlocker,
  NODEGROUP_TAG,
  nodegroupSettings,
  nodeRecord,
} from './node-records.ts'
import { rollNodes } from './node-roll.ts'
import type { ClusterRecord, Issue, NodegroupRecord, NodeRecord } from './records.ts'
import { clusters, nodegroups, nodes, putNodegroup, updates } from './tables.ts'
import { endUpdate } from './updates.ts'
import { wait } from './wait.ts'

/** What EKS asks the cluster about its nodes. */
export interface NodeWatch {
  /** Whether all these nodes are Ready in the cluster. Asked again every 200 ms while a node group is being created. */
  ready(clusterUid: string, nodeNames: string[]): boolean
  /** Whether one of these nodes gets no network, because its network plug-in has no right to what it needs. */
  isRefused(clusterUid: string, nodeNames: string[]): boolean
  /** Whether a node that is leaving has no pods left that must be evicted. */
  drained(clusterUid: string, nodeName: string): boolean
  /** The data of the cluster's ConfigMap `aws-auth`, if it has one. */
  awsAuth(clusterUid: string): AwsAuth | undefined
  /** Writes a node role into `aws-auth`, as EKS does for its node groups and Fargate profiles. */
  admitRole(clusterUid: string, role: { rolearn: string; username: string; groups: string[] }): void
}

const NODEGROUP_KEY = /^aws\/[^/]+\/[^/]+\/eks\/nodegroups\//
const INSTANCE_KEY = /^aws\/[^/]+\/[^/]+\/ec2\/instances\//
const GROUP_KEY = /^aws\/[^/]+\/[^/]+\/autoscaling\/groups\//
const OTHER_KEY = /^aws\/[^/]+\/([^/]+\/eks\/(access-entries|clusters)|global\/iam\/(role|policy))\//
/** What decides whether a machine's packets get to the API server. */
const NETWORK_KEY =
  /^aws\/[^/]+\/[^/]+\/ec2\/(vpcs|route-tables|security-group-rules|network-acls|nat-gateways|internet-gateways|vpc-endpoints)\//
/** The ConfigMap that admits roles beside the access entries. */
const AWS_AUTH_KEY = /^kubernetes\/[^/]+\/core\/configmaps\/kube-system\/aws-auth$/
const POLL_MS = 200
/**
 * How long nodes that have joined have at least to become ready, ms: their pods start in the world's time, whose provisioning may take none.
 */
const READY_MS = 60_000

/** Keeps each node group's machines, the records of its nodes and its status as they should be. */
export function nodegroupController(world: World, watch?: NodeWatch): Controller {
  const known = new StoreIndex(world.store, 'aws/', (_, key) => (NODEGROUP_KEY.test(key) ? ['all'] : []))
  return {
    name: 'eks-nodegroups',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry }) => {
          if (NODEGROUP_KEY.test(key)) return [key]
          if (INSTANCE_KEY.test(key)) return keyByTags(world, key, (entry.value as InstanceRecord).tags)
          if (GROUP_KEY.test(key)) {
            const tags = (entry.value as GroupRecord).tags.map((tag) => [tag.key, tag.value])
            return keyByTags(world, key, Object.fromEntries(tags))
          }
          return OTHER_KEY.test(key) || NETWORK_KEY.test(key) ? known.keys('all') : []
        },
      },
      { prefix: 'kubernetes/', keys: ({ key }) => (AWS_AUTH_KEY.test(key) ? known.keys('all') : []) },
    ],
    reconcile(key) {
      const [clusterName, name] = key.split('/').slice(5).map(decodeURIComponent)
      return reconcile(scopeOfKey(world, key), clusterName!, name!, watch)
    },
  }
}

function keyByTags(world: World, key: string, tags: Record<string, string>): string[] {
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
  const present = nodegroups.find(scope, clusterName, name)
  const cluster = clusters.find(scope, clusterName)
  if (!present || !cluster) return undefined
  if (present.status === 'DELETING') return shutDown(scope, cluster, present, watch)
  const groupIssue = reconcileGroup(scope, cluster, present)
  const nodegroup = nodegroups.find(scope, clusterName, name)!
  if (nodegroup.status === 'CREATING' && cluster.authenticationMode === 'CONFIG_MAP')
    watch?.admitRole(cluster.uid, nodeMapping(nodegroup.nodeRole))
  const awsAuth = watch
    ? watch.awsAuth(cluster.uid)
    : { mapRoles: stringify([nodeMapping(nodegroup.nodeRole)]) }
  const blocker = joinBlocker(scope, cluster, nodegroup, awsAuth)
  if (!isAdmitted(scope, cluster, nodegroup.nodeRole, awsAuth)) cutOff(scope, nodegroup)
  const joining = blocker ? undefined : joinNodes(scope, cluster, nodegroup)
  return earliest(joining, settle(scope, cluster, nodegroup, blocker ?? groupIssue, watch))
}

/** How EKS writes a node role into `aws-auth`. */
const nodeMapping = (roleArn: string) => ({
  rolearn: roleArn.replace(/:role\/.*\//, ':role/'),
  username: 'system:node:{{EC2PrivateDNSName}}',
  groups: ['system:bootstrappers', 'system:nodes'],
})

/** Kubelets whose role the cluster no longer knows are turned away. */
function cutOff(scope: Scope, nodegroup: NodegroupRecord): void {
  for (const node of nodes.list(scope, nodegroup.clusterName)) {
    if (node.nodegroupName === nodegroup.name) putNode(scope, { ...node, connected: false }, node)
  }
}

const earliest = (...results: (Result | undefined)[]): Result | undefined => {
  const waits = results.flatMap((result) => result?.requeueAfterMs ?? [])
  return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined
}

/** Writes a node record for each machine that has been up long enough, and drops those of machines that left. */
function joinNodes(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): Result | undefined {
  const living = instancesOf(scope, nodegroup)
  const waits = living.map((instance): Result | undefined => {
    const before = nodes.find(scope, cluster.name, instance.id)
    if (instance.state !== 'running') {
      if (before) nodes.delete(scope, cluster.name, instance.id)
      return undefined
    }
    if (!reachesEndpoint(scope, cluster, instance)) {
      if (before) putNode(scope, { ...before, connected: false }, before)
      return undefined
    }
    const waiting = before ? undefined : wait(scope, instance.since, durations.nodeJoin)
    if (!waiting)
      putNode(
        scope,
        nodeRecord(scope, cluster, instance, before, nodegroupSettings(scope, nodegroup, instance)),
        before,
      )
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
    const updating = updates.find(scope, nodegroup.clusterName, nodegroup.updateId ?? '')
    if (updating?.type === 'VersionUpdate') {
      const roll = rollNodes(scope, cluster, nodegroup, updating.force ?? false, watch)
      if (roll === 'under way') return { requeueAfterMs: POLL_MS }
      if (roll !== 'done') {
        endUpdate(scope, nodegroup.clusterName, nodegroup.updateId, [roll.failed])
        return update({ status: 'ACTIVE', updateId: undefined })
      }
    }
    endUpdate(scope, nodegroup.clusterName, nodegroup.updateId)
    return update({ status: 'ACTIVE', updateId: undefined })
  }
  if (status === 'ACTIVE' || status === 'DEGRADED') {
    const missing = blocker?.code === 'AutoScalingGroupNotFound'
    if (missing && status === 'ACTIVE') return update({ status: 'DEGRADED', issues: [blocker] })
    return undefined
  }
  if (status !== 'CREATING') return undefined
  const issue = blocker ?? unreached(scope, cluster, nodegroup)
  if (issue) {
    const waiting = wait(scope, since, durations.nodegroupGiveUp)
    return waiting ?? update({ status: 'CREATE_FAILED', issues: [issue] })
  }
  const waiting = wait(scope, since, durations.nodegroupCreate)
  if (waiting) return waiting
  const joined = nodes.list(scope, cluster.name).filter((node) => node.nodegroupName === nodegroup.name)
  if (joined.length < nodegroup.scaling.desiredSize) return undefined
  const names = joined.map((node) => node.name)
  if (!watch || watch.ready(cluster.uid, names)) return update({ status: 'ACTIVE' })
  const late = wait(scope, since, durations.nodegroupGiveUp)
  const early = scope.world.clock.now() < since + READY_MS && !watch.isRefused(cluster.uid, names)
  if (late || early) return { requeueAfterMs: POLL_MS }
  return update({ status: 'CREATE_FAILED', issues: [unhealthy(joined)] })
}

/** Machines that are up but whose packets do not get to the API server. */
function unreached(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): Issue | undefined {
  const resourceIds = instancesOf(scope, nodegroup)
    .filter(({ state }) => state === 'running')
    .filter((instance) => !reachesEndpoint(scope, cluster, instance))
    .map(({ id }) => id)
  if (resourceIds.length === 0) return undefined
  return {
    code: 'NodeCreationFailure',
    message: 'Instances failed to join the kubernetes cluster',
    resourceIds,
  }
}

/** Nodes that have joined and are not ready. */
const unhealthy = (joined: NodeRecord[]): Issue => ({
  code: 'NodeCreationFailure',
  message: 'Unhealthy nodes in the kubernetes cluster',
  resourceIds: joined.map(({ instanceId }) => instanceId),
})

/** Drains the nodes, ends their machines, and forgets the node group when all are gone. */
function shutDown(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
  watch: NodeWatch | undefined,
): Result | undefined {
  const own = () => nodes.list(scope, cluster.name).filter((node) => node.nodegroupName === nodegroup.name)
  for (const node of own()) {
    const running = tables.instances.find(scope, node.instanceId)?.state === 'running'
    if (!running) nodes.delete(scope, cluster.name, node.instanceId)
    else putNode(scope, { ...node, draining: true }, node)
  }
  const draining = own().filter((node) => watch && !watch.drained(cluster.uid, node.name))
  if (draining.length > 0) return { requeueAfterMs: POLL_MS }
  if (!endGroup(scope, nodegroup)) return undefined
  const waiting = wait(scope, nodegroup.since, durations.nodegroupDelete)
  if (waiting) return waiting
  for (const node of own()) nodes.delete(scope, cluster.name, node.instanceId)
  nodegroups.delete(scope, cluster.name, nodegroup.name)
  return undefined
}
