import { UNKNOWN } from '../cel/costs.ts'
import { type Declaration, estimateCost } from '../cel/estimate.ts'
import { compilationError } from '../cel/positions.ts'
import { type CelType, TypeChecker } from '../cel/type-check.ts'
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import { declarationOf, mostOften } from './declaration.ts'
import { compile, isTransition } from './expressions.ts'
import { type JsonSchema, type ValidationRule, valuesOf } from './json-schema.ts'

// What is checked of CEL rules when a definition is made. Source: apiextensions-apiserver/pkg/apis/apiextensions/validation and
// pkg/apiserver/schema/cel/compilation.go, read 2026-11.

/** Units that one expression may be estimated to cost, for all the times that it may be asked. */
const EXPRESSION_LIMIT = 10_000_000
/** Units for all expressions of a schema. */
const SCHEMA_LIMIT = 100_000_000
/** As many of the dearest expressions are named. */
const NAMED = 4

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

/** Where a schema stands. */
interface Place {
  path: string
  declaration: Declaration | undefined
  /** How often its value may be there; undefined when nothing says so. */
  times: number | undefined
  /** Below it nothing can be compared with what was there before. */
  uncorrelated: string | undefined
}

/** What is wrong with the CEL rules of a structural schema and all in it. */
export function ruleProblems(schema: JsonSchema, path: string): FieldError[] {
  const costs: { path: string; cost: number }[] = []
  const errors = problemsIn(
    schema,
    { path, declaration: declarationOf(schema, true), times: 1, uncorrelated: undefined },
    costs,
  )
  const total = costs.reduce((sum, { cost }) => Math.min(sum + cost, UNKNOWN), 0)
  if (total <= SCHEMA_LIMIT) return errors
  const dearest = costs
    .filter(({ cost }) => cost >= SCHEMA_LIMIT / 100)
    .sort((a, b) => b.cost - a.cost)
    .slice(0, NAMED)
  const why = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
  return [
    ...errors,
    ...dearest.map((one) => forbiddenField(one.path, why)),
    forbiddenField(
      path,
      exceeds(
        'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
        total,
        SCHEMA_LIMIT,
      ),
    ),
  ]
}

function problemsIn(schema: JsonSchema, place: Place, costs: { path: string; cost: number }[]): FieldError[] {
  const { path, declaration } = place
  const inner = (
    part: JsonSchema,
    suffix: string,
    declared: Declaration | undefined,
    count: number | undefined,
    isCorrelated: boolean,
  ) =>
    problemsIn(
      part,
      {
        path: `${path}${suffix}`,
        declaration: declared ?? declarationOf(part, part['x-kubernetes-embedded-resource']),
        times: place.times === undefined || count === undefined ? undefined : place.times * count,
        uncorrelated: place.uncorrelated ?? (isCorrelated ? undefined : path),
      },
      costs,
    )
  const isGranular = schema['x-kubernetes-map-type'] !== 'atomic'
  const isMapList = schema['x-kubernetes-list-type'] === 'map'
  const values = valuesOf(schema)
  return [
    ...(values
      ? inner(values, '.additionalProperties', declaration?.items, schema.maxProperties, isGranular)
      : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      inner(property, `.properties[${name}]`, declaration?.fields?.get(name), 1, isGranular),
    ),
    ...(schema.items ? inner(schema.items, '.items', declaration?.items, schema.maxItems, isMapList) : []),
    ...(schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) =>
      problemsOf(rule, { ...place, path: `${path}.x-kubernetes-validations[${index}]` }, costs),
    ),
  ]
}

function problemsOf(
  rule: ValidationRule,
  place: Place,
  costs: { path: string; cost: number }[],
): FieldError[] {
  const { path, declaration, times, uncorrelated } = place
  const wrongForm = formErrors(rule, path)
  if (wrongForm.length > 0 || !declaration) return wrongForm
  const errors: FieldError[] = []
  const charge = (field: string, name: string, cost: number) => {
    if (cost > EXPRESSION_LIMIT)
      errors.push(forbiddenField(`${path}.${field}`, exceeds(name, cost, EXPRESSION_LIMIT)))
    costs.push({ path: `${path}.${field}`, cost })
  }
  const checked = check(rule.rule, declaration)
  if ('problem' in checked) errors.push(invalidValue(`${path}.rule`, rule, checked.problem))
  else if (checked.type !== 'bool' && checked.type !== 'dyn')
    errors.push(invalidValue(`${path}.rule`, rule, 'cel expression must evaluate to a bool'))
  else
    charge('rule', 'estimated rule cost', Math.min(checked.cost * (times ?? mostOften(declaration)), UNKNOWN))
  if (rule.messageExpression !== undefined) {
    const message = check(rule.messageExpression, declaration)
    const field = `${path}.messageExpression`
    if ('problem' in message)
      errors.push(
        invalidValue(field, rule, message.problem.replace(/^compilation/, 'messageExpression compilation')),
      )
    else if (message.type !== 'string' && message.type !== 'dyn')
      errors.push(invalidValue(field, rule, 'messageExpression must evaluate to a string'))
    else charge('messageExpression', 'estimated messageExpression cost', message.cost)
  }
  const comparesWithOld = isTransition(rule)
  if (comparesWithOld && uncorrelated !== undefined)
    errors.push(
      invalidValue(
        `${path}.rule`,
        rule.rule,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`,
      ),
    )
  if (!comparesWithOld && rule.optionalOldSelf !== undefined)
    errors.push(
      invalidValue(
        `${path}.optionalOldSelf`,
        rule.optionalOldSelf,
        'may not be set if oldSelf is not used in rule',
      ),
    )
  return errors
}

function formErrors(
  { rule, message, messageExpression, reason }: ValidationRule,
  path: string,
): FieldError[] {
  const errors: FieldError[] = []
  const text = message?.trim()
  if (!rule?.trim()) errors.push(required(`${path}.rule`, 'rule is not specified'))
  else if (message && !text)
    errors.push(invalidValue(`${path}.message`, message, 'message must be non-empty if specified'))
  else if (text && /[\n\r]/.test(text))
    errors.push(invalidValue(`${path}.message`, message, 'message must not contain line breaks'))
  else if (!text && /[\n\r]/.test(rule.trim()))
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'))
  if (messageExpression && !messageExpression.trim())
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  if (reason !== undefined && !REASONS.includes(reason))
    errors.push(notSupported(`${path}.reason`, reason, REASONS))
  return errors
}

type Checked = { problem: string } | { type: CelType; cost: number }

/** Compiles an expression for the values that a schema declares, and estimates what it costs. */
function check(expression: string, declaration: Declaration): Checked {
  const variables: [string, Declaration][] = [
    ['self', declaration],
    ['oldSelf', declaration],
  ]
  try {
    const { tree } = compile(expression)
    const checker = new TypeChecker(
      expression,
      variables.map(([name, { type }]) => [name, type]),
    )
    const type = checker.check(tree)
    if (checker.errors.length > 0) return { problem: `compilation failed: ${checker.errors.join('\n')}` }
    return { type, cost: estimateCost(tree, checker.types, variables) }
  } catch (error) {
    return { problem: `compilation failed: ${compilationError(expression, error)}` }
  }
}

function exceeds(name: string, cost: number, limit: number): string {
  const factor = cost / limit
  const times = factor > 100 ? 'more than 100' : factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1)
  return `${name} exceeds budget by factor of ${times}x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}
