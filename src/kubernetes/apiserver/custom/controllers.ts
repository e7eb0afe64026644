import type { Controller, Result } from '#world/controller.ts'
import { StatusError } from '../../api.ts'
import { equal } from '../../equality.ts'
import { timestamp } from '../../time.ts'
import type { Json, Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import { objectOf } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import { CLEANUP } from './definition.ts'
import { customKinds } from './kinds.ts'

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
/** Objects deleted in one go. */
const BURST = 200
/** How soon to look again at objects that take their time to go, ms. */
const RETRY_MS = 1000

const sourceOf = (objects: Objects) => ({
  prefix: objects.prefix(kindOf(DEFINITIONS)),
  keys: ({ key }: { key: string }) => [key.split('/').at(-1)!],
})

/** Accepts the names of a definition unless another of its group has them, and establishes it. Models …/pkg/controller/status and establish. */
export function definitionNames(objects: Objects): Controller {
  const { world, list } = objects.context
  const kind = kindOf(DEFINITIONS)

  function reconcile(name: string): void {
    const definition = objects.get(kind, '', name)?.value as Obj | undefined
    if (!definition || definition.metadata.deletionTimestamp) return
    const { spec, status } = definition
    const others = list(DEFINITIONS).filter(
      (other) => other.spec.group === spec.group && other.metadata.name !== name,
    )
    const conflict = conflictOf(spec.names, others)
    const accepted = conflict ? status.acceptedNames : spec.names
    let conditions: Obj[] = status.conditions ?? []
    const set = (type: string, value: boolean, reason: string, message: string) => {
      conditions = withCondition(conditions, {
        type,
        status: value ? 'True' : 'False',
        lastTransitionTime: timestamp(world.clock.now()),
        reason,
        message,
      })
    }
    if (conflict) set('NamesAccepted', false, conflict.reason, conflict.message)
    else set('NamesAccepted', true, 'NoConflicts', 'no conflicts found')
    if (!conditions.some(({ type, status: value }) => type === 'Established' && value === 'True')) {
      if (conflict) set('Established', false, 'NotAccepted', 'not all names are accepted')
      else set('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted')
    }
    if (equal(conditions, status.conditions) && equal(accepted, status.acceptedNames)) return
    const next = { ...status, conditions, acceptedNames: accepted }
    objects.update(kind, '', name, (current: Json) => ({ ...current, status: next }) as Obj, {
      subresource: 'status',
    })
  }

  return {
    name: 'crd-names',
    // A name that becomes free may be what another definition waits for.
    sources: [{ ...sourceOf(objects), keys: () => list(DEFINITIONS).map(({ metadata }) => metadata.name) }],
    reconcile,
  }
}

function conflictOf(names: Obj, others: Obj[]): { reason: string; message: string } | undefined {
  const taken = new Set<string>()
  const kinds = new Set<string>()
  for (const { status } of others) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {}
    for (const name of [plural, singular, ...shortNames]) if (name) taken.add(name)
    for (const name of [kind, listKind]) if (name) kinds.add(name)
  }
  const used = (name: string) => `${JSON.stringify(name)} is already in use`
  if (taken.has(names.plural)) return { reason: 'PluralConflict', message: used(names.plural) }
  if (taken.has(names.singular)) return { reason: 'SingularConflict', message: used(names.singular) }
  for (const name of names.shortNames ?? []) {
    if (taken.has(name)) return { reason: 'ShortNamesConflict', message: used(name) }
  }
  if (kinds.has(names.kind)) return { reason: 'KindConflict', message: used(names.kind) }
  if (kinds.has(names.listKind)) return { reason: 'ListKindConflict', message: used(names.listKind) }
  return undefined
}

function withCondition(conditions: Obj[], condition: Obj): Obj[] {
  const index = conditions.findIndex(({ type }) => type === condition.type)
  const known = conditions[index]
  if (!known) return [...conditions, condition]
  const same =
    known.status === condition.status &&
    known.reason === condition.reason &&
    known.message === condition.message
  if (same) return conditions
  const lastTransitionTime =
    known.status === condition.status ? known.lastTransitionTime : condition.lastTransitionTime
  return conditions.with(index, { ...condition, lastTransitionTime })
}

/** Deletes the objects of a definition that is being deleted, then lets it go. Models …/pkg/controller/finalizer. */
export function definitionCleanup(objects: Objects): Controller {
  const kind = kindOf(DEFINITIONS)

  function reconcile(name: string): Result | undefined {
    const entry = objects.get(kind, '', name)
    const definition = entry?.value as Obj | undefined
    if (!entry || !definition?.metadata.deletionTimestamp) return
    if (!definition.metadata.finalizers?.includes(CLEANUP)) return
    const { storage } = customKinds(entry)[0]!.custom!
    const { entries } = objects.list(storage)
    for (const { value } of entries.slice(0, BURST)) {
      const { metadata } = value as Obj
      if (!metadata.deletionTimestamp) deleteQuietly(metadata.namespace ?? '', metadata.name)
    }
    if (objects.list(storage, undefined, { limit: 1 }).entries.length > 0) {
      return { requeueAfterMs: entries.length > BURST ? 0 : RETRY_MS }
    }
    const present = objectOf(entry)
    const finalizers = present.metadata.finalizers?.filter((finalizer) => finalizer !== CLEANUP)
    objects.update(kind, '', name, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers },
    }))

    function deleteQuietly(namespace: string, instance: string): void {
      try {
        objects.delete(storage, namespace, instance)
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 404) throw error
      }
    }
  }

  return { name: 'crd-cleanup', sources: [sourceOf(objects)], reconcile }
}
