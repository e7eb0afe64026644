import { isObject, type Json, type Obj } from '../json.ts'
import { type JsonSchema, keepsUnknown, own, ROOT_FIELDS, valuesOf } from './json-schema.ts'

/** Gives the metadata of an object within an object, at this path, as it is to be. */
export type EmbeddedMetadata = (metadata: Obj, path: string) => Obj

/**
 * A value with only the fields that the schema knows; the paths of the others are added to `unknown`. Nulls that are not allowed
 * and have a default are left out. Models apiextensions-apiserver/pkg/apiserver/schema/pruning.
 */
export function prune(
  schema: JsonSchema,
  value: Json,
  path: string,
  unknown: string[],
  metadata: EmbeddedMetadata,
  root = false,
): Json {
  if (Array.isArray(value)) {
    const { items } = schema
    return items
      ? value.map((item, index) => prune(items, item, `${path}[${index}]`, unknown, metadata))
      : value
  }
  if (!isObject(value)) return value
  const keeps = keepsUnknown(schema)
  const values = valuesOf(schema)
  const embedded = root || schema['x-kubernetes-embedded-resource']
  const out: Obj = {}
  for (const key of Object.keys(value)) {
    const inner = value[key]
    const here = path ? `${path}.${key}` : key
    if (embedded && ROOT_FIELDS.has(key))
      out[key] = !root && key === 'metadata' && isObject(inner) ? metadata(inner, here) : inner
    else {
      const known = own(schema.properties, key) ?? values
      if (known) {
        if (inner === null && !known.nullable && known.default !== undefined) continue
        out[key] = prune(known, inner, here, unknown, metadata)
      } else if (keeps) out[key] = inner
      else unknown.push(here)
    }
  }
  return out
}

/** Fills in the defaults of the schema, in place. Models …/schema/defaulting. */
export function applyDefaults(schema: JsonSchema, value: Json): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) applyDefaults(schema.items, item)
    return
  }
  if (!isObject(value)) return
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (
      property.default !== undefined &&
      (value[name] === undefined || isNullToReplace(property, value[name]))
    ) {
      value[name] = structuredClone(property.default)
    }
    if (value[name] !== undefined) applyDefaults(property, value[name])
  }
  const values = valuesOf(schema)
  if (!values) return
  for (const key of Object.keys(value)) {
    if (!own(schema.properties, key)) applyDefaults(values, value[key])
  }
}

const isNullToReplace = (schema: JsonSchema, value: Json) => value === null && !schema.nullable
