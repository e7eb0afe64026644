import type { Entry } from '#world/store.ts'
import type { StatusError } from '../../api.ts'
import { applyConfiguration } from '../apply/apply.ts'
import { checkTyped } from '../apply/typed.ts'
import { badRequest, invalid, invalidValue, unsupportedMediaType } from '../errors.ts'
import { plain } from '../go-format.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'
import { applyJsonPatch, applyMergePatch, PatchError } from '../patch/json-patch.ts'
import { applyStrategicPatch } from '../patch/strategic.ts'
import { DecodeError, type Reader } from '../schema/decode.ts'
import { modelOf } from '../schema/schema.ts'
import { servedAs } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import { duplicatesIn, jsonTypeOf, mediaType, parseValue, readBody } from './body.ts'
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
  decode: (object: Obj, reader?: Reader) => Obj,
): Promise<{ entry: Entry; created: boolean }> {
  const { info, stored } = call
  const type = mediaType(call.req)
  const taken = call.kind.custom ? ACCEPTED.filter((name) => name !== STRATEGIC) : ACCEPTED
  if (!taken.includes(type)) throw unsupportedMediaType(taken)
  const query = writeQuery(info.query, 'PatchOptions')
  const format = type === APPLY ? 'application/yaml' : 'application/json'
  const body = parseValue(await readBody(call.req), format, (why) => unreadable(type, why))
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
    if (isObject(body)) checkTyped(modelOf(objects.context.schema, call.kind), call.kind, body)
    const [repeated] =
      info.query.get('fieldValidation') === 'Strict' && isObject(body) ? duplicatesIn(body) : []
    if (repeated) throw badRequest(`error strict decoding YAML: ${repeated}`)
    return applyConfiguration(objects, body, request, decode)
  }
  checkForm(type, body)
  const options = {
    ...writeOptions(call, objects, query),
    ...(call.subresource && { subresource: call.subresource.name }),
  }
  const change = (present: Json): Obj => {
    const patched = patchObject(call, objects, present, type, body)
    if (!isObject(patched)) throw badRequest(NOT_AN_OBJECT)
    const decoded = decodePatched(patched, type, body, decode)
    checkIdentity(call, decoded)
    return decoded
  }
  return { entry: objects.update(stored, info.namespace, info.name, change, options), created: false }
}

/** The object as patched, in the version of the URL. Throws BadRequest or Invalid. */
export function patchObject(call: Call, objects: Objects, present: Obj, type: string, patch: Json): Obj {
  const { kind } = call
  const entry = objects.get(call.stored, call.info.namespace, call.info.name)
  const object = (kind.storedAs || kind.custom) && entry ? servedAs(kind, entry) : present
  try {
    if (type === JSON_PATCH) return applyJsonPatch(object, patch)
    if (type === MERGE_PATCH) return applyMergePatch(clone(object), patch)
    return applyStrategicPatch(objects.context.schema.model(kind.model), clone(object), patch)
  } catch (error) {
    if (error instanceof PatchError && type !== JSON_PATCH) throw badRequest(error.message)
    throw error
  }
}

/** What the patches of a type are to the server, which reads them before anything else. Source: endpoints/handlers/patch.go. */
function checkForm(type: string, patch: Json): void {
  if (type === JSON_PATCH ? Array.isArray(patch) : isObject(patch)) return
  const wanted = type === JSON_PATCH ? '[]handlers.jsonPatchOp' : 'map[string]interface {}'
  throw unreadable(type, `json: cannot unmarshal ${jsonTypeOf(patch)} into Go value of type ${wanted}`)
}

const unreadable = (type: string, why: string): StatusError =>
  badRequest(type === STRATEGIC ? why : `error decoding ${type === APPLY ? 'YAML' : 'patch'}: ${why}`)

/** What cannot be read after a patch is the patch's fault: it is shown, or what came of it. */
function decodePatched(
  patched: Obj,
  type: string,
  patch: Json,
  decode: (object: Obj, reader?: Reader) => Obj,
): Obj {
  try {
    return decode(patched, type === STRATEGIC ? 'converter' : 'json')
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const shown = type === STRATEGIC ? plain(patch) : JSON.stringify(patched)
    throw invalid({ group: '', kind: '' }, '', [invalidValue('patch', shown, error.why)])
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
