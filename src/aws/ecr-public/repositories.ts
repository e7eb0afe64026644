import type * as sdk from '@aws-sdk/client-ecr-public'
import type { Scope } from '../ec2/index.ts'
import type { ImageCatalog } from '../ecr/image-catalog.ts'
import { requireEmpty } from '../ecr/outputs.ts'
import { checkPolicy } from '../ecr/policies.ts'
import { page } from '../ecr/repositories.ts'
import { checkTags } from '../ecr/tag-rules.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'

export const PUBLIC_HOST = 'public.ecr.aws'
/** ECR Public's API is in this region only (and in us-west-2, which shows the same). */
const REGION = 'us-east-1'

/** A public repository; what it holds is at public.ecr.aws. Times are ms since the epoch. */
export interface PublicRepository {
  name: string
  arn: string
  createdAt: number
  catalog: CatalogData
  policy?: string
  tags: Record<string, string>
}

/** What the gallery shows of a repository. */
export interface CatalogData {
  description?: string
  architectures?: string[]
  operatingSystems?: string[]
  /** base64 */
  logo?: string
  aboutText?: string
  usageText?: string
}

/** An account's public registry: its default alias, and the name that the gallery shows. */
interface PublicRegistry {
  alias: string
  displayName: string
}

type Account = Pick<Scope, 'world' | 'accountId'>

const key = ({ accountId }: Account, name: string) =>
  awsKey(accountId, REGION, 'ecr-public', 'repositories', encodeURIComponent(name))

export const findRepository = (account: Account, name: string): PublicRepository | undefined =>
  account.world.store.get<PublicRepository>(key(account, name))?.value

const put = (account: Account, record: PublicRepository) =>
  account.world.store.put(key(account, record.name), record)

export const repositoryArn = ({ accountId }: { accountId: string }, name: string) =>
  `arn:aws:ecr-public::${accountId}:repository/${name}`

/** An account's public registry, made when it is first asked for. */
export function registryOf({ world, accountId }: Account): PublicRegistry {
  return world.store.update<PublicRegistry>(
    awsKey(accountId, REGION, 'ecr-public', 'settings', 'registry'),
    (known) =>
      known ?? {
        alias: `${world.ids.text(1, 'abcdefghijklmnopqrstuvwxyz')}${world.ids.text(7, 'abcdefghijklmnopqrstuvwxyz0123456789')}`,
        displayName: '',
      },
  )!
}

/** The account whose registry has an alias. */
export function accountOfAlias({ world }: Pick<Scope, 'world'>, alias: string): string | undefined {
  const suffix = `/${REGION}/ecr-public/settings/registry`
  return world.store
    .list<PublicRegistry>('aws/')
    .entries.find(({ key: at, value }) => at.endsWith(suffix) && value.alias === alias)
    ?.key.split('/')[1]
}

export function requireRepository(context: Account, input: { repositoryName?: string }): PublicRepository {
  const record = findRepository(context, input.repositoryName ?? '')
  if (record) return record
  throw new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${input.repositoryName}' does not exist in the registry with id '${context.accountId}'`,
  )
}

const toRepository = (record: PublicRepository, context: RequestContext): sdk.Repository => ({
  repositoryArn: record.arn,
  registryId: context.accountId,
  repositoryName: record.name,
  repositoryUri: `${PUBLIC_HOST}/${registryOf(context).alias}/${record.name}`,
  createdAt: new Date(record.createdAt),
})

function toCatalog({ catalog, name }: PublicRepository, context: RequestContext): sdk.RepositoryCatalogData {
  const { logo, ...shown } = catalog
  const alias = registryOf(context).alias
  return {
    ...shown,
    ...(logo && { logoUrl: `https://d3g9o9u8re44ak.cloudfront.net/logo/${alias}/${name}.png` }),
  }
}

const fromInput = ({ logoImageBlob, ...rest }: sdk.RepositoryCatalogDataInput): CatalogData => ({
  ...rest,
  ...(logoImageBlob && { logo: Buffer.from(logoImageBlob).toString('base64') }),
})

export function createRepository(input: sdk.CreateRepositoryCommandInput, context: RequestContext) {
  const name = input.repositoryName!
  if (findRepository(context, name)) {
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${context.accountId}'`,
    )
  }
  const record: PublicRepository = {
    name,
    arn: repositoryArn(context, name),
    createdAt: context.world.clock.now(),
    catalog: fromInput(input.catalogData ?? {}),
    tags: checkTags({}, input.tags as { Key: string; Value: string }[] | undefined),
  }
  put(context, record)
  return { repository: toRepository(record, context), catalogData: toCatalog(record, context) }
}

export function deleteRepository(
  input: sdk.DeleteRepositoryCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const record = requireRepository(context, input)
  requireEmpty(context, images, record.name, input)
  images.deleteRepository(record.name)
  context.world.store.delete(key(context, record.name))
  return { repository: toRepository(record, context) }
}

export function describeRepositories(input: sdk.DescribeRepositoriesCommandInput, context: RequestContext) {
  const all = context.world.store.values<PublicRepository>(
    awsPrefix(context.accountId, REGION, 'ecr-public', 'repositories'),
  )
  const wanted = input.repositoryNames?.length
    ? input.repositoryNames.map((repositoryName) => requireRepository(context, { repositoryName }))
    : all
  const { items, nextToken } = page(wanted, input)
  return { repositories: items.map((record) => toRepository(record, context)), nextToken }
}

export const getRepositoryCatalogData = (
  input: sdk.GetRepositoryCatalogDataCommandInput,
  context: RequestContext,
) => ({ catalogData: toCatalog(requireRepository(context, input), context) })

export function putRepositoryCatalogData(
  input: sdk.PutRepositoryCatalogDataCommandInput,
  context: RequestContext,
) {
  const record = { ...requireRepository(context, input), catalog: fromInput(input.catalogData ?? {}) }
  put(context, record)
  return { catalogData: toCatalog(record, context) }
}

export function describeRegistries(_input: object, context: RequestContext) {
  const { alias } = registryOf(context)
  return {
    registries: [
      {
        registryId: context.accountId,
        registryArn: `arn:aws:ecr-public::${context.accountId}:registry/${context.accountId}`,
        registryUri: `${PUBLIC_HOST}/${alias}`,
        verified: false,
        aliases: [
          { name: alias, status: 'ACTIVE' as const, primaryRegistryAlias: true, defaultRegistryAlias: true },
        ],
      },
    ],
  }
}

export const getRegistryCatalogData = (_input: object, context: RequestContext) => ({
  registryCatalogData: { displayName: registryOf(context).displayName },
})

export function putRegistryCatalogData(
  { displayName = '' }: sdk.PutRegistryCatalogDataCommandInput,
  context: RequestContext,
) {
  const registry = { ...registryOf(context), displayName }
  context.world.store.put(awsKey(context.accountId, REGION, 'ecr-public', 'settings', 'registry'), registry)
  return { registryCatalogData: { displayName } }
}

// --- policies and tags

const base = ({ name }: PublicRepository, { accountId }: RequestContext) => ({
  registryId: accountId,
  repositoryName: name,
})

export function setRepositoryPolicy(input: sdk.SetRepositoryPolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  checkPolicy(context, 'PolicyText', 'repository', input.policyText!)
  put(context, { ...record, policy: input.policyText! })
  return { ...base(record, context), policyText: input.policyText }
}

export function getRepositoryPolicy(input: sdk.GetRepositoryPolicyCommandInput, context: RequestContext) {
  const record = requireRepository(context, input)
  if (record.policy !== undefined) return { ...base(record, context), policyText: record.policy }
  throw new AwsError(
    'RepositoryPolicyNotFoundException',
    `Repository policy does not exist for the repository with name '${record.name}' in the registry with id '${context.accountId}'`,
  )
}

export function deleteRepositoryPolicy(
  input: sdk.DeleteRepositoryPolicyCommandInput,
  context: RequestContext,
) {
  const answer = getRepositoryPolicy(input, context)
  put(context, { ...requireRepository(context, input), policy: undefined })
  return answer
}

/** The policy of a public repository, for the permission check. */
export function repositoryPolicy(arn: string, { world }: Pick<Scope, 'world'>): string | undefined {
  const [, accountId, name] = /^arn:aws:ecr-public::(\d{12}):repository\/(.+)$/.exec(arn) ?? []
  return name ? findRepository({ world, accountId: accountId! }, name)?.policy : undefined
}

const byArn = (context: RequestContext, arn: string | undefined) =>
  requireRepository(context, { repositoryName: arn?.split(':repository/')[1] })

export function tagResource(input: sdk.TagResourceCommandInput, context: RequestContext) {
  const record = byArn(context, input.resourceArn)
  const tags = checkTags(record.tags, input.tags as { Key: string; Value: string }[])
  put(context, { ...record, tags })
  return {}
}

export function untagResource(input: sdk.UntagResourceCommandInput, context: RequestContext) {
  const record = byArn(context, input.resourceArn)
  const kept = Object.entries(record.tags).filter(([name]) => !input.tagKeys?.includes(name))
  put(context, { ...record, tags: Object.fromEntries(kept) })
  return {}
}

export const listTagsForResource = (input: sdk.ListTagsForResourceCommandInput, context: RequestContext) => ({
  tags: Object.entries(byArn(context, input.resourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
})
