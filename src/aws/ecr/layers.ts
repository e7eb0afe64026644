import type * as sdk from '@aws-sdk/client-ecr'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { registryHost, requireRepository } from './repositories.ts'

/** Part size that ECR tells clients to use, bytes. */
const PART_SIZE = 20 * 1024 * 1024

export function batchCheckLayerAvailability(
  input: sdk.BatchCheckLayerAvailabilityCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const layers = (input.layerDigests ?? []).map((layerDigest): sdk.Layer => {
    const layerSize = images.blobSize(name, layerDigest)
    return layerSize === undefined
      ? { layerDigest, layerAvailability: 'UNAVAILABLE' }
      : { layerDigest, layerAvailability: 'AVAILABLE', layerSize }
  })
  return { layers, failures: [] }
}

/** Gives the registry's own URL: on AWS it leads to S3. */
export function getDownloadUrlForLayer(
  input: sdk.GetDownloadUrlForLayerCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const layerDigest = input.layerDigest!
  if (images.blobSize(name, layerDigest) === undefined) {
    throw new AwsError(
      'LayersNotFoundException',
      `The layer with digest '${layerDigest}' does not exist within the repository with name '${name}' in the registry with id '${context.accountId}'`,
    )
  }
  return { downloadUrl: `https://${registryHost(context)}/v2/${name}/blobs/${layerDigest}`, layerDigest }
}

export async function initiateLayerUpload(
  input: sdk.InitiateLayerUploadCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  return { uploadId: await images.startUpload(name), partSize: PART_SIZE }
}

const uploadMissing = (context: RequestContext, repository: string, uploadId: string | undefined) =>
  new AwsError(
    'UploadNotFoundException',
    `The upload with id '${uploadId}' does not exist in the repository with name '${repository}' in the registry with id '${context.accountId}'`,
  )

export async function uploadLayerPart(
  input: sdk.UploadLayerPartCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const { uploadId, partFirstByte, layerPartBlob } = input
  const size = await images.appendUpload(name, uploadId!, layerPartBlob!, partFirstByte!)
  if (size === undefined) throw uploadMissing(context, name, uploadId)
  return {
    registryId: context.accountId,
    repositoryName: name,
    uploadId,
    lastByteReceived: Math.max(0, size - 1),
  }
}

export async function completeLayerUpload(
  input: sdk.CompleteLayerUploadCommandInput,
  context: RequestContext,
  images: ImageCatalog,
) {
  const { name } = requireRepository(context, input)
  const layerDigest = input.layerDigests![0]!
  if (images.blobSize(name, layerDigest) !== undefined) {
    throw new AwsError(
      'LayerAlreadyExistsException',
      `Layer with digest '${layerDigest}' already exists in the repository with name '${name}' in the registry with id '${context.accountId}'`,
    )
  }
  const done = await images.finishUpload(name, input.uploadId!, layerDigest)
  if (done === undefined) throw uploadMissing(context, name, input.uploadId)
  if (!done) {
    throw new AwsError(
      'InvalidLayerException',
      `Layer with digest '${layerDigest}' does not match the uploaded content`,
    )
  }
  return { registryId: context.accountId, repositoryName: name, uploadId: input.uploadId, layerDigest }
}
