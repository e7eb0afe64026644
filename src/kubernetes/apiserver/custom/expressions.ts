import { Environment } from '@marcbachmann/cel-js'
import { equal } from '../../equality.ts'
import { type FieldError, invalidValue } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import { compilePattern, type Pattern } from '../patterns.ts'
import { quantityValue } from '../quantity.ts'
import { type JsonSchema, own, partsOf, type ValidationRule, valuesOf } from './json-schema.ts'

type Program = (context: Record<string, unknown>) => unknown

/** Functions that Kubernetes adds to CEL. Source: k8s.io/apiserver/pkg/cel/library. */
function environment(): Environment {
  const list = (values: unknown) => [...(values as Iterable<unknown>)] as (number | bigint | string)[]
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
  return environment
    .registerVariable('self', 'dyn')
    .registerVariable('oldSelf', 'dyn')
    .registerFunction('list.isSorted(): bool', (values: unknown) => {
      const all = list(values)
      return all.every((value, index) => index === 0 || all[index - 1]! <= value)
    })
    .registerFunction('list.sum(): dyn', (values: unknown) =>
      list(values).reduce((sum, value) => (sum as never) + (value as never)),
    )
    .registerFunction('list.min(): dyn', (values: unknown) => list(values).reduce((a, b) => (b < a ? b : a)))
    .registerFunction('list.max(): dyn', (values: unknown) => list(values).reduce((a, b) => (b > a ? b : a)))
    .registerFunction('list.indexOf(dyn): int', (values: unknown, item: unknown) =>
      BigInt(list(values).findIndex((value) => equal(value, item))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (values: unknown, item: unknown) =>
      BigInt(list(values).findLastIndex((value) => equal(value, item))),
    )
    .registerFunction('string.re2Matches(string): bool', (text: string, source: string) =>
      pattern(source).test(text),
    )
    .registerFunction('string.find(string): string', (text: string, source: string) =>
      pattern(source).first(text),
    )
    .registerFunction('string.findAll(string): list', (text: string, source: string) =>
      pattern(source).all(text),
    )
    .registerFunction('isQuantity(string): bool', (text: string) => !Number.isNaN(quantityValue(text)))
    .registerFunction('quantity(string): double', (text: string) => quantityValue(text))
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
}

function pattern(source: string): Pattern {
  const compiled = compilePattern(source)
  if (!compiled) throw new Error(`error parsing regexp: ${source}`)
  return compiled
}

/** A string literal, or a call of CEL's `matches` as a method. */
const MATCHES = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.matches\s*\(/g

/** The library's own `matches` uses expressions that may take exponential time. */
const withRe2 = (expression: string) =>
  expression.replace(MATCHES, (found) => (found.startsWith('.') ? '.re2Matches(' : found))

let shared: Environment | undefined
const programs = new Map<string, Program>()

/** Compiles an expression once. Throws what CEL finds wrong with it. */
export function compile(expression: string): Program {
  let program = programs.get(expression)
  if (!program) {
    shared ??= environment()
    const parsed = shared.parse(withRe2(expression))
    const checked = parsed.check()
    if (!checked.valid) throw checked.error ?? new Error('the expression has no type')
    program = (context) => parsed(context)
    if (programs.size > 5000) programs.clear()
    programs.set(expression, program)
  }
  return program
}

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

/** The first line of CEL's error; the others point into the expression. */
export const firstLine = (error: unknown): string =>
  ((error as Error).message ?? String(error)).split('\n')[0]!

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
