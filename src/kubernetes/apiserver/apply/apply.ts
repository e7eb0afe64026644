import type { Entry } from '#world/store.ts'
import { StatusError } from '../../api.ts'
import { timestamp } from '../../time.ts'
import { badRequest, invalid, required } from '../errors.ts'
import type { Call } from '../http/call.ts'
import { requestOptions } from '../http/manager.ts'
import type { WriteQuery } from '../http/options.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'
import { apiVersionOf } from '../kinds/kind.ts'
import { modelOf } from '../schema/schema.ts'
import { objectOf } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
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
import {
  isSame,
  type ManagedFields,
  type ManagerIdentity,
  managersOf,
  setManagers,
  writable,
} from './managed-fields.ts'
import { mergeApplied, removeFields, valuesDiffer } from './merge.ts'

/**
 * Server-side apply: merges what a manager wants into the object, takes away what it wanted before and no longer
 * does, and refuses to change what others own unless forced. Models structured-merge-diff.
 */
export function applyConfiguration(
  call: Call,
  objects: Objects,
  body: Json,
  query: WriteQuery,
  decode: (object: Obj) => Obj,
): { entry: Entry; created: boolean } {
  const { info, stored } = call
  if (!query.fieldManager) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      required('fieldManager', 'is required for apply patch'),
    ])
  }
  if (!isObject(body)) throw badRequest('the applied configuration must be an object')
  if (body.metadata?.managedFields?.length > 0) throw badRequest('metadata.managedFields must be nil')
  const wanted = decode(body)
  if (wanted.metadata?.name && wanted.metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${wanted.metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
  const model = modelOf(objects.context.schema, stored)
  const who: ManagerIdentity = {
    manager: query.fieldManager,
    operation: 'Apply',
    apiVersion: apiVersionOf(stored),
    time: timestamp(objects.context.world.clock.now()),
    ...(call.subresource && { subresource: call.subresource.name }),
  }
  const mine = writable(appliedFields(model, wanted), model, who)
  const options = requestOptions(call, query.dryRun)
  const entry = objects.get(stored, info.namespace, info.name)
  if (!entry) {
    if (call.subresource) throw badRequest(`${stored.plural} "${info.name}" not found`)
    const object = { ...wanted, metadata: { ...wanted.metadata, name: info.name } }
    const manage = (next: Obj) => setManagers(next, [{ ...who, fieldsType: 'FieldsV1', fieldsV1: mine }])
    return { entry: objects.create(stored, info.namespace, object, { ...options, manage }), created: true }
  }
  const present = objectOf(entry) as Obj
  const managers = managersOf(present)
  const own = managers.find((manager) => isSame(manager, who))
  const others = managers.filter((manager) => manager !== own)
  const contested = valuesDiffer(model, owned(present), owned(wanted), mine)
  const conflicts = others
    .map((manager) => ({ manager, fields: intersection(manager.fieldsV1, contested) }))
    .filter(({ fields }) => !isEmpty(fields))
  if (conflicts.length > 0 && !query.force) throw conflictError(conflicts)
  const dropped = difference(own?.fieldsV1 ?? {}, mine)
  const ownedByOthers = others.reduce<FieldSet>((sum, manager) => union(sum, manager.fieldsV1), {})
  const change = (current: Json) => {
    const kept = removeFields(model, clone(current), difference(dropped, ownedByOthers))
    const merged = mergeApplied(model, kept, wanted)
    const version = wanted.metadata?.resourceVersion
    merged.metadata = { ...merged.metadata, ...(version && { resourceVersion: version }) }
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
  const subresource = call.subresource ? { subresource: call.subresource.name } : {}
  const updated = objects.update(stored, info.namespace, info.name, change, {
    ...options,
    manage,
    ...subresource,
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
