import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { RepositoryRecord } from './records.ts'
import { findRepository, putRepository, requireRepository } from './repositories.ts'

/** Reads JSON text that must be a policy. Throws InvalidParameterException as ECR does. */
function checkPolicy(parameter: string, text: string): void {
  let valid = false
  try {
    const document = JSON.parse(text) as unknown
    valid = typeof document === 'object' && document !== null && !Array.isArray(document)
  } catch {
    // Not JSON: reported below.
  }
  if (!valid) {
    throw new AwsError(
      'InvalidParameterException',
      `Invalid parameter at '${parameter}' failed to satisfy constraint: 'Invalid ${parameter === 'PolicyText' ? 'repository policy' : 'lifecycle policy'} provided'`,
    )
  }
}

const base = (record: RepositoryRecord, context: RequestContext) => ({
  registryId: context.accountId,
  repositoryName: record.name,
})

export function setRepositoryPolicy(input: sdk.SetRepositoryPolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  checkPolicy('PolicyText', input.policyText!)
  putRepository(context, { ...record, policy: input.policyText! })
  return { ...base(record, context), policyText: input.policyText }
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

/** The policy text of the repository that an ARN names, for the permission check. */
export function repositoryPolicy(arn: string, context: RequestContext): string | undefined {
  const name = arn.split(':repository/')[1]
  return name === undefined ? undefined : findRepository(context, name)?.policy
}

export function putLifecyclePolicy(input: sdk.PutLifecyclePolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  checkPolicy('LifecyclePolicyText', input.lifecyclePolicyText!)
  const lifecyclePolicy = { text: input.lifecyclePolicyText!, setAt: context.world.clock.now() }
  putRepository(context, { ...record, lifecyclePolicy })
  return { ...base(record, context), lifecyclePolicyText: lifecyclePolicy.text }
}

function requireLifecycle(record: RepositoryRecord, context: RequestContext) {
  if (record.lifecyclePolicy) return record.lifecyclePolicy
  throw new AwsError(
    'LifecyclePolicyNotFoundException',
    `Lifecycle policy does not exist for the repository with name '${record.name}' in the registry with id '${context.accountId}'`,
  )
}

export function getLifecyclePolicy(input: sdk.GetLifecyclePolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const { text, setAt } = requireLifecycle(record, context)
  return { ...base(record, context), lifecyclePolicyText: text, lastEvaluatedAt: new Date(setAt) }
}

export function deleteLifecyclePolicy(input: sdk.DeleteLifecyclePolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const { text, setAt } = requireLifecycle(record, context)
  putRepository(context, { ...record, lifecyclePolicy: undefined })
  return { ...base(record, context), lifecyclePolicyText: text, lastEvaluatedAt: new Date(setAt) }
}

function byArn(context: RequestContext, arn: string | undefined): RepositoryRecord {
  return requireRepository(context, { repositoryName: arn?.split(':repository/')[1] ?? arn })
}

export function tagResource(input: sdk.TagResourceCommandInput, context: RequestContext) {
  const record = byArn(context, input.resourceArn)
  const added = Object.fromEntries((input.tags ?? []).map(({ Key, Value }) => [Key!, Value ?? '']))
  putRepository(context, { ...record, tags: { ...record.tags, ...added } })
  return {}
}

export function untagResource(input: sdk.UntagResourceCommandInput, context: RequestContext) {
  const record = byArn(context, input.resourceArn)
  const kept = Object.entries(record.tags).filter(([key]) => !input.tagKeys?.includes(key))
  putRepository(context, { ...record, tags: Object.fromEntries(kept) })
  return {}
}

export function listTagsForResource(input: sdk.ListTagsForResourceCommandInput, context: RequestContext) {
  const { tags } = byArn(context, input.resourceArn)
  return { tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
}
