import { equal } from '../../equality.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import type { ListRule } from '../schema/lists.ts'
import type { FieldNode, ModelNode, TypeNode } from '../schema/schema.ts'

/**
 * A set of fields as `fieldsV1` writes it: `{"f:spec": {"f:replicas": {}}}`. A key is `f:<field>`, `k:<keys of a list
 * element>`, `v:<value of a set>`, or `.` for the thing itself. A leaf is `{}`.
 */
export type FieldSet = { [key: string]: FieldSet }

/** Server-side bookkeeping that nobody owns. */
const UNOWNED: Record<string, true> = { apiVersion: true, kind: true }
const UNOWNED_META = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
])

/** What has nothing in it. */
const LEAF: FieldSet = Object.freeze({})

const keys = new WeakMap<FieldNode, string>()

/** `f:<field>`: one string a field, which is found faster than one that is put together each time. */
function keyOf(field: FieldNode): string {
  const known = keys.get(field)
  if (known !== undefined) return known
  const key = `f:${field.name}`
  keys.set(field, key)
  return key
}

type Children = { key: string; value: Json; type: TypeNode; field: FieldNode | undefined }[]

/** What a value consists of for ownership; undefined when it is owned as a whole. */
export function childrenOf(type: TypeNode, field: FieldNode | undefined, value: Json): Children | undefined {
  if (type.kind === 'model' && isObject(value)) {
    if (type.model.atomic) return undefined
    return modelChildren(type.model, value)
  }
  if (type.kind === 'map' && isObject(value)) {
    if (field?.atomic) return undefined
    return Object.keys(value).map((key) => ({
      key: `f:${key}`,
      value: value[key],
      type: type.of,
      field: undefined,
    }))
  }
  if (type.kind === 'array' && Array.isArray(value) && field?.list.keys) {
    const { list } = field
    return value.map((item) => ({
      key: elementKey(list, item),
      value: item,
      type: type.of,
      field: undefined,
    }))
  }
  return undefined
}

function modelChildren(model: ModelNode, value: Obj): Children {
  const children: Children = []
  for (const name of Object.keys(value)) {
    const field = model.fields.get(name)
    if (value[name] === undefined) continue
    if (!field) {
      if (model.open) children.push({ key: `f:${name}`, value: value[name], type: { kind: 'any' }, field })
      continue
    }
    children.push({ key: keyOf(field), value: value[name], type: field.type, field })
  }
  return children
}

/** `k:{"name":"web"}`; a set's element is its own key. */
export function elementKey({ keys = [], keyDefaults = {} }: ListRule, item: Json): string {
  if (keys.length === 0) return `v:${JSON.stringify(item)}`
  const [only] = keys
  if (keys.length === 1 && (item[only!] ?? undefined) !== undefined) {
    return `k:{${JSON.stringify(only)}:${JSON.stringify(item[only!])}}`
  }
  const parts = [...keys].sort().map((key) => [key, item[key] ?? keyDefaults[key]])
  return `k:${JSON.stringify(Object.fromEntries(parts.filter(([, value]) => value !== undefined)))}`
}

/** All fields of an object that can be owned. */
export function fieldsOf(model: ModelNode, object: Obj): FieldSet {
  return collect({ kind: 'model', model }, undefined, owned(object))
}

/** The fields that an applied configuration owns: what is in lists and maps, not that they are there. */
export const appliedFields = (model: ModelNode, object: Obj): FieldSet =>
  withoutSelves(fieldsOf(model, object))

function withoutSelves(set: FieldSet, key = ''): FieldSet {
  const entries = Object.entries(set).filter(([inner]) => inner !== '.' || key.startsWith('k:'))
  return Object.fromEntries(entries.map(([inner, fields]) => [inner, withoutSelves(fields, inner)]))
}

/** The object without what nobody owns. */
export function owned(object: Obj): Obj {
  const kept: Obj = {}
  const { metadata } = object
  for (const key in metadata) {
    if (UNOWNED_META.has(key)) continue
    kept.metadata ??= {}
    kept.metadata[key] = metadata[key]
  }
  for (const key in object) if (key !== 'metadata' && !UNOWNED[key]) kept[key] = object[key]
  return kept
}

/** `isFresh`: within something that was not there before, not even empty. */
function collect(type: TypeNode, field: FieldNode | undefined, value: Json, isFresh = false): FieldSet {
  const children = childrenOf(type, field, value)
  if (!children || children.length === 0) return LEAF
  const set: FieldSet = {}
  for (const child of children) {
    const comes = isFresh || comesWithContent(child)
    set[child.key] = withSelf(comes, collect(child.type, child.field, child.value, comes))
  }
  return set
}

/** Whether something is there only with what is in it. Lists that Go always writes and structures that are no pointers were there before. */
function comesWithContent({ key, type, field }: Children[number]): boolean {
  if (key.startsWith('k:') || type.kind === 'map') return true
  if (type.kind === 'array') return !field?.required
  return type.kind === 'model' && field !== undefined && !field.required && !field.embedded
}

/** What was not there before is owned itself beside what is in it. */
const withSelf = (comes: boolean, inner: FieldSet): FieldSet =>
  comes && !isEmpty(inner) ? { '.': LEAF, ...inner } : inner

/** What became of an object's fields. */
export interface Changes {
  /** Those that were not there before or were different. */
  changed: FieldSet
  /** Whether any has gone. */
  hasLost: boolean
}

export function changesOf(model: ModelNode, old: Obj, next: Obj): Changes {
  const changes: Changes = { changed: LEAF, hasLost: false }
  const before = owned(old)
  const after = owned(next)
  changes.changed = compare({ kind: 'model', model }, undefined, before, after, changes) ?? LEAF
  return changes
}

/** The fields of `next` that are not in `old` or differ from it. */
export const changedFields = (model: ModelNode, old: Obj, next: Obj): FieldSet =>
  changesOf(model, old, next).changed

function compare(
  type: TypeNode,
  field: FieldNode | undefined,
  old: Json,
  next: Json,
  changes: Changes,
): FieldSet | undefined {
  if (equal(old, next)) return undefined
  const after = childrenOf(type, field, next)
  const before = childrenOf(type, field, old)
  if (!after || !before) {
    if (before) changes.hasLost = true
    return LEAF
  }
  // Mostly nothing has gone or moved, and what was there stands where it stood.
  const known = before.every(({ key }, index) => key === after[index]?.key) ? undefined : valuesOf(before)
  const set: FieldSet = {}
  for (const [index, child] of after.entries()) {
    const comes = comesWithContent(child)
    const wasThere = known ? known.has(child.key) : index < before.length
    const was = known ? known.get(child.key) : before[index]?.value
    const inner = wasThere
      ? compare(child.type, child.field, was, child.value, changes)
      : withSelf(comes, collect(child.type, child.field, child.value, comes))
    if (inner) set[child.key] = inner
  }
  if (known && !changes.hasLost) {
    const kept = valuesOf(after)
    changes.hasLost = before.some(({ key }) => !kept.has(key))
  }
  return isEmpty(set) ? undefined : set
}

const valuesOf = (children: Children): Map<string, Json> =>
  new Map(children.map(({ key, value }) => [key, value]))

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

/** `a` itself when it has all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  let result = a
  for (const key in b) {
    const [mine, theirs] = [a[key], b[key]!]
    const both = mine ? union(mine, theirs) : theirs
    if (both === mine) continue
    if (result === a) result = { ...a }
    result[key] = both
  }
  return result
}

/** `a` without the leaves of `b`, and without branches that become empty by that; `a` itself when it has none of them. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  let result = a
  for (const key in b) {
    const mine = a[key]
    if (!mine) continue
    const rest = isEmpty(mine) ? mine : difference(mine, b[key]!)
    if (rest === mine && !isEmpty(mine)) continue
    if (result === a) result = { ...a }
    if (isEmpty(rest)) delete result[key]
    else result[key] = rest
  }
  return result
}

/** The leaves that both have. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {}
  for (const key in a) {
    const [mine, theirs] = [a[key]!, b[key]]
    if (!theirs) continue
    if (isEmpty(mine) || isEmpty(theirs)) {
      if (isEmpty(mine) && isEmpty(theirs)) result[key] = {}
    } else {
      const both = intersection(mine, theirs)
      if (!isEmpty(both)) result[key] = both
    }
  }
  return result
}

/** Whether two sets hold the same fields. */
export const sameFields = (a: FieldSet, b: FieldSet): boolean => equal(a, b)

/** The leaves as paths that a person reads: `.spec.template.spec.containers[name="web"].image`. */
export function paths(set: FieldSet, prefix = ''): string[] {
  return Object.entries(set).flatMap(([key, inner]) => {
    if (key === '.') return []
    const here = prefix + pathPart(key)
    const below = paths(inner, here)
    return below.length > 0 ? below : [here]
  })
}

/** One key as it stands in a path: `.image`, `[name="web"]`. */
export function pathPart(key: string): string {
  const text = key.slice(2)
  if (key.startsWith('f:')) return `.${text}`
  if (key.startsWith('v:')) return `[=${text}]`
  const keys = Object.entries(JSON.parse(text) as Obj)
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
}

/** Only what exists in an object. */
export function existing(model: ModelNode, object: Obj, set: FieldSet): FieldSet {
  return keep({ kind: 'model', model }, undefined, owned(object), set)
}

function keep(type: TypeNode, field: FieldNode | undefined, value: Json, set: FieldSet): FieldSet {
  const children = isEmpty(set) ? undefined : childrenOf(type, field, value)
  if (!children) return LEAF
  const result: FieldSet = set['.'] ? { '.': LEAF } : {}
  for (const child of children) {
    const inner = set[child.key]
    if (!inner) continue
    const rest = keep(child.type, child.field, child.value, inner)
    if (isEmpty(inner) || !isEmpty(rest)) result[child.key] = rest
    // What was owned in part and lost those parts is owned no more, unless it is a leaf now.
    else if (!childrenOf(child.type, child.field, child.value)) result[child.key] = LEAF
  }
  return result
}
