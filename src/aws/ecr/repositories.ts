import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter, limitExceeded } from './errors.ts'
import { wildcardMatches } from './filters.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { forgetImage, imageStates } from './image-state.ts'
import { giveKey, grantableEncryption, releaseKey, requireKey } from './keys.ts'
import { requireEmpty } from './outputs.ts'
import type { Encryption, RepositoryRecord, TagMutability } from './records.ts'
import { checkTags } from './tag-rules.ts'

export const registryHost = ({ accountId, region }: Pick<Scope, 'accountId' | 'region'>) =>
  `${accountId}.dkr.ecr.${region}.amazonaws.com`

export const repositoryArn = ({ accountId, region }: Pick<Scope, 'accountId' | 'region'>, name: string) =>
  `arn:aws:ecr:${region}:${accountId}:repository/${name}`

const key = ({ accountId, region }: Scope, name: string) =>
  awsKey(accountId, region, 'ecr', 'repositories', encodeURIComponent(name))

export function findRepository(scope: Scope, name: string): RepositoryRecord | undefined {
  return scope.world.store.get<RepositoryRecord>(key(scope, name))?.value
}

export const putRepository = (scope: Scope, record: RepositoryRecord) =>
  scope.world.store.put(key(scope, record.name), record)

export const allRepositories = ({ world, accountId, region }: Scope): RepositoryRecord[] =>
  world.store.values<RepositoryRecord>(awsPrefix(accountId, region, 'ecr', 'repositories'))

export const repositoryMissing = (scope: Scope, name: string) =>
  `The repository with name '${name}' does not exist in the registry with id '${scope.accountId}'`

/** A repository of a registry. Throws RepositoryNotFoundException. */
export function requireRepository(scope: Scope, input: { repositoryName?: string }): RepositoryRecord {
  const name = input.repositoryName ?? ''
  const record = findRepository(scope, name)
  if (record) return record
  throw new AwsError('RepositoryNotFoundException', repositoryMissing(scope, name))
}

/** As requireRepository. Throws KmsException when nothing can be encrypted with its key. */
export function writableRepository(scope: Scope, input: { repositoryName?: string }): RepositoryRecord {
  const record = requireRepository(scope, input)
  requireKey(scope, record, 'GenerateDataKey')
  return record
}

export const toRepository = (record: RepositoryRecord): sdk.Repository => ({
  repositoryArn: record.arn,
  registryId: record.arn.split(':')[4],
  repositoryName: record.name,
  repositoryUri: record.uri,
  createdAt: new Date(record.createdAt),
  imageTagMutability: record.tagMutability,
  imageTagMutabilityExclusionFilters: exclusionFilters(record.mutabilityExclusions),
  imageScanningConfiguration: { scanOnPush: record.scanOnPush },
  encryptionConfiguration: { encryptionType: record.encryptionType, kmsKey: record.kmsKey },
})

export const exclusionFilters = (patterns: string[]) =>
  patterns.length > 0 ? patterns.map((filter) => ({ filterType: 'WILDCARD' as const, filter })) : undefined

/** What a new repository is made with; templates give the same. */
export interface RepositoryOptions {
  tagMutability?: TagMutability
  mutabilityExclusions?: string[]
  scanOnPush?: boolean
  encryption?: Encryption
  tags?: Record<string, string>
  policy?: string
  lifecyclePolicy?: string
}

/** Makes a repository that must not exist yet. Throws LimitExceededException and KmsException. */
export function makeRepository(scope: Scope, name: string, options: RepositoryOptions): RepositoryRecord {
  if (allRepositories(scope).length >= quotas.repositories) {
    throw limitExceeded(
      `The maximum number of repositories that can be created has been exceeded in the registry with id '${scope.accountId}'`,
    )
  }
  const now = scope.world.clock.now()
  const encryption = options.encryption ?? { encryptionType: 'AES256' }
  const record: RepositoryRecord = {
    name,
    arn: repositoryArn(scope, name),
    uri: `${registryHost(scope)}/${name}`,
    createdAt: now,
    tagMutability: options.tagMutability ?? 'MUTABLE',
    mutabilityExclusions: options.mutabilityExclusions ?? [],
    scanOnPush: options.scanOnPush ?? false,
    encryptionType: encryption.encryptionType,
    ...(encryption.encryptionType !== 'AES256' && {
      kmsKey: giveKey(scope, repositoryArn(scope, name), encryption.kmsKey),
    }),
    ...(options.policy !== undefined && { policy: options.policy }),
    ...(options.lifecyclePolicy !== undefined && {
      lifecyclePolicy: { text: options.lifecyclePolicy, evaluatedAt: now },
    }),
    tags: options.tags ?? {},
  }
  putRepository(scope, record)
  return record
}

/** Throws when an encryption configuration names a key where none is used. */
export function checkEncryption(input: sdk.EncryptionConfiguration | undefined): Encryption | undefined {
  if (!input) return undefined
  const { encryptionType, kmsKey } = input
  if (kmsKey && encryptionType === 'AES256')
    throw invalidParameter('encryptionConfiguration', 'KmsKey cannot be specified for AES256 encryption type')
  return { encryptionType: encryptionType!, ...(kmsKey ? { kmsKey } : {}) }
}

/** The tag patterns that are exempt; throws when they do not go with the setting. */
export function checkExclusions(
  mutability: TagMutability | undefined,
  filters: sdk.ImageTagMutabilityExclusionFilter[] | undefined,
): string[] {
  const parameter = 'imageTagMutabilityExclusionFilters'
  const patterns = (filters ?? []).map(({ filter }) => filter ?? '')
  const wanted = mutability?.endsWith('_WITH_EXCLUSION') ?? false
  if (wanted && patterns.length === 0)
    throw invalidParameter(parameter, `must be specified when imageTagMutability is ${mutability}`)
  if (!wanted && patterns.length > 0) {
    throw invalidParameter(
      parameter,
      'can only be specified when imageTagMutability is IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION',
    )
  }
  if (patterns.some((pattern) => pattern.split('*').length > 3))
    throw invalidParameter(parameter, 'filter can contain at most 2 wildcards')
  return patterns
}

export function createRepository(input: sdk.CreateRepositoryCommandInput, context: RequestContext) {
  const name = input.repositoryName!
  if (findRepository(context, name)) {
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${context.accountId}'`,
    )
  }
  const record = makeRepository(context, name, {
    tagMutability: input.imageTagMutability,
    mutabilityExclusions: checkExclusions(input.imageTagMutability, input.imageTagMutabilityExclusionFilters),
    scanOnPush: input.imageScanningConfiguration?.scanOnPush,
    encryption: grantableEncryption(
      context,
      repositoryArn(context, name),
      checkEncryption(input.encryptionConfiguration),
    ),
    tags: checkTags({}, input.tags, context.calledVia !== undefined),
  })
  return { repository: toRepository(record) }
}

export function describeRepositories(input: sdk.DescribeRepositoriesCommandInput, context: RequestContext) {
  const wanted = input.repositoryNames?.length
    ? input.repositoryNames.map((repositoryName) => requireRepository(context, { repositoryName }))
    : allRepositories(context)
  const { items, nextToken } = page(wanted, input)
  return { repositories: items.map(toRepository), nextToken }
}

/** One page of at most `maxResults` (100) items. */
export function page<T>(items: T[], input: { maxResults?: number; nextToken?: string }, size = 100) {
  const text = input.nextToken === undefined ? '0' : Buffer.from(input.nextToken, 'base64').toString()
  if (!/^\d{1,9}$/.test(text)) throw invalidParameter('nextToken', 'Invalid pagination token')
  const offset = Number(text)
  const end = offset + (input.maxResults ?? size)
  const nextToken = end < items.length ? Buffer.from(String(end)).toString('base64') : undefined
  return { items: items.slice(offset, end), nextToken }
}

export function deleteRepository(
  input: sdk.DeleteRepositoryCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const record = requireRepository(context, input)
  requireEmpty(context, images, record.name, input)
  images.deleteRepository(record.name)
  releaseKey(context, record)
  for (const { digest } of imageStates(context, record.name)) forgetImage(context, record.name, digest)
  context.world.store.delete(key(context, record.name))
  return { repository: { ...toRepository(record), imageScanningConfiguration: undefined } }
}

export function putImageTagMutability(input: sdk.PutImageTagMutabilityCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const tagMutability = input.imageTagMutability!
  const mutabilityExclusions = checkExclusions(tagMutability, input.imageTagMutabilityExclusionFilters)
  putRepository(context, { ...record, tagMutability, mutabilityExclusions })
  return {
    registryId: context.accountId,
    repositoryName: record.name,
    imageTagMutability: tagMutability,
    imageTagMutabilityExclusionFilters: exclusionFilters(mutabilityExclusions),
  }
}

export function putImageScanningConfiguration(
  input: sdk.PutImageScanningConfigurationCommandInput,
  context: RequestContext,
) {
  const record = requireRepository(context, input)
  const scanOnPush = input.imageScanningConfiguration?.scanOnPush ?? false
  putRepository(context, { ...record, scanOnPush })
  return {
    registryId: context.accountId,
    repositoryName: record.name,
    imageScanningConfiguration: { scanOnPush },
  }
}

/** Whether a tag that exists may not be given to another image. */
export function tagIsImmutable(record: RepositoryRecord, tag: string): boolean {
  const excluded = record.mutabilityExclusions.some((pattern) => wildcardMatches(pattern, tag))
  return record.tagMutability.startsWith('IMMUTABLE') !== excluded
}

export const immutableTag = (repository: string, tag: string) =>
  `The image tag '${tag}' already exists in the '${repository}' repository and cannot be overwritten because the tag is immutable.`
