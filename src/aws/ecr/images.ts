import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { awsKey } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { CatalogedManifest, ImageCatalog } from './image-catalog.ts'
import type { RepositoryRecord } from './records.ts'
import { immutableTag, page, requireRepository, tagIsImmutable } from './repositories.ts'

const pullKey = ({ accountId, region }: Scope, repository: string, digest: string) =>
  awsKey(accountId, region, 'ecr', 'pulls', `${encodeURIComponent(repository)}/${digest}`)

/** How long ECR waits before it writes a newer pull time, ms: a day. */
const PULL_PRECISION = 86_400_000

/** Remembers that an image was pulled. */
export function recordPull(scope: Scope, repository: string, digest: string): void {
  const now = scope.world.clock.now()
  scope.world.store.update<number>(pullKey(scope, repository, digest), (known) =>
    known !== undefined && now - known < PULL_PRECISION ? known : now,
  )
}

const tagsOf = (images: ImageCatalog, repository: string, digest: string) =>
  images
    .tags(repository)
    .filter((tag) => tag.digest === digest)
    .map(({ tag }) => tag)

/** Every image id of a repository: one for each tag, and the digest alone for what has none. */
function imageIds(images: ImageCatalog, repository: string): sdk.ImageIdentifier[] {
  return images.manifests(repository).flatMap(({ digest: imageDigest }): sdk.ImageIdentifier[] => {
    const tags = tagsOf(images, repository, imageDigest)
    return tags.length === 0 ? [{ imageDigest }] : tags.map((imageTag) => ({ imageDigest, imageTag }))
  })
}

export function listImages(input: sdk.ListImagesCommandInput, context: RequestContext, images: ImageCatalog) {
  const { name } = requireRepository(context, input)
  const status = input.filter?.tagStatus ?? 'ANY'
  const wanted = imageIds(images, name).filter(
    ({ imageTag }) => status === 'ANY' || (status === 'TAGGED') === (imageTag !== undefined),
  )
  const { items, nextToken } = page(wanted, input)
  return { imageIds: items, nextToken }
}

/** The manifest that an image id names; undefined when there is none, or tag and digest disagree. */
function manifestOf(images: ImageCatalog, repository: string, id: sdk.ImageIdentifier) {
  const tagged = images.tags(repository).find(({ tag }) => tag === id.imageTag)?.digest
  if (id.imageTag !== undefined && (!tagged || (id.imageDigest && id.imageDigest !== tagged)))
    return undefined
  const digest = tagged ?? id.imageDigest
  return images.manifests(repository).find((manifest) => manifest.digest === digest)
}

export function describeImages(
  input: sdk.DescribeImagesCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const found = input.imageIds?.length
    ? input.imageIds.map((id) => manifestOf(images, name, id) ?? imageMissing(context, name, id))
    : images.manifests(name)
  const status = input.filter?.tagStatus ?? 'ANY'
  const details = [...new Map(found.map((manifest) => [manifest.digest, manifest])).values()]
    .map((manifest) => toDetail(context, name, manifest, tagsOf(images, name, manifest.digest)))
    .filter(({ imageTags }) => status === 'ANY' || (status === 'TAGGED') === (imageTags !== undefined))
  const { items, nextToken } = page(details, input)
  return { imageDetails: items, nextToken }
}

function imageMissing(context: RequestContext, repository: string, id: sdk.ImageIdentifier): never {
  const quoted = (value: string | undefined) => `'${value ?? 'null'}'`
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:${quoted(id.imageDigest)}, imageTag:${quoted(id.imageTag)}} does not exist within the repository with name '${repository}' in the registry with id '${context.accountId}'`,
  )
}

function toDetail(
  context: RequestContext,
  repositoryName: string,
  manifest: CatalogedManifest,
  tags: string[],
): sdk.ImageDetail {
  const pulled = context.world.store.get<number>(pullKey(context, repositoryName, manifest.digest))?.value
  return {
    registryId: context.accountId,
    repositoryName,
    imageDigest: manifest.digest,
    imageTags: tags.length > 0 ? tags : undefined,
    imageSizeInBytes: manifest.imageSize || undefined,
    imagePushedAt: new Date(manifest.pushedAt),
    imageManifestMediaType: manifest.mediaType,
    artifactMediaType: manifest.artifactType,
    subjectManifestDigest: manifest.subject,
    lastRecordedPullTime: pulled === undefined ? undefined : new Date(pulled),
    imageStatus: 'ACTIVE',
  }
}

const failure = (imageId: sdk.ImageIdentifier): sdk.ImageFailure => ({
  imageId,
  failureCode: 'ImageNotFound',
  failureReason: 'Requested image not found',
})

export async function batchGetImage(
  input: sdk.BatchGetImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const found: sdk.Image[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of input.imageIds ?? []) {
    const known = manifestOf(images, name, id)
    const manifest = known && (await images.readManifest(name, known.digest))
    if (!manifest) {
      failures.push(failure(id))
      continue
    }
    recordPull(context, name, manifest.digest)
    found.push({
      registryId: context.accountId,
      repositoryName: name,
      imageId: { imageDigest: manifest.digest, imageTag: id.imageTag },
      imageManifest: manifest.bytes.toString(),
      imageManifestMediaType: manifest.mediaType,
    })
  }
  return { images: found, failures }
}

/** Deleting by tag takes the tag away, and the image with its last one. */
export function batchDeleteImage(
  input: sdk.BatchDeleteImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const deleted: sdk.ImageIdentifier[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of input.imageIds ?? []) {
    const manifest = manifestOf(images, name, id)
    if (!manifest) {
      failures.push(failure(id))
      continue
    }
    const imageDigest = manifest.digest
    const tags = tagsOf(images, name, imageDigest)
    if (id.imageTag !== undefined && tags.length > 1) {
      images.deleteTag(name, id.imageTag)
      deleted.push({ imageDigest, imageTag: id.imageTag })
    } else {
      images.deleteManifest(name, imageDigest)
      deleted.push(
        ...(tags.length > 0 ? tags.map((imageTag) => ({ imageDigest, imageTag })) : [{ imageDigest }]),
      )
    }
  }
  return { imageIds: deleted, failures }
}

/** Throws ImageTagAlreadyExistsException when the tag may not move to another image. */
export function checkTag(
  record: RepositoryRecord,
  images: Pick<ImageCatalog, 'tags'>,
  tag: string | undefined,
): void {
  if (tag === undefined || !images.tags(record.name).some((known) => known.tag === tag)) return
  if (tagIsImmutable(record, tag)) {
    throw new AwsError('ImageTagAlreadyExistsException', immutableTag(record.name, tag))
  }
}

export async function putImage(
  input: sdk.PutImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const record = requireRepository(context, input)
  const bytes = Buffer.from(input.imageManifest!)
  const tag = input.imageTag
  const before = tag === undefined ? undefined : manifestOf(images, record.name, { imageTag: tag })
  if (before) {
    const same = await images.readManifest(record.name, before.digest)
    if (same?.bytes.equals(bytes)) {
      throw new AwsError(
        'ImageAlreadyExistsException',
        `Image with digest '${before.digest}' and tag '${tag}' already exists in the repository with name '${record.name}' in registry with id '${context.accountId}'`,
      )
    }
  }
  checkTag(record, images, tag)
  const stored = await images
    .storeManifest(record.name, bytes, input.imageManifestMediaType ?? mediaTypeIn(bytes), tag)
    .catch((error: Error & { code?: string; detail?: unknown }) => {
      throw putFailure(error, record.name, context)
    })
  if (input.imageDigest !== undefined && input.imageDigest !== stored.digest) {
    images.deleteManifest(record.name, stored.digest)
    throw new AwsError(
      'ImageDigestDoesNotMatchException',
      'The specified image digest does not match the digest that Amazon ECR calculated for the image.',
    )
  }
  return {
    image: {
      registryId: context.accountId,
      repositoryName: record.name,
      imageId: { imageDigest: stored.digest, imageTag: tag },
      imageManifest: input.imageManifest,
      imageManifestMediaType: stored.mediaType,
    },
  }
}

function mediaTypeIn(bytes: Buffer): string | undefined {
  try {
    return (JSON.parse(bytes.toString()) as { mediaType?: string }).mediaType
  } catch {
    return undefined
  }
}

/** ECR's error for what the registry found wrong with a manifest. */
function putFailure(
  error: Error & { code?: string; detail?: unknown },
  repository: string,
  context: RequestContext,
) {
  if (error.code === 'MANIFEST_BLOB_UNKNOWN') {
    return new AwsError(
      'LayersNotFoundException',
      `The layer with digest '${String(error.detail)}' does not exist within the repository with name '${repository}' in the registry with id '${context.accountId}'`,
    )
  }
  if (error.code === 'MANIFEST_UNKNOWN') {
    return new AwsError(
      'ReferencedImagesNotFoundException',
      `The manifest list references images that do not exist: ${String(error.detail)}`,
    )
  }
  if (error.code === 'MANIFEST_INVALID') {
    return new AwsError(
      'InvalidParameterException',
      `Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'`,
    )
  }
  return error
}
