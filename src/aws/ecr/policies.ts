import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { Entities } from '../iam/entities.ts'
import { evaluate } from '../iam/policy/evaluate.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { invalidParameter } from './errors.ts'
import type { RepositoryRecord } from './records.ts'
import { findRepository, putRepository, requireRepository } from './repositories.ts'
import { setSetting, setting } from './settings.ts'

interface Statement {
  Effect?: string
  Principal?: string | { AWS?: string | string[] }
  Action?: string | string[]
  NotAction?: string | string[]
  Resource?: unknown
}

/** Reads a resource policy as ECR takes it. Throws InvalidParameterException. */
export function checkPolicy(
  scope: Scope,
  parameter: string,
  kind: 'repository' | 'registry',
  text: string,
): void {
  const invalid = invalidParameter(parameter, `Invalid ${kind} policy provided`)
  let statements: Statement[]
  try {
    const { Statement: given } = JSON.parse(text) as { Statement?: Statement | Statement[] }
    statements = given === undefined ? [] : [given].flat()
  } catch {
    throw invalid
  }
  const valid = ({ Effect, Principal, Action, NotAction, Resource }: Statement) =>
    (Effect === 'Allow' || Effect === 'Deny') &&
    Principal !== undefined &&
    (Action ?? NotAction) !== undefined &&
    // A repository's policy is about that repository; a registry's must say about which.
    (Resource === undefined) === (kind === 'repository') &&
    principalsExist(scope, Principal)
  if (statements.length === 0 || !statements.every(valid)) throw invalid
}

/** AWS takes no policy that names a user or role of its own accounts that does not exist. */
function principalsExist(
  { world, accountId }: Scope,
  principal: NonNullable<Statement['Principal']>,
): boolean {
  const named = typeof principal === 'string' ? [principal] : [principal.AWS ?? []].flat()
  return named.every((name) => {
    if (name === '*' || /^\d{12}$/.test(name)) return true
    const [, account, type, path] =
      /^arn:aws:(?:iam|sts)::(\d{12}):(root|user|role|assumed-role)(?:\/(.+))?$/.exec(name) ?? []
    if (account === undefined) return false
    if (type === 'root' || type === 'assumed-role' || account !== accountId) return true
    return (
      new Entities(world, account).get(type as 'user' | 'role', path?.split('/').at(-1) ?? '') !== undefined
    )
  })
}

const base = (record: RepositoryRecord, context: RequestContext) => ({
  registryId: context.accountId,
  repositoryName: record.name,
})

export function setRepositoryPolicy(input: sdk.SetRepositoryPolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const policyText = input.policyText!
  checkPolicy(context, 'PolicyText', 'repository', policyText)
  if (!input.force && locksOut(record, policyText, context)) {
    throw invalidParameter(
      'PolicyText',
      'The policy would prevent you from setting another policy in the future; use force to set it anyway',
    )
  }
  putRepository(context, { ...record, policy: policyText })
  return { ...base(record, context), policyText }
}

function locksOut(
  record: RepositoryRecord,
  document: string,
  { principal, accountId }: RequestContext,
): boolean {
  const resource = { document, accountId }
  const action = 'ecr:SetRepositoryPolicy'
  const everything = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] })
  return !evaluate(principal, action, record.arn, () => ({}), { identity: [everything], resource }).allowed
}

function requirePolicy(record: RepositoryRecord, context: RequestContext): string {
  if (record.policy !== undefined) return record.policy
  throw new AwsError(
    'RepositoryPolicyNotFoundException',
    `Repository policy does not exist for the repository with name '${record.name}' in the registry with id '${context.accountId}'`,
  )
}

export function getRepositoryPolicy(input: sdk.GetRepositoryPolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  return { ...base(record, context), policyText: requirePolicy(record, context) }
}

export function deleteRepositoryPolicy(
  input: sdk.DeleteRepositoryPolicyCommandInput,
  context: RequestContext,
) {
  const record = requireRepository(context, input)
  const policyText = requirePolicy(record, context)
  putRepository(context, { ...record, policy: undefined })
  return { ...base(record, context), policyText }
}

export function putRegistryPolicy(
  { policyText }: sdk.PutRegistryPolicyCommandInput,
  context: RequestContext,
) {
  checkPolicy(context, 'PolicyText', 'registry', policyText!)
  setSetting(context, 'policy', policyText)
  return { registryId: context.accountId, policyText }
}

export function getRegistryPolicy(_input: object, context: RequestContext) {
  const policyText = setting(context, 'policy')
  if (policyText !== undefined) return { registryId: context.accountId, policyText }
  throw new AwsError(
    'RegistryPolicyNotFoundException',
    `Registry policy does not exist in the registry with id '${context.accountId}'`,
  )
}

export function deleteRegistryPolicy(input: object, context: RequestContext) {
  const policy = getRegistryPolicy(input, context)
  setSetting(context, 'policy', undefined)
  return policy
}

/**
 * What bears on a repository beside identity-based policies: its own policy and its registry's, as one document.
 * Of another account's repository without any, one that allows nothing.
 */
export function repositoryPolicy(
  arn: string,
  { world, accountId }: Pick<Scope, 'world' | 'accountId'>,
): string | undefined {
  const [, region, owner, name] = /^arn:aws:ecr:([^:]+):(\d{12}):repository\/(.+)$/.exec(arn) ?? []
  if (!name) return undefined
  const scope: Scope = { world, accountId: owner!, region: region! }
  const documents = [findRepository(scope, name)?.policy, setting(scope, 'policy')].filter(
    (text) => text !== undefined,
  )
  if (documents.length === 0)
    return owner === accountId ? undefined : '{"Version":"2012-10-17","Statement":[]}'
  if (documents.length === 1) return documents[0]
  const statements = documents.flatMap((text) => (JSON.parse(text) as { Statement: unknown }).Statement)
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** As `repositoryPolicy`, for the permission check of a request. */
export const repositoryPolicyFor = (arn: string, { world, principal }: RequestContext): string | undefined =>
  repositoryPolicy(arn, { world, accountId: principal.accountId })
