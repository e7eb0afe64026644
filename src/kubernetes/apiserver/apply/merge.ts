import { equal } from '../../equality.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import type { FieldNode, ModelNode, TypeNode } from '../schema/schema.ts'
import { childrenOf, elementKey, type FieldSet, isEmpty } from './field-set.ts'

/** An object with a configuration merged in: lists by their keys, atomic things as a whole. */
export function mergeApplied(model: ModelNode, present: Obj, wanted: Obj): Obj {
  return mergeValue({ kind: 'model', model }, undefined, present, wanted)
}

function mergeValue(type: TypeNode, field: FieldNode | undefined, present: Json, wanted: Json): Json {
  if (present === undefined || !childrenOf(type, field, wanted) || !childrenOf(type, field, present))
    return wanted
  if (Array.isArray(wanted)) return mergeList(type, field!, present, wanted)
  const result: Obj = { ...present }
  for (const key of Object.keys(wanted)) {
    const inner = type.kind === 'model' ? type.model.fields.get(key) : undefined
    const innerType: TypeNode = inner?.type ?? (type.kind === 'map' ? type.of : { kind: 'any' })
    result[key] = mergeValue(innerType, inner, present[key], wanted[key])
  }
  return result
}

function mergeList(type: TypeNode, field: FieldNode, present: Json[], wanted: Json[]): Json[] {
  const of = type.kind === 'array' ? type.of : type
  const result = [...present]
  for (const item of wanted) {
    const index = result.findIndex((other) => elementKey(field.list, other) === elementKey(field.list, item))
    if (index === -1) result.push(item)
    else result[index] = mergeValue(of, undefined, result[index], item)
  }
  return result
}

/** An object without the fields of a set. Things that become empty by that go too. */
export function removeFields(model: ModelNode, object: Obj, set: FieldSet): Obj {
  return remove({ kind: 'model', model }, undefined, object, set)
}

function remove(type: TypeNode, field: FieldNode | undefined, value: Json, set: FieldSet): Json {
  const children = childrenOf(type, field, value)
  if (!children) return value
  const gone = new Set<string>()
  const changed = new Map<string, Json>()
  for (const child of children) {
    const inner = set[child.key]
    if (!inner) continue
    if (isEmpty(inner)) gone.add(child.key)
    else {
      const rest = remove(child.type, child.field, child.value, inner)
      const nothing = Array.isArray(rest)
        ? rest.length === 0
        : isObject(rest) && Object.keys(rest).length === 0
      if (nothing || (inner['.'] && child.key.startsWith('k:') && onlyKeys(child.key, rest)))
        gone.add(child.key)
      else changed.set(child.key, rest)
    }
  }
  if (Array.isArray(value)) {
    return children
      .filter(({ key }) => !gone.has(key))
      .map(({ key, value: item }) => changed.get(key) ?? item)
  }
  const result: Obj = {}
  for (const key of Object.keys(value)) {
    if (gone.has(`f:${key}`)) continue
    result[key] = changed.get(`f:${key}`) ?? value[key]
  }
  return result
}

/** Whether a list element has nothing left but what tells it apart. */
function onlyKeys(key: string, rest: Json): boolean {
  const keys = Object.keys(JSON.parse(key.slice(2)))
  return isObject(rest) && Object.keys(rest).every((name) => keys.includes(name))
}

/** The fields of a set whose wanted value is not the present one. */
export function valuesDiffer(model: ModelNode, present: Obj, wanted: Obj, set: FieldSet): FieldSet {
  return differ({ kind: 'model', model }, undefined, present, wanted, set)
}

function differ(
  type: TypeNode,
  field: FieldNode | undefined,
  present: Json,
  wanted: Json,
  set: FieldSet,
): FieldSet {
  const known = new Map((childrenOf(type, field, present) ?? []).map((child) => [child.key, child.value]))
  const result: FieldSet = {}
  for (const child of childrenOf(type, field, wanted) ?? []) {
    const inner = set[child.key]
    if (!inner) continue
    const there = known.get(child.key)
    if (isEmpty(inner)) {
      if (!equal(there, child.value)) result[child.key] = {}
    } else {
      const below = differ(child.type, child.field, there, child.value, inner)
      if (!isEmpty(below)) result[child.key] = below
    }
  }
  return result
}
