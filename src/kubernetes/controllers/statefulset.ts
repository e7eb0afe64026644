import { type Controller, Pending, type Result } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { Pod, PodTemplate, StatefulSet } from '../objects.ts'
import { isAvailable, isFinished, isReady, splitName } from '../pods.ts'
import { type ControlPlane, ownerKey, ownKey, podsOf } from './control-plane.ts'
import { adoptPods, podOf } from './pod-control.ts'
import { unlessGone } from './replicas.ts'
import { type ControllerRevision, REVISION_LABEL } from './revisions.ts'
import { ownClaims } from './statefulset-claims.ts'
import {
  pruneStatefulHistory,
  revisionOfPod,
  type StatefulHistory,
  statefulHistory,
} from './statefulset-history.ts'

const SETS = 'statefulsets.apps'
const SOURCE = { component: 'statefulset-controller' }

/** Pods with names that stay, made and replaced in order. Models pkg/controller/statefulset. */
export function statefulSetController(plane: ControlPlane): Controller {
  const { api } = plane

  function reconcile(key: string): Result | undefined {
    const set = api.get<StatefulSet>(SETS, ...splitName(key))
    if (!set || set.metadata.deletionTimestamp) return
    adoptPods(plane, set, set.spec.selector)
    const history = statefulHistory(plane, set)
    ownClaims(plane, set, podsByOrdinal(set))
    const wait = step(set, history)
    pruneStatefulHistory(plane, set, history)
    writeStatus(key, history)
    return wait
  }

  /** One step: make or replace the first pod that needs it, or take away the last that is too many. */
  function step(set: StatefulSet, { current, update }: StatefulHistory): Result | undefined {
    const parallel = set.spec.podManagementPolicy === 'Parallel'
    const pods = podsByOrdinal(set)
    const first = set.spec.ordinals?.start ?? 0
    const end = first + (set.spec.replicas ?? 1)
    const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
    for (let ordinal = first; ordinal < end; ordinal++) {
      const pod = pods.get(ordinal)
      if (!pod) {
        const revision = ordinal < first + partition ? current : update
        create(set, ordinal, revision)
        if (!parallel) return
      } else if (isFinished(pod) && !pod.metadata.deletionTimestamp) {
        remove(set, pod)
        if (!parallel) return
      } else if (!parallel && !isUp(set, pod)) return waitFor(set, pod)
    }
    const unhealthy = [...pods].filter(([, pod]) => pod.metadata.deletionTimestamp || !isReady(pod))
    const firstUnhealthy = Math.min(...unhealthy.map(([ordinal]) => ordinal))
    const excess = [...pods.keys()]
      .filter((ordinal) => ordinal < first || ordinal >= end)
      .sort((a, b) => b - a)
    for (const ordinal of excess) {
      const pod = pods.get(ordinal)!
      // In order, an unhealthy pod goes when it is the first that is: others wait for it to be well.
      if (!parallel && ordinal !== firstUnhealthy && !isUp(set, pod)) return waitFor(set, pod)
      if (!pod.metadata.deletionTimestamp) remove(set, pod)
      if (!parallel) return
    }
    if ((set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'OnDelete') return
    for (let ordinal = end - 1; ordinal >= first + partition; ordinal--) {
      const pod = pods.get(ordinal)
      if (!pod) return
      if (revisionOfPod(pod) !== update.metadata.name) {
        if (!pod.metadata.deletionTimestamp) remove(set, pod)
        return
      }
      if (!isUp(set, pod)) return waitFor(set, pod)
    }
  }

  const isUp = (set: StatefulSet, pod: Pod): boolean =>
    !pod.metadata.deletionTimestamp && isAvailable(pod, set.spec.minReadySeconds ?? 0, plane.now())

  /** A ready pod becomes available by itself; anything else brings an event. */
  const waitFor = (set: StatefulSet, pod: Pod): Result | undefined =>
    isReady(pod) ? { requeueAfterMs: (set.spec.minReadySeconds ?? 0) * 1000 } : undefined

  function podsByOrdinal(set: StatefulSet): Map<number, Pod> {
    const pods = new Map<number, Pod>()
    for (const pod of podsOf(plane, set.metadata.uid!)) {
      const ordinal = Number(pod.metadata.name.slice(set.metadata.name.length + 1))
      if (Number.isInteger(ordinal)) pods.set(ordinal, pod)
    }
    return pods
  }

  function create(set: StatefulSet, ordinal: number, revision: ControllerRevision): void {
    const name = `${set.metadata.name}-${ordinal}`
    const { $patch: _, ...template } = revision.data.spec.template
    const pod = podOf(set, template as PodTemplate, name)
    pod.metadata.labels = {
      ...pod.metadata.labels,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      [REVISION_LABEL]: revision.metadata.name,
    }
    const claims = (set.spec.volumeClaimTemplates ?? []).map((claim) => makeClaim(set, claim, name))
    const volumes = [
      ...(pod.spec.volumes ?? []).filter((volume) => !claims.some((claim) => claim.name === volume.name)),
      ...claims,
    ]
    pod.spec = {
      ...pod.spec,
      hostname: name,
      subdomain: set.spec.serviceName,
      ...(volumes.length > 0 && { volumes }),
    }
    try {
      api.create('pods', pod)
    } catch (error) {
      if (error instanceof Pending) throw error
      const message = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`
      api.event(set, 'Warning', 'FailedCreate', message, SOURCE)
      throw error
    }
    const message = `create Pod ${name} in StatefulSet ${set.metadata.name} successful`
    api.event(set, 'Normal', 'SuccessfulCreate', message, SOURCE)
  }

  type ClaimTemplate = NonNullable<StatefulSet['spec']['volumeClaimTemplates']>[number]

  /** The claim of a pod for one template, made when it is missing; the volume that mounts it. */
  function makeClaim(set: StatefulSet, template: ClaimTemplate, pod: string) {
    const volume = template.metadata!.name!
    const name = `${volume}-${pod}`
    const { namespace } = set.metadata
    if (!api.get('persistentvolumeclaims', namespace!, name)) {
      const labels = { ...template.metadata?.labels, ...set.spec.selector.matchLabels }
      const claim = {
        ...template,
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: namespace!, labels },
      }
      api.create('persistentvolumeclaims', claim)
      const message = `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`
      api.event(set, 'Normal', 'SuccessfulCreate', message, SOURCE)
    }
    return { name: volume, persistentVolumeClaim: { claimName: name } }
  }

  function remove(set: StatefulSet, pod: Pod): void {
    const { namespace, name, uid } = pod.metadata
    unlessGone(() => api.delete('pods', namespace!, name, { preconditions: { uid: uid! } }))
    const message = `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`
    api.event(set, 'Normal', 'SuccessfulDelete', message, SOURCE)
  }

  function writeStatus(key: string, { current, update, collisionCount }: StatefulHistory): void {
    const set = api.get<StatefulSet>(SETS, ...splitName(key))
    if (!set) return
    const pods = podsOf(plane, set.metadata.uid!)
    const alive = pods.filter(({ metadata }) => !metadata.deletionTimestamp)
    const of = (revision: ControllerRevision) =>
      alive.filter((pod) => revisionOfPod(pod) === revision.metadata.name).length
    const updated = of(update)
    const complete = updated === (set.spec.replicas ?? 1) && pods.length === updated && pods.every(isReady)
    const now = complete ? update : current
    const ready = alive.filter(isReady).length
    const status: StatefulSet['status'] = {
      observedGeneration: set.metadata.generation,
      replicas: pods.length,
      readyReplicas: ready || undefined,
      currentReplicas: of(now) || undefined,
      updatedReplicas: updated || undefined,
      availableReplicas: alive.filter((pod) => isUp(set, pod)).length,
      currentRevision: now.metadata.name,
      updateRevision: update.metadata.name,
      collisionCount,
      conditions: set.status.conditions,
    }
    if (!equal(status, set.status)) api.updateStatus(SETS, { ...set, status })
  }

  return {
    name: 'statefulset-controller',
    sources: [
      { prefix: api.prefix(SETS), keys: ownKey },
      { prefix: api.prefix('pods'), keys: ownerKey('StatefulSet') },
    ],
    reconcile,
  }
}
