import type { Controller } from '#world/controller.ts'
import type { KubernetesObject, OwnerReference } from '../api.ts'
import type { ControlPlane } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/**
 * Deletes what has lost its owners, and carries out foreground deletion and orphaning. Models pkg/controller/garbagecollector.
 * Reconcile keys are store keys.
 */
export function garbageCollector(plane: ControlPlane): Controller {
  const { api, world, options, dependents } = plane
  const prefix = `kubernetes/${options.uid}/`
  const resourceOf = ({ apiVersion, kind }: OwnerReference) =>
    api.resourceNamed(apiVersion.includes('/') ? apiVersion.split('/')[0]! : '', kind)

  /** The owner that a reference names, if it is still there; undefined also for kinds that this cluster does not serve. */
  function ownerOf(reference: OwnerReference, namespace: string): KubernetesObject | undefined {
    const { name, uid } = reference
    const found = resourceOf(reference)
    const owner = found && api.get(found.resource, found.namespaced ? namespace : '', name)
    return owner?.metadata.uid === uid ? owner : undefined
  }

  /** Whether the collector can judge a reference at all. */
  const isKnown = (reference: OwnerReference): boolean => resourceOf(reference) !== undefined

  function reconcile(key: string): void {
    const { group, resource: plural, namespace, name } = api.parseKey(key)
    const resource = group ? `${plural}.${group}` : plural
    if (!world.store.get(key)) return
    const object = api.get(resource, namespace, name)
    if (!object) return
    if (object.metadata.deletionTimestamp) return attend(resource, object)
    collect(resource, object)
  }

  /** Finalizers of a deleted object that are the collector's to remove. */
  function attend(resource: string, object: KubernetesObject): void {
    const { finalizers = [], uid } = object.metadata
    if (finalizers.includes(ORPHAN)) {
      for (const key of dependents.keys(uid!)) dropReference(key, uid!)
      return removeFinalizer(resource, object, ORPHAN)
    }
    if (!finalizers.includes(FOREGROUND)) return
    let blocking = false
    for (const key of dependents.keys(uid!)) {
      const dependent = objectAt(key)
      const reference = dependent?.object.metadata.ownerReferences?.find((owner) => owner.uid === uid)
      if (!dependent || !reference) continue
      if (reference.blockOwnerDeletion) blocking = true
      if (!dependent.object.metadata.deletionTimestamp) collect(dependent.resource, dependent.object)
    }
    if (!blocking) removeFinalizer(resource, object, FOREGROUND)
  }

  /** Deletes an object whose owners are all gone or going in the foreground; forgets those that are gone of several. */
  function collect(resource: string, object: KubernetesObject): void {
    const { ownerReferences = [], namespace = '', name, uid } = object.metadata
    const judged = ownerReferences.map((reference) => ({
      reference,
      owner: isKnown(reference) ? ownerOf(reference, namespace) : null,
    }))
    const solid = judged.filter(({ owner }) => owner === null || (owner && !isForeground(owner)))
    const waiting = judged.filter(({ owner }) => owner && isForeground(owner))
    if (judged.length === 0 || solid.length === judged.length) return
    if (solid.length > 0) {
      const kept = solid.map(({ reference }) => reference)
      unlessGone(() =>
        api.update(resource, { ...object, metadata: { ...object.metadata, ownerReferences: kept } }),
      )
      return
    }
    const foreground = waiting.length > 0 && dependents.has(uid!)
    if (foreground && waitsForItself(uid!)) {
      const free = ownerReferences.map((reference) => ({ ...reference, blockOwnerDeletion: false }))
      unlessGone(() =>
        api.update(resource, { ...object, metadata: { ...object.metadata, ownerReferences: free } }),
      )
    }
    const policy = foreground
      ? 'Foreground'
      : object.metadata.finalizers?.includes(ORPHAN)
        ? 'Orphan'
        : 'Background'
    unlessGone(() =>
      api.delete(resource, namespace, name, { propagationPolicy: policy, preconditions: { uid: uid! } }),
    )
  }

  /** Whether a dependent waits for its own dependents, which may be a circle: then nobody may wait for this one. */
  const waitsForItself = (uid: string): boolean =>
    dependents.keys(uid).some((key) => {
      const dependent = objectAt(key)
      return dependent !== undefined && isForeground(dependent.object)
    })

  const isForeground = ({ metadata }: KubernetesObject): boolean =>
    Boolean(metadata.deletionTimestamp && metadata.finalizers?.includes(FOREGROUND))

  function objectAt(key: string): { resource: string; object: KubernetesObject } | undefined {
    const { group, resource: plural, namespace, name } = api.parseKey(key)
    const resource = group ? `${plural}.${group}` : plural
    const object = api.get(resource, namespace, name)
    return object && { resource, object }
  }

  function dropReference(key: string, uid: string): void {
    const found = objectAt(key)
    if (!found) return
    const ownerReferences = found.object.metadata.ownerReferences?.filter((owner) => owner.uid !== uid)
    const metadata = { ...found.object.metadata, ownerReferences }
    unlessGone(() => api.update(found.resource, { ...found.object, metadata }))
  }

  function removeFinalizer(resource: string, object: KubernetesObject, finalizer: string): void {
    const finalizers = object.metadata.finalizers?.filter((name) => name !== finalizer)
    unlessGone(() => api.update(resource, { ...object, metadata: { ...object.metadata, finalizers } }))
  }

  return {
    name: 'garbage-collector',
    sources: [
      {
        prefix,
        keys({
          type,
          key,
          entry,
          previous,
        }: {
          type: string
          key: string
          entry: { value: KubernetesObject }
          previous?: { value: KubernetesObject }
        }) {
          const { metadata } = entry.value
          if (!metadata) return []
          const owners = (metadata.ownerReferences ?? []).map(({ uid }) => uid)
          // A dependent's end may be what an owner that goes in the foreground waits for.
          const waiting =
            type === 'delete' ? owners.flatMap(keysOfOwner(metadata.ownerReferences, metadata.namespace)) : []
          if (type === 'delete') return [...dependents.keys(metadata.uid!), ...waiting]
          const before = previous?.value.metadata.ownerReferences
          const changed = before !== metadata.ownerReferences
          // An owner may wait no longer for what names it no more, or does not block it.
          const freed =
            changed && before
              ? before.map(({ uid }) => uid).flatMap(keysOfOwner(before, metadata.namespace))
              : []
          const going = metadata.deletionTimestamp && metadata.finalizers?.length
          return (owners.length > 0 && changed) || going ? [key, ...freed] : freed
        },
      },
    ],
    reconcile,
  }

  function keysOfOwner(references: OwnerReference[] = [], namespace = '') {
    return (uid: string): string[] => {
      const reference = references.find((owner) => owner.uid === uid)!
      const found = resourceOf(reference)
      return found
        ? [`${api.prefix(found.resource, found.namespaced ? namespace : '')}${reference.name}`]
        : []
    }
  }
}
