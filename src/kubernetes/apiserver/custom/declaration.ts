import type { Declaration } from '../cel/estimate.ts'
import { escaped } from '../cel/names.ts'
import type { CelType } from '../cel/type-check.ts'
import { type JsonSchema, valuesOf } from './json-schema.ts'

// What expressions may name of a custom resource. Source: k8s.io/apiserver/pkg/cel/common/schemas.go and pkg/cel/limits.go, read 2026-11.

/** The longest request, bytes. */
const MAX_REQUEST = 3 * 1024 * 1024
/** The longest text that a request may hold within its quotes. */
const MAX_TEXT = MAX_REQUEST - 2

const scalar = (type: CelType, bytes: number, most = 0): Declaration => ({ type, bytes, most })
const text = (maxLength?: number): Declaration =>
  // A length counts characters, which have up to four bytes.
  scalar('string', 2, maxLength === undefined ? MAX_TEXT : Math.max(0, maxLength) * 4)

/** What CEL sees of a schema; undefined for what it does not show. `isRoot`: of a resource, which has its type and name always. */
export function declarationOf(schema: JsonSchema, isRoot = false): Declaration | undefined {
  if (schema['x-kubernetes-int-or-string']) {
    const { most } = text(schema.maxLength)
    return scalar('dyn', 1, most)
  }
  switch (schema.type) {
    case 'array':
      return listOf(schema)
    case 'object':
      return mapOf(schema) ?? (schema.additionalProperties ? undefined : objectOf(schema, isRoot))
    case 'string':
      return textOf(schema)
    case 'boolean':
      return scalar('bool', 4)
    case 'number':
      return scalar('double', 1)
    case 'integer':
      return scalar('int', 1)
  }
  return undefined
}

const partOf = (schema: JsonSchema) => declarationOf(schema, schema['x-kubernetes-embedded-resource'])

function listOf({ items: inner, maxItems }: JsonSchema): Declaration | undefined {
  const items = inner && partOf(inner)
  if (!items) return undefined
  const most =
    maxItems === undefined ? Math.floor((MAX_REQUEST - 2) / (items.bytes + 1)) : Math.max(0, maxItems)
  return { type: { list: items.type }, bytes: 2, most, items }
}

function mapOf(schema: JsonSchema): Declaration | undefined {
  const values = valuesOf(schema)
  const items = values && partOf(values)
  if (!items) return undefined
  const { maxProperties } = schema
  const most =
    maxProperties === undefined
      ? Math.floor((MAX_REQUEST - 2) / (items.bytes + 6))
      : Math.max(0, maxProperties)
  return { type: { map: items.type }, bytes: 2, most, items }
}

const ROOT: Record<string, JsonSchema> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
}

function objectOf(schema: JsonSchema, isRoot: boolean): Declaration {
  const fields = new Map<string, Declaration>()
  let bytes = 2
  const metadata = schema.properties?.metadata?.properties?.name ? schema.properties.metadata : ROOT.metadata!
  const properties = { ...schema.properties, ...(isRoot && { ...ROOT, metadata }) }
  for (const [name, property] of Object.entries(properties)) {
    const declared = partOf(property)
    if (!declared) continue
    const spelled = escaped(name)
    if (spelled !== undefined) fields.set(spelled, declared)
    // A default is filled in by the server.
    if (schema.required?.includes(name) && property.default === undefined)
      bytes += name.length + declared.bytes + 4
  }
  const types = new Map([...fields].map(([name, { type }]) => [name, type]))
  return { type: { object: types }, bytes, most: 0, fields }
}

function textOf({ format, maxLength, enum: values }: JsonSchema): Declaration {
  switch (format) {
    case 'byte':
      return scalar('bytes', 2, maxLength ?? MAX_TEXT)
    case 'duration':
      return scalar('duration', 3, 32)
    case 'date':
      return scalar('timestamp', 12, 12)
    case 'date-time':
      return scalar('timestamp', 21, 32)
  }
  if (maxLength === undefined && values?.length)
    return scalar('string', 2, Math.max(...values.map((value) => String(value).length)))
  return text(maxLength)
}

/** How often data of so many bytes may stand in a request. */
export const mostOften = ({ bytes }: Declaration): number => Math.floor(MAX_REQUEST / (bytes + 1))
