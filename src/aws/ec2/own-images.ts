import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { instanceTypes } from './data/instance-types.ts'
import { protectionOf } from './describe-images.ts'
import { invalidParameterValue, notSimulated, required } from './errors.ts'
import { checkImageId, imageById, madeImage, ROOT_DEVICE } from './images.ts'
import { findInstances } from './instances.ts'
import type { ImageRecord, ImageVolume } from './records.ts'
import { isRegion } from './regions.ts'
import type { Scope } from './scope.ts'
import { putCopy } from './snapshot-copies.ts'
import { takeSnapshot } from './snapshots.ts'
import { images, instances, snapshots } from './tables.ts'
import { tagsFor } from './tags.ts'
import { volumesOf } from './volume-index.ts'
import { keyFor } from './volumes.ts'

/** Puts a new image that is `pending`, if nothing else is said, until the lifecycle controller has it available. */
function putImage(
  context: RequestContext,
  id: string,
  fields: Pick<ImageRecord, 'name' | 'description' | 'architecture' | 'system' | 'volumes' | 'tags'> &
    Partial<Pick<ImageRecord, 'state' | 'source'>>,
): ImageRecord {
  const now = context.world.clock.now()
  const { accountId: ownerId } = context
  const fresh = { since: now, createdAt: now, ownerId, isPublic: false, sharedWith: [] }
  return images.put(context, { id, state: 'pending', source: {}, ...fresh, ...fields })
}

/** Throws InvalidAMIName for a name that no image may have, or that one of the account has. */
function checkName(context: RequestContext, name: string): void {
  if (!/^[\w()[\] ./'@-]{3,128}$/.test(name))
    throw new AwsError(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    )
  const other = images.list(context).find((image) => image.name === name)
  if (other)
    throw new AwsError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${other.id}`)
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html */
function createImage(input: sdk.CreateImageCommandInput, context: RequestContext) {
  const [instance] = findInstances(context, [required(input.InstanceId, 'instanceId')])
  const name = required(input.Name, 'name')
  checkName(context, name)
  if (instance!.state !== 'running' && instance!.state !== 'stopped')
    throw new AwsError('IncorrectState', "Instance is not in state 'running' or 'stopped'")
  const id = images.newId(context)
  const said = new Map(input.BlockDeviceMappings?.map((mapping) => [mapping.DeviceName, mapping]))
  const tags = tagsFor(
    input.TagSpecifications?.filter(({ ResourceType }) => ResourceType === 'snapshot'),
    'snapshot',
  )
  const kept = volumesOf(context, instance!.id).filter(
    ({ attachment }) => said.get(attachment!.device)?.NoDevice === undefined,
  )
  const isKept = (device = '') => kept.some(({ attachment }) => attachment!.device === device)
  for (const { DeviceName, Ebs } of said.values())
    if (isKept(DeviceName) && (Ebs?.VolumeSize !== undefined || Ebs?.Encrypted !== undefined))
      throw invalidParameterValue(`Size and encryption of ${DeviceName} are those of its volume`)
  const further = mapped(
    context,
    input.BlockDeviceMappings?.filter(({ DeviceName }) => !isKept(DeviceName)),
  )
  // Nothing is wrong with the request: only now is something made.
  const taken = kept.map((volume): ImageVolume => {
    const { device, deleteOnTermination } = volume.attachment!
    const description = `Created by CreateImage(${instance!.id}) for ${id}`
    const { id: snapshotId } = takeSnapshot(context, volume, { description, tags })
    const { sizeGiB, type, iops, throughput, kmsKeyId } = volume
    const ends = said.get(device)?.Ebs?.DeleteOnTermination ?? deleteOnTermination
    return { device, snapshotId, sizeGiB, type, iops, throughput, kmsKeyId, deleteOnTermination: ends }
  })
  if (!input.NoReboot && instance!.state === 'running')
    instances.patch(context, instance!.id, { rebootedAt: context.world.clock.now() })
  putImage(context, id, {
    name,
    description: input.Description,
    architecture: instanceTypes.get(instance!.type)!.architecture,
    system: volumesOf(context, instance!.id).find(({ attachment }) => attachment!.device === ROOT_DEVICE)
      ?.system,
    volumes: rootFirst([...taken, ...further]),
    tags: imageTags(input.TagSpecifications),
    source: { instanceId: instance!.id, imageId: instance!.imageId, region: context.region },
  })
  return { ImageId: id }
}

const rootFirst = (volumes: ImageVolume[]): ImageVolume[] =>
  volumes.toSorted((a, b) => Number(b.device === ROOT_DEVICE) - Number(a.device === ROOT_DEVICE))

const imageTags = (specifications: sdk.TagSpecification[] | undefined) =>
  tagsFor(specifications, 'image', 'snapshot')

/** Volumes by mappings of a request. Throws what is wrong in them. */
function mapped(context: RequestContext, mappings: sdk.BlockDeviceMapping[] = []): ImageVolume[] {
  return mappings.flatMap(({ DeviceName: device, Ebs }): ImageVolume[] => {
    if (!device || !Ebs) return []
    const snapshot = Ebs.SnapshotId === undefined ? undefined : snapshots.get(context, Ebs.SnapshotId)
    const sizeGiB = Ebs.VolumeSize ?? snapshot?.sizeGiB
    if (sizeGiB === undefined)
      throw new AwsError('MissingParameter', 'The request must contain the parameter size or snapshotId')
    const { VolumeType: type = 'gp2', Iops: iops, Throughput: throughput } = Ebs
    const kmsKeyId = snapshot?.kmsKeyId ?? keyFor(context, Ebs.Encrypted, Ebs.KmsKeyId)
    const { DeleteOnTermination: deleteOnTermination } = Ebs
    return [
      { device, snapshotId: snapshot?.id, sizeGiB, type, iops, throughput, kmsKeyId, deleteOnTermination },
    ]
  })
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html */
function registerImage(input: sdk.RegisterImageCommandInput, context: RequestContext) {
  if (input.ImageLocation) throw notSimulated('images in S3')
  const name = required(input.Name, 'name')
  checkName(context, name)
  const root = required(input.RootDeviceName, 'rootDeviceName')
  if (root !== ROOT_DEVICE) throw notSimulated(`images whose root device is not ${ROOT_DEVICE}`)
  const volumes = mapped(context, input.BlockDeviceMappings)
  const own = volumes.find(({ device }) => device === root)
  if (!own?.snapshotId)
    throw new AwsError(
      'InvalidBlockDeviceMapping',
      `The block device mapping for root device ${root} must specify a snapshot`,
    )
  const { id } = putImage(context, images.newId(context), {
    name,
    description: input.Description,
    architecture: input.Architecture === 'arm64' ? 'arm64' : 'x86_64',
    system: snapshots.get(context, own.snapshotId).system,
    volumes: rootFirst(volumes),
    tags: tagsFor(input.TagSpecifications, 'image'),
    state: 'available',
  })
  return { ImageId: id }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html */
function copyImage(input: sdk.CopyImageCommandInput, context: RequestContext) {
  const region = required(input.SourceRegion, 'sourceRegion')
  if (!isRegion(region)) throw invalidParameterValue(`Invalid region: ${region}`)
  if (input.DestinationOutpostArn) throw notSimulated('Outposts')
  const there: Scope = { ...context, region }
  const sourceId = required(input.SourceImageId, 'sourceImageId')
  const source = imageById(there, sourceId)
  const made = madeImage(there, sourceId)
  if (made?.state === 'pending') throw unavailable(made)
  const name = required(input.Name, 'name')
  checkName(context, name)
  const id = images.newId(context)
  const sameRegion = region === context.region
  const now = context.world.clock.now().toLocaleString('en-US')
  const tags = tagsFor(
    input.TagSpecifications?.filter(({ ResourceType }) => ResourceType === 'snapshot'),
    'snapshot',
  )
  const volumes = source.volumes.map((volume) => {
    if (!volume.snapshotId) return volume
    const encrypted = input.Encrypted || volume.kmsKeyId !== undefined
    const keyId = input.KmsKeyId ?? (sameRegion ? volume.kmsKeyId : undefined)
    const kmsKeyId = keyFor(context, encrypted, keyId)
    const system = volume.device === ROOT_DEVICE ? source.system : undefined
    const description = `Copied for DestinationAmi ${id} from SourceAmi ${sourceId} for SourceSnapshot ${volume.snapshotId}. Task created on ${now}.`
    const copy = putCopy(context, { sizeGiB: volume.sizeGiB, system }, { description, kmsKeyId, tags })
    return { ...volume, snapshotId: copy.id, kmsKeyId }
  })
  putImage(context, id, {
    name,
    description: input.Description ?? `[Copied ${sourceId} from ${region}] ${name}`,
    architecture: source.architecture,
    system: source.system,
    volumes,
    tags: { ...(input.CopyImageTags && made?.tags), ...imageTags(input.TagSpecifications) },
    source: { imageId: sourceId, region },
  })
  return { ImageId: id }
}

const unavailable = ({ id, state }: ImageRecord) =>
  new AwsError(
    'InvalidAMIID.Unavailable',
    `The AMI ID '${id}' is currently ${state} and may not be used for this operation`,
  )

/** An image that the account may change. Throws InvalidAMIID, or AuthFailure for one of others. */
export function ownImage(context: RequestContext, given: string | undefined): ImageRecord {
  const id = required(given, 'imageId')
  checkImageId(id)
  const own = images.find(context, id)
  if (own) return own
  if (!madeImage(context, id)) imageById(context, id)
  throw new AwsError('AuthFailure', `Not authorized for image:${id}`)
}

/** As `ownImage`, when it is ready. */
export function readyImage(context: RequestContext, given: string | undefined): ImageRecord {
  const image = ownImage(context, given)
  if (image.state === 'pending') throw unavailable(image)
  return image
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html */
function deregisterImage(input: sdk.DeregisterImageCommandInput, context: RequestContext) {
  const image = ownImage(context, input.ImageId)
  const { protection } = image
  if (protection && (protection.endsAt ?? Number.POSITIVE_INFINITY) > context.world.clock.now())
    throw new AwsError(
      'OperationNotPermitted',
      `The image '${image.id}' has deregistration protection: ${protectionOf(protection)}`,
    )
  images.delete(context, image.id)
  const results = (input.DeleteAssociatedSnapshots ? image.volumes : []).flatMap(({ snapshotId }) => {
    const snapshot = snapshotId === undefined ? undefined : snapshots.find(context, snapshotId)
    if (!snapshot) return []
    const used = images
      .list(context)
      .some(({ volumes }) => volumes.some((one) => one.snapshotId === snapshotId))
    if (!used) snapshots.delete(context, snapshot.id)
    return [{ SnapshotId: snapshot.id, ReturnCode: used ? ('skipped' as const) : ('success' as const) }]
  })
  return { Return: true, DeleteSnapshotResults: input.DeleteAssociatedSnapshots ? results : undefined }
}

export const ownImageHandlers: Record<string, Handler> = {
  CreateImage: createImage,
  RegisterImage: registerImage,
  CopyImage: copyImage,
  DeregisterImage: deregisterImage,
}
