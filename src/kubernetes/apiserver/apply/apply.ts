import type { Entry } from '#world/store.ts'
import { StatusError } from '../../api.ts'
import { timestamp } from '../../time.ts'
import { badRequest, invalid, required } from '../errors.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import { modelOf } from '../schema/schema.ts'
import { objectOf } from '../storage/entries.ts'
import type { Objects, WriteOptions } from '../storage/objects.ts'
import {
  appliedFields,
  difference,
  existing,
  type FieldSet,
  intersection,
  isEmpty,
  owned,
  paths,
  union,
} from './field-set.ts'
import { appliedBefore, carriesOn, noteLastApplied } from './last-applied.ts'
import {
  isSame,
  type ManagedFields,
  type ManagerIdentity,
  managersOf,
  setManagers,
  writable,
} from './managed-fields.ts'
import { mergeApplied, removeFields, valuesDiffer } from './merge.ts'

/** Who applies, what, and how. */
export interface ApplyRequest {
  /** In whose form the object is stored. */
  stored: Kind
  namespace: string
  name: string
  subresource?: string
  fieldManager: string
  /** What becomes of fields that others own and hold at another value: an error, theirs no more, or left to them. */
  conflicts: 'refuse' | 'take' | 'leave'
  options: WriteOptions
}

/**
 * Server-side apply: merges what a manager wants into the object, takes away what it wanted before and no longer
 * does, and refuses to change what others own unless told to. Models structured-merge-diff.
 */
export function applyConfiguration(
  objects: Objects,
  body: Json,
  request: ApplyRequest,
  decode: (object: Obj) => Obj,
): { entry: Entry; created: boolean } {
  const { stored, namespace, name, subresource, options } = request
  if (!request.fieldManager) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      required('fieldManager', 'is required for apply patch'),
    ])
  }
  if (!isObject(body)) throw badRequest('the applied configuration must be an object')
  if (body.metadata?.managedFields?.length > 0) throw badRequest('metadata.managedFields must be nil')
  const asked = decode(body)
  if (asked.metadata?.name && asked.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${asked.metadata.name}) does not match the name on the URL (${name})`,
    )
  }
  const model = modelOf(objects.context.schema, stored)
  const who: ManagerIdentity = {
    manager: request.fieldManager,
    operation: 'Apply',
    apiVersion: apiVersionOf(stored),
    time: timestamp(objects.context.world.clock.now()),
    ...(subresource && { subresource }),
  }
  const entry = objects.get(stored, namespace, name)
  if (!entry) {
    if (subresource) throw badRequest(`${stored.plural} "${name}" not found`)
    const object = { ...asked, metadata: { ...asked.metadata, name } }
    const fieldsV1 = writable(appliedFields(model, asked), model, who)
    const manage = (next: Obj) => setManagers(next, [{ ...who, fieldsType: 'FieldsV1', fieldsV1 }])
    return { entry: objects.create(stored, namespace, object, { ...options, manage }), created: true }
  }
  const present = objectOf(entry) as Obj
  const managers = managersOf(present)
  const own = managers.find((manager) => isSame(manager, who))
  const others = managers.filter((manager) => manager !== own)
  const askedFields = writable(appliedFields(model, asked), model, who)
  const differing = valuesDiffer(model, owned(present), owned(asked), askedFields)
  const conflicts = others
    .map((manager) => ({ manager, fields: intersection(manager.fieldsV1, differing) }))
    .filter(({ fields }) => !isEmpty(fields))
  const goesOn = carriesOn(request.fieldManager)
  if (conflicts.length > 0 && request.conflicts === 'refuse') {
    const allowed = goesOn ? appliedBefore(model, stored, present, decode) : {}
    const refused = conflicts
      .map(({ manager, fields }) => ({ manager, fields: difference(fields, allowed) }))
      .filter(({ fields }) => !isEmpty(fields))
    if (refused.length > 0) throw conflictError(refused)
  }
  const left =
    request.conflicts === 'leave'
      ? conflicts.reduce<FieldSet>((sum, { fields }) => union(sum, fields), {})
      : {}
  const wanted = isEmpty(left) ? asked : removeFields(model, clone(asked), left)
  const mine = difference(askedFields, left)
  const contested = difference(differing, left)
  const dropped = difference(own?.fieldsV1 ?? {}, mine)
  const ownedByOthers = others.reduce<FieldSet>((sum, manager) => union(sum, manager.fieldsV1), {})
  const change = (current: Json) => {
    const kept = removeFields(model, clone(current), difference(dropped, ownedByOthers))
    const merged = mergeApplied(model, kept, wanted)
    const version = wanted.metadata?.resourceVersion
    merged.metadata = { ...merged.metadata, ...(version && { resourceVersion: version }) }
    if (goesOn) noteLastApplied(merged, body)
    return merged
  }
  const manage = (next: Obj) => {
    const rest = others.map((manager) => ({
      ...manager,
      fieldsV1: existing(model, next, difference(manager.fieldsV1, contested)),
    }))
    const same = own && isEmpty(difference(mine, own.fieldsV1)) && isEmpty(dropped)
    const entryOfMine: ManagedFields = {
      ...who,
      time: same && isEmpty(contested) ? own.time : who.time,
      fieldsType: 'FieldsV1',
      fieldsV1: mine,
    }
    setManagers(next, [...rest, entryOfMine])
  }
  const updated = objects.update(stored, namespace, name, change, {
    ...options,
    manage,
    ...(subresource && { subresource }),
  })
  return { entry: updated, created: false }
}

/** Names each contested field and its owner, as kubectl shows them. */
function conflictError(conflicts: { manager: ManagedFields; fields: FieldSet }[]): StatusError {
  const causes = conflicts.flatMap(({ manager, fields }) =>
    paths(fields).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describe(manager)}`,
      field,
    })),
  )
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`
  const lists = conflicts.map(({ manager, fields }) => {
    const all = paths(fields)
    return all.length === 1
      ? `conflict with ${describe(manager)}: ${all[0]}`
      : `conflicts with ${describe(manager)}:\n${all.map((path) => `- ${path}`).join('\n')}`
  })
  const text =
    causes.length === 1
      ? lists[0]
      : conflicts
          .map(
            ({ manager, fields }) =>
              `conflicts with ${describe(manager)}:\n${paths(fields)
                .map((path) => `- ${path}`)
                .join('\n')}`,
          )
          .join('\n')
  return new StatusError(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes })
}

const describe = (manager: ManagedFields) => {
  const using = manager.operation === 'Update' ? ` using ${manager.apiVersion}` : ''
  const sub = manager.subresource ? ` with subresource "${manager.subresource}"` : ''
  return `${JSON.stringify(manager.manager)}${sub}${using}`
}
