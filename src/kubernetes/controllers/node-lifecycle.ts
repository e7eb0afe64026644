import type { Controller, Result } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { Lease, Node, NodeCondition, Pod, Taint, Toleration } from '../objects.ts'
import { isFinished, nameOf, splitName, withPodCondition } from '../pods.ts'
import { tolerates } from '../scheduler/taints.ts'
import { parseTime } from '../time.ts'
import { type ControlPlane, ownKey } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

const LEASES = 'leases.coordination.k8s.io'
/** `node-monitor-grace-period` of 1.32 and later. */
const GRACE_MS = 50_000
const SOURCE = { component: 'node-controller' }

/** Condition status → the taint that stands for it (key, when status is). */
const CONDITION_TAINTS: { type: string; status: string; key: string }[] = [
  { type: 'Ready', status: 'False', key: 'node.kubernetes.io/not-ready' },
  { type: 'Ready', status: 'Unknown', key: 'node.kubernetes.io/unreachable' },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
]
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
const EVICTING = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])
const OWN = new Set([...CONDITION_TAINTS.map(({ key }) => key), UNSCHEDULABLE])

/** Notices nodes that fell silent, and taints nodes by their conditions. Models pkg/controller/nodelifecycle. */
export function nodeLifecycleController(plane: ControlPlane): Controller {
  const { api, podsByNode } = plane
  /** Nodes by name that this controller has greeted; a new process greets them again, as upstream. */
  const registered = new Map<string, Node>()
  if (plane.world.resumes(`node-lifecycle ${plane.options.uid}`))
    for (const node of api.list<Node>('nodes')) registered.set(node.metadata.name, node)

  function reconcile(name: string): Result | undefined {
    const node = api.get<Node>('nodes', '', name)
    forgetFormer(name, node)
    if (!node || node.metadata.deletionTimestamp) return
    greet(node)
    const silentAt = lastSign(node) + graceOf(name)
    if (plane.now() >= silentAt && isHeard(node)) {
      setUnknown(node)
      for (const pod of podsByNode.get(name)) markUnready(pod)
    }
    writeTaints(name)
    return { requeueAfterMs: Math.max(1000, silentAt - plane.now()) }
  }

  function greet(node: Node): void {
    const { name } = node.metadata
    if (registered.has(name)) return
    registered.set(name, node)
    tell(node, 'RegisteredNode', `Registered Node ${name} in Controller`)
  }

  /** Says farewell to the node of a name that is gone, or that another one has taken. */
  function forgetFormer(name: string, node: Node | undefined): void {
    const former = registered.get(name)
    if (!former || former.metadata.uid === node?.metadata.uid) return
    registered.delete(name)
    tell(former, 'RemovingNode', `Removing Node ${name} from Controller`)
  }

  function tell(node: Node, reason: string, message: string): void {
    api.event(node, 'Normal', reason, `Node ${node.metadata.name} event: ${message}`, SOURCE)
  }

  const leaseOf = (name: string) => api.get<Lease>(LEASES, 'kube-node-lease', name)

  function lastSign(node: Node): number {
    const heartbeats = (node.status?.conditions ?? []).map(({ lastHeartbeatTime }) =>
      parseTime(lastHeartbeatTime),
    )
    return Math.max(
      parseTime(node.metadata.creationTimestamp),
      parseTime(leaseOf(node.metadata.name)?.spec.renewTime),
      ...(node.status?.conditions?.some(({ status }) => status === 'Unknown') ? [] : heartbeats),
    )
  }

  /** Large clusters renew their leases more seldom, and say so in them. */
  const graceOf = (name: string): number =>
    Math.max(GRACE_MS, (leaseOf(name)?.spec.leaseDurationSeconds ?? 40) * 1000 + 10_000)

  const isHeard = (node: Node): boolean =>
    (node.status?.conditions ?? []).find(({ type }) => type === 'Ready')?.status !== 'Unknown'

  function setUnknown(node: Node): void {
    const now = plane.timestamp()
    const old = node.status?.conditions ?? []
    const conditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map(
      (type): NodeCondition => {
        const before = old.find((condition) => condition.type === type)
        return {
          type,
          status: 'Unknown',
          reason: before ? 'NodeStatusUnknown' : 'NodeStatusNeverUpdated',
          message: before ? 'Kubelet stopped posting node status.' : 'Kubelet never posted node status.',
          lastHeartbeatTime: before?.lastHeartbeatTime ?? node.metadata.creationTimestamp,
          lastTransitionTime: before?.status === 'Unknown' ? before.lastTransitionTime : now,
        }
      },
    )
    api.updateStatus('nodes', { ...node, status: { ...node.status, conditions } })
    const { name } = node.metadata
    api.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, SOURCE)
  }

  function markUnready(pod: Pod): void {
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status !== 'True') return
    const conditions = withPodCondition(pod, { ...ready, status: 'False' }, plane.timestamp())
    unlessGone(() => api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } }))
    api.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready', SOURCE)
  }

  function writeTaints(name: string): void {
    const node = api.get<Node>('nodes', '', name)
    if (!node) return
    const conditions = node.status?.conditions ?? []
    const old = node.spec?.taints ?? []
    const wanted: Taint[] = CONDITION_TAINTS.filter(({ type, status }) =>
      conditions.some((condition) => condition.type === type && condition.status === status),
    ).flatMap(({ key }) => [
      { key, effect: 'NoSchedule' },
      ...(EVICTING.has(key) ? [{ key, effect: 'NoExecute' }] : []),
    ])
    if (node.spec?.unschedulable) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' })
    // Before its first status a node keeps the taint that it came with.
    if (conditions.length === 0)
      wanted.push(...old.filter(({ key }) => OWN.has(key) && key !== UNSCHEDULABLE))
    const kept = old.filter(({ key }) => !OWN.has(key))
    const own = wanted.map((taint) => {
      const before = old.find(({ key, effect }) => key === taint.key && effect === taint.effect)
      return before ?? { ...taint, timeAdded: plane.timestamp() }
    })
    const taints = [...kept, ...own]
    if (equal(taints, old)) return
    api.update('nodes', { ...node, spec: { ...node.spec, taints: taints.length > 0 ? taints : undefined } })
  }

  return {
    name: 'node-lifecycle-controller',
    sources: [{ prefix: api.prefix('nodes'), keys: ownKey }],
    reconcile,
  }
}

/** Ends pods on nodes with NoExecute taints, when their tolerations have run out. Models pkg/controller/tainteviction. */
export function taintEvictionController(plane: ControlPlane): Controller {
  const { api, podsByNode } = plane
  /** Since when (ms) pods meet taints that they bear for a while. */
  const seen = new Map<string, number>()

  function reconcile(key: string): Result | undefined {
    const pod = api.get<Pod>('pods', ...splitName(key))
    if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp || isFinished(pod)) return void seen.delete(key)
    const taints = api.get<Node>('nodes', '', pod.spec.nodeName)?.spec?.taints ?? []
    const until = Math.min(
      ...taints
        .filter(({ effect }) => effect === 'NoExecute')
        .map((taint) => tolerated(key, taint, pod.spec.tolerations)),
    )
    if (until === Number.POSITIVE_INFINITY) return void seen.delete(key)
    if (until > plane.now()) return { requeueAfterMs: until - plane.now() }
    api.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${nameOf(pod)}`, {
      component: 'taint-eviction-controller',
    })
    const disruption = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    }
    const conditions = withPodCondition(pod, disruption, plane.timestamp())
    api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } })
    unlessGone(() => api.delete('pods', pod.metadata.namespace!, pod.metadata.name))
  }

  /** Until when (ms) a taint is tolerated: counted from when it was first met, if nobody says since when it is there. */
  function tolerated(key: string, taint: Taint, tolerations: Toleration[] = []): number {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    const seconds = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? [])
    if (seconds.length === 0) return Number.POSITIVE_INFINITY
    const since = taint.timeAdded ? parseTime(taint.timeAdded) : (seen.get(key) ?? plane.now())
    seen.set(key, since)
    return since + Math.max(0, Math.min(...seconds)) * 1000
  }

  return {
    name: 'taint-eviction-controller',
    sources: [
      {
        prefix: api.prefix('nodes'),
        keys({ entry, previous }: { entry: { value: Node }; previous?: { value: Node } }) {
          const hasNoExecute = ({ spec }: Node) => spec?.taints?.some(({ effect }) => effect === 'NoExecute')
          if (!hasNoExecute(entry.value) || equal(entry.value.spec?.taints, previous?.value.spec?.taints))
            return []
          return podsByNode.get(entry.value.metadata.name).map(nameOf)
        },
      },
      {
        prefix: api.prefix('pods'),
        keys({ entry, previous }: { entry: { value: Pod }; previous?: { value: Pod } }) {
          return entry.value.spec.nodeName && entry.value.spec !== previous?.value.spec
            ? [nameOf(entry.value)]
            : []
        },
      },
    ],
    reconcile,
  }
}
