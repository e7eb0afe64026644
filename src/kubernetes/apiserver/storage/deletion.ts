import type { DeleteOptions, KubernetesObject } from '../../api.ts'
import { timestamp } from '../../time.ts'
import { conflict } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Strategy } from './strategy.ts'

export interface DeleteRequest extends DeleteOptions {
  /** Older form of the propagation policy. */
  orphanDependents?: boolean
}

/**
 * The object as deletion leaves it: with the finalizers of its propagation policy and, when it cannot go at once,
 * its deletion time. `undefined` when nothing holds it. Models registry/rest.BeforeDelete.
 */
export function deletionOf(
  kind: Kind,
  current: KubernetesObject,
  request: DeleteRequest,
  strategy: Strategy,
  now: number,
): Obj | undefined {
  checkPreconditions(kind, current, request)
  const { resourceVersion: _, ...old } = current.metadata
  const finalizers = propagation(kind, old.finalizers ?? [], request)
  const metadata: Obj = { ...old, finalizers }
  if (finalizers.length === 0) delete metadata.finalizers
  const next: Obj = { ...current, metadata }
  const grace = strategy.graceSeconds?.(next, request.gracePeriodSeconds) ?? 0
  if (old.deletionTimestamp) {
    shorten(metadata, old, grace, now)
    return next
  }
  if (grace === 0 && finalizers.length === 0 && !strategy.held?.(next)) return undefined
  metadata.deletionTimestamp = timestamp(now + grace * 1000)
  metadata.deletionGracePeriodSeconds = grace
  if (metadata.generation) metadata.generation++
  strategy.markDeleted?.(next)
  return next
}

/** A second delete may only bring the end closer. */
function shorten(metadata: Obj, old: Obj, grace: number, now: number): void {
  if (grace >= (old.deletionGracePeriodSeconds ?? 0)) return
  metadata.deletionGracePeriodSeconds = grace
  const end = timestamp(now + grace * 1000)
  if (end < old.deletionTimestamp) metadata.deletionTimestamp = end
}

function checkPreconditions(
  kind: Kind,
  { metadata }: KubernetesObject,
  { preconditions }: DeleteRequest,
): void {
  const { uid, resourceVersion } = preconditions ?? {}
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
    throw conflict(kind, metadata.name, why)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`
    throw conflict(kind, metadata.name, why)
  }
}

/** The finalizers by which the garbage collector learns what to do with the dependents. */
function propagation(kind: Kind, finalizers: string[], request: DeleteRequest): string[] {
  const policy =
    request.propagationPolicy ??
    (request.orphanDependents === undefined ? undefined : request.orphanDependents ? 'Orphan' : 'Background')
  const asked = finalizers.filter((name) => name === 'orphan' || name === 'foregroundDeletion')
  if (policy === undefined && asked.length > 0) return finalizers
  const others = finalizers.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion')
  const effective = policy ?? (kind.orphansByDefault ? 'Orphan' : 'Background')
  if (effective === 'Orphan') return [...others, 'orphan']
  if (effective === 'Foreground') return [...others, 'foregroundDeletion']
  return others
}
