import type * as sdk from '@aws-sdk/client-ecr-public'
import { batchedImage, requireImage } from '../ecr/find-image.ts'
import { type ImageCatalog, tagsOf } from '../ecr/image-catalog.ts'
import { imageDetail } from '../ecr/outputs.ts'
import { storeImage } from '../ecr/put-image.ts'
import { page } from '../ecr/repositories.ts'
import type { RequestContext } from '../wire/service.ts'
import { requireRepository } from './repositories.ts'

/** An image's detail; its push is told in whole seconds, as `describe-images.rst` of the AWS CLI's examples shows it. */
function detail(...asked: Parameters<typeof imageDetail>) {
  const { imagePushedAt, ...rest } = imageDetail(...asked)
  return { ...rest, imagePushedAt: new Date(Math.floor(imagePushedAt!.getTime() / 1000) * 1000) }
}

export function describeImages(
  input: sdk.DescribeImagesCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const found = input.imageIds?.length
    ? input.imageIds.map((id) => requireImage(context, images, name, id))
    : images.manifests(name)
  const { items, nextToken } = page(found, input)
  return {
    imageDetails: items.map((manifest) =>
      detail(context, name, manifest, tagsOf(images, name, manifest.digest)),
    ),
    nextToken,
  }
}

export function describeImageTags(
  input: sdk.DescribeImageTagsCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const manifests = new Map(images.manifests(name).map((manifest) => [manifest.digest, manifest]))
  const { items, nextToken } = page(images.tags(name), input)
  return {
    imageTagDetails: items.map(({ tag, digest }): sdk.ImageTagDetail => {
      const { imageTags: _, ...image } = detail(context, name, manifests.get(digest)!, [])
      return { imageTag: tag, createdAt: image.imagePushedAt, imageDetail: image }
    }),
    nextToken,
  }
}

/** Deleting by tag takes the tag away, and the image with its last one. */
export function batchDeleteImage(
  input: sdk.BatchDeleteImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const imageIds: sdk.ImageIdentifier[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of input.imageIds ?? []) {
    const manifest = batchedImage(images, name, id)
    if ('failureCode' in manifest) {
      failures.push(manifest as sdk.ImageFailure)
      continue
    }
    const tags = tagsOf(images, name, manifest.digest)
    if (id.imageTag !== undefined && tags.length > 1) images.deleteTag(name, id.imageTag)
    else images.deleteManifest(name, manifest.digest)
    imageIds.push({ imageDigest: manifest.digest, imageTag: id.imageTag })
  }
  return { imageIds, failures }
}

export async function putImage(
  input: sdk.PutImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  return { image: await storeImage(input, context, images, name) }
}
