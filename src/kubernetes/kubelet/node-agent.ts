import type { Controller, Result } from '#world/controller.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Lease, Node, NodeCondition } from '../objects.ts'
import { microTimestamp, parseTime } from '../time.ts'
import { imageIdOf, type NodeImages } from './node-images.ts'
import { NETWORK_MISSING, type NodeNetworks } from './node-network.ts'
import { type KubeletMemory, memoryKey, type NodeRecord, nodeRecordPrefix } from './node-record.ts'
import { LEASE_RENEW_MS, LEASES_PER_SECOND, NODE_READY_MS, NODE_STATUS_MS } from './timings.ts'
import type { Reaches } from './uplink.ts'

const LEASES = 'leases.coordination.k8s.io'
const LEASE_NAMESPACE = 'kube-node-lease'
/** A node's status names at most this many images (`nodeStatusMaxImages`). */
const MAX_IMAGES = 50

const PRESSURES = [
  [
    'MemoryPressure',
    'KubeletHasSufficientMemory',
    'kubelet has sufficient memory available',
    'NodeHasSufficientMemory',
  ],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure', 'NodeHasNoDiskPressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available', 'NodeHasSufficientPID'],
] as const

/** The part of every kubelet that speaks for its node: registers it, sends its status, renews its lease. */
export function nodeAgents(
  plane: ControlPlane,
  images: NodeImages,
  networks: NodeNetworks,
  reaches: Reaches,
): Controller {
  const { api, world, options, podsByNode } = plane
  const prefix = nodeRecordPrefix(options.uid)
  /** When the nodes came up that were tidied since. */
  const tidied = new Map<string, number>()

  function reconcile(name: string): Result | undefined {
    const record = world.store.get<NodeRecord>(`${prefix}${name}`)?.value
    if (!record) tidied.delete(name)
    if (!record || record.stopped || record.kubeletStopped || !reaches(name)) return
    forgetLost(record)
    const node = api.get<Node>('nodes', '', name) ?? registerOnce(record)
    if (!node) return
    remember(record, node)
    const readyAt = record.upSince + (networks.brings(name) ? world.provisioningTime(NODE_READY_MS) : 0)
    const hasNetwork = networks.isReady(name) && plane.now() >= readyAt
    const trouble = record.runtimeTrouble ?? (hasNetwork ? undefined : NETWORK_MISSING)
    sendStatus(record, node, trouble)
    const renewal = renewLease(node)
    return { requeueAfterMs: plane.now() < readyAt ? readyAt - plane.now() : renewal }
  }

  /** Pods may have gone while nobody looked after the node: gives back what they held there, once each time it comes up. */
  function forgetLost({ name, upSince }: NodeRecord): void {
    if (tidied.get(name) === upSince || !networks.takesBack(name)) return
    tidied.set(name, upSince)
    options.provider.keepPodAddresses(
      name,
      new Set(podsByNode.get(name).map(({ metadata }) => metadata.uid!)),
    )
  }

  /**
   * A kubelet registers its node when it starts, and never again: a Node that somebody deletes stays away until the machine or the
   * kubelet is started anew. Models `registerWithAPIServer` in pkg/kubelet/kubelet_node_status.go.
   */
  function registerOnce(record: NodeRecord): Node | undefined {
    return recall(record)?.registeredFor === record.upSince ? undefined : register(record)
  }

  const recall = ({ name }: NodeRecord) => world.store.get<KubeletMemory>(memoryKey(options.uid, name))?.value

  /** Tells, too, when the node was closed for new pods or opened. Models `recordNodeSchedulableEvent` in the same file. */
  function remember(record: NodeRecord, node: Node): void {
    const { name, upSince } = record
    const before = recall(record)
    const known = before?.registeredFor === upSince
    const unschedulable = node.spec?.unschedulable ?? false
    if (known && before.unschedulable === unschedulable) return
    world.store.update<KubeletMemory>(memoryKey(options.uid, name), () => ({
      registeredFor: upSince,
      unschedulable,
    }))
    if (unschedulable === (known && before.unschedulable)) return
    const reason = unschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable'
    event(node, reason, `Node ${name} status is now: ${reason}`)
  }

  function register(record: NodeRecord): Node {
    const { name, providerId, labels, taints } = record
    const node = api.create('nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': record.nodeInfo.operatingSystem,
          'kubernetes.io/arch': record.nodeInfo.architecture,
          'beta.kubernetes.io/os': record.nodeInfo.operatingSystem,
          'beta.kubernetes.io/arch': record.nodeInfo.architecture,
          ...labels,
        },
        annotations: {
          'alpha.kubernetes.io/provided-node-ip': record.address,
          'node.alpha.kubernetes.io/ttl': '0',
          'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        },
      },
      spec: {
        providerID: providerId,
        taints: [...taints, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
      },
      status: {},
    } as Node)
    event(node, 'Starting', 'Starting kubelet.')
    for (const [, , , reason] of PRESSURES) event(node, reason, `Node ${name} status is now: ${reason}`)
    event(node, 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods')
    return node
  }

  const event = (node: Node, reason: string, message: string) =>
    api.event(node, 'Normal', reason, message, { component: 'kubelet', host: node.metadata.name })

  /** `trouble` is why the node is not ready. */
  function sendStatus(record: NodeRecord, node: Node, trouble: string | undefined): void {
    const ready = trouble === undefined
    const old = node.status?.conditions ?? []
    const before = old.find(({ type }) => type === 'Ready')
    const status = ready ? 'True' : 'False'
    const fresh = before && plane.now() - parseTime(before.lastHeartbeatTime) < NODE_STATUS_MS
    if (before?.status === status && fresh && (ready || before.message === trouble)) return
    const { name, address, externalAddress } = record
    api.updateStatus('nodes', {
      ...node,
      status: {
        ...node.status,
        addresses: [
          { type: 'InternalIP', address },
          ...(externalAddress ? [{ type: 'ExternalIP', address: externalAddress }] : []),
          { type: 'InternalDNS', address: name },
          { type: 'Hostname', address: name },
        ],
        capacity: record.capacity,
        allocatable: record.allocatable,
        nodeInfo: record.nodeInfo,
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        conditions: conditions(old, trouble),
        images: imagesOf(name),
      },
    } as unknown as Node)
    if (ready && before && before.status !== 'True')
      event(node, 'NodeReady', `Node ${name} status is now: NodeReady`)
  }

  function conditions(old: NodeCondition[], trouble: string | undefined): NodeCondition[] {
    const now = plane.timestamp()
    const condition = (type: string, status: string, reason: string, message: string): NodeCondition => {
      const before = old.find((candidate) => candidate.type === type)
      const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now
      return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message }
    }
    return [
      ...PRESSURES.map(([type, reason, message]) => condition(type, 'False', reason, message)),
      trouble === undefined
        ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
        : condition('Ready', 'False', 'KubeletNotReady', trouble),
    ]
  }

  const imagesOf = (name: string) =>
    images
      .list(name)
      .map((image) => ({ names: [imageIdOf(image), image.reference], sizeBytes: image.sizeBytes }))
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, MAX_IMAGES)

  /** Renews the node's lease when it is time; gives the ms to the next renewal. */
  function renewLease(node: Node): number {
    const { name } = node.metadata
    const nodes = world.store.count(prefix)
    const period = Math.max(LEASE_RENEW_MS, (nodes * 1000) / LEASES_PER_SECOND)
    const old = api.get<Lease>(LEASES, LEASE_NAMESPACE, name)
    const next = parseTime(old?.spec.renewTime) + period
    if (old && plane.now() < next) return next - plane.now()
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: Math.round((4 * period) / 1000),
      renewTime: microTimestamp(plane.now()),
    }
    if (old) api.update(LEASES, { ...old, spec })
    else {
      const { uid } = node.metadata
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: uid! }]
      const metadata = { name, namespace: LEASE_NAMESPACE, ownerReferences }
      api.create<Lease>(LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    }
    return period
  }

  return {
    name: 'kubelet-node',
    // Real kubelets do not wait for the cluster's other work, and a late lease makes their node NotReady.
    urgent: true,
    sources: [
      { prefix, keys: ({ key }) => [key.slice(prefix.length)] },
      {
        prefix: api.prefix('nodes'),
        keys: ({ type, entry }) => (type === 'delete' ? [entry.value.metadata.name] : []),
      },
    ],
    reconcile,
  }
}
