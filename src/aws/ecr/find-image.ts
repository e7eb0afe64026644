import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { CatalogedManifest, ImageCatalog } from './image-catalog.ts'

/** The manifest that an image id names; undefined when there is none, or tag and digest disagree. */
export function findImage(images: ImageCatalog, repository: string, id: sdk.ImageIdentifier) {
  const tagged = images.tags(repository).find(({ tag }) => tag === id.imageTag)?.digest
  if (id.imageTag !== undefined && (!tagged || (id.imageDigest && id.imageDigest !== tagged)))
    return undefined
  const digest = tagged ?? id.imageDigest
  return images.manifests(repository).find((manifest) => manifest.digest === digest)
}

/** As `findImage`. Throws ImageNotFoundException. */
export function requireImage(
  context: RequestContext,
  images: ImageCatalog,
  repository: string,
  id: sdk.ImageIdentifier,
): CatalogedManifest {
  const found = findImage(images, repository, id)
  if (found) return found
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId ${imageIdText(id)} does not exist within the repository with name '${repository}' in the registry with id '${context.accountId}'`,
  )
}

/** An image id as ECR's messages show it. */
export function imageIdText(id: sdk.ImageIdentifier): string {
  return `{imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'}`
}

const FAILURES = {
  ImageNotFound: 'Requested image not found',
  ImageTagDoesNotMatchDigest: 'Image digest does not match the image tag provided',
  MissingDigestAndTag: 'Invalid request parameters: both tag and digest cannot be null',
  InvalidImageDigest:
    "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  ImageReferencedByManifestList: 'Requested image referenced by manifest list: ',
  ImageInaccessible: 'Requested image is archived',
} as const

/** Why one image of a batch failed. */
export const imageFailure = (
  imageId: sdk.ImageIdentifier,
  failureCode: keyof typeof FAILURES,
  detail = '',
) => ({ imageId, failureCode, failureReason: FAILURES[failureCode] + detail })

/** The manifest that an id of a batch names, or why it names none. */
export function batchedImage(
  images: ImageCatalog,
  repository: string,
  id: sdk.ImageIdentifier,
): CatalogedManifest | (sdk.ImageFailure & { failureCode: sdk.ImageFailureCode }) {
  const { imageDigest, imageTag } = id
  if (imageDigest === undefined && imageTag === undefined) return imageFailure(id, 'MissingDigestAndTag')
  if (imageDigest !== undefined && !/^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$/.test(imageDigest))
    return imageFailure(id, 'InvalidImageDigest')
  const found = findImage(images, repository, id)
  if (found) return found
  const tagged = images.tags(repository).some(({ tag }) => tag === imageTag)
  return imageFailure(
    id,
    tagged && imageDigest !== undefined ? 'ImageTagDoesNotMatchDigest' : 'ImageNotFound',
  )
}
