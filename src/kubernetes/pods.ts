import type { KubernetesObject, OwnerReference } from './api.ts'
import type { Pod, PodCondition } from './objects.ts'
import { parseTime } from './time.ts'

/** `namespace/name`, or the bare name of a cluster-scoped object: the reconcile key of most controllers. */
export const nameOf = ({ metadata }: KubernetesObject): string =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name

/** The namespace and name of a reconcile key. */
export function splitName(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/')
  return slash === -1 ? ['', key] : [key.slice(0, slash), key.slice(slash + 1)]
}

/** The owner that manages an object, if any. */
export const controllerOf = (object: KubernetesObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller)

/** The reference that a controller puts on what it makes. */
export const controllerReference = (owner: KubernetesObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
})

export const podCondition = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type)

export const isReady = (pod: Pod): boolean => podCondition(pod, 'Ready')?.status === 'True'

/** Ready for at least `minReadySeconds` at `now` (ms). */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false
  if (minReadySeconds === 0) return true
  return parseTime(podCondition(pod, 'Ready')!.lastTransitionTime) + minReadySeconds * 1000 <= now
}

/** Succeeded or Failed: none of its containers will run again. */
export const isFinished = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** Neither finished nor being deleted: counts as a replica. */
export const isActive = (pod: Pod): boolean => !isFinished(pod) && !pod.metadata.deletionTimestamp

interface ReplacedCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

/** `conditions` with one of them replaced; its transition time moves only when its status changes. */
export function withCondition<T extends ReplacedCondition>(
  conditions: T[] | undefined,
  next: T,
  now: string,
): T[] {
  const old = conditions?.find((condition) => condition.type === next.type)
  const changed = {
    ...next,
    lastTransitionTime: old?.status === next.status ? (old.lastTransitionTime ?? now) : now,
  }
  if (!old) return [...(conditions ?? []), changed]
  return conditions!.map((condition) => (condition === old ? changed : condition))
}

/** A pod's conditions with one of them replaced, as of the spec that the pod has now. */
export const withPodCondition = <T extends ReplacedCondition>(
  { metadata, status }: { metadata: { generation?: number }; status?: { conditions?: T[] } },
  next: T,
  now: string,
): T[] =>
  withCondition(
    status?.conditions,
    { ...next, ...(metadata.generation && { observedGeneration: metadata.generation }) },
    now,
  )
