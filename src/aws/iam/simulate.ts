import type * as sdk from '@aws-sdk/client-iam'
import type { Handler, Principal, RequestContext } from '../wire/service.ts'
import { invalidInput } from './errors.ts'
import { entitiesOf, noUserError } from './find.ts'
import { decide, identityPolicies, rolePrincipal } from './identity.ts'
import { page } from './paging.ts'
import { evaluate, matchingStatements } from './policy/evaluate.ts'
import { statementSpans } from './policy/positions.ts'
import { validatePolicy } from './policy/validate.ts'

type Contexts = sdk.SimulateCustomPolicyCommandInput['ContextEntries']

function conditionsOf(entries: Contexts): Record<string, string[]> {
  return Object.fromEntries(
    (entries ?? []).map((entry) => [entry.ContextKeyName!, entry.ContextKeyValues ?? []]),
  )
}

interface NamedPolicy {
  name: string
  document: string
}

/** The statements that decided: those that deny, or else those that allow. */
function matched(
  policies: NamedPolicy[],
  action: string,
  resource: string,
  conditions: Record<string, string[]>,
) {
  const all = policies.flatMap(({ name, document }) => {
    const spans = statementSpans(document)
    return matchingStatements(document, action, resource, conditions).map(({ index, effect }) => ({
      effect,
      statement: {
        SourcePolicyId: name,
        SourcePolicyType: 'IAM Policy' as sdk.PolicySourceType,
        StartPosition: spans[index]?.start,
        EndPosition: spans[index]?.end,
      },
    }))
  })
  const deny = all.filter(({ effect }) => effect === 'Deny')
  return (deny.length > 0 ? deny : all).map(({ statement }) => statement)
}

function result(
  action: string,
  resource: string,
  decision: { allowed: boolean; reason?: string },
  MatchedStatements: ReturnType<typeof matched>,
) {
  const EvalDecision: sdk.PolicyEvaluationDecisionType = decision.allowed
    ? 'allowed'
    : decision.reason?.startsWith('with an explicit deny')
      ? 'explicitDeny'
      : 'implicitDeny'
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision,
    MatchedStatements,
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

const given = (documents: string[] = []): NamedPolicy[] =>
  documents.map((document, index) => ({ name: `PolicyInputList.${index + 1}`, document }))

/** Every context key that policies ask for, by a condition or a variable. */
const contextKeys = (documents: string[]) => ({
  ContextKeyNames: [...new Set(documents.flatMap((document) => keysIn(JSON.parse(document).Statement)))],
})

function keysIn(part: unknown): string[] {
  if (typeof part === 'string')
    return [...part.matchAll(/\$\{([^*?$}][^,}]*)[^}]*\}/g)].map(([, name]) => name!.trim())
  if (typeof part !== 'object' || part === null) return []
  if (Array.isArray(part)) return part.flatMap(keysIn)
  return Object.entries(part).flatMap(([name, value]) =>
    name === 'Condition'
      ? Object.values(value as object).flatMap((keys) => [...Object.keys(keys), ...keysIn(keys)])
      : keysIn(value),
  )
}

/** The policy simulator: the same evaluator that decides on requests. */
export const simulateHandlers: Record<string, Handler> = {
  GetContextKeysForCustomPolicy: (input: sdk.GetContextKeysForCustomPolicyCommandInput) => {
    checkPolicies(input.PolicyInputList ?? [])
    return contextKeys(input.PolicyInputList ?? [])
  },

  GetContextKeysForPrincipalPolicy: (input: sdk.GetContextKeysForPrincipalPolicyCommandInput, context) => {
    checkPolicies(input.PolicyInputList ?? [])
    const held = identityPolicies(context.world, principalOf(context, input.PolicySourceArn!))
    return contextKeys([...held.map(({ document }) => document), ...(input.PolicyInputList ?? [])])
  },

  SimulatePrincipalPolicy: (input: sdk.SimulatePrincipalPolicyCommandInput, context) => {
    const principal = principalOf(context, input.PolicySourceArn!)
    checkPolicies(input.PolicyInputList ?? [])
    const conditions = conditionsOf(input.ContextEntries)
    const policies = [...identityPolicies(context.world, principal), ...given(input.PolicyInputList)]
    const { items, paging } = page(pairs(input), input)
    const EvaluationResults = items.map(({ action, resource }) =>
      result(
        action,
        resource,
        decide(context.world, { principal, action, resource, conditions, further: input.PolicyInputList }),
        matched(policies, action, resource, conditions),
      ),
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
        matched(given(input.PolicyInputList), action, resource, conditions),
      ),
    )
    return { EvaluationResults, ...paging }
  },
}
