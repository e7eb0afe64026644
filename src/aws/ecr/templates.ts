import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter, limitExceeded } from './errors.ts'
import { parseLifecyclePolicy } from './lifecycle-policy.ts'
import { checkPolicy } from './policies.ts'
import { checkEncryption, checkExclusions, page, type RepositoryOptions } from './repositories.ts'
import { checkTags } from './tag-rules.ts'

/** A template as it was given, with its times (ms). */
interface TemplateRecord {
  input: sdk.CreateRepositoryCreationTemplateCommandInput
  createdAt: number
  updatedAt: number
}

const key = ({ accountId, region }: Scope, prefix: string) =>
  awsKey(accountId, region, 'ecr', 'templates', encodeURIComponent(prefix))

const allTemplates = ({ world, accountId, region }: Scope): TemplateRecord[] =>
  world.store.values<TemplateRecord>(awsPrefix(accountId, region, 'ecr', 'templates'))

function requireTemplate(context: RequestContext, prefix: string): TemplateRecord {
  const found = context.world.store.get<TemplateRecord>(key(context, prefix))?.value
  if (found) return found
  throw new AwsError(
    'TemplateNotFoundException',
    `The Repository Creation Template with prefix '${prefix}' does not exist in the registry with id '${context.accountId}'`,
  )
}

function toTemplate({ input, createdAt, updatedAt }: TemplateRecord): sdk.RepositoryCreationTemplate {
  return {
    ...input,
    imageTagMutability: input.imageTagMutability ?? 'MUTABLE',
    encryptionConfiguration: input.encryptionConfiguration ?? { encryptionType: 'AES256' },
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  }
}

/** Throws when repositories could not be made by it. */
function checkTemplate(
  context: RequestContext,
  input: sdk.CreateRepositoryCreationTemplateCommandInput,
): void {
  checkExclusions(input.imageTagMutability, input.imageTagMutabilityExclusionFilters)
  checkEncryption(input.encryptionConfiguration)
  checkTags({}, input.resourceTags)
  if (input.repositoryPolicy) checkPolicy(context, 'repositoryPolicy', 'repository', input.repositoryPolicy)
  if (input.lifecyclePolicy) parseLifecyclePolicy(input.lifecyclePolicy)
  if (
    input.customRoleArn === undefined &&
    (input.resourceTags?.length || input.encryptionConfiguration?.kmsKey)
  )
    throw invalidParameter('customRoleArn', 'must be specified when resourceTags or a KMS key are specified')
}

export function createRepositoryCreationTemplate(
  input: sdk.CreateRepositoryCreationTemplateCommandInput,
  context: RequestContext,
) {
  const prefix = input.prefix!
  if (context.world.store.get(key(context, prefix))) {
    throw new AwsError(
      'TemplateAlreadyExistsException',
      `The Repository Creation Template with prefix '${prefix}' already exists in the registry with id '${context.accountId}'`,
    )
  }
  if (allTemplates(context).length >= quotas.creationTemplates)
    throw limitExceeded('The maximum number of repository creation templates has been exceeded')
  checkTemplate(context, input)
  const now = context.world.clock.now()
  const record: TemplateRecord = { input, createdAt: now, updatedAt: now }
  context.world.store.put(key(context, prefix), record)
  return { registryId: context.accountId, repositoryCreationTemplate: toTemplate(record) }
}

export function updateRepositoryCreationTemplate(
  input: sdk.UpdateRepositoryCreationTemplateCommandInput,
  context: RequestContext,
) {
  const known = requireTemplate(context, input.prefix!)
  const merged = { ...known.input, ...input } as sdk.CreateRepositoryCreationTemplateCommandInput
  checkTemplate(context, merged)
  const record: TemplateRecord = { ...known, input: merged, updatedAt: context.world.clock.now() }
  context.world.store.put(key(context, input.prefix!), record)
  return { registryId: context.accountId, repositoryCreationTemplate: toTemplate(record) }
}

export function deleteRepositoryCreationTemplate(
  { prefix }: sdk.DeleteRepositoryCreationTemplateCommandInput,
  context: RequestContext,
) {
  const record = requireTemplate(context, prefix!)
  context.world.store.delete(key(context, prefix!))
  return { registryId: context.accountId, repositoryCreationTemplate: toTemplate(record) }
}

export function describeRepositoryCreationTemplates(
  input: sdk.DescribeRepositoryCreationTemplatesCommandInput,
  context: RequestContext,
) {
  const wanted = input.prefixes?.length
    ? allTemplates(context).filter((template) => input.prefixes!.includes(template.input.prefix!))
    : allTemplates(context)
  const { items, nextToken } = page(wanted, input)
  return { registryId: context.accountId, repositoryCreationTemplates: items.map(toTemplate), nextToken }
}

/** What the best template says for a repository that is about to be made; undefined when there is none. */
export function templateFor(
  scope: Scope,
  repository: string,
  reason: sdk.RCTAppliedFor,
): RepositoryOptions | undefined {
  const fitting = allTemplates(scope)
    .map(({ input }) => input)
    .filter(({ appliedFor }) => appliedFor?.includes(reason))
    .filter(({ prefix }) => prefix === 'ROOT' || repository.startsWith(`${prefix!.replace(/\/$/, '')}/`))
    .sort((a, b) => length(b.prefix!) - length(a.prefix!))
  const input = fitting[0]
  return (
    input && {
      tagMutability: input.imageTagMutability,
      mutabilityExclusions: checkExclusions(
        input.imageTagMutability,
        input.imageTagMutabilityExclusionFilters,
      ),
      encryption: checkEncryption(input.encryptionConfiguration),
      tags: checkTags({}, input.resourceTags),
      policy: input.repositoryPolicy || undefined,
      lifecyclePolicy: input.lifecyclePolicy || undefined,
    }
  )
}

const length = (prefix: string) => (prefix === 'ROOT' ? 0 : prefix.length)
