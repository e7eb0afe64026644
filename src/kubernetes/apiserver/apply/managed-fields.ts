import type { Obj } from '../json.ts'
import type { ModelNode } from '../schema/schema.ts'
import { decodeManagers, isReset } from './decode-managers.ts'
import { changesOf, difference, existing, type FieldSet, fieldsOf, isEmpty, union } from './field-set.ts'
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

const withFields = (entry: ManagedFields, fieldsV1: FieldSet): ManagedFields =>
  entry.fieldsV1 === fieldsV1 ? entry : { ...entry, fieldsV1 }

/** The latest entry with a set of fields. */
const latest = new WeakMap<FieldSet, ManagedFields>()

/** One entry for all that a manager writes alike in one second. */
function sharedEntry(entry: ManagedFields): ManagedFields {
  const known = latest.get(entry.fieldsV1)
  if (known && known.time === entry.time && isSame(known, entry)) return known
  latest.set(entry.fieldsV1, entry)
  return entry
}

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
    .map((entry) => sharedEntry(withFields(entry, shared(entry.fieldsV1))))
    .sort(inOrder)
  const { managedFields: _, ...metadata } = object.metadata
  object.metadata = kept.length > 0 ? { ...metadata, managedFields: kept } : metadata
}

/** A client may hand ownership over by writing the list itself, as kubectl does when it turns to server-side apply; not with a subresource. */
function managersAfter(object: Obj, old: Obj | undefined, { subresource }: ManagerIdentity): ManagedFields[] {
  const given = object.metadata.managedFields
  if (subresource || given === undefined || given === old?.metadata.managedFields) return managersOf(old)
  if (isReset(given)) return []
  const decoded = decodeManagers(given) ?? []
  return decoded.length > 0 ? decoded : managersOf(old)
}

/** After a create, update or patch: the writer owns what it changed, and others no longer do. */
export function trackUpdate(model: ModelNode, object: Obj, old: Obj | undefined, who: ManagerIdentity): void {
  const { changed: all, hasLost } = old
    ? changesOf(model, old, object)
    : { changed: fieldsOf(model, object), hasLost: false }
  const changed = writable(all, model, who)
  const isHandedOver = object.metadata.managedFields !== old?.metadata.managedFields
  if (old && isEmpty(changed) && !hasLost && !isHandedOver) return
  const managers = managersAfter(object, old, who)
  const left = (set: FieldSet) => (hasLost || isHandedOver ? existing(model, object, set) : set)
  const own = managers.find((entry) => isSame(entry, who))
  const others = managers
    .filter((entry) => entry !== own)
    .map((entry) => withFields(entry, left(difference(entry.fieldsV1, changed))))
  const mine: ManagedFields = {
    ...who,
    time: isEmpty(changed) && own ? own.time : who.time,
    fieldsType: 'FieldsV1',
    fieldsV1: union(own ? left(own.fieldsV1) : {}, changed),
  }
  setManagers(object, [...others, mine])
}
