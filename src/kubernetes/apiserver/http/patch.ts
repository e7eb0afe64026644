import type { Entry } from '#world/store.ts'
import { applyConfiguration } from '../apply/apply.ts'
import { badRequest, unsupportedMediaType } from '../errors.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'
import { applyJsonPatch, applyMergePatch, PatchError } from '../patch/json-patch.ts'
import { applyStrategicPatch } from '../patch/strategic.ts'
import { servedAs } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import { mediaType, parseValue, readBody } from './body.ts'
import type { Call } from './call.ts'
import { requestOptions, writeOptions } from './manager.ts'
import { writeQuery } from './options.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = 'application/apply-patch+yaml'
const NOT_AN_OBJECT = 'the object provided is unrecognized (must be of type object)'
const ACCEPTED = [JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY]

/** Answers PATCH in its four forms. `decode` turns an object of the client's version into the stored form. */
export async function patchCall(
  call: Call,
  objects: Objects,
  decode: (object: Obj) => Obj,
): Promise<{ entry: Entry; created: boolean }> {
  const { info, stored } = call
  const type = mediaType(call.req)
  const taken = call.kind.custom ? ACCEPTED.filter((name) => name !== STRATEGIC) : ACCEPTED
  if (!taken.includes(type)) throw unsupportedMediaType(taken)
  const query = writeQuery(info.query, 'PatchOptions')
  const body = parseValue(await readBody(call.req), type === APPLY ? 'application/yaml' : 'application/json')
  if (type === APPLY) {
    const request = {
      stored,
      namespace: info.namespace,
      name: info.name,
      subresource: call.subresource?.name,
      fieldManager: query.fieldManager,
      conflicts: query.force ? ('take' as const) : ('refuse' as const),
      options: requestOptions(call, query.dryRun),
    }
    return applyConfiguration(objects, body, request, decode)
  }
  if (type !== JSON_PATCH && !isObject(body)) throw badRequest(NOT_AN_OBJECT)
  const options = {
    ...writeOptions(call, objects, query),
    ...(call.subresource && { subresource: call.subresource.name }),
  }
  const change = (present: Json): Obj => {
    const patched = patchObject(call, objects, present, type, body)
    if (!isObject(patched)) throw badRequest(NOT_AN_OBJECT)
    checkIdentity(call, patched)
    return decode(patched)
  }
  return { entry: objects.update(stored, info.namespace, info.name, change, options), created: false }
}

/** The object as patched, in the version of the URL. Throws BadRequest or Invalid. */
export function patchObject(call: Call, objects: Objects, present: Obj, type: string, patch: Json): Obj {
  const { kind } = call
  const entry = objects.get(call.stored, call.info.namespace, call.info.name)
  const object = (kind.storedAs || kind.custom) && entry ? servedAs(kind, entry) : present
  try {
    if (type === JSON_PATCH) {
      if (!Array.isArray(patch)) throw badRequest('the body of a JSON patch must be a list of operations')
      return applyJsonPatch(object, patch)
    }
    if (type === MERGE_PATCH) return applyMergePatch(clone(object), patch)
    return applyStrategicPatch(objects.context.schema.model(kind.model), clone(object), patch)
  } catch (error) {
    if (error instanceof PatchError && type !== JSON_PATCH) throw badRequest(error.message)
    throw error
  }
}

function checkIdentity(call: Call, patched: Obj): void {
  const { name } = patched.metadata ?? {}
  if (name !== call.info.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${call.info.name})`,
    )
  }
}
