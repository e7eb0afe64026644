import { type Controller, Pending } from '#world/controller.ts'
import { isTurnOver } from '#world/turns.ts'
import { equal } from '../equality.ts'
import type { Pod, ReplicaSet } from '../objects.ts'
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
import { selects } from '../selectors.ts'
import { parseTime } from '../time.ts'
import { type ControlPlane, ownerKey, ownKey, podsOf } from './control-plane.ts'
import { adoptPods, createPod, deletePod } from './pod-control.ts'

/** Of so many pods that were looked at to find those that go first, one goes at least. */
const LOOKED_AT_FOR_ONE = 100

/** Keeps the wanted number of pods alive. Models pkg/controller/replicaset. */
export function replicaSetController(plane: ControlPlane): Controller {
  const { api, replicaCounts, setsBySelector } = plane

  function reconcile(key: string) {
    const set = api.get<ReplicaSet>('replicasets.apps', ...splitName(key))
    if (!set) return
    if (!set.metadata.deletionTimestamp) adoptPods(plane, set, set.spec.selector)
    const failure = set.metadata.deletionTimestamp ? undefined : scale(set)
    const wait = writeStatus(set, failure)
    if (failure) throw failure
    return wait
  }

  /** Gives what the API server answered when it took no more pods. */
  function scale(set: ReplicaSet): Error | undefined {
    const missing = (set.spec.replicas ?? 1) - replicaCounts.of(set.metadata.uid!).active
    try {
      // The events of these pods bring the next turn, and with it further ones.
      for (let made = 0; made < missing && !(made > 0 && isTurnOver()); made++) {
        createPod(plane, set, set.spec.template!, 'replicaset-controller')
      }
    } catch (error) {
      if (error instanceof Pending) throw error
      return error as Error
    }
    if (missing < 0) {
      const pods = podsOf(plane, set.metadata.uid!).filter(isActive)
      let gone = 0
      for (const pod of victims(plane, pods, -missing)) {
        deletePod(plane, set, pod, 'replicaset-controller')
        // Looking for them takes its time, too: some are deleted for each look.
        if (++gone >= pods.length / LOOKED_AT_FOR_ONE && isTurnOver()) break
      }
    }
  }

  function writeStatus(found: ReplicaSet, failure: Error | undefined) {
    const set = api.get<ReplicaSet>('replicasets.apps', found.metadata.namespace!, found.metadata.name)
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
    const status: ReplicaSet['status'] = {
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
    if (!equal(status, set.status)) api.updateStatus('replicasets.apps', { ...set, status })
    return ready > available ? { requeueAfterMs: minReady * 1000 } : undefined
  }

  const availableOf = (set: ReplicaSet, minReadySeconds: number): number =>
    podsOf(plane, set.metadata.uid!).filter(
      (pod) => isActive(pod) && isAvailable(pod, minReadySeconds, plane.now()),
    ).length

  return {
    name: 'replicaset-controller',
    sources: [
      { prefix: api.prefix('replicasets.apps'), keys: ownKey },
      { prefix: api.prefix('pods'), keys: (event) => [...ownerKey('ReplicaSet')(event), ...wanting(event)] },
    ],
    reconcile,
  }

  /** ReplicaSets that may adopt a pod without a controller. */
  function wanting({ type, entry }: { type: string; entry: { value: Pod } }): string[] {
    const pod = entry.value
    if (type === 'delete' || controllerOf(pod) || pod.metadata.deletionTimestamp) return []
    return setsBySelector.selecting(pod.metadata.namespace!, pod.metadata.labels).map(nameOf)
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
