import { StatusError } from '../../../api.ts'
import { selects } from '../../../selectors.ts'
import { forbidden } from '../../errors.ts'
import type { Obj } from '../../json.ts'
import type { Kind } from '../../kinds/kind.ts'
import { qualified } from '../../kinds/kind.ts'
import type { AdmissionPlugin, AdmissionRequest, StrategyContext } from '../../storage/strategy.ts'
import { conditionsHold, evaluate, toCel, type Variables, variablesOf } from '../expressions.ts'
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

interface Denial {
  message: string
  reason: string
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
      for (const denial of denialsOf(policy, binding, request, kind, context)) {
        const about = `'${policy.metadata.name}' with binding '${binding.metadata.name}'`
        for (const action of binding.spec.validationActions) {
          if (action === 'Deny')
            denied.push({
              text: `ValidatingAdmissionPolicy ${about} denied request: ${denial.message}`,
              reason: denial.reason,
            })
          else if (action === 'Warn')
            request.warn(`Validation failed for ValidatingAdmissionPolicy ${about}: ${denial.message}`)
        }
      }
    }
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

/** What a policy finds wrong, for each of its parameters. Errors count when its `failurePolicy` is `Fail`. */
function denialsOf(
  policy: Obj,
  binding: Obj,
  request: AdmissionRequest,
  kind: Kind,
  context: StrategyContext,
): Denial[] {
  const fails = (policy.spec.failurePolicy ?? 'Fail') === 'Fail'
  const failed = (message: string): Denial[] => (fails ? [{ message, reason: 'Invalid' }] : [])
  let params: (Obj | undefined)[]
  try {
    params = paramsOf(policy, binding, request, context)
  } catch (error) {
    return failed(`failed to configure binding: ${(error as Error).message}`)
  }
  const variables = variablesOf(request, kind, context)
  return params.flatMap((param) => {
    const known = withDefined(policy.spec.variables ?? [], { ...variables, params: toCel(param ?? null) })
    try {
      if (!conditionsHold(policy.spec.matchConditions, known)) return []
    } catch (error) {
      return failed((error as Error).message)
    }
    return [
      ...(policy.spec.validations ?? []).flatMap((validation: Obj) => {
        try {
          if (evaluate(validation.expression, known) === true) return []
        } catch (error) {
          return failed((error as Error).message)
        }
        return [{ message: messageOf(validation, known), reason: validation.reason ?? 'Invalid' }]
      }),
      ...(policy.spec.auditAnnotations ?? []).flatMap(({ valueExpression }: Obj) => {
        try {
          evaluate(valueExpression, known)
          return []
        } catch (error) {
          return failed((error as Error).message)
        }
      }),
    ]
  })
}

/** The policy's own variables, each computed when it is first used. */
function withDefined(defined: Obj[], variables: Variables): Variables {
  const values = {}
  const all = { ...variables, variables: values }
  for (const { name, expression } of defined) {
    Object.defineProperty(values, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = evaluate(expression, all)
        Object.defineProperty(values, name, { enumerable: true, value })
        return value
      },
    })
  }
  return all
}

function messageOf({ expression, message, messageExpression }: Obj, variables: Variables): string {
  if (messageExpression) {
    try {
      const value = evaluate(messageExpression, variables)
      const text = typeof value === 'string' ? value.trim() : ''
      if (text && text.length <= LONGEST_MESSAGE && !text.includes('\n')) return text
    } catch {
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
