import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ecrService, type ImageCatalog, RegistryAccess } from '../../../src/aws/ecr/index.ts'
import { rolePrincipal } from '../../../src/aws/iam/identity.ts'
import { ACCOUNT, failure, TestAccount } from './support/account.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

let account: TestAccount
let images: { tags: Map<string, string>; manifests: Set<string> }
const ecr = (operation: string, input: object = {}) => account.call(service, operation, input)

/** One repository's content, by hand. */
function catalog(): ImageCatalog {
  const none = async () => undefined
  return {
    tags: () => [...images.tags].map(([tag, digest]) => ({ tag, digest })),
    manifests: () =>
      [...images.manifests].map((digest) => ({
        digest,
        mediaType: 'm',
        size: 1,
        imageSize: 1,
        pushedAt: 0,
        references: [],
      })),
    readManifest: none,
    storeManifest: async () => ({ digest: DIGEST, mediaType: 'm' }),
    putTag: (_repository, tag, digest) => void images.tags.set(tag, digest),
    deleteTag: (_repository, tag) => void images.tags.delete(tag),
    deleteManifest: (_repository, digest) => {
      images.manifests.delete(digest)
      for (const [tag, of] of images.tags) if (of === digest) images.tags.delete(tag)
    },
    deleteRepository: () => undefined,
    blobSize: () => undefined,
    putBlob: () => undefined,
    startUpload: async () => 'u',
    appendUpload: none,
    uploadSize: none,
    finishUpload: none,
    software: none,
  }
}

const service = ecrService(catalog, async () => undefined)

beforeEach(() => {
  account = new TestAccount()
  images = { tags: new Map(), manifests: new Set() }
})
afterEach(() => account.close())

describe('repositories', () => {
  it('have the texts of ECR', async () => {
    await ecr('CreateRepository', { repositoryName: 'web' })
    expect(await failure(() => ecr('CreateRepository', { repositoryName: 'web' }))).toBe(
      `RepositoryAlreadyExistsException: The repository with name 'web' already exists in the registry with id '${ACCOUNT}'`,
    )
    expect(await failure(() => ecr('ListImages', { repositoryName: 'nope' }))).toBe(
      `RepositoryNotFoundException: The repository with name 'nope' does not exist in the registry with id '${ACCOUNT}'`,
    )
    expect(await failure(() => ecr('DescribeRepositories', { nextToken: 'x' }))).toBe(
      "InvalidParameterException: Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid pagination token'",
    )
  })

  it('are deleted with their images only by force', async () => {
    await ecr('CreateRepository', { repositoryName: 'web' })
    images.manifests.add(DIGEST)
    expect(await failure(() => ecr('DeleteRepository', { repositoryName: 'web' }))).toContain(
      'RepositoryNotEmptyException',
    )
    await ecr('DeleteRepository', { repositoryName: 'web', force: true })
    expect((await ecr('DescribeRepositories')).repositories).toEqual([])
  })
})

describe('images', () => {
  it('lose a tag, and go with their last one', async () => {
    await ecr('CreateRepository', { repositoryName: 'web' })
    images.manifests.add(DIGEST)
    images.tags.set('v1', DIGEST).set('latest', DIGEST)
    const remove = (imageTag: string) =>
      ecr('BatchDeleteImage', { repositoryName: 'web', imageIds: [{ imageTag }] })
    expect((await remove('v1')).imageIds).toEqual([{ imageDigest: DIGEST, imageTag: 'v1' }])
    expect(images.manifests.size).toBe(1)
    await remove('latest')
    expect(images.manifests.size).toBe(0)
    expect((await remove('latest')).failures[0].failureCode).toBe('ImageNotFound')
  })
})

describe('the registry', () => {
  const request = (authorization: string | undefined, method: string, url: string) => ({
    method,
    url,
    headers: { authorization },
  })

  async function password(policies: string[]): Promise<string> {
    const role = await account.role('app', 'ec2.amazonaws.com', policies)
    const context = account.as(rolePrincipal(account.world, role, 'session')!)
    const answer = await service.handlers.GetAuthorizationToken!({}, context)
    return answer.authorizationData[0].authorizationToken
  }

  it('asks for Basic credentials and takes a token for twelve hours', async () => {
    const access = new RegistryAccess(account.context)
    const ask = (authorization?: string) => () => access.authenticate(request(authorization, 'GET', '/v2/'))
    expect(ask()).toThrow(expect.objectContaining({ status: 401, message: 'Not Authorized' }))
    const token = await password([])
    expect(ask(`Basic ${token}`)().principal.arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/app/session`)
    expect(ask(`Basic ${Buffer.from('AWS:guess').toString('base64')}`)).toThrow('invalid')
    await account.world.advance(12 * 3_600_000)
    expect(ask(`Basic ${token}`)).toThrow(
      'Your authorization token has expired. Reauthenticate and try again.',
    )
  })

  it('lets a reader pull and names the action that a push lacks', async () => {
    await ecr('CreateRepository', { repositoryName: 'web' })
    const access = new RegistryAccess(account.context)
    const token = await password(['AmazonEC2ContainerRegistryReadOnly'])
    const caller = (method: string, url: string) =>
      access.authenticate(request(`Basic ${token}`, method, url))
    access.authorize(caller('GET', '/v2/web/manifests/v1'), 'pull', 'web')
    expect(() => access.authorize(caller('POST', '/v2/web/blobs/uploads/'), 'push', 'web')).toThrow(
      `User: arn:aws:sts::${ACCOUNT}:assumed-role/app/session is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:us-east-1:${ACCOUNT}:repository/web because no identity-based policy allows the ecr:InitiateLayerUpload action`,
    )
  })

  it('knows no repository that was not made, and keeps immutable tags', async () => {
    const access = new RegistryAccess(account.context)
    const caller = { principal: account.context.principal, action: 'ecr:BatchGetImage' }
    expect(() => access.requireRepository(caller, 'pull', 'web')).toThrow(
      `The repository with name 'web' does not exist in the registry with id '${ACCOUNT}'`,
    )
    await ecr('CreateRepository', { repositoryName: 'web', imageTagMutability: 'IMMUTABLE' })
    access.requireRepository(caller, 'push', 'web')
    const write = { repository: 'web', tag: 'v1', digest: DIGEST }
    access.beforeTag({ ...write, previous: undefined })
    expect(() => access.beforeTag({ ...write, previous: 'sha256:other' })).toThrow('the tag is immutable')
  })
})
