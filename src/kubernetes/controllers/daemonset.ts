import type { Controller, Result } from '#world/controller.ts'
import { isTurnOver } from '#world/turns.ts'
import { equal } from '../equality.ts'
import type { DaemonSet, Node, Pod, PodSpec, Taint } from '../objects.ts'
import { isAvailable, isFinished, isReady, nameOf, splitName } from '../pods.ts'
import { matchesNode } from '../scheduler/filters.ts'
import { untolerated } from '../scheduler/taints.ts'
import { type ControlPlane, ownerKey, ownKey, podsOf } from './control-plane.ts'
import { daemonHistory, daemonSetsOf, hashOf, hashOfPod, pruneDaemonHistory } from './daemonset-history.ts'
import { adoptPods, BURST, createPod, deletePod, podOf } from './pod-control.ts'
import { resolveCount } from './replicas.ts'
import { REVISION_LABEL, REVISIONS } from './revisions.ts'

/** Counts the templates that a set has had. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const COMPONENT = 'daemonset-controller'

/** Taints that a daemon's pods always tolerate. */
const TOLERATED: Taint[] = [
  { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
]
const HOST_NETWORK: Taint = { key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }

/** Keeps one pod on every node that it is for. Models pkg/controller/daemon. */
export function daemonSetController(plane: ControlPlane): Controller {
  const { api } = plane

  function reconcile(key: string): Result | undefined {
    const set = api.get<DaemonSet>('daemonsets.apps', ...splitName(key))
    if (!set) return
    if (set.metadata.deletionTimestamp) return
    adoptPods(plane, set, set.spec.selector)
    const { present, old } = daemonHistory(plane, set)
    if (!present) return
    const hash = hashOf(present)
    const nodes = api.list<Node>('nodes')
    const pods = podsByNodeOf(set)
    place(set, hash, nodes, pods)
    if ((set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate') roll(set, hash, nodes)
    pruneDaemonHistory(plane, set, old)
    return writeStatus(key, hash, nodes)
  }

  /** The set's pods by the node that they are on or meant for. */
  function podsByNodeOf(set: DaemonSet): Map<string, Pod[]> {
    const pods = new Map<string, Pod[]>()
    for (const pod of podsOf(plane, set.metadata.uid!)) {
      const node = pod.spec.nodeName ?? targetOf(pod)
      if (node) pods.set(node, [...(pods.get(node) ?? []), pod])
    }
    return pods
  }

  function place(set: DaemonSet, hash: string, nodes: Node[], pods: Map<string, Pod[]>): void {
    let made = 0
    for (const node of nodes) {
      const { run, stay } = judge(set, node)
      const own = pods.get(node.metadata.name) ?? []
      for (const pod of own) {
        const failed = pod.status?.phase === 'Failed'
        if (pod.metadata.deletionTimestamp || !(failed || !stay)) continue
        if (failed && stay) {
          const message = `Found failed daemon pod ${nameOf(pod)} on node ${node.metadata.name}, will try to kill it`
          api.event(set, 'Warning', 'FailedDaemonPod', message, { component: COMPONENT })
        }
        deletePod(plane, set, pod, COMPONENT)
      }
      if (!run || own.length > 0) continue
      create(set, hash, node)
      // The events of these pods bring the next turn, and with it further ones.
      if (++made >= BURST && isTurnOver()) return
    }
  }

  function create(set: DaemonSet, hash: string, { metadata }: Node): void {
    createPod(plane, set, set.spec.template, COMPONENT, (pod) => ({
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: {
          ...pod.metadata.labels,
          [REVISION_LABEL]: hash,
          'pod-template-generation': set.metadata.annotations?.[TEMPLATE_GENERATION] ?? '1',
        },
      },
      spec: daemonSpec(pod.spec, metadata.name),
    }))
  }

  /** Replaces old pods, so that no more than maxUnavailable nodes are without one. */
  function roll(set: DaemonSet, hash: string, nodes: Node[]): void {
    const wanted = nodes.filter((node) => judge(set, node).run)
    const limit = resolveCount(
      set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1,
      wanted.length,
      'up',
    )
    const pods = podsByNodeOf(set)
    const minReady = set.spec.minReadySeconds ?? 0
    const up = (pod: Pod) => !pod.metadata.deletionTimestamp && isAvailable(pod, minReady, plane.now())
    const down = wanted.filter(({ metadata }) => !(pods.get(metadata.name) ?? []).some(up)).length
    const old = wanted
      .flatMap(({ metadata }) => pods.get(metadata.name) ?? [])
      .filter((pod) => hashOfPod(pod) !== hash && !pod.metadata.deletionTimestamp)
    // A pod that does not serve is replaced without asking.
    for (const pod of old.filter((candidate) => !up(candidate))) deletePod(plane, set, pod, COMPONENT)
    for (const pod of old.filter(up).slice(0, Math.max(0, limit - down)))
      deletePod(plane, set, pod, COMPONENT)
  }

  function writeStatus(key: string, hash: string, nodes: Node[]): Result | undefined {
    const set = api.get<DaemonSet>('daemonsets.apps', ...splitName(key))
    if (!set) return
    const pods = podsByNodeOf(set)
    const minReady = set.spec.minReadySeconds ?? 0
    const status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: 0,
      numberAvailable: 0,
      numberUnavailable: 0,
    }
    for (const node of nodes) {
      const own = (pods.get(node.metadata.name) ?? []).filter(({ metadata }) => !metadata.deletionTimestamp)
      const [pod] = own
      if (!judge(set, node).run) {
        if (pod) status.numberMisscheduled++
        continue
      }
      status.desiredNumberScheduled++
      if (!pod) continue
      status.currentNumberScheduled++
      if (isReady(pod)) status.numberReady++
      if (isAvailable(pod, minReady, plane.now())) status.numberAvailable++
      if (hashOfPod(pod) === hash) status.updatedNumberScheduled++
    }
    status.numberUnavailable = status.desiredNumberScheduled - status.numberAvailable
    const { updatedNumberScheduled, numberAvailable, numberUnavailable, ...always } = status
    const { collisionCount, conditions } = set.status ?? {}
    const next = {
      ...always,
      ...(collisionCount !== undefined && { collisionCount }),
      ...(conditions && { conditions }),
      ...(updatedNumberScheduled > 0 && { updatedNumberScheduled }),
      ...(numberAvailable > 0 && { numberAvailable }),
      ...(numberUnavailable > 0 && { numberUnavailable }),
    }
    if (!equal(next, set.status)) api.updateStatus('daemonsets.apps', { ...set, status: next })
    return status.numberReady > numberAvailable ? { requeueAfterMs: minReady * 1000 } : undefined
  }

  return {
    name: 'daemonset-controller',
    sources: [
      { prefix: api.prefix('daemonsets.apps'), keys: ownKey },
      { prefix: api.prefix('pods'), keys: ownerKey('DaemonSet') },
      {
        prefix: api.prefix(REVISIONS),
        keys: (event: Parameters<typeof daemonSetsOf>[1]) => daemonSetsOf(plane, event),
      },
      {
        prefix: api.prefix('nodes'),
        keys({
          type,
          entry,
          previous,
        }: {
          type: string
          entry: { value: Node }
          previous?: { value: Node }
        }) {
          const same =
            type === 'put' &&
            equal(entry.value.metadata.labels, previous?.value.metadata.labels) &&
            equal(entry.value.spec, previous?.value.spec)
          return same ? [] : api.list<DaemonSet>('daemonsets.apps').map(nameOf)
        },
      },
    ],
    reconcile,
  }
}

/** Whether a daemon's pod should be started on a node, and whether one that is there may stay. */
function judge(set: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const pod = podOf(set, set.spec.template)
  const { tolerations, hostNetwork } = pod.spec
  const all = [...(tolerations ?? []), ...daemonTolerations(hostNetwork ?? false)]
  if (!matchesNode(pod, node)) return { run: false, stay: false }
  const blocking = untolerated(node.spec?.taints, all)
  return {
    run: blocking.every(({ effect }) => effect === 'PreferNoSchedule'),
    stay: blocking.every(({ effect }) => effect !== 'NoExecute'),
  }
}

const daemonTolerations = (hostNetwork: boolean) =>
  [...TOLERATED, ...(hostNetwork ? [HOST_NETWORK] : [])].map(({ key, effect }) => ({
    key,
    operator: 'Exists',
    effect,
  }))

/** The pod's specification bound to a node, through affinity: the scheduler still does the binding. */
function daemonSpec(spec: PodSpec, node: string): PodSpec {
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }]
  const own = spec.affinity?.nodeAffinity
  return {
    ...spec,
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...own,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: own?.requiredDuringSchedulingIgnoredDuringExecution
            ? own.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.map((term) => ({
                ...term,
                matchFields: nodeSelectorTerms[0]!.matchFields,
              }))
            : nodeSelectorTerms,
        },
      },
    },
    tolerations: [...(spec.tolerations ?? []), ...daemonTolerations(spec.hostNetwork ?? false)],
  }
}

/** The node that an unscheduled pod of a daemon is meant for. */
const targetOf = ({ spec, status }: Pod): string | undefined =>
  isFinished({ status } as Pod)
    ? undefined
    : spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.find(
        ({ key }) => key === 'metadata.name',
      )?.values?.[0]
