import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import type { AwsAuth, NodeWatch } from '#aws/eks/index.ts'
import { type ClusterRecord, type NodeRecord, nodes as nodeTable } from '#aws/eks/index.ts'
import { type KubernetesObject, StatusError } from '#kubernetes/api.ts'
import type { NodeRecord as KubeletNode } from '#kubernetes/kubelet/node-record.ts'
import { nodeRecordPrefix } from '#kubernetes/kubelet/node-record.ts'
import type { Node, Pod, Taint } from '#kubernetes/objects.ts'
import type { Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { nodeSystem } from './data/node-system.ts'

/** Keeps when the drain of each node began, ms since the epoch. */
const drainKey = (clusterUid: string, node: string) => `node-drains/${clusterUid}/${node}`
/** How often an eviction that a budget forbids is tried again, ms. */
const EVICTION_RETRY_MS = 5_000
/** How long EKS waits for pods that budgets hold when it deletes a node group, ms; a part of what AWS needs to provision
 *  (docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html, read 2026-11). */
const EVICTION_LIMIT_MS = 900_000

const NODE_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/nodes\//

/** Makes the machines that have joined EKS clusters nodes of their Kubernetes, and drains those that leave. */
export class Nodes implements NodeWatch {
  readonly #world: World
  readonly #clusters: Clusters
  #controller: { stop(): void; enqueue(key: string): void } | undefined

  constructor(world: World, clusters: Clusters) {
    this.#world = world
    this.#clusters = clusters
    clusters.onRunning(({ record }) => this.#controller?.enqueue(record.uid))
  }

  start(): void {
    this.#controller = this.#world.controllers.start({
      name: 'eks-nodes',
      sources: [
        {
          prefix: 'aws/',
          keys: ({ key, entry }) => (NODE_KEY.test(key) ? [(entry.value as NodeRecord).clusterUid] : []),
        },
      ],
      reconcile: (uid) => this.#reconcile(uid),
    })
  }

  stop(): void {
    this.#controller?.stop()
  }

  ready(clusterUid: string, names: string[]): boolean {
    const cluster = this.#clusters.find(clusterUid)
    return (
      cluster !== undefined &&
      names.every((name) => isReady(cluster.kubernetes.client.get<Node>('nodes', '', name)))
    )
  }

  isRefused(clusterUid: string, names: string[]): boolean {
    const plugins = this.#clusters.find(clusterUid)?.kubernetes.plugins
    return plugins !== undefined && names.some((name) => plugins.isRefused(name))
  }

  drained(clusterUid: string, name: string): boolean {
    const cluster = this.#clusters.find(clusterUid)
    return cluster === undefined || evictable(cluster, name).length === 0
  }

  awsAuth(clusterUid: string): AwsAuth | undefined {
    const { client } = this.#clusters.find(clusterUid)?.kubernetes ?? {}
    return client?.get<AwsAuthMap>('configmaps', 'kube-system', 'aws-auth')?.data
  }

  admitRole(clusterUid: string, role: { rolearn: string; username: string; groups: string[] }): void {
    const { client } = this.#clusters.find(clusterUid)?.kubernetes ?? {}
    if (!client) return
    const found = client.get<AwsAuthMap>('configmaps', 'kube-system', 'aws-auth')
    const before = found?.data?.mapRoles ?? '[]'
    const mapRoles = withRole(before, role)
    if (mapRoles === before) return
    if (found) client.update<AwsAuthMap>('configmaps', { ...found, data: { ...found.data, mapRoles } })
    else {
      const metadata = { name: 'aws-auth', namespace: 'kube-system' }
      client.create<AwsAuthMap>('configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { mapRoles },
      })
    }
  }

  /** Brings the kubelets of a cluster in line with the machines that EKS knows. */
  #reconcile(uid: string): Result | undefined {
    const cluster = this.#clusters.find(uid)
    if (!cluster) return
    let retry = false
    const { kubelets } = cluster.kubernetes
    const records = nodeTable
      .list(cluster.scope, cluster.record.name)
      .filter((node) => node.clusterUid === uid)
    const known = new Map(
      this.#world.store.values<KubeletNode>(nodeRecordPrefix(uid)).map((node) => [node.name, node]),
    )
    for (const record of records) {
      const wanted = kubeletNode(record, cluster.record)
      const before = known.get(record.name)
      const { upSince: _, ...present } = before ?? {}
      if (JSON.stringify(present) !== JSON.stringify(wanted)) {
        if (before) remark(cluster, before, wanted)
        kubelets.registerNode(wanted)
      }
      known.delete(record.name)
      if (record.draining) retry = drain(this.#world, cluster, record) || retry
      else if (this.#world.store.delete(drainKey(uid, record.name))) uncordon(cluster, record.name)
    }
    for (const name of known.keys()) {
      announceEnd(cluster, name)
      kubelets.removeNode(name)
      this.#world.store.delete(drainKey(uid, name))
    }
    return retry ? { requeueAfterMs: EVICTION_RETRY_MS } : undefined
  }
}

type AwsAuthMap = KubernetesObject & { data?: AwsAuth }

/** The list of roles with one more, unless it is there; a list that cannot be read stays as it is. */
function withRole(text: string, role: { rolearn: string }): string {
  try {
    const list: unknown = parse(text) ?? []
    if (!Array.isArray(list) || list.some((known) => known?.rolearn === role.rolearn)) return text
    return stringify([...list, role])
  } catch {
    return text
  }
}

function kubeletNode(node: NodeRecord, { uid }: ClusterRecord): Omit<KubeletNode, 'stopped' | 'upSince'> {
  return {
    name: node.name,
    providerId: node.providerId,
    address: node.internalIp,
    ...(node.externalIp && { externalAddress: node.externalIp }),
    labels: node.labels,
    taints: node.taints,
    capacity: node.capacity,
    allocatable: node.allocatable,
    nodeInfo: nodeSystem(node, uid),
    ...(node.connected === false && { kubeletStopped: true }),
    ...(node.rebootedAt !== undefined && { rebootedAt: node.rebootedAt }),
  }
}

/**
 * Cordons a node and evicts the pods that do not belong to it, as EKS does before it terminates a machine; what a disruption
 * budget still holds after its time goes by force. Whether some pods had to stay for now.
 */
function drain(world: World, cluster: RunningCluster, { name, keepBudgets = false }: NodeRecord): boolean {
  const { store, clock } = world
  const { client } = cluster.kubernetes
  const node = client.get<Node>('nodes', '', name)
  if (node && !node.spec?.unschedulable) {
    client.update<Node>('nodes', { ...node, spec: { ...node.spec, unschedulable: true } })
  }
  const now = clock.now()
  const since = store.update<number>(drainKey(cluster.record.uid, name), (known) => known ?? now)!
  let held = false
  for (const { metadata } of evictable(cluster, name)) {
    if (metadata.deletionTimestamp) continue
    try {
      if (now - since >= world.provisioningTime(EVICTION_LIMIT_MS) && !keepBudgets)
        client.delete('pods', metadata.namespace!, metadata.name)
      else client.evict(metadata.namespace!, metadata.name)
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'TooManyRequests') throw error
      held = true
    }
  }
  return held
}

type Marks = Pick<KubeletNode, 'name' | 'labels' | 'taints'>

/**
 * Takes over into a Node what has changed of its node group's labels and taints, which its kubelet only registered it with; what
 * others have given it stays. https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html
 */
function remark({ kubernetes: { client } }: RunningCluster, before: Marks, wanted: Marks): void {
  if (isDeepStrictEqual([before.labels, before.taints], [wanted.labels, wanted.taints])) return
  const node = client.get<Node>('nodes', '', wanted.name)
  if (!node) return
  const labels = { ...node.metadata.labels }
  for (const key of Object.keys(before.labels)) if (!(key in wanted.labels)) delete labels[key]
  for (const [key, value] of Object.entries(wanted.labels))
    if (before.labels[key] !== value) labels[key] = value
  const isIn = (list: Taint[], { key, effect }: Taint) =>
    list.some((other) => other.key === key && other.effect === effect)
  const added = wanted.taints.filter(
    (taint) => !before.taints.some((other) => isDeepStrictEqual(other, taint)),
  )
  const gone = before.taints.filter((taint) => !isIn(wanted.taints, taint))
  const kept = (node.spec.taints ?? []).filter((taint) => !isIn([...added, ...gone], taint))
  client.update<Node>('nodes', {
    ...node,
    metadata: { ...node.metadata, labels },
    spec: { ...node.spec, taints: [...kept, ...added] },
  })
}

/** Tells why a node goes, as the cloud's node lifecycle controller does. */
function announceEnd({ kubernetes: { client } }: RunningCluster, name: string): void {
  const node = client.get<Node>('nodes', '', name)
  if (!node) return
  const why = `Deleting node ${name} because it does not exist in the cloud provider`
  client.event(node, 'Normal', 'DeletingNode', why, { component: 'cloud-node-lifecycle-controller' })
}

/** A node whose drain was given up takes pods again. */
function uncordon({ kubernetes: { client } }: RunningCluster, name: string): void {
  const node = client.get<Node>('nodes', '', name)
  if (!node?.spec?.unschedulable) return
  const { unschedulable: _, ...spec } = node.spec
  client.update<Node>('nodes', { ...node, spec })
}

/** The pods of a node that a drain must move: all but those of DaemonSets, static ones and those that have ended. */
function evictable({ kubernetes }: RunningCluster, name: string): Pod[] {
  return kubernetes.client
    .list<Pod & KubernetesObject>('pods')
    .filter(
      ({ spec, status, metadata }) =>
        spec.nodeName === name &&
        status?.phase !== 'Succeeded' &&
        status?.phase !== 'Failed' &&
        !metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet' || kind === 'Node'),
    )
}

const isReady = (node: Node | undefined) =>
  node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
