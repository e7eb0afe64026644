import { compilationError } from '../../cel/positions.ts'
import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../errors.ts'
import type { Obj } from '../../json.ts'
import { compile } from '../expressions.ts'

// What upstream checks of policies when they are made. Source: pkg/apis/admissionregistration/validation, read 2026-11.

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']
const ACTIONS = ['Audit', 'Deny', 'Warn']

function expressionErrors(text: string | undefined, path: string): FieldError[] {
  if (!text?.trim()) return [required(path, 'expression is not specified')]
  try {
    compile(text)
    return []
  } catch (error) {
    return [invalidValue(path, text, `compilation failed: ${compilationError(text, error)}`)]
  }
}

export function conditionErrors(conditions: Obj[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>()
  return (conditions ?? []).flatMap(({ name, expression }, index) => {
    const here = `${path}[${index}]`
    const errors = expressionErrors(expression, `${here}.expression`)
    if (!name) errors.push(required(`${here}.name`))
    if (seen.has(name)) errors.push(duplicate(`${here}.name`, name))
    seen.add(name)
    return errors
  })
}

const RULE_FIELDS = ['operations', 'apiGroups', 'apiVersions', 'resources']
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

export function ruleErrors(rules: Obj[] | undefined, path: string): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => {
    const here = `${path}[${index}]`
    const errors = RULE_FIELDS.filter((field) => !rule[field]?.length).map((field) =>
      required(`${here}.${field}`),
    )
    for (const [at, operation] of (rule.operations ?? []).entries()) {
      if (!OPERATIONS.includes(operation))
        errors.push(notSupported(`${here}.operations[${at}]`, operation, OPERATIONS))
    }
    return errors
  })
}

export function policyErrors({ spec }: Obj): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.matchConstraints) errors.push(required('spec.matchConstraints'))
  else if (!spec.matchConstraints.resourceRules?.length)
    errors.push(required('spec.matchConstraints.resourceRules'))
  else errors.push(...ruleErrors(spec.matchConstraints.resourceRules, 'spec.matchConstraints.resourceRules'))
  errors.push(...conditionErrors(spec.matchConditions, 'spec.matchConditions'))
  if (!spec.validations?.length && !spec.auditAnnotations?.length) {
    const why = 'validations or auditAnnotations must contain at least one item'
    errors.push(required('spec.validations', why), required('spec.auditAnnotations', why))
  }
  for (const [index, { name, expression }] of (spec.variables ?? []).entries()) {
    if (!name) errors.push(required(`spec.variables[${index}].name`, 'name is not specified'))
    errors.push(...expressionErrors(expression, `spec.variables[${index}].expression`))
  }
  for (const [index, validation] of (spec.validations ?? []).entries()) {
    const here = `spec.validations[${index}]`
    errors.push(...expressionErrors(validation.expression, `${here}.expression`))
    if (validation.messageExpression !== undefined)
      errors.push(...expressionErrors(validation.messageExpression, `${here}.messageExpression`))
    if (validation.reason !== undefined && !REASONS.includes(validation.reason))
      errors.push(notSupported(`${here}.reason`, validation.reason, REASONS))
  }
  for (const [index, { key, valueExpression }] of (spec.auditAnnotations ?? []).entries()) {
    if (!key) errors.push(required(`spec.auditAnnotations[${index}].key`))
    errors.push(...expressionErrors(valueExpression, `spec.auditAnnotations[${index}].valueExpression`))
  }
  return errors
}

export function bindingErrors({ spec }: Obj): FieldError[] {
  const errors: FieldError[] = []
  const actions: string[] = spec.validationActions ?? []
  if (!spec.policyName) errors.push(required('spec.policyName'))
  if (spec.paramRef && Boolean(spec.paramRef.name) === Boolean(spec.paramRef.selector)) {
    errors.push(
      spec.paramRef.name
        ? {
            field: 'spec.paramRef.name',
            reason: 'FieldValueForbidden',
            body: 'Forbidden: name and selector are mutually exclusive',
          }
        : required('spec.paramRef', 'one of name or selector must be specified'),
    )
  }
  if (spec.paramRef && !spec.paramRef.parameterNotFoundAction)
    errors.push(required('spec.paramRef.parameterNotFoundAction'))
  if (actions.length === 0)
    errors.push(required('spec.validationActions', 'at least one validation action is required'))
  for (const [index, action] of actions.entries()) {
    if (!ACTIONS.includes(action))
      errors.push(notSupported(`spec.validationActions[${index}]`, action, ACTIONS))
    if (actions.indexOf(action) < index) errors.push(duplicate(`spec.validationActions[${index}]`, action))
  }
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.push(invalidValue('spec.validationActions', actions, why))
  }
  return errors
}
