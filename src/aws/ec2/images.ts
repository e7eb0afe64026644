import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { type ImageInfo, images } from './data/images.ts'
import { select, shownFields } from './filters.ts'

/** `ami-0` and 16 hex digits, the same for the same name and region. */
export function imageId(image: ImageInfo, region: string): string {
  return `ami-0${createHash('sha256').update(`${region}/${image.name}`).digest('hex').slice(0, 16)}`
}

/** The snapshot that an image's root volume is made from. */
export const snapshotOf = (image: ImageInfo, region: string): string =>
  `snap${imageId(image, region).slice('ami'.length)}`

/** An image by its id in this region. Throws InvalidAMIID. */
export function imageById(id: string, region: string): ImageInfo {
  if (!/^ami-[0-9a-f]+$/.test(id)) {
    throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`)
  }
  const image = images.find((candidate) => imageId(candidate, region) === id)
  if (!image) throw new AwsError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`)
  return image
}

export function describeImages(input: sdk.DescribeImagesCommandInput, context: RequestContext) {
  const asked = input.ImageIds?.length ? input.ImageIds.map((id) => imageById(id, context.region)) : images
  const owned = input.Owners?.length
    ? asked.filter(({ owner, ownerAlias }) =>
        input.Owners!.some((wanted) => wanted === owner || wanted === ownerAlias),
      )
    : asked
  const { page, NextToken } = select(owned as (ImageInfo & { tags?: never })[], input, {
    architecture: (image) => image.architecture,
    'creation-date': (image) => image.created,
    description: (image) => image.description,
    'image-id': (image) => imageId(image, context.region),
    'image-type': () => 'machine',
    'is-public': () => true,
    name: (image) => image.name,
    'owner-alias': (image) => image.ownerAlias,
    'owner-id': (image) => image.owner,
    'root-device-type': () => 'ebs',
    state: () => 'available',
    ...shownFields((image: ImageInfo) => toImage(context, image), SHOWN),
  })
  return { Images: page.map((image) => toImage(context, image)), NextToken }
}

/** Filters that read what is shown. */
const SHOWN = {
  'block-device-mapping.delete-on-termination': 'BlockDeviceMappings.Ebs.DeleteOnTermination',
  'block-device-mapping.device-name': 'BlockDeviceMappings.DeviceName',
  'block-device-mapping.encrypted': 'BlockDeviceMappings.Ebs.Encrypted',
  'block-device-mapping.snapshot-id': 'BlockDeviceMappings.Ebs.SnapshotId',
  'block-device-mapping.volume-size': 'BlockDeviceMappings.Ebs.VolumeSize',
  'block-device-mapping.volume-type': 'BlockDeviceMappings.Ebs.VolumeType',
  'ena-support': 'EnaSupport',
  'free-tier-eligible': 'FreeTierEligible',
  hypervisor: 'Hypervisor',
  'image-allowed': 'ImageAllowed',
  'kernel-id': 'KernelId',
  'manifest-location': 'ImageLocation',
  platform: 'Platform',
  'product-code': 'ProductCodes.ProductCodeId',
  'product-code.type': 'ProductCodes.ProductCodeType',
  'ramdisk-id': 'RamdiskId',
  'root-device-name': 'RootDeviceName',
  'source-image-id': 'SourceImageId',
  'source-image-region': 'SourceImageRegion',
  'source-instance-id': 'SourceInstanceId',
  'sriov-net-support': 'SriovNetSupport',
  'state-reason-code': 'StateReason.Code',
  'state-reason-message': 'StateReason.Message',
  'virtualization-type': 'VirtualizationType',
}

function toImage({ region }: RequestContext, image: ImageInfo): sdk.Image {
  return {
    BootMode: image.architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
    ImageId: imageId(image, region),
    Name: image.name,
    Description: image.description,
    ImageLocation: `amazon/${image.name}`,
    ImageOwnerAlias: image.ownerAlias,
    OwnerId: image.owner,
    Architecture: image.architecture,
    CreationDate: image.created,
    ImageType: 'machine',
    Public: true,
    State: 'available',
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    RootDeviceType: 'ebs',
    RootDeviceName: '/dev/xvda',
    EnaSupport: true,
    SriovNetSupport: 'simple',
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: {
          SnapshotId: snapshotOf(image, region),
          VolumeSize: image.sizeGiB,
          VolumeType: 'gp3',
          DeleteOnTermination: true,
          Encrypted: false,
        },
      },
    ],
  }
}

/** Id of the newest EKS-optimized image for a Kubernetes version (`1.35`). */
export function imageForEks(
  version: string,
  architecture: ImageInfo['architecture'],
  region: string,
): string {
  return imageNamed(`amazon-eks-node-al2023-${architecture}-standard-${version}-`, region)
}

/** Id of the image that EKS Auto Mode starts a machine from. */
export function imageForAutoMode(
  version: string,
  architecture: ImageInfo['architecture'],
  region: string,
): string {
  return imageNamed(`eks-auto-standard-${version}-${architecture}-`, region)
}

function imageNamed(beginning: string, region: string): string {
  return imageId(images.find(({ name }) => name.startsWith(beginning))!, region)
}

/** Whether an image starts nodeadm at boot. */
export const isEksImage = (id: string, region: string): boolean =>
  images.some((image) => image.name.startsWith('amazon-eks-node-') && imageId(image, region) === id)
