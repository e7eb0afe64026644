import { equal } from '../../equality.ts'
import { Compiler, firstLine, type Program } from '../cel/compiler.ts'
import { type FieldError, invalidValue } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import { type JsonSchema, own, partsOf, type ValidationRule, valuesOf } from './json-schema.ts'

const rules = new Compiler({ self: 'dyn', oldSelf: 'dyn' })

/** Compiles a rule. Throws what CEL finds wrong with it. */
export const compile = (expression: string): Program => rules.compile(expression)

/** Whether a rule compares with the state before, and so holds only for updates. */
const isTransition = (rule: ValidationRule) => /\boldSelf\b/.test(rule.rule)

/** Checks the CEL rules of a schema and of all in it. Models apiextensions-apiserver/pkg/apiserver/schema/cel. */
export function ruleErrors(schema: JsonSchema, value: Json, old: Json, path: string): FieldError[] {
  if (value === null || value === undefined) return []
  const errors: FieldError[] = []
  for (const rule of schema['x-kubernetes-validations'] ?? []) {
    if (isTransition(rule) && old === undefined && !rule.optionalOldSelf) continue
    const error = failure(rule, schema, value, old, path)
    if (error) errors.push(error)
  }
  for (const [inner, part, here, key] of partsOf(schema, value, path)) {
    errors.push(...ruleErrors(inner, part, before(schema, value, old, key), here))
  }
  return errors
}

/** The old value of a part: elements of lists that are maps are found by their keys, others have none. */
function before(schema: JsonSchema, value: Json, old: Json, key: string | number): Json {
  if (typeof key === 'string') return isObject(old) ? own(old, key) : undefined
  const keys = schema['x-kubernetes-list-map-keys']
  if (!keys || !Array.isArray(old)) return undefined
  return old.find((item) => keys.every((name) => equal(item?.[name], value[key]?.[name])))
}

function failure(
  rule: ValidationRule,
  schema: JsonSchema,
  value: Json,
  old: Json,
  path: string,
): FieldError | undefined {
  const context = { self: toCel(schema, value), oldSelf: old === undefined ? undefined : toCel(schema, old) }
  const field = rule.fieldPath ? `${path}${rule.fieldPath}`.replace(/^\./, '') : path
  const name = rule.message ?? rule.rule
  try {
    if (compile(rule.rule)(context) === true) return undefined
  } catch (error) {
    return reasoned(rule, schema, field, value, `${firstLine(error)} evaluating rule: ${name}`)
  }
  return reasoned(rule, schema, field, value, messageOf(rule, context))
}

function messageOf(rule: ValidationRule, context: Record<string, unknown>): string {
  if (rule.messageExpression) {
    try {
      const message = compile(rule.messageExpression)(context)
      if (typeof message === 'string' && message.trim() !== '') return message
    } catch {
      // As upstream: the fixed message stands in.
    }
  }
  return rule.message ?? `failed rule: ${rule.rule}`
}

function reasoned(
  rule: ValidationRule,
  schema: JsonSchema,
  field: string,
  value: Json,
  text: string,
): FieldError {
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return { field, reason: 'FieldValueForbidden', body: `Forbidden: ${text}` }
    case 'FieldValueRequired':
      return { field, reason: 'FieldValueRequired', body: `Required value: ${text}` }
    case 'FieldValueDuplicate':
      return { field, reason: 'FieldValueDuplicate', body: `Duplicate value: ${JSON.stringify(value)}` }
  }
  const isBig = schema.type === 'object' || schema.type === 'array'
  return isBig
    ? { field, reason: 'FieldValueInvalid', body: `Invalid value: ${text}` }
    : invalidValue(field, value, text)
}

/** Property names that CEL cannot spell are escaped. */
const escapeName = (name: string) =>
  name.replace(/__|[.\-/]/g, (part) =>
    part === '__' ? '__underscores__' : part === '.' ? '__dot__' : part === '-' ? '__dash__' : '__slash__',
  )

/** A JSON value as CEL has it: whole numbers apart from others, by what the schema says. */
function toCel(schema: JsonSchema, value: Json): unknown {
  if (typeof value === 'number') {
    const whole = schema.type === 'integer' || (schema.type !== 'number' && Number.isInteger(value))
    return whole && Number.isInteger(value) ? BigInt(value) : value
  }
  if (Array.isArray(value)) return value.map((item) => toCel(schema.items ?? {}, item))
  if (!isObject(value)) return value
  const values = valuesOf(schema)
  return Object.fromEntries(
    Object.entries(value as Obj).map(([key, inner]) => {
      const property = own(schema.properties, key)
      return [property ? escapeName(key) : key, toCel(property ?? values ?? {}, inner)]
    }),
  )
}
