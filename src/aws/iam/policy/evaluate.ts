import type { Conditions, Decision } from '../../wire/identity.ts'
import type { Principal } from '../../wire/service.ts'
import { type ConditionContext, conditionContext, conditionHolds, substitute } from './condition.ts'
import { parsePolicy, type Statement } from './document.ts'
import { globMatch } from './glob.ts'

/** The policies that bear on a request, each as JSON text. */
export interface PolicySet {
  identity: string[]
  /** Permissions boundary, when one is set. */
  boundary?: string
  /** Session policies; `undefined` when the session was made without. */
  session?: string[]
  resource?: ResourcePolicy
}

/** Policy of a resource, with the account that owns it. */
export interface ResourcePolicy {
  document: string
  accountId: string
  /** Roles and KMS keys: without this policy's consent nobody may, whatever their own policies say. */
  required?: boolean
}

/** A question to the evaluator, its conditions already in matching form. */
interface Question {
  action: string
  resource: string
  context: ConditionContext
}

/**
 * AWS's decision for one action on one resource.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-req-context.html
 */
export function evaluate(
  principal: Principal,
  action: string,
  resource: string,
  conditions: () => Conditions,
  policies: PolicySet,
): Decision {
  const question: Question = { action: action.toLowerCase(), resource, context: conditionContext(conditions) }
  const identity = verdict(policies.identity, question)
  const boundary = policies.boundary === undefined ? undefined : verdict([policies.boundary], question)
  const session = policies.session && verdict(policies.session, question)
  const granted = policies.resource
    ? resourceVerdict(policies.resource.document, question, principal)
    : 'none'

  if (identity === 'deny') return denied('an identity-based policy')
  if (granted === 'deny') return denied('a resource-based policy')
  if (boundary === 'deny') return denied('a permissions boundary')
  if (session === 'deny') return denied('a session policy')

  const names = (kind: string) => ({
    allowed: false,
    reason: `because no ${kind} allows the ${action} action`,
  })
  const crossAccount = policies.resource !== undefined && policies.resource.accountId !== principal.accountId
  if ((crossAccount || policies.resource?.required) && granted === 'none')
    return names('resource-based policy')
  // Inside the account a policy that names the caller suffices; boundaries and sessions still bind a role.
  const bound = boundary === 'none' || session === 'none'
  if (!crossAccount && granted === 'principal' && (principal.type === 'user' || !bound))
    return { allowed: true }
  // The root user is bound by no identity-based policy.
  if (identity !== 'allow' && principal.type !== 'root') return names('identity-based policy')
  if (boundary === 'none') return names('permissions boundary')
  if (session === 'none') return names('session policy')
  return { allowed: true }
}

function denied(kind: string): Decision {
  return { allowed: false, reason: `with an explicit deny in ${kind}` }
}

type Verdict = 'allow' | 'deny' | 'none'

function verdict(documents: string[], question: Question): Verdict {
  let allowed = false
  for (const document of documents) {
    for (const statement of parsePolicy(document).statements) {
      if (!applies(statement, question)) continue
      if (statement.effect === 'Deny') return 'deny'
      allowed = true
    }
  }
  return allowed ? 'allow' : 'none'
}

/** Which statements of an identity-based policy bear on a question, by their place in it. */
export function matchingStatements(
  document: string,
  action: string,
  resource: string,
  conditions: Conditions,
): { index: number; effect: Statement['effect'] }[] {
  const question = { action: action.toLowerCase(), resource, context: conditionContext(() => conditions) }
  return parsePolicy(document).statements.flatMap((statement, index) =>
    applies(statement, question) ? [{ index, effect: statement.effect }] : [],
  )
}

/**
 * What a resource-based policy says of a caller: `principal` when it names the caller itself, `account` when it trusts
 * the whole account and leaves the rest to identity-based policies.
 */
export function resourceVerdict(
  document: string,
  { action, resource, context }: Question,
  principal: Principal | { service: string } | { federated: string },
): 'deny' | 'principal' | 'account' | 'none' {
  let best: 'principal' | 'account' | 'none' = 'none'
  for (const statement of parsePolicy(document).statements) {
    const named = principalMatch(statement, principal)
    if (named === 'none' || !applies(statement, { action, resource, context }, true)) continue
    if (statement.effect === 'Deny') return 'deny'
    if (best !== 'principal') best = named
  }
  return best
}

function applies(
  statement: Statement,
  { action, resource, context }: Question,
  resourceOptional = false,
): boolean {
  const actionListed = statement.actions.some((pattern) => globMatch(pattern, action))
  if (actionListed === statement.exceptActions) return false
  if (!resourceOptional || statement.resources.length > 0) {
    const resourceListed = statement.resources.some((pattern) =>
      // A wildcard resource is asked about only for actions without resource-level permissions, which need `*` itself.
      globMatch(substitute(pattern, context), resource),
    )
    if (resourceListed === statement.exceptResources) return false
  }
  return statement.conditions.every((condition) => conditionHolds(condition, context))
}

function principalMatch(
  { principals, exceptPrincipals }: Statement,
  principal: Principal | { service: string } | { federated: string },
): 'principal' | 'account' | 'none' {
  if (!principals) return 'none'
  const match = matchPrincipals(principals, principal)
  if (!exceptPrincipals) return match
  return match === 'none' ? 'principal' : 'none'
}

function matchPrincipals(
  principals: Record<string, string[]>,
  principal: Principal | { service: string } | { federated: string },
): 'principal' | 'account' | 'none' {
  if ('service' in principal) return principals.Service?.includes(principal.service) ? 'principal' : 'none'
  if ('federated' in principal)
    return principals.Federated?.includes(principal.federated) ? 'principal' : 'none'
  const named = principals.AWS ?? []
  if (named.includes('*') || named.includes(principal.arn)) return 'principal'
  if (principal.roleArn !== undefined && named.includes(principal.roleArn)) return 'principal'
  const account = [principal.accountId, `arn:aws:iam::${principal.accountId}:root`]
  if (named.some((name) => account.includes(name))) return principal.type === 'root' ? 'principal' : 'account'
  return 'none'
}

/** Whether a role's trust policy, or another resource's, names a service or a federated identity for an action. */
export function trusts(
  policy: string,
  principal: { service: string } | { federated: string },
  action: string,
  conditions: Conditions,
  resource = '*',
): boolean {
  const question = { action: action.toLowerCase(), resource, context: conditionContext(() => conditions) }
  return resourceVerdict(policy, question, principal) === 'principal'
}
