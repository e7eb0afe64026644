import { type FieldError, forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import { compilePattern } from '../patterns.ts'
import { type JsonSchema, valuesOf } from './json-schema.ts'
import { applyDefaults } from './prune.ts'
import { ruleProblems } from './rules.ts'
import { schemaErrors } from './validate.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
/** How deep a schema may be: recursion over what a client wrote must end. */
const MAX_DEPTH = 100

/** Whether a schema is structural, and its patterns and rules compile. Models apiextensions-apiserver/pkg/apiserver/schema. */
export function structuralErrors(schema: JsonSchema, path: string): FieldError[] {
  if (!isObject(schema)) return [invalidValue(path, schema, 'must be an object')]
  const errors: FieldError[] = []
  if (schema.type !== 'object') {
    errors.push(
      schema.type
        ? invalidValue(`${path}.type`, schema.type, 'must be object at the root')
        : required(`${path}.type`, 'must not be empty at the root'),
    )
  }
  errors.push(...nodeErrors(schema, path, 'root', 0))
  // As upstream: rules of a schema that is wrong are not looked at.
  return errors.length > 0 ? errors : ruleProblems(schema, path)
}

function nodeErrors(
  schema: JsonSchema,
  path: string,
  place: 'root' | 'field' | 'item',
  depth: number,
): FieldError[] {
  const shape = shapeErrors(schema, path)
  if (shape.length > 0) return shape
  if (depth > MAX_DEPTH) return [invalidValue(path, '', 'schema is nested too deeply')]
  const errors: FieldError[] = []
  const free = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  if (place !== 'root' && !schema.type && !free) {
    const what = place === 'field' ? 'specified object fields' : 'specified array items'
    errors.push(required(`${path}.type`, `must not be empty for ${what}`))
  } else if (schema.type && !TYPES.includes(schema.type)) {
    errors.push(notSupported(`${path}.type`, schema.type, TYPES))
  }
  if (schema.type === 'array' && !schema.items) errors.push(required(`${path}.items`, 'must be specified'))
  if (schema.properties && schema.additionalProperties)
    errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used together with properties'))
  if (schema.uniqueItems)
    errors.push(
      forbiddenField(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  if (schema.pattern && !compilePattern(schema.pattern))
    errors.push(invalidValue(`${path}.pattern`, schema.pattern, 'must be a valid regular expression'))
  errors.push(...listErrors(schema, path), ...defaultErrors(schema, path))
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    // The metadata of the root may be restricted, but needs no type.
    if (place === 'root' && name === 'metadata' && !property.type) continue
    errors.push(...nodeErrors(property, `${path}.properties[${name}]`, 'field', depth + 1))
  }
  const values = valuesOf(schema)
  if (values) errors.push(...nodeErrors(values, `${path}.additionalProperties`, 'field', depth + 1))
  if (isObject(schema.items)) errors.push(...nodeErrors(schema.items!, `${path}.items`, 'item', depth + 1))
  return errors
}

const isText = (value: Json) => typeof value === 'string'
const isNumber = (value: Json) => typeof value === 'number'
const isFlag = (value: Json) => typeof value === 'boolean'
const isTexts = (value: Json) => Array.isArray(value) && value.every(isText)
const isObjects = (value: Json) => Array.isArray(value) && value.every(isObject)

/** What the keywords of a schema must be; Go's decoder holds others to it. */
const SHAPES: Record<string, (value: Json) => boolean> = {
  ...Object.fromEntries(['type', 'format', 'description', 'pattern'].map((key) => [key, isText])),
  ...Object.fromEntries(
    ['minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'minItems', 'maxItems'].map((key) => [
      key,
      isNumber,
    ]),
  ),
  ...Object.fromEntries(
    ['nullable', 'uniqueItems', 'exclusiveMinimum', 'exclusiveMaximum'].map((key) => [key, isFlag]),
  ),
  minProperties: isNumber,
  maxProperties: isNumber,
  properties: (value) => isObject(value) && Object.values(value).every(isObject),
  items: isObject,
  additionalProperties: (value) => isFlag(value) || isObject(value),
  required: isTexts,
  enum: Array.isArray,
  allOf: isObjects,
  anyOf: isObjects,
  oneOf: isObjects,
  not: isObject,
  'x-kubernetes-preserve-unknown-fields': isFlag,
  'x-kubernetes-embedded-resource': isFlag,
  'x-kubernetes-int-or-string': isFlag,
  'x-kubernetes-list-type': isText,
  'x-kubernetes-list-map-keys': isTexts,
  'x-kubernetes-map-type': isText,
  'x-kubernetes-validations': (value) =>
    isObjects(value) &&
    value.every((rule: Obj) =>
      Object.entries(rule).every(([key, part]) => key === 'optionalOldSelf' || isText(part)),
    ),
}

function shapeErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors = Object.entries(schema)
    .filter(([key, value]) => Object.hasOwn(SHAPES, key) && !SHAPES[key]!(value))
    .map(([key, value]) => invalidValue(`${path}.${key}`, value, 'has the wrong type'))
  const combined = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), schema.not]
  if (errors.length > 0) return errors
  return combined.flatMap((part) => (part ? shapeErrors(part, path) : []))
}

function listErrors(schema: JsonSchema, path: string): FieldError[] {
  const type = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (type !== 'map') {
    return keys.length > 0
      ? [
          forbiddenField(
            `${path}.x-kubernetes-list-map-keys`,
            'must be forbidden if x-kubernetes-list-type is not map',
          ),
        ]
      : []
  }
  if (keys.length === 0)
    return [
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    ]
  return keys.flatMap((key) => {
    const property = schema.items?.properties?.[key]
    const field = `${path}.items.properties[${key}]`
    if (!property) {
      const why = 'entries must all be names of item properties'
      return [invalidValue(`${path}.x-kubernetes-list-map-keys`, keys, why)]
    }
    const needed = schema.items?.required?.includes(key) || property.default !== undefined
    const why =
      'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
    return needed ? [] : [required(`${field}.default`, why)]
  })
}

function defaultErrors(schema: JsonSchema, path: string): FieldError[] {
  if (schema.default === undefined || !isObject(schema)) return []
  const value = structuredClone(schema.default)
  applyDefaults(schema, value)
  return schemaErrors(schema, value, '').map(({ reason, body, field }) => ({
    reason,
    field: `${path}.default${field && `.${field}`}`,
    body: body.replaceAll('<nil>', `${path}.default`),
  }))
}
