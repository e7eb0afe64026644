import type { InstanceRecord } from '#aws/ec2/index.ts'
import { autoResources, endAutoMachines } from '#aws/eks/auto-machines.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import type { Node, Pod } from '#kubernetes/objects.ts'
import { isFinished, podCondition, withCondition } from '#kubernetes/pods.ts'
import { SchedulerCache, sameForScheduling } from '#kubernetes/scheduler/cache.ts'
import { amountOf } from '#kubernetes/scheduler/requests.ts'
import { timestamp } from '#kubernetes/time.ts'
import type { Result } from '#world/controller.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from '../clusters.ts'
import { PodBatch } from './batch.ts'
import { ensureBuiltIn } from './built-in.ts'
import { clusterOfMachine, isUp, makeClaim, reconcileClaim } from './claims.ts'
import { disrupt, notePods } from './disruption.ts'
import {
  CLAIMS,
  CLASSES,
  COMPONENT,
  type Condition,
  ensureDriver,
  ensureKinds,
  type NodeClaim,
  type NodeClass,
  type NodePool,
  POOL_LABEL,
  POOLS,
} from './kinds.ts'
import { networkOf, type Offering, offeringsOf } from './offerings.ts'
import { type Ground, planFor } from './plan.ts'

const CLUSTER_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/clusters\/[^/]+$/
const INSTANCE_KEY = /^aws\/\d+\/[a-z0-9-]+\/ec2\/instances\//
const OBJECT_KEY = /^kubernetes\/([^/]+)\/(core\/(?:pods|nodes)|karpenter\.sh\/|eks\.amazonaws\.com\/)/
const KINDS_POLL_MS = 50

/** What is remembered of a cluster beside the store: views of it, and which pods its nodes were last seen with. */
interface View {
  cache: SchedulerCache
  pending: StoreIndex<Pod>
  batch: PodBatch
  seen: Map<string, string>
}

/**
 * EKS Auto Mode's compute: launches machines that fit the pods that nobody has room for, and ends those that are not needed.
 * Models Karpenter, which it is built on: https://docs.aws.amazon.com/eks/latest/userguide/automode.html
 */
export class AutoMode {
  readonly #world: World
  readonly #clusters: Clusters
  readonly #drained: (clusterUid: string, node: string) => boolean
  readonly #views = new Map<string, View>()
  #controller: { stop(): void; enqueue(key: string): void } | undefined

  constructor(world: World, clusters: Clusters, drained: (clusterUid: string, node: string) => boolean) {
    this.#world = world
    this.#clusters = clusters
    this.#drained = drained
    clusters.onRunning(({ record }) => this.#controller?.enqueue(record.uid))
  }

  start(): void {
    this.#controller = this.#world.controllers.start({
      name: 'eks-auto-mode',
      sources: [
        {
          prefix: 'aws/',
          keys: ({ key, entry }) => {
            if (CLUSTER_KEY.test(key)) return [(entry.value as ClusterRecord).uid]
            const name = INSTANCE_KEY.test(key) && clusterOfMachine(entry.value as InstanceRecord)
            return name ? this.#clusters.named(name).map(({ record }) => record.uid) : []
          },
        },
        {
          prefix: 'kubernetes/',
          keys: ({ key, entry, previous }) => {
            const [, uid = '', kind] = OBJECT_KEY.exec(key) ?? []
            if (!this.#clusters.find(uid)?.record.autoMode) return []
            if (kind !== 'core/pods') return [uid]
            const pod = entry.value as Pod
            const same = pod.spec.nodeName && sameForScheduling(pod, previous?.value as Pod | undefined)
            return same ? [] : [uid]
          },
        },
      ],
      reconcile: (uid) => this.#reconcile(uid),
    })
    for (const { record } of this.#clusters.all()) this.#controller.enqueue(record.uid)
  }

  stop(): void {
    this.#controller?.stop()
    for (const uid of this.#views.keys()) this.#forget(uid)
  }

  #forget(uid: string): void {
    this.#views.get(uid)?.cache.close()
    this.#views.get(uid)?.pending.close()
    this.#views.delete(uid)
  }

  #reconcile(uid: string): Result | undefined {
    const cluster = this.#clusters.find(uid)
    if (!cluster) return void this.#forget(uid)
    const { autoMode, status } = cluster.record
    if (!autoMode) return undefined
    if (status === 'DELETING') return void endAutoMachines(cluster.scope, cluster.record)
    const { client } = cluster.kubernetes
    ensureDriver(client, autoMode.enabled)
    if (autoMode.enabled && !ensureKinds(client)) return { requeueAfterMs: KINDS_POLL_MS }
    if (!client.resourceNamed('karpenter.sh', 'NodeClaim')) return undefined
    ensureBuiltIn(client, cluster.record, autoMode.enabled ? autoMode.nodePools : [])
    if (!autoMode.enabled) {
      for (const { metadata } of client.list<NodeClaim>(CLAIMS))
        if (!metadata.deletionTimestamp) client.delete(CLAIMS, '', metadata.name)
    }
    const claims = client
      .list<NodeClaim>(CLAIMS)
      .map((claim) => reconcileClaim(cluster, claim, (node) => this.#drained(uid, node)))
    return earliest(...claims, autoMode.enabled ? this.#shape(cluster) : undefined)
  }

  /** Launches what is missing, ends what is too much. */
  #shape(cluster: RunningCluster): Result | undefined {
    const { client } = cluster.kubernetes
    const view = this.#viewOf(cluster)
    const pools = client.list<NodePool>(POOLS).filter(({ metadata }) => !metadata.deletionTimestamp)
    const offerings = pools.flatMap((pool) => this.#offerings(cluster, pool))
    const claims = client.list<NodeClaim>(CLAIMS)
    reportPools(cluster, pools, claims)
    notePods(cluster, claims, view.cache.nodes, view.seen)
    const ground: Ground = {
      nodes: view.cache.nodes,
      coming: claims.filter((claim) => !isUp(claim) && !claim.metadata.deletionTimestamp).map(nodeOfClaim),
      exclusive: view.cache.exclusive,
    }
    const pods = [...view.pending.values('all')]
    const waiting = view.batch.waitFor(pods, this.#world.clock.now())
    if (waiting > 0) return { requeueAfterMs: waiting }
    if (pods.length === 0) {
      return ground.coming.length > 0 ? undefined : disrupt(cluster, client.list(CLAIMS), pools, ground)
    }
    const plan = planFor(client, pods, offerings, ground)
    for (const { choices, pods } of plan.nodes) {
      const choice = choices.find((one) => !exceedsLimits(one, client.list<NodeClaim>(CLAIMS)))
      if (!choice) {
        const text = `Failed to schedule pod, all available instance types exceed limits for nodepool: "${choices[0]!.pool.metadata.name}"`
        for (const pod of pods) client.event(pod, 'Warning', 'FailedScheduling', text, COMPONENT)
        continue
      }
      const claim = makeClaim(cluster, choice)
      for (const pod of pods)
        client.event(
          pod,
          'Normal',
          'Nominated',
          `Pod should schedule on: nodeclaim/${claim.metadata.name}`,
          COMPONENT,
        )
    }
    return undefined
  }

  #viewOf({ record, kubernetes: { client } }: RunningCluster): View {
    const known = this.#views.get(record.uid)
    if (known) return known
    const { store } = this.#world
    const view = {
      cache: new SchedulerCache(store, client.prefix('nodes'), client.prefix('pods')),
      pending: new StoreIndex<Pod>(store, client.prefix('pods'), (pod) => (isStuck(pod) ? ['all'] : [])),
      batch: new PodBatch(),
      seen: new Map<string, string>(),
    }
    this.#views.set(record.uid, view)
    return view
  }

  #offerings({ scope, record, kubernetes: { client } }: RunningCluster, pool: NodePool): Offering[] {
    const nodeClass = client.get<NodeClass>(CLASSES, '', pool.spec.template.spec.nodeClassRef.name)
    if (!nodeClass) return []
    return offeringsOf(scope.region, pool, networkOf(scope, record.vpcId, nodeClass).subnets)
  }
}

/** A pod that the scheduler has found no node for. */
function isStuck(pod: Pod): boolean {
  if (pod.spec.nodeName || pod.metadata.deletionTimestamp || isFinished(pod)) return false
  if (pod.metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet')) return false
  const scheduled = podCondition(pod, 'PodScheduled')
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
}

/** The node that a claim's machine will be, launched or not: a launch that fails for now must not be tried again beside itself. */
const nodeOfClaim = ({ metadata, spec, status }: NodeClaim): Node =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `claim ${metadata.name}`, labels: metadata.labels },
    spec: { taints: spec.taints },
    status: {
      allocatable:
        status?.allocatable ??
        autoResources(metadata.labels!['node.kubernetes.io/instance-type']!).allocatable,
    },
  }) as Node

/** Whether a further machine would take a pool over its limits. */
function exceedsLimits({ pool, node, type }: Offering, claims: NodeClaim[]): boolean {
  const own = claims.filter(({ metadata }) => metadata.labels?.[POOL_LABEL] === pool.metadata.name)
  const added: Record<string, string | undefined> = {
    ...node.status.allocatable,
    cpu: String(type.vcpus),
    memory: `${type.memoryMiB}Mi`,
  }
  return Object.entries(pool.spec.limits ?? {}).some(([resource, limit]) => {
    const used = own.reduce((sum, { status }) => sum + amountOf(resource, status?.capacity?.[resource]), 0)
    return used + amountOf(resource, added[resource]) > amountOf(resource, limit)
  })
}

/** What pools and classes tell of themselves. */
function reportPools(
  { scope, record, kubernetes: { client } }: RunningCluster,
  pools: NodePool[],
  claims: NodeClaim[],
): void {
  const now = timestamp(scope.world.clock.now())
  for (const nodeClass of client.list<NodeClass>(CLASSES)) {
    const { subnets, groups } = networkOf(scope, record.vpcId, nodeClass)
    const trouble =
      subnets.length === 0
        ? ['SubnetsNotFound', 'SubnetSelector did not match any Subnets']
        : groups.length === 0
          ? ['SecurityGroupsNotFound', 'SecurityGroupSelector did not match any SecurityGroups']
          : undefined
    const status = {
      conditions: ready(nodeClass.status?.conditions, trouble, now),
      subnets: subnets.map(({ id, zone, zoneId }) => ({ id, zone, zoneID: zoneId })),
      securityGroups: groups.map(({ id, name }) => ({ id, name })),
    }
    if (JSON.stringify(status) !== JSON.stringify(nodeClass.status))
      client.updateStatus<NodeClass>(CLASSES, { ...nodeClass, status })
  }
  for (const pool of pools) {
    const { name } = pool.spec.template.spec.nodeClassRef
    const nodeClass = client.get<NodeClass>(CLASSES, '', name)
    const isReady = nodeClass?.status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    )
    const trouble = isReady
      ? undefined
      : nodeClass
        ? ['NodeClassNotReady', 'NodeClass is not ready']
        : ['NodeClassNotFound', 'NodeClass not found on cluster']
    const own = claims.filter(({ metadata }) => metadata.labels?.[POOL_LABEL] === pool.metadata.name)
    const sum = (resource: string) =>
      own.reduce((total, { status }) => total + amountOf(resource, status?.capacity?.[resource]), 0)
    const status = {
      conditions: ready(pool.status?.conditions, trouble, now),
      nodes: own.filter(isUp).length,
      resources: {
        cpu: String(sum('cpu') / 1000),
        memory: `${sum('memory') / 1024}Ki`,
        nodes: String(own.filter(isUp).length),
        pods: String(sum('pods')),
      },
    }
    if (JSON.stringify(status) !== JSON.stringify(pool.status))
      client.updateStatus<NodePool>(POOLS, { ...pool, status })
  }
}

const ready = (known: Condition[] | undefined, trouble: string[] | undefined, now: string): Condition[] =>
  withCondition(
    known,
    trouble
      ? { type: 'Ready', status: 'False', reason: trouble[0]!, message: trouble[1]! }
      : { type: 'Ready', status: 'True', reason: 'Ready', message: '' },
    now,
  )

const earliest = (...results: (Result | undefined)[]): Result | undefined => {
  const waits = results.flatMap((result) => result?.requeueAfterMs ?? [])
  return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined
}
