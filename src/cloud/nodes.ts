import type { NodeWatch } from '#aws/eks/index.ts'
import { type ClusterRecord, type NodeRecord, nodes as nodeTable } from '#aws/eks/index.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import type { NodeRecord as KubeletNode } from '#kubernetes/kubelet/node-record.ts'
import { nodeRecordPrefix } from '#kubernetes/kubelet/node-record.ts'
import type { Node, Pod } from '#kubernetes/objects.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { nodeSystem } from './data/node-system.ts'

const NODE_KEY = /^aws\/\d+\/[a-z0-9-]+\/eks\/nodes\//

/** Makes the machines that have joined EKS clusters nodes of their Kubernetes, and drains those that leave. */
export class Nodes implements NodeWatch {
  readonly #world: World
  readonly #accountId: string
  readonly #clusters: Clusters
  #controller: { stop(): void; enqueue(key: string): void } | undefined

  constructor(world: World, accountId: string, clusters: Clusters) {
    this.#world = world
    this.#accountId = accountId
    this.#clusters = clusters
    clusters.onRunning(({ record }) => this.#controller?.enqueue(record.uid))
  }

  start(): void {
    this.#controller = this.#world.controllers.start({
      name: 'eks-nodes',
      sources: [
        {
          prefix: `aws/${this.#accountId}/`,
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

  drained(clusterUid: string, name: string): boolean {
    const cluster = this.#clusters.find(clusterUid)
    return cluster === undefined || evictable(cluster, name).length === 0
  }

  /** Brings the kubelets of a cluster in line with the machines that EKS knows. */
  #reconcile(uid: string): void {
    const cluster = this.#clusters.find(uid)
    if (!cluster) return
    const { kubelets } = cluster.kubernetes
    const records = nodeTable
      .list(cluster.scope, cluster.record.name)
      .filter((node) => node.clusterUid === uid)
    const known = new Map(
      this.#world.store.values<KubeletNode>(nodeRecordPrefix(uid)).map((node) => [node.name, node]),
    )
    for (const record of records) {
      const wanted = kubeletNode(record, cluster.record)
      const { upSince: _, ...present } = known.get(record.name) ?? {}
      if (JSON.stringify(present) !== JSON.stringify(wanted)) kubelets.registerNode(wanted)
      known.delete(record.name)
      if (record.draining) drain(cluster, record.name)
    }
    for (const name of known.keys()) kubelets.removeNode(name)
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
    networkReady: node.networkReady,
  }
}

/** Cordons a node and deletes the pods that do not belong to it, as EKS does before it terminates a machine. */
function drain({ kubernetes, ...cluster }: RunningCluster, name: string): void {
  const { client } = kubernetes
  const node = client.get<Node>('nodes', '', name)
  if (node && !node.spec?.unschedulable) {
    client.update<Node>('nodes', { ...node, spec: { ...node.spec, unschedulable: true } })
  }
  for (const pod of evictable({ kubernetes, ...cluster }, name)) {
    if (!pod.metadata.deletionTimestamp) client.delete('pods', pod.metadata.namespace!, pod.metadata.name)
  }
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
