import { equal } from '../../equality.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import type { FieldNode, ModelNode, TypeNode } from '../schema/schema.ts'
import { PatchError } from './json-patch.ts'

const DELETE_LIST = '$deleteFromPrimitiveList/'
const ORDER = '$setElementOrder/'

/**
 * Strategic merge: like a merge patch, but lists with a merge key are merged element by element, and `$patch`,
 * `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder` direct it. Gives a changed copy.
 * Models apimachinery/pkg/util/strategicpatch.
 */
export function applyStrategicPatch(model: ModelNode, document: Obj, patch: Obj): Obj {
  return mergeModel(model, document, patch)
}

function mergeModel(model: ModelNode | undefined, document: Obj, patch: Obj): Obj {
  if (patch.$patch === 'replace') return without(patch)
  if (patch.$patch === 'delete') return {}
  if (patch.$patch !== undefined && patch.$patch !== 'merge') {
    throw new PatchError(`unknown patch type: ${patch.$patch}`)
  }
  const result: Obj = { ...document }
  const retained = patch.$retainKeys as string[] | undefined
  if (retained) for (const key in result) if (!retained.includes(key)) delete result[key]
  for (const key in patch) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(ORDER)) continue
    if (key.startsWith(DELETE_LIST)) {
      const field = key.slice(DELETE_LIST.length)
      const gone = patch[key] as Json[]
      if (result[field]) result[field] = result[field].filter((item: Json) => !gone.includes(item))
      continue
    }
    const value = patch[key]
    if (value === null) delete result[key]
    else {
      const merged = mergeField(model?.fields.get(key), result[key], value)
      if (merged === undefined) delete result[key]
      else result[key] = merged
    }
  }
  for (const key in patch) {
    if (!key.startsWith(ORDER)) continue
    const field = key.slice(ORDER.length)
    if (Array.isArray(result[field]))
      result[field] = ordered(result[field], patch[key], model?.fields.get(field)?.list.mergeKey)
  }
  return result
}

/** Without the directives that stand in a patch. */
function without(patch: Json): Json {
  if (Array.isArray(patch)) return patch.map(without)
  if (!isObject(patch)) return patch
  const clean: Obj = {}
  for (const key in patch) if (!key.startsWith('$')) clean[key] = without(patch[key])
  return clean
}

function mergeField(field: FieldNode | undefined, present: Json, patch: Json): Json {
  const type: TypeNode = field?.type ?? { kind: 'any' }
  if (Array.isArray(patch)) {
    const mergeKey = field?.list.mergeKey
    if (mergeKey === undefined) return without(patch)
    const list = Array.isArray(present) ? present : []
    return mergeKey === '' ? union(list, patch) : mergeList(type, mergeKey, list, patch)
  }
  if (!isObject(patch)) return patch
  if (patch.$patch === 'delete') return undefined
  if (type.kind === 'map') return mergeMap(type.of, isObject(present) ? present : {}, patch)
  return mergeModel(type.kind === 'model' ? type.model : undefined, isObject(present) ? present : {}, patch)
}

function mergeMap(type: TypeNode, present: Obj, patch: Obj): Obj {
  if (patch.$patch === 'replace') return without(patch)
  const result = { ...present }
  for (const key in patch) {
    if (key === '$patch') continue
    if (patch[key] === null) delete result[key]
    else if (isObject(patch[key]) && type.kind === 'model')
      result[key] = mergeModel(type.model, result[key] ?? {}, patch[key])
    else result[key] = patch[key]
  }
  return result
}

const union = (list: Json[], more: Json[]) => [...list, ...more.filter((item) => !list.includes(item))]

function mergeList(type: TypeNode, key: string, list: Obj[], patch: Obj[]): Obj[] {
  const model = type.kind === 'array' && type.of.kind === 'model' ? type.of.model : undefined
  if (!patch.every(isObject))
    throw new PatchError(`list element types are not identical: ${JSON.stringify(patch)}`)
  if (patch.some((item) => item.$patch === 'replace'))
    return without(patch.filter((item) => item.$patch !== 'replace'))
  let result = [...list]
  for (const item of patch) {
    if (item[key] === undefined) {
      throw new PatchError(`map: ${goMap(item)} does not contain declared merge key: ${key}`)
    }
    const index = result.findIndex((other) => equal(other[key], item[key]))
    if (item.$patch === 'delete') result = result.filter((other) => !equal(other[key], item[key]))
    else if (index === -1) result.push(mergeModel(model, {}, item))
    else result[index] = mergeModel(model, result[index]!, item)
  }
  return result
}

const goMap = (item: Obj): string =>
  `map[${Object.entries(item)
    .map(([key, value]) => `${key}:${isObject(value) ? goMap(value) : value}`)
    .join(' ')}]`

/** Puts the elements that the patch names into its order; the others keep their place among them. */
function ordered(list: Json[], order: Json[], mergeKey: string | undefined): Json[] {
  const keyOf = (item: Json) => (mergeKey && isObject(item) ? item[mergeKey] : item)
  const rank = new Map(order.map((item, index) => [String(keyOf(item)), index]))
  const named = list
    .filter((item) => rank.has(String(keyOf(item))))
    .sort((a, b) => rank.get(String(keyOf(a)))! - rank.get(String(keyOf(b)))!)
  const result: Json[] = []
  let next = 0
  for (const item of list) result.push(rank.has(String(keyOf(item))) ? named[next++] : item)
  return result
}
