// ECR by the real AWS CLI. Texts: API reference and user guide of ECR; those marked in FIDELITY.md are from knowledge.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, type CreateRepositoryCommandInput, ECRClient } from '@aws-sdk/client-ecr'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, type Keys } from '../support/aws.ts'
import { administrator, digestOf, startEcr } from '../support/ecr.ts'

let ecr: Awaited<ReturnType<typeof startEcr>>
let folder: string
// Every command is a process of its own.
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  ecr = await startEcr()
  folder = await mkdtemp(join(tmpdir(), 'drydock-ecr-cli-'))
})
afterAll(async () => {
  expect(ecr.errors).toEqual([])
  await ecr.close()
  await rm(folder, { recursive: true, force: true })
})

const MINUTE = 60_000
const run = (command: string, keys?: Keys) => ecr.command('ecr', command, keys)
const refusal = (command: string, keys?: Keys) => ecr.refused('ecr', command, keys)
/** Makes a repository without the CLI, where its making is not what is tested. */
const make = (repositoryName: string, options: Partial<CreateRepositoryCommandInput> = {}) =>
  new ECRClient(ecr.client()).send(new CreateRepositoryCommand({ repositoryName, ...options }))

describe('repositories', () => {
  it('are made with their settings, described, and deleted', async () => {
    const { repository } = await run(
      'create-repository --repository-name settings --image-tag-mutability IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters filterType=WILDCARD,filter=dev-* --image-scanning-configuration scanOnPush=true --tags Key=team,Value=web',
    )
    expect(repository).toMatchObject({
      repositoryArn: `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/settings`,
      repositoryUri: `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/settings`,
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'dev-*' }],
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'AES256' },
    })
    const { tags } = await run(`list-tags-for-resource --resource-arn ${repository.repositoryArn}`)
    expect(tags).toEqual([{ Key: 'team', Value: 'web' }])
    await run(`tag-resource --resource-arn ${repository.repositoryArn} --tags Key=a,Value=b`)
    await run(`untag-resource --resource-arn ${repository.repositoryArn} --tag-keys team`)
    expect((await run(`list-tags-for-resource --resource-arn ${repository.repositoryArn}`)).tags).toEqual([
      { Key: 'a', Value: 'b' },
    ])
    expect((await run('describe-repositories --repository-names settings')).repositories).toHaveLength(1)
    await run('delete-repository --repository-name settings')
    expect(await refusal('describe-repositories --repository-names settings')).toBe(
      `RepositoryNotFoundException: The repository with name 'settings' does not exist in the registry with id '${ACCOUNT}'`,
    )
  })

  it('are encrypted with a KMS key of one’s own or with the one that AWS manages', async () => {
    const managed = await run(
      'create-repository --repository-name kms-managed --encryption-configuration encryptionType=KMS',
    )
    expect(managed.repository.encryptionConfiguration).toEqual({
      encryptionType: 'KMS',
      kmsKey: expect.stringMatching(`^arn:aws:kms:us-east-1:${ACCOUNT}:key/[0-9a-f-]{36}$`),
    })
    const key = (await ecr.command('kms', 'create-key')).KeyMetadata.Arn
    const own = await run(
      `create-repository --repository-name kms-own --encryption-configuration encryptionType=KMS,kmsKey=${key}`,
    )
    expect(own.repository.encryptionConfiguration.kmsKey).toBe(key)
    expect(
      await refusal(
        'create-repository --repository-name bad --encryption-configuration encryptionType=KMS,kmsKey=nonsense',
      ),
    ).toContain("KmsException: Invalid keyId 'nonsense'")
  })

  it.each([
    [
      'create-repository --repository-name Upper',
      "InvalidParameterException: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*''",
    ],
    [
      'create-repository --repository-name x1 --image-tag-mutability IMMUTABLE_WITH_EXCLUSION',
      "InvalidParameterException: Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'must be specified when imageTagMutability is IMMUTABLE_WITH_EXCLUSION'",
    ],
    [
      'create-repository --repository-name x2 --tags Key=aws:x,Value=y',
      'InvalidTagParameterException: An invalid parameter has been specified. Tag keys can have a maximum character length of 128 characters, and tag values can have a maximum length of 256 characters.',
    ],
    [
      'delete-repository-policy --repository-name kms-own',
      `RepositoryPolicyNotFoundException: Repository policy does not exist for the repository with name 'kms-own' in the registry with id '${ACCOUNT}'`,
    ],
    [
      'get-lifecycle-policy --repository-name kms-own',
      `LifecyclePolicyNotFoundException: Lifecycle policy does not exist for the repository with name 'kms-own' in the registry with id '${ACCOUNT}'`,
    ],
    [
      'get-registry-policy',
      `RegistryPolicyNotFoundException: Registry policy does not exist in the registry with id '${ACCOUNT}'`,
    ],
    [
      'get-signing-configuration',
      `SigningConfigurationNotFoundException: Signing configuration does not exist in the registry with id '${ACCOUNT}'`,
    ],
    [
      'create-pull-through-cache-rule --ecr-repository-prefix x --upstream-registry-url example.com',
      'ParamValidation',
    ],
    [
      'create-pull-through-cache-rule --ecr-repository-prefix other --upstream-registry-url example.com',
      'UnsupportedUpstreamRegistryException: The specified upstream registry isn’t supported.',
    ],
    [
      'delete-pull-through-cache-rule --ecr-repository-prefix none',
      `PullThroughCacheRuleNotFoundException: Pull through cache rule with repository prefix 'none' does not exist in the registry with id '${ACCOUNT}'`,
    ],
    [
      'get-account-setting --name NOPE',
      "InvalidParameterException: Invalid parameter at 'name' failed to satisfy constraint: 'Invalid account setting name 'NOPE''",
    ],
    [
      'batch-get-image --repository-name none --image-ids imageTag=x',
      `RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '${ACCOUNT}'`,
    ],
  ])('%s', async (command, expected) => {
    const seen = await refusal(command)
    if (expected === 'ParamValidation')
      expect(seen).toMatch(/Parameter validation failed|InvalidParameterException/)
    else expect(seen).toBe(expected)
  })
})

describe('images', () => {
  beforeAll(() => make('web'))

  it('are pushed by the API’s own calls as a client does, part by part', async () => {
    const layer = Buffer.alloc(6 * 1024 * 1024, 'layer ')
    const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
    const upload = async (bytes: Buffer, parts: number[]) => {
      const { uploadId, partSize } = await run('initiate-layer-upload --repository-name web')
      expect(partSize).toBe(20 * 1024 * 1024)
      let at = 0
      for (const size of parts) {
        await writeFile(join(folder, 'part'), bytes.subarray(at, at + size))
        const { lastByteReceived } = await run(
          `upload-layer-part --repository-name web --upload-id ${uploadId} --part-first-byte ${at} --part-last-byte ${at + size - 1} --layer-part-blob fileb://${join(folder, 'part')}`,
        )
        at += size
        expect(lastByteReceived).toBe(at - 1)
      }
      return uploadId
    }
    const complete = (id: string, digest: string) =>
      `complete-layer-upload --repository-name web --upload-id ${id} --layer-digests ${digest}`
    const first = await upload(layer, [5 * 1024 * 1024, 1024 * 1024])
    expect(await refusal(complete(first, digestOf('other')))).toMatch(/^InvalidLayerException: /)
    expect((await run(complete(first, digestOf(layer)))).layerDigest).toBe(digestOf(layer))
    expect(await refusal(complete(await upload(layer, [1024]), digestOf(layer)))).toMatch(
      /^LayerAlreadyExistsException: /,
    )
    expect(await refusal(complete(await upload(layer, [1024, 1024]), digestOf('x')))).toBe(
      'LayerPartTooSmallException: Layer parts must be at least 5 MiB in size.',
    )
    const empty = await upload(layer, [])
    expect(await refusal(complete(empty, digestOf('x')))).toBe(
      'EmptyUploadException: The specified layer upload does not contain any layer parts.',
    )
    await writeFile(join(folder, 'part'), 'abc')
    expect(
      await refusal(
        `upload-layer-part --repository-name web --upload-id ${empty} --part-first-byte 9 --part-last-byte 11 --layer-part-blob fileb://${join(folder, 'part')}`,
      ),
    ).toMatch(/^InvalidLayerPartException: /)
    await run(complete(await upload(config, [config.length]), digestOf(config)))
    const { layers, failures } = await run(
      `batch-check-layer-availability --repository-name web --layer-digests ${digestOf(layer)} ${digestOf('none')} nonsense`,
    )
    expect(layers.map((one: { layerAvailability: string }) => one.layerAvailability)).toEqual([
      'AVAILABLE',
      'UNAVAILABLE',
    ])
    expect(failures[0].failureCode).toBe('InvalidLayerDigest')

    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        digest: digestOf(config),
        size: config.length,
      },
      layers: [
        {
          mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
          digest: digestOf(layer),
          size: layer.length,
        },
      ],
    })
    await writeFile(join(folder, 'manifest'), manifest)
    const put = `put-image --repository-name web --image-tag api --image-manifest file://${join(folder, 'manifest')}`
    expect((await run(put)).image.imageId).toEqual({ imageDigest: digestOf(manifest), imageTag: 'api' })
    expect(await refusal(put)).toBe(
      `ImageAlreadyExistsException: Image with digest '${digestOf(manifest)}' and tag 'api' already exists in the repository with name 'web' in registry with id '${ACCOUNT}'`,
    )
    await writeFile(join(folder, 'broken'), manifest.replaceAll(digestOf(layer), digestOf('none')))
    expect(await refusal(put.replace('/manifest', '/broken'))).toBe(
      `LayersNotFoundException: Layers with digests '[${digestOf('none')}]' required for pushing image into the repository with name 'web' in the registry with id '${ACCOUNT}' don't exist`,
    )
    const { imageDetails } = await run('describe-images --repository-name web --image-ids imageTag=api')
    expect(imageDetails[0]).toMatchObject({
      imageSizeInBytes: layer.length + config.length,
      imageTags: ['api'],
      imageStatus: 'ACTIVE',
    })
    const { downloadUrl } = await run(
      `get-download-url-for-layer --repository-name web --layer-digest ${digestOf(layer)}`,
    )
    expect(downloadUrl).toContain(digestOf(layer))
    const { images } = await run('batch-get-image --repository-name web --image-ids imageTag=api')
    expect(images[0].imageManifest).toBe(manifest)
    const wrong = await run(
      'batch-get-image --repository-name web --image-ids imageTag=api --accepted-media-types application/x',
    )
    expect(wrong.failures[0].failureCode).toBe('ImageNotFound')
  })

  it('keep immutable tags, but for those that are excluded', async () => {
    await make('immutable', {
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'dev-*' }],
    })
    await ecr.push('immutable', 'v1', 'one')
    await expect(ecr.push('immutable', 'v1', 'two')).rejects.toThrow(
      "The image tag 'v1' already exists in the 'immutable' repository and cannot be overwritten because the tag is immutable.",
    )
    await ecr.push('immutable', 'dev-1', 'one')
    await ecr.push('immutable', 'dev-1', 'two')
    await run('put-image-tag-mutability --repository-name immutable --image-tag-mutability MUTABLE')
    await ecr.push('immutable', 'v1', 'two')
  })

  it('are listed by tag, and deleted by tag or digest; parts of an index stay while it does', async () => {
    await make('parts')
    const part = await ecr.push('parts', 'amd64', 'part')
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: part, size: 1 }],
    })
    await ecr
      .registry()
      .pushManifest('parts', 'multi', 'application/vnd.oci.image.index.v1+json', Buffer.from(index))
    const { imageIds } = await run('list-images --repository-name parts --filter tagStatus=TAGGED')
    expect(imageIds).toHaveLength(2)
    const kept = await run(
      `batch-delete-image --repository-name parts --image-ids imageDigest=${part} imageTag=none imageDigest=bad`,
    )
    expect(kept.failures.map((one: { failureCode: string }) => one.failureCode)).toEqual([
      'ImageReferencedByManifestList',
      'ImageNotFound',
      'InvalidImageDigest',
    ])
    await run('batch-delete-image --repository-name parts --image-ids imageTag=multi')
    expect(
      (await run('batch-delete-image --repository-name parts --image-ids imageTag=amd64')).imageIds,
    ).toHaveLength(1)
    expect(await refusal('delete-repository --repository-name web')).toMatch(/^RepositoryNotEmptyException: /)
    await run('delete-repository --repository-name parts')
  })

  it('have referrers', async () => {
    await make('signed')
    const subject = await ecr.push('signed', 'v1', 'subject')
    const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: subject, size: 1 }
    const sbom = await ecr.push('signed', 'sbom', 'sbom', {
      subject: descriptor,
      artifactType: 'application/spdx+json',
    })
    const { referrers } = await run(
      `list-image-referrers --repository-name signed --subject-id imageDigest=${subject}`,
    )
    expect(referrers).toEqual([
      expect.objectContaining({
        digest: sbom,
        artifactType: 'application/spdx+json',
        artifactStatus: 'ACTIVE',
      }),
    ])
  })

  it('go into the archive, cannot be pulled from there, and come back', async () => {
    await make('archive')
    const digest = await ecr.push('archive', 'old', 'archived')
    const move = (to: string) =>
      `update-image-storage-class --repository-name archive --image-id imageTag=old --target-storage-class ${to}`
    expect((await run(move('ARCHIVE'))).imageStatus).toBe('ARCHIVED')
    expect(await refusal(move('ARCHIVE'))).toMatch(/^ImageStorageClassUpdateNotSupportedException: /)
    expect((await run('list-images --repository-name archive')).imageIds).toEqual([])
    expect(
      (await run('list-images --repository-name archive --filter imageStatus=ARCHIVED')).imageIds,
    ).toHaveLength(1)
    await expect(ecr.registry().manifest('archive', 'old')).rejects.toThrow(
      'is ARCHIVED and cannot be pulled',
    )
    expect(
      (await run('batch-get-image --repository-name archive --image-ids imageTag=old')).failures[0]
        .failureCode,
    ).toBe('ImageInaccessible')
    expect((await run(move('STANDARD'))).imageStatus).toBe('ACTIVATING')
    await ecr.world.advance(MINUTE)
    const { imageDetails } = await run('describe-images --repository-name archive')
    expect(imageDetails[0]).toMatchObject({
      imageDigest: digest,
      imageStatus: 'ACTIVE',
      lastArchivedAt: expect.anything(),
      lastActivatedAt: expect.anything(),
    })
    expect((await ecr.registry().manifest('archive', 'old')).digest).toBe(digest)
  })

  it('remember when they were pulled, but not by whom the registry leaves out', async () => {
    await make('pulled')
    await ecr.push('pulled', 'v1', 'pulled')
    const pulledAt = async () =>
      (await run('describe-images --repository-name pulled')).imageDetails[0].lastRecordedPullTime
    await run(`register-pull-time-update-exclusion --principal-arn ${administrator.arn}`)
    expect(await refusal(`register-pull-time-update-exclusion --principal-arn ${administrator.arn}`)).toMatch(
      /^ExclusionAlreadyExistsException: /,
    )
    expect((await run('list-pull-time-update-exclusions')).pullTimeUpdateExclusions).toEqual([
      administrator.arn,
    ])
    await ecr.registry().manifest('pulled', 'v1')
    expect(await pulledAt()).toBeUndefined()
    await run(`deregister-pull-time-update-exclusion --principal-arn ${administrator.arn}`)
    await ecr.registry().manifest('pulled', 'v1')
    expect(await pulledAt()).toBeDefined()
    expect(
      await refusal(`deregister-pull-time-update-exclusion --principal-arn ${administrator.arn}`),
    ).toMatch(/^ExclusionNotFoundException: /)
  })
})
