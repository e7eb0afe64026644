import { type Controller, Pending } from '#world/controller.ts'
import { isTurnOver } from '#world/turns.ts'
import { equal } from '../equality.ts'
import type { LabelSelector, Pod, ReplicaSet, ReplicationController } from '../objects.ts'
import {
  controllerOf,
  isActive,
  isAvailable,
  isReady,
  nameOf,
  podCondition,
  splitName,
  withCondition,
} from '../pods.ts'
import type { SelectorIndex } from '../selector-index.ts'
import { selects } from '../selectors.ts'
import { parseTime } from '../time.ts'
import { type ControlPlane, ownerKey, ownKey, podsOf } from './control-plane.ts'
import { adoptPods, createPod, deletePod } from './pod-control.ts'

/** Of so many pods that were looked at to find those that go first, one goes at least. */
const LOOKED_AT_FOR_ONE = 100

type Replicated = ReplicaSet | ReplicationController

/** In what the two kinds differ. */
interface Kind<T extends Replicated> {
  kind: string
  resource: string
  name: string
  selectorOf(set: T): LabelSelector
  bySelector: SelectorIndex<T>
}

export const replicaSetController = (plane: ControlPlane): Controller =>
  replicaController<ReplicaSet>(plane, {
    kind: 'ReplicaSet',
    resource: 'replicasets.apps',
    name: 'replicaset-controller',
    selectorOf: ({ spec }) => spec.selector,
    bySelector: plane.setsBySelector,
  })

/** Models pkg/controller/replication: the ReplicaSets' controller over the older kind. */
export const replicationController = (plane: ControlPlane): Controller =>
  replicaController<ReplicationController>(plane, {
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    name: 'replication-controller',
    selectorOf: ({ spec }) => ({ matchLabels: spec.selector ?? {} }),
    bySelector: plane.controllersBySelector,
  })

/** Keeps the wanted number of pods alive. Models pkg/controller/replicaset. */
function replicaController<T extends Replicated>(
  plane: ControlPlane,
  { kind, resource, name: component, selectorOf, bySelector }: Kind<T>,
): Controller {
  const { api, replicaCounts } = plane

  function reconcile(key: string) {
    const set = api.get<T>(resource, ...splitName(key))
    if (!set) return
    if (!set.metadata.deletionTimestamp) adoptPods(plane, set, selectorOf(set))
    const failure = set.metadata.deletionTimestamp ? undefined : scale(set)
    const wait = writeStatus(set, failure)
    if (failure) throw failure
    return wait
  }

  /** Gives what the API server answered when it took no more pods. */
  function scale(set: T): Error | undefined {
    const missing = (set.spec.replicas ?? 1) - replicaCounts.of(set.metadata.uid!).active
    try {
      // The events of these pods bring the next turn, and with it further ones.
      for (let made = 0; made < missing && !(made > 0 && isTurnOver()); made++) {
        createPod(plane, set, set.spec.template!, component)
      }
    } catch (error) {
      if (error instanceof Pending) throw error
      return error as Error
    }
    if (missing < 0) {
      const pods = podsOf(plane, set.metadata.uid!).filter(isActive)
      let gone = 0
      for (const pod of victims(plane, pods, -missing)) {
        deletePod(plane, set, pod, component)
        // Looking for them takes its time, too: some are deleted for each look.
        if (++gone >= pods.length / LOOKED_AT_FOR_ONE && isTurnOver()) break
      }
    }
  }

  function writeStatus(found: T, failure: Error | undefined) {
    const set = api.get<T>(resource, found.metadata.namespace!, found.metadata.name)
    if (!set) return
    const { active, ready, alike } = replicaCounts.of(set.metadata.uid!)
    const minReady = set.spec.minReadySeconds ?? 0
    const available = minReady === 0 ? ready : availableOf(set, minReady)
    const template = { matchLabels: set.spec.template?.metadata?.labels ?? {} }
    const known = (set.status?.conditions ?? []).find(({ type }) => type === 'ReplicaFailure')
    const others = (set.status?.conditions ?? []).filter((condition) => condition !== known)
    // The same failure again is not written: the text names a new pod each time, and every write would be a new attempt.
    const same = failure && known?.reason === 'FailedCreate'
    const conditions = same
      ? set.status!.conditions!
      : failure
        ? withCondition(
            set.status?.conditions,
            { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure.message },
            plane.timestamp(),
          )
        : others
    const status = {
      replicas: active,
      fullyLabeledReplicas:
        [...alike.values()].reduce(
          (sum, { labels, active: count }) => sum + (selects(template, labels) ? count : 0),
          0,
        ) || undefined,
      readyReplicas: ready || undefined,
      availableReplicas: available || undefined,
      observedGeneration: set.metadata.generation,
      conditions: conditions.length > 0 ? conditions : undefined,
    }
    if (!equal(status, set.status)) api.updateStatus<Replicated>(resource, { ...set, status })
    return ready > available ? { requeueAfterMs: minReady * 1000 } : undefined
  }

  const availableOf = (set: T, minReadySeconds: number): number =>
    podsOf(plane, set.metadata.uid!).filter(
      (pod) => isActive(pod) && isAvailable(pod, minReadySeconds, plane.now()),
    ).length

  return {
    name: component,
    sources: [
      { prefix: api.prefix(resource), keys: ownKey },
      { prefix: api.prefix('pods'), keys: (event) => [...ownerKey(kind)(event), ...wanting(event)] },
    ],
    reconcile,
  }

  /** Those that may adopt a pod without a controller. */
  function wanting({ type, entry }: { type: string; entry: { value: Pod } }): string[] {
    const pod = entry.value
    if (type === 'delete' || controllerOf(pod) || pod.metadata.deletionTimestamp) return []
    return bySelector.selecting(pod.metadata.namespace!, pod.metadata.labels).map(nameOf)
  }
}

/** Which pods go first when there are too many. Models controller.ActivePodsWithRanks. */
function victims(plane: ControlPlane, pods: Pod[], count: number): Pod[] {
  if (count >= pods.length) return pods
  const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 }
  const onNode = new Map<string, number>()
  for (const { spec } of pods) onNode.set(spec.nodeName ?? '', (onNode.get(spec.nodeName ?? '') ?? 0) + 1)
  const cost = (pod: Pod) =>
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0)
  const readySince = (pod: Pod) => parseTime(podCondition(pod, 'Ready')?.lastTransitionTime)
  const restarts = (pod: Pod) =>
    Math.max(0, ...(pod.status.containerStatuses ?? []).map((c) => c.restartCount))
  /** Ages in powers of ten: pods of about the same age are not told apart by it. */
  const ageRank = (since: number) => Math.floor(Math.log10(Math.max(1, plane.now() - since)))
  const order = (pod: Pod): number[] => [
    pod.spec.nodeName ? 1 : 0,
    phaseRank[pod.status.phase ?? 'Pending'] ?? 0,
    isReady(pod) ? 1 : 0,
    cost(pod),
    -onNode.get(pod.spec.nodeName ?? '')!,
    isReady(pod) ? ageRank(readySince(pod)) : 0,
    -restarts(pod),
    ageRank(parseTime(pod.metadata.creationTimestamp)),
  ]
  return pods
    .map((pod) => ({ pod, rank: order(pod) }))
    .sort((a, b) => {
      const index = a.rank.findIndex((value, i) => value !== b.rank[i])
      return index === -1 ? 0 : a.rank[index]! - b.rank[index]!
    })
    .slice(0, count)
    .map(({ pod }) => pod)
}
