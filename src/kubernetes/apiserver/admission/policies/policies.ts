import { StatusError } from '../../../api.ts'
import { selects } from '../../../selectors.ts'
import { Budget } from '../../cel/meter.ts'
import { forbidden } from '../../errors.ts'
import type { Obj } from '../../json.ts'
import type { Kind } from '../../kinds/kind.ts'
import { qualified } from '../../kinds/kind.ts'
import type { AdmissionPlugin, AdmissionRequest, StrategyContext } from '../../storage/strategy.ts'
import {
  conditionsHold,
  evaluate,
  OutOfBudgetError,
  toCel,
  type Variables,
  variablesOf,
} from '../expressions.ts'
import { matchingKind } from '../matching.ts'

const GROUP = 'admissionregistration.k8s.io'
const POLICIES = `validatingadmissionpolicies.${GROUP}`
const BINDINGS = `validatingadmissionpolicybindings.${GROUP}`

/** HTTP codes of the reasons that a validation may give. */
const CODES: Record<string, number> = {
  Forbidden: 403,
  Invalid: 422,
  RequestEntityTooLarge: 413,
  Unauthorized: 401,
}

/** What a policy has decided about a request. */
interface Verdict {
  /** Validations that failed, with their place among the policy's. */
  denials: { index: number; message: string; reason: string }[]
  /** Errors that refuse the request whatever the binding's actions are. */
  errors: string[]
  /** What the audit event shall say, by the policy's keys. */
  annotations: [key: string, value: string][]
}

/** Longest `messageExpression` value that is shown, bytes. */
const LONGEST_MESSAGE = 5 * 1024

/** Asks ValidatingAdmissionPolicies. Models apiserver/pkg/admission/plugin/policy/validating. */
export const validatingPolicies: AdmissionPlugin = (request, context) => {
  const bindings = context.list(BINDINGS)
  if (bindings.length === 0 || isExempt(request)) return
  const denied: { text: string; reason: string }[] = []
  for (const policy of context.list(POLICIES)) {
    const kind = matchingKind(policy.spec.matchConstraints ?? {}, request, context)
    if (!kind) continue
    const notes = new Notes()
    for (const binding of bindings) {
      if (binding.spec.policyName !== policy.metadata.name) continue
      const { matchResources } = binding.spec
      if (
        matchResources &&
        !matchingKind(
          matchResources.resourceRules ? matchResources : { ...matchResources, resourceRules: [ANY] },
          request,
          context,
        )
      )
        continue
      const about = `'${policy.metadata.name}' with binding '${binding.metadata.name}'`
      const deny = (message: string, reason: string) =>
        denied.push({ text: `ValidatingAdmissionPolicy ${about} denied request: ${message}`, reason })
      const { denials, errors, annotations } = verdictOf(policy, binding, request, kind, context)
      for (const { index, message, reason } of denials) {
        for (const action of binding.spec.validationActions) {
          if (action === 'Deny') deny(message, reason)
          else if (action === 'Warn')
            request.warn(`Validation failed for ValidatingAdmissionPolicy ${about}: ${message}`)
          else request.annotate(FAILURE, failureOf(binding, index, message))
        }
      }
      for (const message of errors) deny(message, 'Invalid')
      for (const [key, value] of annotations) notes.add(key, value)
    }
    notes.publish(policy.metadata.name, request)
  }
  if (denied.length > 0) throw refusalOf(request, denied[0]!)
}

/** The rule of a binding that names no resources of its own. */
const ANY = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*', '*/*'] }

/** Policies do not decide about themselves, or nobody could mend a wrong one. */
const isExempt = ({ kind }: AdmissionRequest) =>
  kind.group === GROUP && kind.plural.startsWith('validatingadmissionpol')

function refusalOf(
  { kind, name }: AdmissionRequest,
  { text, reason }: { text: string; reason: string },
): StatusError {
  const error = forbidden(kind, name, text)
  return new StatusError(CODES[reason] ?? 422, reason, error.message, {
    ...error.details,
    causes: [{ message: text }],
  })
}

/** The annotation of audit events that tells of failed validations. */
const FAILURE = 'validation.policy.admission.k8s.io/validation_failure'

const failureOf = ({ metadata, spec }: Obj, expressionIndex: number, message: string): string =>
  JSON.stringify([
    {
      message,
      policy: spec.policyName,
      binding: metadata.name,
      expressionIndex,
      validationActions: spec.validationActions,
    },
  ])

/** Longest value of an audit annotation, bytes. */
const LONGEST_NOTE = 10 * 1024

/** The audit annotations of a policy: what different parameters give stands in one. */
class Notes {
  readonly #values = new Map<string, Set<string>>()

  add(key: string, value: string): void {
    const values = this.#values.get(key) ?? new Set()
    this.#values.set(key, values.add(value.slice(0, LONGEST_NOTE)))
  }

  publish(policy: string, request: AdmissionRequest): void {
    for (const [key, values] of this.#values) request.annotate(`${policy}/${key}`, [...values].join(', '))
  }
}

/** What a policy finds, for each of its parameters. Errors count when its `failurePolicy` is `Fail`. */
function verdictOf(
  policy: Obj,
  binding: Obj,
  request: AdmissionRequest,
  kind: Kind,
  context: StrategyContext,
): Verdict {
  const { spec } = policy
  const verdict: Verdict = { denials: [], errors: [], annotations: [] }
  const fails = (spec.failurePolicy ?? 'Fail') === 'Fail'
  const failed = (message: string, index = 0) => {
    if (fails) verdict.denials.push({ index, message, reason: 'Invalid' })
  }
  let params: (Obj | undefined)[]
  try {
    params = paramsOf(policy, binding, request, context)
  } catch (error) {
    if (fails) verdict.errors.push(`failed to configure binding: ${(error as Error).message}`)
    return verdict
  }
  const variables = variablesOf(request, kind, context)
  for (const param of params) {
    const budget = new Budget()
    const known = withDefined(spec.variables ?? [], { ...variables, params: toCel(param ?? null) }, budget)
    try {
      if (!conditionsHold(spec.matchConditions, known)) continue
      verdict.denials.push(...denialsOf(spec.validations ?? [], known, budget, fails))
    } catch (error) {
      failed((error as Error).message)
      continue
    }
    annotate(spec.auditAnnotations ?? [], known, fails, verdict)
  }
  return verdict
}

/** The validations that do not hold. Throws OutOfBudgetError. */
function denialsOf(
  validations: Obj[],
  variables: Variables,
  budget: Budget,
  fails: boolean,
): Verdict['denials'] {
  const results = validations.map(({ expression }) => {
    try {
      return { holds: evaluate(expression, variables, budget) === true }
    } catch (error) {
      if (error instanceof OutOfBudgetError) throw error
      return { error: (error as Error).message }
    }
  })
  return results.flatMap(({ holds, error }, index) => {
    const validation = validations[index]!
    if (error !== undefined) return fails ? [{ index, message: error, reason: 'Invalid' }] : []
    if (holds) return []
    try {
      const message = messageOf(validation, variables, budget)
      return [{ index, message, reason: validation.reason ?? 'Invalid' }]
    } catch (spent) {
      const message = `failed messageExpression: ${(spent as Error).message}`
      return fails ? [{ index, message, reason: 'Invalid' }] : []
    }
  })
}

/** Adds the values of audit annotations to a verdict. Empty texts and null are none. */
function annotate(annotations: Obj[], variables: Variables, fails: boolean, verdict: Verdict): void {
  const budget = new Budget()
  for (const { key, valueExpression } of annotations) {
    try {
      const value = evaluate(valueExpression, variables, budget)
      if (typeof value === 'string') {
        if (value.trim()) verdict.annotations.push([key, value.trim()])
      } else if (value !== null)
        verdict.errors.push(
          `valueExpression '${valueExpression}' resulted in unsupported return type: ${typeNameOf(value)}. Return type must be either string or null.`,
        )
    } catch (error) {
      if (fails) verdict.errors.push((error as Error).message)
      if (error instanceof OutOfBudgetError) return
    }
  }
}

/** The name of a value's type in CEL. */
function typeNameOf(value: unknown): string {
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'list' : 'map'
}

/** The policy's own variables, each computed when it is first used. */
function withDefined(defined: Obj[], variables: Variables, budget: Budget): Variables {
  const values = {}
  const all = { ...variables, variables: values }
  for (const { name, expression } of defined) {
    Object.defineProperty(values, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = evaluate(expression, all, budget)
        Object.defineProperty(values, name, { enumerable: true, value })
        return value
      },
    })
  }
  return all
}

/** Throws OutOfBudgetError. */
function messageOf(
  { expression, message, messageExpression }: Obj,
  variables: Variables,
  budget: Budget,
): string {
  if (messageExpression) {
    try {
      const value = evaluate(messageExpression, variables, budget)
      const text = typeof value === 'string' ? value.trim() : ''
      if (text && text.length <= LONGEST_MESSAGE && !text.includes('\n')) return text
    } catch (error) {
      if (error instanceof OutOfBudgetError) throw error
      // As upstream: the fixed message stands in.
    }
  }
  return message?.trim() || `failed expression: ${expression.trim()}`
}

/** The objects that a binding gives its policy: one undefined where there is no parameter. Throws what is wrong. */
function paramsOf(
  policy: Obj,
  binding: Obj,
  request: AdmissionRequest,
  context: StrategyContext,
): (Obj | undefined)[] {
  const { paramKind } = policy.spec
  const { paramRef } = binding.spec
  if (!paramKind || !paramRef) return [undefined]
  const kind = context.kinds.objectKind(paramKind.apiVersion, paramKind.kind)
  if (!kind) throw new Error(`paramKind kind \`${paramKind.apiVersion}, Kind=${paramKind.kind}\` not known`)
  if (!kind.namespaced && paramRef.namespace)
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const namespace = kind.namespaced ? paramRef.namespace || request.namespace : ''
  if (kind.namespaced && !namespace)
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  const stored = qualified(kind)
  const found = paramRef.name
    ? [context.get(stored, namespace, paramRef.name)].filter((item) => item !== undefined)
    : context.list(stored, namespace).filter(({ metadata }) => isSelected(paramRef.selector, metadata.labels))
  if (found.length === 0 && (paramRef.parameterNotFoundAction ?? 'Deny') === 'Deny')
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  return found
}

const isSelected = (selector: Obj | undefined, labels: Record<string, string> | undefined) =>
  selects(selector ?? {}, labels)
