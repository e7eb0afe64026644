import type { Obj } from '../json.ts'
import type { ModelNode } from '../schema/schema.ts'
import { changedFields, difference, existing, type FieldSet, fieldsOf, isEmpty, union } from './field-set.ts'

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
  const { 'f:status': status, ...rest } = set
  if (subresource !== 'status') return rest
  return status ? { 'f:status': status } : {}
}

export const isSame = (a: ManagerIdentity, b: ManagerIdentity): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.apiVersion === b.apiVersion &&
  (a.subresource ?? '') === (b.subresource ?? '')

/** Sets an object's `managedFields`, without owners of nothing. */
export function setManagers(object: Obj, managers: ManagedFields[]): void {
  const kept = managers.filter((entry) => !isEmpty(entry.fieldsV1))
  const { managedFields: _, ...metadata } = object.metadata
  object.metadata = kept.length > 0 ? { ...metadata, managedFields: kept } : metadata
}

/** After a create, update or patch: the writer owns what it changed, and others no longer do. */
export function trackUpdate(model: ModelNode, object: Obj, old: Obj | undefined, who: ManagerIdentity): void {
  const changed = writable(old ? changedFields(model, old, object) : fieldsOf(model, object), model, who)
  // A client may hand ownership over by writing the list itself: kubectl does when it turns to server-side apply.
  const managers = managersOf(object)
  const own = managers.find((entry) => isSame(entry, who))
  const others = managers
    .filter((entry) => entry !== own)
    .map((entry) => ({ ...entry, fieldsV1: existing(model, object, difference(entry.fieldsV1, changed)) }))
  const before = own ? existing(model, object, own.fieldsV1) : {}
  const mine: ManagedFields = {
    ...who,
    time: isEmpty(changed) && own ? own.time : who.time,
    fieldsType: 'FieldsV1',
    fieldsV1: union(before, changed),
  }
  setManagers(object, [...others, mine])
}
