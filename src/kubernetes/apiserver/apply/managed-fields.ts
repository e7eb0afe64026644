import { equal } from '../../equality.ts'
import type { Obj } from '../json.ts'
import type { ModelNode } from '../schema/schema.ts'
import { changedFields, difference, existing, type FieldSet, fieldsOf, isEmpty, union } from './field-set.ts'
import { shared } from './shared-sets.ts'

/** One entry of `metadata.managedFields`. */
export interface ManagedFields {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time: string
  fieldsType: 'FieldsV1'
  fieldsV1: FieldSet
  subresource?: string
}

export type ManagerIdentity = Omit<ManagedFields, 'fieldsV1' | 'fieldsType'>

export const managersOf = (object: Obj | undefined): ManagedFields[] => object?.metadata.managedFields ?? []

/** The fields that a write to the object, or to its status, can own at all. */
export function writable(set: FieldSet, model: ModelNode, { subresource }: ManagerIdentity): FieldSet {
  if (!model.fields.has('status')) return set
  const { 'f:status': status, 'f:metadata': metadata, ...rest } = set
  if (subresource !== 'status') return { ...(metadata && { 'f:metadata': metadata }), ...rest }
  return { ...(metadata && { 'f:metadata': metadata }), ...(status && { 'f:status': status }) }
}

export const isSame = (a: ManagerIdentity, b: ManagerIdentity): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.apiVersion === b.apiVersion &&
  (a.subresource ?? '') === (b.subresource ?? '')

/** Those who apply first, then by time. Models apimachinery/pkg/util/managedfields (sortEncodedManagedFields). */
function inOrder(a: ManagedFields, b: ManagedFields): number {
  for (const key of ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const) {
    const [one = '', other = ''] = [a[key], b[key]]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

/** Sets an object's `managedFields`, in order and without owners of nothing. */
export function setManagers(object: Obj, managers: ManagedFields[]): void {
  const kept = managers
    .filter((entry) => !isEmpty(entry.fieldsV1))
    .map((entry) => ({ ...entry, fieldsV1: shared(entry.fieldsV1) }))
    .sort(inOrder)
  const { managedFields: _, ...metadata } = object.metadata
  object.metadata = kept.length > 0 ? { ...metadata, managedFields: kept } : metadata
}

/** The members of an object that an update has changed, as field sets name them. */
const partsThatDiffer = (object: Obj, old: Obj | undefined): string[] =>
  Object.keys({ ...old, ...object })
    .filter((part) => !equal(object[part], old?.[part]))
    .map((part) => `f:${part}`)

/** After a create, update or patch: the writer owns what it changed, and others no longer do. */
export function trackUpdate(model: ModelNode, object: Obj, old: Obj | undefined, who: ManagerIdentity): void {
  const changed = writable(old ? changedFields(model, old, object) : fieldsOf(model, object), model, who)
  if (old && isEmpty(changed) && managersOf(object) === managersOf(old)) return
  const touched = new Set(partsThatDiffer(object, old))
  // A client may hand ownership over by writing the list itself: kubectl does when it turns to server-side apply.
  const managers = managersOf(object)
  const own = managers.find((entry) => isSame(entry, who))
  const others = managers
    .filter((entry) => entry !== own)
    .map((entry) =>
      Object.keys(entry.fieldsV1).some((part) => touched.has(part))
        ? { ...entry, fieldsV1: existing(model, object, difference(entry.fieldsV1, changed)) }
        : entry,
    )
  const before = own ? existing(model, object, own.fieldsV1) : {}
  const mine: ManagedFields = {
    ...who,
    time: isEmpty(changed) && own ? own.time : who.time,
    fieldsType: 'FieldsV1',
    fieldsV1: union(before, changed),
  }
  setManagers(object, [...others, mine])
}
