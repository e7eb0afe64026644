import type * as sdk from '@aws-sdk/client-ec2'
import type { RequestContext } from '../wire/service.ts'
import { images as catalogue, type ImageInfo } from './data/images.ts'
import { select, shownFields } from './filters.ts'
import { checkImageId, madeImage, madeImages, noImage, ROOT_DEVICE, toMachineImage } from './images.ts'
import { imageId, publicImage } from './public-images.ts'
import type { ImageRecord, ImageVolume, Tags } from './records.ts'
import type { Scope } from './scope.ts'
import { toTags } from './tags.ts'

/** An image as it is shown. */
interface Shown {
  tags: Tags
  image: sdk.Image
  sharedWith: string[]
}

export function describeImages(input: sdk.DescribeImagesCommandInput, context: RequestContext) {
  const asked = input.ImageIds?.length
    ? input.ImageIds.map((id) => imageNamed(context, id))
    : [...catalogue.map((image) => ofCatalogue(context, image)), ...madeImages(context).map(ofAccount)]
  const seen = asked.filter((one) => isWanted(input, context, one))
  const { page, NextToken } = select(
    seen,
    input,
    shownFields(({ image }: Shown) => image, SHOWN),
  )
  return { Images: page.map(({ image }) => image), NextToken }
}

/** Throws InvalidAMIID. */
function imageNamed(scope: Scope, id: string): Shown {
  checkImageId(id)
  const image = publicImage(id, scope.region)
  if (image) return ofCatalogue(scope, image)
  const own = madeImage(scope, id)
  if (!own) throw noImage(id)
  return ofAccount(own)
}

/** By owner and by who may launch it; deprecated and disabled images are shown to their owners, or where they are asked for. */
function isWanted(
  input: sdk.DescribeImagesCommandInput,
  { accountId, world }: Scope,
  { image, sharedWith }: Shown,
): boolean {
  const own = image.OwnerId === accountId
  const isOwner = (wanted: string) =>
    wanted === 'self' ? own : wanted === image.OwnerId || wanted === image.ImageOwnerAlias
  if (input.Owners?.length && !input.Owners.some(isOwner)) return false
  const launches = (who: string) =>
    who === 'all' ? image.Public === true : sharedWith.includes(who === 'self' ? accountId : who)
  if (input.ExecutableUsers?.length && !input.ExecutableUsers.some(launches)) return false
  if (image.State === 'disabled' && !input.IncludeDisabled && !input.ImageIds?.length) return false
  const deprecated = image.DeprecationTime && Date.parse(image.DeprecationTime) <= world.clock.now()
  return own || !deprecated || input.IncludeDeprecated === true || !!input.ImageIds?.length
}

/** Filters that read what is shown. */
const SHOWN = {
  architecture: 'Architecture',
  'block-device-mapping.delete-on-termination': 'BlockDeviceMappings.Ebs.DeleteOnTermination',
  'block-device-mapping.device-name': 'BlockDeviceMappings.DeviceName',
  'block-device-mapping.encrypted': 'BlockDeviceMappings.Ebs.Encrypted',
  'block-device-mapping.snapshot-id': 'BlockDeviceMappings.Ebs.SnapshotId',
  'block-device-mapping.volume-size': 'BlockDeviceMappings.Ebs.VolumeSize',
  'block-device-mapping.volume-type': 'BlockDeviceMappings.Ebs.VolumeType',
  'creation-date': 'CreationDate',
  description: 'Description',
  'ena-support': 'EnaSupport',
  'free-tier-eligible': 'FreeTierEligible',
  hypervisor: 'Hypervisor',
  'image-allowed': 'ImageAllowed',
  'image-id': 'ImageId',
  'image-type': 'ImageType',
  'is-public': 'Public',
  'kernel-id': 'KernelId',
  'manifest-location': 'ImageLocation',
  name: 'Name',
  'owner-alias': 'ImageOwnerAlias',
  'owner-id': 'OwnerId',
  platform: 'Platform',
  'product-code': 'ProductCodes.ProductCodeId',
  'product-code.type': 'ProductCodes.ProductCodeType',
  'ramdisk-id': 'RamdiskId',
  'root-device-name': 'RootDeviceName',
  'root-device-type': 'RootDeviceType',
  'source-image-id': 'SourceImageId',
  'source-image-region': 'SourceImageRegion',
  'source-instance-id': 'SourceInstanceId',
  'sriov-net-support': 'SriovNetSupport',
  state: 'State',
  'state-reason-code': 'StateReason.Code',
  'state-reason-message': 'StateReason.Message',
  'virtualization-type': 'VirtualizationType',
}

/** What all images here have in common. */
const COMMON = {
  ImageType: 'machine',
  Hypervisor: 'xen',
  VirtualizationType: 'hvm',
  RootDeviceType: 'ebs',
  RootDeviceName: ROOT_DEVICE,
  EnaSupport: true,
  SriovNetSupport: 'simple',
  PlatformDetails: 'Linux/UNIX',
  UsageOperation: 'RunInstances',
} satisfies sdk.Image

const bootMode = (architecture: string) => (architecture === 'arm64' ? 'uefi' : 'uefi-preferred')

function ofCatalogue({ region }: Scope, info: ImageInfo): Shown {
  const id = imageId(info, region)
  const image: sdk.Image = {
    ...COMMON,
    BootMode: bootMode(info.architecture),
    ImageId: id,
    Name: info.name,
    Description: info.description,
    ImageLocation: `amazon/${info.name}`,
    ImageOwnerAlias: info.ownerAlias,
    OwnerId: info.owner,
    Architecture: info.architecture,
    CreationDate: info.created,
    Public: true,
    State: 'available',
    BlockDeviceMappings: toMappings(toMachineImage(info, region, id).volumes),
  }
  return { tags: {}, image, sharedWith: [] }
}

function ofAccount(record: ImageRecord): Shown {
  const { deprecatedAt, protection, source } = record
  const image: sdk.Image = {
    ...COMMON,
    BootMode: bootMode(record.architecture),
    ImageId: record.id,
    Name: record.name,
    Description: record.description,
    ImageLocation: `${record.ownerId}/${record.name}`,
    OwnerId: record.ownerId,
    Architecture: record.architecture,
    CreationDate: wholeSecondText(record.createdAt),
    DeprecationTime: deprecatedAt === undefined ? undefined : wholeSecondText(deprecatedAt),
    Public: record.isPublic,
    State: record.state,
    ImdsSupport: record.system === undefined ? undefined : 'v2.0',
    SourceInstanceId: source.instanceId,
    SourceImageId: source.imageId,
    SourceImageRegion: source.region,
    DeregistrationProtection: protectionOf(protection),
    BlockDeviceMappings: toMappings(record.volumes),
    Tags: Object.keys(record.tags).length > 0 ? toTags(record.tags) : undefined,
  }
  return { tags: record.tags, image, sharedWith: record.sharedWith }
}

/** How a protection is told of; undefined: there is none. */
export const protectionOf = (protection: ImageRecord['protection']): string | undefined =>
  protection && (protection.kind === 'enabled' ? 'enabled-without-cooldown' : 'enabled-with-cooldown')

/** `2025-11-10T18:00:00.000Z` */
const wholeSecondText = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toISOString()

export const toMappings = (volumes: ImageVolume[]): sdk.BlockDeviceMapping[] =>
  volumes.map((volume) => ({
    DeviceName: volume.device,
    Ebs: {
      DeleteOnTermination: volume.deleteOnTermination ?? true,
      Iops: volume.iops,
      SnapshotId: volume.snapshotId,
      VolumeSize: volume.sizeGiB,
      VolumeType: volume.type as sdk.VolumeType,
      Throughput: volume.throughput,
      Encrypted: volume.kmsKeyId !== undefined,
    },
  }))
