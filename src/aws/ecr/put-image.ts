import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter, limitExceeded } from './errors.ts'
import { findImage } from './find-image.ts'
import { type ImageCatalog, tagsOf } from './image-catalog.ts'
import { imagePushed } from './pushes.ts'
import type { RepositoryRecord } from './records.ts'
import { immutableTag, tagIsImmutable, writableRepository } from './repositories.ts'

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** Throws ImageTagAlreadyExistsException when the tag may not move to another image. */
function checkTag(
  record: RepositoryRecord,
  images: Pick<ImageCatalog, 'tags'>,
  tag: string | undefined,
): void {
  if (tag === undefined || !images.tags(record.name).some((known) => known.tag === tag)) return
  if (tagIsImmutable(record, tag)) {
    throw new AwsError('ImageTagAlreadyExistsException', immutableTag(record.name, tag))
  }
}

/** Throws LimitExceededException when a repository or an image has as many images or tags as it may. */
export function checkQuotas(
  images: ImageCatalog,
  repository: string,
  digest: string | undefined,
  tag: string | undefined,
): void {
  const manifests = images.manifests(repository)
  const known = manifests.some((manifest) => manifest.digest === digest)
  if (!known && manifests.length >= quotas.imagesPerRepository) {
    throw limitExceeded(
      `The maximum number of images per repository has been exceeded for the repository with name '${repository}'`,
    )
  }
  if (!known || tag === undefined) return
  const tags = tagsOf(images, repository, digest!)
  if (!tags.includes(tag) && tags.length >= quotas.tagsPerImage) {
    throw limitExceeded(
      `The maximum number of tags per image has been exceeded for the image with digest '${digest}'`,
    )
  }
}

export async function putImage(
  input: sdk.PutImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const record = writableRepository(context, input)
  const image = await storeImage(input, context, images, record.name, () =>
    checkTag(record, images, input.imageTag),
  )
  imagePushed(context, images, record.name, image.imageId.imageDigest, context.principal)
  return { image }
}

/** Stores a manifest as PutImage does, of ECR and ECR Public alike; `allow` throws when the tag may not be written. */
export async function storeImage(
  input: Pick<
    sdk.PutImageCommandInput,
    'imageManifest' | 'imageManifestMediaType' | 'imageTag' | 'imageDigest'
  >,
  context: RequestContext,
  images: ImageCatalog,
  repositoryName: string,
  allow: () => void = () => {},
) {
  const bytes = Buffer.from(input.imageManifest!)
  const tag = input.imageTag
  if (tag !== undefined && !TAG.test(tag))
    throw invalidParameter('imageTag', `must satisfy regular expression '[a-zA-Z0-9-_+.]+'`)
  const before = tag === undefined ? undefined : findImage(images, repositoryName, { imageTag: tag })
  if (before) {
    const same = await images.readManifest(repositoryName, before.digest)
    if (same?.bytes.equals(bytes)) {
      throw new AwsError(
        'ImageAlreadyExistsException',
        `Image with digest '${before.digest}' and tag '${tag}' already exists in the repository with name '${repositoryName}' in registry with id '${context.accountId}'`,
      )
    }
  }
  allow()
  checkQuotas(images, repositoryName, input.imageDigest, tag)
  const stored = await images
    .storeManifest(repositoryName, bytes, input.imageManifestMediaType ?? mediaTypeIn(bytes), tag)
    .catch((error: Error & { code?: string; detail?: unknown }) => {
      throw putFailure(error, repositoryName, context)
    })
  if (input.imageDigest !== undefined && input.imageDigest !== stored.digest) {
    images.deleteManifest(repositoryName, stored.digest)
    throw new AwsError(
      'ImageDigestDoesNotMatchException',
      'The specified image digest does not match the digest that Amazon ECR calculated for the image.',
    )
  }
  return {
    registryId: context.accountId,
    repositoryName,
    imageId: { imageDigest: stored.digest, imageTag: tag },
    imageManifest: input.imageManifest,
    imageManifestMediaType: stored.mediaType,
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
  const where = `the repository with name '${repository}' in the registry with id '${context.accountId}'`
  if (error.code === 'MANIFEST_BLOB_UNKNOWN' && error.message.startsWith('manifest')) {
    return new AwsError(
      'ReferencedImagesNotFoundException',
      `Images with digests '[${String(error.detail)}]' required for pushing image into ${where} don't exist`,
    )
  }
  if (error.code === 'MANIFEST_BLOB_UNKNOWN') {
    return new AwsError(
      'LayersNotFoundException',
      `Layers with digests '[${String(error.detail)}]' required for pushing image into ${where} don't exist`,
    )
  }
  if (error.code === 'MANIFEST_INVALID') return invalidParameter('ImageManifest', 'Invalid JSON syntax')
  return error
}
