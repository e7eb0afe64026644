import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { ImageCatalog } from './image-catalog.ts'
import type { RepositoryRecord } from './records.ts'

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

export const repositoryMissing = (scope: Scope, name: string) =>
  `The repository with name '${name}' does not exist in the registry with id '${scope.accountId}'`

/** A repository of the caller's own registry. Throws RepositoryNotFoundException. */
export function requireRepository(
  scope: Scope,
  input: { repositoryName?: string; registryId?: string },
): RepositoryRecord {
  const name = input.repositoryName ?? ''
  const foreign = input.registryId !== undefined && input.registryId !== scope.accountId
  const record = foreign ? undefined : findRepository(scope, name)
  if (record) return record
  const accountId = input.registryId ?? scope.accountId
  throw new AwsError('RepositoryNotFoundException', repositoryMissing({ ...scope, accountId }, name))
}

export const toRepository = (record: RepositoryRecord): sdk.Repository => ({
  repositoryArn: record.arn,
  registryId: record.arn.split(':')[4],
  repositoryName: record.name,
  repositoryUri: record.uri,
  createdAt: new Date(record.createdAt),
  imageTagMutability: record.tagMutability,
  imageTagMutabilityExclusionFilters: exclusionFilters(record),
  imageScanningConfiguration: { scanOnPush: record.scanOnPush },
  encryptionConfiguration: { encryptionType: record.encryptionType },
})

const exclusionFilters = (record: RepositoryRecord) =>
  record.mutabilityExclusions.length > 0
    ? record.mutabilityExclusions.map((filter) => ({ filterType: 'WILDCARD' as const, filter }))
    : undefined

export function createRepository(input: sdk.CreateRepositoryCommandInput, context: RequestContext) {
  const name = input.repositoryName!
  if (findRepository(context, name)) {
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${context.accountId}'`,
    )
  }
  const record: RepositoryRecord = {
    name,
    arn: repositoryArn(context, name),
    uri: `${registryHost(context)}/${name}`,
    createdAt: context.world.clock.now(),
    tagMutability: input.imageTagMutability ?? 'MUTABLE',
    mutabilityExclusions: (input.imageTagMutabilityExclusionFilters ?? []).flatMap(
      ({ filter }) => filter ?? [],
    ),
    scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
    encryptionType: input.encryptionConfiguration?.encryptionType === 'KMS' ? 'KMS' : 'AES256',
    tags: Object.fromEntries((input.tags ?? []).map(({ Key, Value }) => [Key!, Value ?? ''])),
  }
  putRepository(context, record)
  return { repository: toRepository(record) }
}

export function describeRepositories(input: sdk.DescribeRepositoriesCommandInput, context: RequestContext) {
  const { registryId } = input
  const all = context.world.store.values<RepositoryRecord>(
    awsPrefix(context.accountId, context.region, 'ecr', 'repositories'),
  )
  const wanted = input.repositoryNames?.length
    ? input.repositoryNames.map((repositoryName) =>
        requireRepository(context, { repositoryName, registryId }),
      )
    : all
  const { items, nextToken } = page(wanted, input)
  return { repositories: items.map(toRepository), nextToken }
}

/** One page of at most `maxResults` (100) items. */
export function page<T>(items: T[], input: { maxResults?: number; nextToken?: string }) {
  const offset = input.nextToken ? Number(Buffer.from(input.nextToken, 'base64').toString()) : 0
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new AwsError(
      'InvalidParameterException',
      "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid pagination token'",
    )
  }
  const end = offset + (input.maxResults ?? 100)
  const nextToken = end < items.length ? Buffer.from(String(end)).toString('base64') : undefined
  return { items: items.slice(offset, end), nextToken }
}

export function deleteRepository(
  input: sdk.DeleteRepositoryCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const record = requireRepository(context, input)
  if (!input.force && images.manifests(record.name).length > 0) {
    throw new AwsError(
      'RepositoryNotEmptyException',
      `The repository with name '${record.name}' in registry with id '${context.accountId}' cannot be deleted because it still contains images`,
    )
  }
  images.deleteRepository(record.name)
  context.world.store.delete(key(context, record.name))
  return { repository: { ...toRepository(record), imageScanningConfiguration: undefined } }
}

export function putImageTagMutability(input: sdk.PutImageTagMutabilityCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  const next: RepositoryRecord = {
    ...record,
    tagMutability: input.imageTagMutability!,
    mutabilityExclusions: (input.imageTagMutabilityExclusionFilters ?? []).flatMap(
      ({ filter }) => filter ?? [],
    ),
  }
  putRepository(context, next)
  return {
    registryId: context.accountId,
    repositoryName: record.name,
    imageTagMutability: next.tagMutability,
    imageTagMutabilityExclusionFilters: exclusionFilters(next),
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

/** Whether a tag that exists may be given to another image. */
export function tagIsImmutable(record: RepositoryRecord, tag: string): boolean {
  const excluded = record.mutabilityExclusions.some((pattern) =>
    new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`).test(tag),
  )
  return record.tagMutability.startsWith('IMMUTABLE') !== excluded
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

export const immutableTag = (repository: string, tag: string) =>
  `The image tag '${tag}' already exists in the '${repository}' repository and cannot be overwritten because the tag is immutable.`
