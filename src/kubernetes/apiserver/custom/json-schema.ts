import type { Json, Obj } from '../json.ts'

/** A structural schema of a CustomResourceDefinition: the part of JSON Schema that Kubernetes takes, as it stands in the object. */
export interface JsonSchema {
  type?: string
  format?: string
  description?: string
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  required?: string[]
  nullable?: boolean
  default?: Json
  enum?: Json[]
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minProperties?: number
  maxProperties?: number
  allOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  not?: JsonSchema
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-validations'?: ValidationRule[]
}

/** A rule in the Common Expression Language. */
export interface ValidationRule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
}

/** The schema of a map's values; undefined for one that takes anything or has none. */
export const valuesOf = (schema: JsonSchema): JsonSchema | undefined =>
  typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined

/** Whether fields that the schema does not name are kept. */
export const keepsUnknown = (schema: JsonSchema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true

/** What a decoder says about the objects at the root of every resource. */
export const ROOT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** The name of a JSON value's type as OpenAPI has it. */
export function typeName(value: Json): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

/** The parts of a value that have a schema of their own, with their path. */
export function* partsOf(
  schema: JsonSchema,
  value: Json,
  path: string,
): Generator<[schema: JsonSchema, value: Json, path: string, key: string | number]> {
  if (Array.isArray(value)) {
    if (!schema.items) return
    for (const [index, item] of value.entries()) yield [schema.items, item, `${path}[${index}]`, index]
    return
  }
  if (typeof value !== 'object' || value === null) return
  const values = valuesOf(schema)
  for (const key of Object.keys(value as Obj)) {
    const property = own(schema.properties, key)
    if (property) yield [property, value[key], path ? `${path}.${key}` : key, key]
    else if (values) yield [values, value[key], path ? `${path}[${key}]` : key, key]
  }
}

/** A property by a name that a client chose. */
export const own = <T>(record: Record<string, T> | undefined, key: string): T | undefined =>
  record && Object.hasOwn(record, key) ? record[key] : undefined
