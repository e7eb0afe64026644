import { equal } from '../../equality.ts'
import { duplicate, type FieldError, invalidValue, notSupported, required, tooLong } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import { compilePattern } from '../patterns.ts'
import { FORMATS } from './formats.ts'
import { type JsonSchema, own, partsOf, ROOT_FIELDS, typeName } from './json-schema.ts'

const join = (path: string, name: string) => (path ? `${path}.${name}` : name)

/**
 * Checks a value against a structural schema. The texts are those of kube-openapi's validator as
 * apiextensions-apiserver/pkg/apiserver/validation turns them into field errors.
 */
export function schemaErrors(schema: JsonSchema, value: Json, path: string, root = false): FieldError[] {
  if (value === null) {
    if (schema.nullable || schema['x-kubernetes-preserve-unknown-fields']) return []
    return [wrongType(schema, value, path)]
  }
  const errors: FieldError[] = []
  if (!hasType(schema, value)) return [wrongType(schema, value, path)]
  if (schema.enum && !schema.enum.some((allowed) => equal(allowed, value)))
    errors.push(notSupported(path, value, schema.enum as string[]))
  if (typeof value === 'string') errors.push(...textErrors(schema, value, path))
  else if (typeof value === 'number') errors.push(...numberErrors(schema, value, path))
  else if (Array.isArray(value)) errors.push(...listErrors(schema, value, path))
  else if (isObject(value)) errors.push(...objectErrors(schema, value, path, root))
  errors.push(...combinedErrors(schema, value, path))
  for (const [inner, part, here, key] of partsOf(schema, value, path)) {
    if (!(root && ROOT_FIELDS.has(String(key)))) errors.push(...schemaErrors(inner, part, here))
  }
  return errors
}

const inBody = (path: string, text: string) => `${path || '<nil>'} in body ${text}`

function wrongType(schema: JsonSchema, value: Json, path: string): FieldError {
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
  const given = typeName(value)
  return {
    field: path,
    reason: 'FieldValueTypeInvalid',
    body: `Invalid value: ${JSON.stringify(given)}: ${inBody(path, `must be of type ${wanted}: ${JSON.stringify(given)}`)}`,
  }
}

function hasType(schema: JsonSchema, value: Json): boolean {
  const given = typeName(value)
  if (schema['x-kubernetes-int-or-string']) return given === 'string' || given === 'integer'
  if (!schema.type) return true
  return schema.type === given || (schema.type === 'number' && given === 'integer')
}

function textErrors(schema: JsonSchema, value: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { maxLength, minLength, pattern, format } = schema
  const length = [...value].length
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength))
  if (minLength !== undefined && length < minLength)
    errors.push(invalidValue(path, value, inBody(path, `should be at least ${minLength} chars long`)))
  if (pattern && compilePattern(pattern)?.test(value) === false)
    errors.push(invalidValue(path, value, inBody(path, `should match '${pattern}'`)))
  if (format && FORMATS[format]?.(value) === false)
    errors.push(
      invalidValue(path, value, inBody(path, `must be of type ${format}: ${JSON.stringify(value)}`)),
    )
  return errors
}

function numberErrors(schema: JsonSchema, value: number, path: string): FieldError[] {
  const errors: FieldError[] = []
  const wrong = (text: string) => errors.push(invalidValue(path, value, inBody(path, text)))
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf, format } = schema
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    wrong(exclusiveMaximum ? `should be less than ${maximum}` : `should be less than or equal to ${maximum}`)
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    wrong(
      exclusiveMinimum
        ? `should be greater than ${minimum}`
        : `should be greater than or equal to ${minimum}`,
    )
  if (multipleOf && !Number.isInteger(Number((value / multipleOf).toFixed(9))))
    wrong(`should be a multiple of ${multipleOf}`)
  if (format === 'int32' && (value > 2147483647 || value < -2147483648)) {
    wrong(`must be of type int32: ${JSON.stringify(value)}`)
  }
  return errors
}

function listErrors(schema: JsonSchema, value: Json[], path: string): FieldError[] {
  const errors: FieldError[] = []
  const { maxItems, minItems, uniqueItems } = schema
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems))
  if (minItems !== undefined && value.length < minItems)
    errors.push(invalidValue(path, value.length, inBody(path, `should have at least ${minItems} items`)))
  const texts = value.map((item) => JSON.stringify(item))
  if (uniqueItems && new Set(texts).size < texts.length)
    errors.push(invalidValue(path, value, inBody(path, "shouldn't contain duplicates")))
  const type = schema['x-kubernetes-list-type']
  if (type === 'set' || type === 'map') errors.push(...repeated(schema, value, path))
  return errors
}

/** Elements of a set or a map that are there twice. */
function repeated(schema: JsonSchema, value: Json[], path: string): FieldError[] {
  const keys = schema['x-kubernetes-list-type'] === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined
  const seen = new Set<string>()
  const errors: FieldError[] = []
  for (const [index, item] of value.entries()) {
    const identity = keys
      ? Object.fromEntries(keys.map((key) => [key, item?.[key] ?? schema.items?.properties?.[key]?.default]))
      : item
    const text = JSON.stringify(identity)
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, identity))
    seen.add(text)
  }
  return errors
}

function objectErrors(schema: JsonSchema, value: Obj, path: string, root: boolean): FieldError[] {
  const errors = (schema.required ?? [])
    .filter((name) => value[name] === undefined && !(root && ROOT_FIELDS.has(name)))
    .map((name) => required(join(path, name)))
  const count = Object.keys(value).length
  const { maxProperties, minProperties } = schema
  if (maxProperties !== undefined && count > maxProperties) errors.push(tooMany(path, count, maxProperties))
  if (minProperties !== undefined && count < minProperties)
    errors.push(invalidValue(path, count, inBody(path, `should have at least ${minProperties} properties`)))
  return errors
}

const tooMany = (path: string, count: number, limit: number): FieldError => ({
  field: path,
  reason: 'FieldValueTooMany',
  body: `Too many: ${count}: must have at most ${limit} items`,
})

/** `allOf`, `anyOf`, `oneOf` and `not`, which only add to what the structure says. */
function combinedErrors(schema: JsonSchema, value: Json, path: string): FieldError[] {
  const errors: FieldError[] = []
  const show = JSON.stringify(path)
  const fits = (other: JsonSchema) => schemaErrors(other, value, path).length === 0
  const wrong = (text: string) => errors.push(invalidValue(path, value, text))
  for (const other of schema.allOf ?? []) errors.push(...schemaErrors(other, value, path))
  if (schema.anyOf && !schema.anyOf.some(fits)) {
    wrong(`${show} must validate at least one schema (anyOf)`)
    errors.push(...closest(schema.anyOf, value, path))
  }
  if (schema.oneOf) {
    const count = schema.oneOf.filter(fits).length
    if (count === 0) {
      wrong(`${show} must validate one and only one schema (oneOf). Found none valid`)
      errors.push(...closest(schema.oneOf, value, path))
    }
    if (count > 1)
      wrong(`${show} must validate one and only one schema (oneOf). Found ${count} valid alternatives`)
  }
  if (schema.not && fits(schema.not)) wrong(`${show} must not validate the schema (not)`)
  return errors
}

/** What is wrong by the alternative that fits best. */
function closest(alternatives: JsonSchema[], value: Json, path: string): FieldError[] {
  const all = alternatives.map((other) => schemaErrors(other, value, path))
  return all.sort((a, b) => a.length - b.length)[0] ?? []
}

/** The value at a field error's path, for telling what an update did not touch; undefined where there is none. */
export function valueAt(object: Json, path: string): Json {
  let value = object
  for (const part of path.matchAll(/[^.[\]]+/g)) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Array.isArray(value) ? value[Number(part[0])] : own(value as Obj, part[0])
  }
  return value
}
