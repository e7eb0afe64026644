import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import { imageIdText, requireImage } from './find-image.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { changeImageState, imageState, storageStatus } from './image-state.ts'
import { indexOf } from './images.ts'
import type { ImageState } from './records.ts'
import { requireRepository } from './repositories.ts'

export function updateImageStorageClass(
  input: sdk.UpdateImageStorageClassCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const { digest } = requireImage(context, images, name, input.imageId!)
  const status = storageStatus(imageState(context, name, digest))
  const archive = input.targetStorageClass === 'ARCHIVE'
  if (archive ? status !== 'ACTIVE' : status !== 'ARCHIVED')
    throw notSupported(input, `its status is ${status}`)
  if (archive && indexOf(images, name, digest))
    throw notSupported(input, 'it is referenced by a manifest list')
  const now = context.world.clock.now()
  changeImageState(context, name, digest, (state) =>
    archive
      ? { ...state, storage: { status: 'ARCHIVED' }, archivedAt: now }
      : { ...state, storage: { status: 'ACTIVATING', since: now } },
  )
  return {
    registryId: context.accountId,
    repositoryName: name,
    imageId: { imageDigest: digest, imageTag: input.imageId!.imageTag },
    imageStatus: archive ? ('ARCHIVED' as const) : ('ACTIVATING' as const),
  }
}

const notSupported = (
  { imageId, targetStorageClass }: sdk.UpdateImageStorageClassCommandInput,
  why: string,
) =>
  new AwsError(
    'ImageStorageClassUpdateNotSupportedException',
    `The storage class of the image with imageId ${imageIdText(imageId!)} cannot be updated to ${targetStorageClass}: ${why}`,
  )

/** Ends a restoration from the archive. Gives after how many ms (world's time) to look again. */
export function reconcileStorage(
  scope: Scope,
  { repository, digest, storage }: ImageState,
): number | undefined {
  if (storage?.status !== 'ACTIVATING') return undefined
  const { world } = scope
  const left = storage.since + world.provisioningTime(durations.activation) - world.clock.now()
  if (left > 0) return left
  changeImageState(scope, repository, digest, ({ storage: _, ...state }) => ({
    ...state,
    activatedAt: world.clock.now(),
  }))
  return undefined
}
