import type * as sdk from '@aws-sdk/client-ecr'
import { awsKey } from '../keys.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter, limitExceeded } from './errors.ts'
import type { ImageCatalog } from './image-catalog.ts'
import { registryHost, requireRepository } from './repositories.ts'

/** Part size that ECR tells clients to use, bytes. */
const PART_SIZE = 20 * 1024 * 1024
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** What is known of the parts of an upload, until it is complete. */
interface UploadRecord {
  parts: number
  /** Whether a part that was not the last one is too small. */
  tooSmall: boolean
  /** Whether the last part so far is smaller than a part in between may be. */
  lastSmall: boolean
}

const key = ({ accountId, region }: RequestContext, id: string) =>
  awsKey(accountId, region, 'ecr', 'layer-uploads', id)

const uploadMissing = (context: RequestContext, repository: string, uploadId: string | undefined) =>
  new AwsError(
    'UploadNotFoundException',
    `The upload with id '${uploadId}' does not exist in the repository with name '${repository}' in the registry with id '${context.accountId}'`,
  )

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

type Find = (context: RequestContext, input: { repositoryName?: string }) => { name: string }

/**
 * The calls by which a client uploads layers, for the repositories that `find` gives (ECR's, or ECR Public's);
 * `writable` gives those that can be written to.
 */
export function layerOperations(find: Find, writable: Find = find) {
  function batchCheckLayerAvailability(
    input: sdk.BatchCheckLayerAvailabilityCommandInput,
    context: RequestContext,
    images: ImageCatalog,
  ) {
    const { name } = find(context, input)
    const failures: sdk.LayerFailure[] = []
    const layers: sdk.Layer[] = []
    for (const layerDigest of input.layerDigests ?? []) {
      if (!DIGEST.test(layerDigest)) {
        const missing = layerDigest === ''
        failures.push({
          layerDigest,
          failureCode: missing ? 'MissingLayerDigest' : 'InvalidLayerDigest',
          failureReason: `Invalid layer digest '${layerDigest}'`,
        })
        continue
      }
      const layerSize = images.blobSize(name, layerDigest)
      layers.push(
        layerSize === undefined
          ? { layerDigest, layerAvailability: 'UNAVAILABLE' }
          : { layerDigest, layerAvailability: 'AVAILABLE', layerSize },
      )
    }
    return { layers, failures }
  }

  async function initiateLayerUpload(
    input: sdk.InitiateLayerUploadCommandInput,
    context: RequestContext,
    images: ImageCatalog,
  ) {
    const { name } = writable(context, input)
    return { uploadId: await images.startUpload(name), partSize: PART_SIZE }
  }

  async function uploadLayerPart(
    input: sdk.UploadLayerPartCommandInput,
    context: RequestContext,
    images: ImageCatalog,
  ) {
    const { name } = writable(context, input)
    const { uploadId, partFirstByte, partLastByte, layerPartBlob } = input
    const before = await images.uploadSize(name, uploadId!)
    if (before === undefined) throw uploadMissing(context, name, uploadId)
    const bytes = layerPartBlob!
    if (partLastByte! - partFirstByte! + 1 !== bytes.length)
      throw invalidParameter('partLastByte', 'Part size does not match the bytes of the layer part')
    if (partFirstByte !== before) {
      throw new AwsError(
        'InvalidLayerPartException',
        `Invalid layer part: expected first byte ${before}, but received ${partFirstByte}`,
        {
          fields: {
            registryId: context.accountId,
            repositoryName: name,
            uploadId,
            lastValidByteReceived: Math.max(0, before - 1),
          },
        },
      )
    }
    const { world } = context
    const record = world.store.get<UploadRecord>(key(context, uploadId!))?.value
    const parts = (record?.parts ?? 0) + 1
    if (parts > quotas.layerParts) throw limitExceeded('The maximum number of layer parts has been exceeded')
    if (before + bytes.length > quotas.maximumLayer)
      throw limitExceeded('The maximum layer size has been exceeded')
    const size = await images.appendUpload(name, uploadId!, bytes, partFirstByte!)
    if (size === undefined) throw uploadMissing(context, name, uploadId)
    world.store.put<UploadRecord>(key(context, uploadId!), {
      parts,
      tooSmall: record ? record.tooSmall || record.lastSmall : false,
      lastSmall: bytes.length < quotas.minimumLayerPart,
    })
    return {
      registryId: context.accountId,
      repositoryName: name,
      uploadId,
      lastByteReceived: Math.max(0, size - 1),
    }
  }

  async function completeLayerUpload(
    input: sdk.CompleteLayerUploadCommandInput,
    context: RequestContext,
    images: ImageCatalog,
  ) {
    const { name } = writable(context, input)
    const where = `in the repository with name '${name}' in the registry with id '${context.accountId}'`
    const layerDigest = input.layerDigests![0]!
    if (images.blobSize(name, layerDigest) !== undefined) {
      throw new AwsError(
        'LayerAlreadyExistsException',
        `Layer with digest '${layerDigest}' already exists ${where}`,
      )
    }
    const size = await images.uploadSize(name, input.uploadId!)
    if (size === undefined) throw uploadMissing(context, name, input.uploadId)
    if (size === 0)
      throw new AwsError(
        'EmptyUploadException',
        'The specified layer upload does not contain any layer parts.',
      )
    const record = context.world.store.get<UploadRecord>(key(context, input.uploadId!))?.value
    if (record?.tooSmall)
      throw new AwsError('LayerPartTooSmallException', 'Layer parts must be at least 5 MiB in size.')
    const done = await images.finishUpload(name, input.uploadId!, layerDigest)
    if (done === undefined) throw uploadMissing(context, name, input.uploadId)
    if (!done) {
      throw new AwsError(
        'InvalidLayerException',
        `The layer digest calculation performed by Amazon ECR upon receipt of the image layer does not match the digest specified: '${layerDigest}'`,
      )
    }
    context.world.store.delete(key(context, input.uploadId!))
    return { registryId: context.accountId, repositoryName: name, uploadId: input.uploadId, layerDigest }
  }
  return { batchCheckLayerAvailability, initiateLayerUpload, uploadLayerPart, completeLayerUpload }
}
