import type * as sdk from '@aws-sdk/client-ecr'
import type { RequestContext } from '../wire/service.ts'
import { batchedImage, imageFailure, requireImage } from './find-image.ts'
import { type CatalogedManifest, type ImageCatalog, tagsOf } from './image-catalog.ts'
import { forgetImage, imageState, recordPull, storageStatus } from './image-state.ts'
import { keyFailure } from './keys.ts'
import { imageDetail } from './outputs.ts'
import { page, requireRepository } from './repositories.ts'
import { findingsSummary } from './scan-findings.ts'
import { scanStatus } from './scans.ts'

interface Filter {
  tagStatus?: sdk.TagStatus
  imageStatus?: sdk.ImageStatusFilter
}

/** Whether an image with these tags is one that a filter asks for; archived ones only when it says so. */
function passes(filter: Filter | undefined, tagged: boolean, status: sdk.ImageStatus): boolean {
  const { tagStatus = 'ANY', imageStatus = 'ACTIVE' } = filter ?? {}
  return (
    (tagStatus === 'ANY' || (tagStatus === 'TAGGED') === tagged) &&
    (imageStatus === 'ANY' || imageStatus === status)
  )
}

export function listImages(input: sdk.ListImagesCommandInput, context: RequestContext, images: ImageCatalog) {
  const { name } = requireRepository(context, input)
  const tags = Map.groupBy(images.tags(name), ({ digest }) => digest)
  const imageIds = images.manifests(name).flatMap(({ digest: imageDigest }): sdk.ImageIdentifier[] => {
    const own = tags.get(imageDigest) ?? []
    const status = storageStatus(imageState(context, name, imageDigest))
    if (!passes(input.filter, own.length > 0, status)) return []
    return own.length === 0 ? [{ imageDigest }] : own.map(({ tag }) => ({ imageDigest, imageTag: tag }))
  })
  const { items, nextToken } = page(imageIds, input)
  return { imageIds: items, nextToken }
}

export function describeImages(
  input: sdk.DescribeImagesCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const named = input.imageIds?.length
    ? input.imageIds.map((id) => requireImage(context, images, name, id))
    : undefined
  const tags = Map.groupBy(images.tags(name), ({ digest }) => digest)
  const found = new Map((named ?? images.manifests(name)).map((manifest) => [manifest.digest, manifest]))
  // Who names an image wants it, wherever it is kept.
  const filter: Filter = { ...(named && { imageStatus: 'ANY' as const }), ...input.filter }
  const details = [...found.values()]
    .map((manifest) =>
      toDetail(
        context,
        name,
        manifest,
        (tags.get(manifest.digest) ?? []).map(({ tag }) => tag),
      ),
    )
    .filter(({ imageTags, imageStatus }) => passes(filter, imageTags !== undefined, imageStatus!))
  const { items, nextToken } = page(details, input)
  return { imageDetails: items, nextToken }
}

function toDetail(
  context: RequestContext,
  repositoryName: string,
  manifest: CatalogedManifest,
  tags: string[],
): sdk.ImageDetail {
  const state = imageState(context, repositoryName, manifest.digest)
  const date = (time: number | undefined) => (time === undefined ? undefined : new Date(time))
  return {
    ...imageDetail(context, repositoryName, manifest, tags),
    imageScanStatus: state?.scan && scanStatus(state.scan),
    imageScanFindingsSummary: state?.scan && findingsSummary(state.scan),
    subjectManifestDigest: manifest.subject,
    lastRecordedPullTime: date(state?.pulledAt),
    imageStatus: storageStatus(state),
    lastArchivedAt: date(state?.archivedAt),
    lastActivatedAt: date(state?.activatedAt),
  }
}

export async function batchGetImage(
  input: sdk.BatchGetImageCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const record = requireRepository(context, input)
  const { name } = record
  const unreadable = keyFailure(context, record, 'Decrypt')
  const found: sdk.Image[] = []
  const failures: sdk.ImageFailure[] = []
  for (const id of input.imageIds ?? []) {
    const known = batchedImage(images, name, id)
    if ('failureCode' in known) {
      failures.push(known)
      continue
    }
    const status = storageStatus(imageState(context, name, known.digest))
    const accepted = input.acceptedMediaTypes
    const manifest = await images.readManifest(name, known.digest)
    if (status !== 'ACTIVE') failures.push(imageFailure(id, 'ImageInaccessible'))
    else if (unreadable !== undefined)
      failures.push({ imageId: id, failureCode: 'KmsError', failureReason: unreadable })
    else if (!manifest || (accepted?.length && !accepted.includes(manifest.mediaType)))
      failures.push(imageFailure(id, 'ImageNotFound'))
    else {
      recordPull(context, name, manifest.digest, context.principal)
      found.push({
        registryId: context.accountId,
        repositoryName: name,
        imageId: { imageDigest: manifest.digest, imageTag: id.imageTag },
        imageManifest: manifest.bytes.toString(),
        imageManifestMediaType: manifest.mediaType,
      })
    }
  }
  return { images: found, failures }
}

/** The digest of an index that names an image as one of its parts. */
export const indexOf = (images: ImageCatalog, repository: string, digest: string): string | undefined =>
  images
    .manifests(repository)
    .find(({ mediaType, references }) => /index|list/.test(mediaType) && references.includes(digest))?.digest

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
    const manifest = batchedImage(images, name, id)
    if ('failureCode' in manifest) {
      failures.push(manifest)
      continue
    }
    const imageDigest = manifest.digest
    const tags = tagsOf(images, name, imageDigest)
    const index = indexOf(images, name, imageDigest)
    if (id.imageTag !== undefined && (tags.length > 1 || index)) {
      images.deleteTag(name, id.imageTag)
      deleted.push({ imageDigest, imageTag: id.imageTag })
    } else if (index) failures.push(imageFailure(id, 'ImageReferencedByManifestList', `[${index}]`))
    else {
      images.deleteManifest(name, imageDigest)
      forgetImage(context, name, imageDigest)
      deleted.push(
        ...(tags.length > 0 ? tags.map((imageTag) => ({ imageDigest, imageTag })) : [{ imageDigest }]),
      )
    }
  }
  return { imageIds: deleted, failures }
}

export function listImageReferrers(
  input: sdk.ListImageReferrersCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const { artifactTypes, artifactStatus = 'ACTIVE' } = input.filter ?? {}
  const referrers = images
    .manifests(name)
    .filter(
      ({ subject, artifactType }) =>
        subject === input.subjectId?.imageDigest &&
        (!artifactTypes?.length || artifactTypes.includes(artifactType ?? '')),
    )
    .map(
      ({ digest, mediaType, artifactType, size, annotations }): sdk.ImageReferrer => ({
        digest,
        mediaType,
        artifactType,
        size,
        annotations,
        artifactStatus: storageStatus(imageState(context, name, digest)),
      }),
    )
    .filter((referrer) => artifactStatus === 'ANY' || referrer.artifactStatus === artifactStatus)
  const { items, nextToken } = page(referrers, input, 50)
  return { referrers: items, nextToken }
}
