import { equal } from '../../equality.ts'
import { Compiler, firstLine, type Program } from '../cel/compiler.ts'
import { Budget, CostLimitError, OUT_OF_BUDGET } from '../cel/meter.ts'
import { escaped } from '../cel/names.ts'
import { type FieldError, invalidValue } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import { type JsonSchema, own, partsOf, type ValidationRule, valuesOf } from './json-schema.ts'

const rules = new Compiler({ self: 'dyn', oldSelf: 'dyn' })

/** Compiles a rule. Throws what CEL finds wrong with it. */
export const compile = (expression: string): Program => rules.compile(expression)

/** Whether a rule compares with the state before, and so holds only for updates. */
export const isTransition = (rule: ValidationRule) => /\boldSelf\b/.test(rule.rule)

/** Checks the CEL rules of a schema and of all in it, until they have cost too much. Models apiextensions-apiserver/pkg/apiserver/schema/cel. */
export function ruleErrors(schema: JsonSchema, value: Json, old: Json): FieldError[] {
  const errors: FieldError[] = []
  try {
    check(schema, value, old, '', new Asked(errors))
  } catch (error) {
    if (!(error instanceof SpentError)) throw error
  }
  return errors
}

/** There is nothing left for further rules. */
class SpentError extends Error {}

/** What rules have found, and what is left for those after them. */
class Asked {
  readonly budget = new Budget()
  readonly errors: FieldError[]

  constructor(errors: FieldError[]) {
    this.errors = errors
  }

  /** Throws SpentError after the last error. */
  end(error: FieldError): never {
    this.errors.push(error)
    throw new SpentError()
  }
}

function check(schema: JsonSchema, value: Json, old: Json, path: string, asked: Asked): void {
  if (value === null || value === undefined) return
  const rules = (schema['x-kubernetes-validations'] ?? []).filter(
    (rule) => !isTransition(rule) || old !== undefined || rule.optionalOldSelf,
  )
  const context = rules.length > 0 && {
    self: toCel(schema, value),
    oldSelf: old === undefined ? undefined : toCel(schema, old),
  }
  if (context) for (const rule of rules) ask(rule, schema, value, path, context, asked)
  for (const [inner, part, here, key] of partsOf(schema, value, path))
    check(inner, part, before(schema, value, old, key), here, asked)
}

/** The old value of a part: elements of lists that are maps are found by their keys, others have none. */
function before(schema: JsonSchema, value: Json, old: Json, key: string | number): Json {
  if (typeof key === 'string') return isObject(old) ? own(old, key) : undefined
  const keys = schema['x-kubernetes-list-map-keys']
  if (!keys || !Array.isArray(old)) return undefined
  return old.find((item) => keys.every((name) => equal(item?.[name], value[key]?.[name])))
}

function ask(
  rule: ValidationRule,
  schema: JsonSchema,
  value: Json,
  path: string,
  context: Record<string, unknown>,
  asked: Asked,
): void {
  const field = rule.fieldPath ? `${path}${rule.fieldPath}`.replace(/^\./, '') : path
  const invalid = (where: string, text: string) => reasoned(undefined, schema, where, value, text)
  const { value: holds, error, cost } = compile(rule.rule)(context)
  if (!asked.budget.pays(cost)) asked.end(invalid(path, OUT_OF_BUDGET))
  const name = (rule.message ?? rule.rule).trim()
  if (error instanceof CostLimitError)
    asked.end(
      invalid(
        path,
        `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`,
      ),
    )
  if (error) asked.errors.push(invalid(path, `${firstLine(error)} evaluating rule: ${name}`))
  else if (holds !== true) {
    const text = messageOf(rule, context, asked, (why) => asked.end(invalid(field, why)))
    asked.errors.push(reasoned(rule.reason, schema, field, value, text))
  }
}

function messageOf(
  { rule, message, messageExpression }: ValidationRule,
  context: Record<string, unknown>,
  asked: Asked,
  end: (why: string) => never,
): string {
  if (messageExpression) {
    const { value, error, cost } = compile(messageExpression)(context)
    if (!asked.budget.pays(cost))
      end(
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      )
    if (error instanceof CostLimitError)
      end(
        `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(messageExpression)}`,
      )
    // Otherwise, as upstream: the fixed message stands in.
    const text = typeof value === 'string' ? value.trim() : ''
    if (text && text.length <= LONGEST_MESSAGE && !text.includes('\n')) return text
  }
  return message?.trim() || `failed rule: ${rule.trim()}`
}

/** Longest value of a `messageExpression` that is shown, bytes. */
const LONGEST_MESSAGE = 5 * 1024

function reasoned(
  reason: string | undefined,
  schema: JsonSchema,
  field: string,
  value: Json,
  text: string,
): FieldError {
  switch (reason) {
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

/** A JSON value as CEL has it: whole numbers apart from others, by what the schema says. */
function toCel(schema: JsonSchema, value: Json): unknown {
  if (typeof value === 'number') {
    const whole = schema.type === 'integer' || (schema.type !== 'number' && Number.isInteger(value))
    return whole && Number.isInteger(value) ? BigInt(value) : value
  }
  if (typeof value === 'string') return textToCel(schema, value)
  if (Array.isArray(value)) return value.map((item) => toCel(schema.items ?? {}, item))
  if (!isObject(value)) return value
  const values = valuesOf(schema)
  return Object.fromEntries(
    Object.entries(value as Obj).map(([key, inner]) => {
      const property = own(schema.properties, key)
      return [property ? (escaped(key) ?? key) : key, toCel(property ?? values ?? {}, inner)]
    }),
  )
}

const durations = new Compiler({ text: 'string' })

/** Texts of some formats have a type of their own. */
function textToCel({ format }: JsonSchema, text: string): unknown {
  switch (format) {
    case 'date':
    case 'date-time':
      return new Date(text)
    case 'duration':
      return durations.compile('duration(text)')({ text }).value
    case 'byte':
      return new Uint8Array(Buffer.from(text, 'base64'))
  }
  return text
}
