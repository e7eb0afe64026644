// ECR Public by the real AWS CLI and a registry client.
import { CreateRepositoryCommand, ECRPUBLICClient } from '@aws-sdk/client-ecr-public'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { RegistryClient } from '../../src/containers/images/registry-client.ts'
import { ACCOUNT, type Keys } from '../support/aws.ts'
import { digestOf, json, startEcr } from '../support/ecr.ts'

let ecr: Awaited<ReturnType<typeof startEcr>>
let alias: string
// Every command is a process of its own.
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  ecr = await startEcr()
  const { registries } = await run('describe-registries')
  alias = registries[0].aliases[0].name
})
afterAll(async () => {
  expect(ecr.errors).toEqual([])
  await ecr.close()
})

const run = (command: string, keys?: Keys) => ecr.command('ecr-public', command, keys)
const refusal = (command: string, keys?: Keys) => ecr.refused('ecr-public', command, keys)
const client = (credentials?: { username: string; password: string }) =>
  new RegistryClient(ecr.transport, 'public.ecr.aws', credentials)

async function login() {
  const { authorizationData } = await run('get-authorization-token')
  const [username, password] = Buffer.from(authorizationData.authorizationToken, 'base64')
    .toString()
    .split(':')
  return client({ username: username!, password: password! })
}

describe('repositories of the gallery', () => {
  it('have an address under the registry’s alias, and what the gallery shows', async () => {
    expect(alias).toMatch(/^[a-z][a-z0-9]{7}$/)
    const catalog = json({
      description: 'A web server',
      architectures: ['x86-64'],
      operatingSystems: ['Linux'],
      aboutText: '# About',
    })
    const { repository, catalogData } = await run(
      `create-repository --repository-name web --catalog-data ${catalog} --tags Key=a,Value=b`,
    )
    expect(repository).toMatchObject({
      repositoryArn: `arn:aws:ecr-public::${ACCOUNT}:repository/web`,
      repositoryUri: `public.ecr.aws/${alias}/web`,
    })
    expect(catalogData.description).toBe('A web server')
    await run(
      `put-repository-catalog-data --repository-name web --catalog-data ${json({ description: 'Better' })}`,
    )
    expect((await run('get-repository-catalog-data --repository-name web')).catalogData).toEqual({
      description: 'Better',
    })
    await run("put-registry-catalog-data --display-name 'The Lab'")
    expect((await run('get-registry-catalog-data')).registryCatalogData.displayName).toBe('The Lab')
    const arn = repository.repositoryArn
    await run(`tag-resource --resource-arn ${arn} --tags Key=c,Value=d`)
    await run(`untag-resource --resource-arn ${arn} --tag-keys a`)
    expect((await run(`list-tags-for-resource --resource-arn ${arn}`)).tags).toEqual([
      { Key: 'c', Value: 'd' },
    ])
    expect((await run('describe-repositories')).repositories).toHaveLength(1)
    expect(await refusal('create-repository --repository-name web')).toBe(
      `RepositoryAlreadyExistsException: The repository with name 'web' already exists in the registry with id '${ACCOUNT}'`,
    )
    expect(await refusal('describe-images --repository-name none')).toMatch(/^RepositoryNotFoundException: /)
  })

  it('are pushed to by who is logged in and pulled by anybody', async () => {
    const owner = await login()
    const blob = async (text: string, mediaType: string) => {
      const descriptor = { mediaType, digest: digestOf(text), size: text.length }
      await owner.pushBlob(`${alias}/web`, descriptor, async function* () {
        yield Buffer.from(text)
      })
      return descriptor
    }
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: await blob('{}', 'application/vnd.oci.image.config.v1+json'),
      layers: [await blob('a layer', 'application/vnd.oci.image.layer.v1.tar')],
    }
    const digest = await owner.pushManifest(
      `${alias}/web`,
      'v1',
      mediaType,
      Buffer.from(JSON.stringify(manifest)),
    )
    expect((await client().manifest(`${alias}/web`, 'v1')).digest).toBe(digest)
    await expect(
      client().pushManifest(`${alias}/web`, 'v2', mediaType, Buffer.from('{}')),
    ).rejects.toMatchObject({ status: 403 })
    await expect(owner.manifest(`${alias}/none`, 'v1')).rejects.toMatchObject({ status: 404 })
    expect((await client().manifest('docker/library/nginx', 'latest')).mediaType).toContain('index')
    expect((await run('describe-images --repository-name web')).imageDetails[0]).toMatchObject({
      imageDigest: digest,
      imageTags: ['v1'],
    })
    expect((await run('describe-image-tags --repository-name web')).imageTagDetails[0].imageTag).toBe('v1')
    expect(await refusal('delete-repository --repository-name web')).toMatch(/^RepositoryNotEmptyException: /)
    expect(
      (await run('batch-delete-image --repository-name web --image-ids imageTag=v1')).imageIds,
    ).toHaveLength(1)
    await run('delete-repository --repository-name web')
  })

  it('have policies, and take layers part by part', async () => {
    await new ECRPUBLICClient(ecr.client()).send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    const policy = json({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          Action: 'ecr-public:PutImage',
        },
      ],
    })
    await run(`set-repository-policy --repository-name app --policy-text ${policy}`)
    expect((await run('get-repository-policy --repository-name app')).policyText).toContain('PutImage')
    await run('delete-repository-policy --repository-name app')
    expect(await refusal('get-repository-policy --repository-name app')).toMatch(
      /^RepositoryPolicyNotFoundException: /,
    )
    const { uploadId } = await run('initiate-layer-upload --repository-name app')
    expect(
      await refusal(
        `complete-layer-upload --repository-name app --upload-id ${uploadId} --layer-digests ${digestOf('x')}`,
      ),
    ).toMatch(/^EmptyUploadException: /)
    expect(
      (await run(`batch-check-layer-availability --repository-name app --layer-digests ${digestOf('x')}`))
        .layers[0].layerAvailability,
    ).toBe('UNAVAILABLE')
  })
})
