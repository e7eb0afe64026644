import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, Principal, RequestContext } from '../wire/service.ts'
import { invalidInput } from './errors.ts'
import { entitiesOf, noUserError } from './find.ts'
import { decide, rolePrincipal } from './identity.ts'
import { page } from './paging.ts'
import { evaluate } from './policy/evaluate.ts'
import { validatePolicy } from './policy/validate.ts'

type Contexts = sdk.SimulateCustomPolicyCommandInput['ContextEntries']

function conditionsOf(entries: Contexts): Record<string, string[]> {
  return Object.fromEntries(
    (entries ?? []).map((entry) => [entry.ContextKeyName!, entry.ContextKeyValues ?? []]),
  )
}

function result(action: string, resource: string, decision: { allowed: boolean; reason?: string }) {
  const EvalDecision: sdk.PolicyEvaluationDecisionType = decision.allowed
    ? 'allowed'
    : decision.reason?.startsWith('with an explicit deny')
      ? 'explicitDeny'
      : 'implicitDeny'
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision,
    MatchedStatements: [],
    MissingContextValues: [],
  }
}

function principalOf(context: RequestContext, arn: string): Principal {
  const [, type, name = ''] = /:(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? []
  const role = type === 'role' ? rolePrincipal(context.world, arn, 'simulation') : undefined
  if (role) return role
  const user = type === 'user' ? entitiesOf(context).get('user', name) : undefined
  if (user) return { arn, accountId: context.accountId, userId: user.id, type: 'user' }
  if (type === undefined)
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`)
  throw noUserError(arn)
}

/** Throws InvalidInput, the operation's only error for policies that are not well formed. */
function checkPolicies(policies: string[]): void {
  try {
    for (const policy of policies) validatePolicy(policy, 'identity')
  } catch (error) {
    throw invalidInput((error as Error).message)
  }
}

const pairs = (input: { ActionNames?: string[]; ResourceArns?: string[] }) =>
  (input.ActionNames ?? []).flatMap((action) =>
    (input.ResourceArns ?? ['*']).map((resource) => ({ action, resource })),
  )

/** The policy simulator: the same evaluator that decides on requests. */
export const simulateHandlers: Record<string, Handler> = {
  SimulatePrincipalPolicy: (input: sdk.SimulatePrincipalPolicyCommandInput, context) => {
    const principal = principalOf(context, input.PolicySourceArn!)
    const conditions = conditionsOf(input.ContextEntries)
    const { items, paging } = page(pairs(input), input)
    const EvaluationResults = items.map(({ action, resource }) =>
      result(action, resource, decide(context.world, { principal, action, resource, conditions })),
    )
    return { EvaluationResults, ...paging }
  },

  SimulateCustomPolicy: (input: sdk.SimulateCustomPolicyCommandInput, { principal }) => {
    const policies = { identity: input.PolicyInputList ?? [] }
    checkPolicies(policies.identity)
    const anybody: Principal = { ...principal, type: 'user' }
    const conditions = conditionsOf(input.ContextEntries)
    const { items, paging } = page(pairs(input), input)
    const EvaluationResults = items.map(({ action, resource }) =>
      result(
        action,
        resource,
        evaluate(anybody, action, resource, () => conditions, policies),
      ),
    )
    return { EvaluationResults, ...paging }
  },
}
