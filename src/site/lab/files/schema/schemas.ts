import { request } from '../../../api.ts'
import { labId } from '../../store.ts'

/** A schema as OpenAPI v3 writes it, as far as an editor needs it. */
export interface Schema {
  $ref?: string
  allOf?: Schema[]
  type?: string
  format?: string
  description?: string
  enum?: unknown[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  required?: string[]
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}

export type Schemas = Record<string, Schema>

const known = new Map<string, Promise<Schemas | undefined>>()

/** The schemas that the learner's cluster serves for an `apiVersion`; undefined while no cluster serves it. */
export function schemasOf(apiVersion: string): Promise<Schemas | undefined> {
  const before = known.get(apiVersion)
  if (before) return before
  const asked = request<Schemas>(
    'GET',
    `/api/labs/${encodeURIComponent(labId)}/schemas?apiVersion=${encodeURIComponent(apiVersion)}`,
  ).catch(() => {
    // There may be a cluster, or a definition of that kind, later.
    setTimeout(() => known.delete(apiVersion), 5000)
    return undefined
  })
  known.set(apiVersion, asked)
  return asked
}

/** The schema that a reference leads to, with what stands beside it. */
export function resolve(schemas: Schemas, schema: Schema | undefined): Schema | undefined {
  if (!schema) return undefined
  const [only] = schema.allOf ?? []
  const reference = schema.$ref ?? only?.$ref
  if (!reference) return schema
  const target = schemas[reference.slice(reference.lastIndexOf('/') + 1)]
  return target && { ...target, description: schema.description ?? target.description }
}

export function kindSchema(schemas: Schemas, apiVersion: string, kind: string): Schema | undefined {
  return Object.values(schemas).find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some(
      (one) => one.kind === kind && versionOf(one) === apiVersion,
    ),
  )
}

/** The kinds of an `apiVersion` that people write: no lists, no answers. */
export function kindsOf(schemas: Schemas, apiVersion: string): string[] {
  const kinds = Object.values(schemas).flatMap(
    ({ properties, ...schema }) =>
      (properties?.metadata &&
        schema['x-kubernetes-group-version-kind']?.filter((one) => versionOf(one) === apiVersion)) ||
      [],
  )
  return [...new Set(kinds.map(({ kind }) => kind))]
    .filter((kind) => !/List$|Options$|^Status$/.test(kind))
    .sort()
}

const versionOf = ({ group, version }: { group: string; version: string }) =>
  group ? `${group}/${version}` : version

/** Goes down by names of fields; `[]` is an item of a list. */
export function schemaAt(schemas: Schemas, root: Schema, path: string[]): Schema | undefined {
  let schema: Schema | undefined = root
  for (const name of path) {
    const here: Schema | undefined = resolve(schemas, schema)
    if (!here) return undefined
    if (name === '[]') schema = here.items
    else
      schema =
        here.properties?.[name] ??
        (typeof here.additionalProperties === 'object' ? here.additionalProperties : undefined)
  }
  return resolve(schemas, schema)
}

/** `string`, `[]Container`, `map of string`, in the way of `kubectl explain`. */
export function typeText(schemas: Schemas, schema: Schema): string {
  const here = resolve(schemas, schema) ?? schema
  if (isIntOrString(here)) return 'integer or string'
  if (here.type === 'array') return `[]${here.items ? typeText(schemas, here.items) : 'object'}`
  if (here.properties) return 'object'
  if (typeof here.additionalProperties === 'object')
    return `map of ${typeText(schemas, here.additionalProperties)}`
  return here.format === 'date-time' ? 'time' : (here.type ?? 'object')
}

export const isIntOrString = (schema: Schema): boolean =>
  schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true
