import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import { AwsError } from '../wire/service.ts'
import type { ImageInfo } from './data/images.ts'
import { publicImage, publicImageOn, snapshotOf } from './public-images.ts'
import type { ImageRecord, ImageVolume, InstanceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { snapshots, volumes } from './tables.ts'

/** Where the root volume of an image is attached. */
export const ROOT_DEVICE = '/dev/xvda'

/** What a launch needs of an image, a public one or one that an account has made. */
export interface MachineImage {
  id: string
  architecture: ImageInfo['architecture']
  /** Name of the public image whose system is on it: what it starts at boot. Missing where nothing bootable was put on its disk. */
  system?: string
  /** The root volume first. */
  volumes: ImageVolume[]
}

const KEY = /^aws\/([^/]+)\/([^/]+)\/ec2\/images\//
const indexes = new WeakMap<World, StoreIndex<ImageRecord>>()

function made(world: World): StoreIndex<ImageRecord> {
  const known = indexes.get(world)
  if (known) return known
  const index = new StoreIndex<ImageRecord>(world.store, 'aws/', (record, key) => {
    const [, , region] = KEY.exec(key) ?? []
    return region === undefined ? [] : [record.id, region]
  })
  indexes.set(world, index)
  return index
}

/** Whether an account may launch an image: its own, and those that it, or everybody, was given. */
export const maySee = ({ accountId }: Scope, { ownerId, isPublic, sharedWith }: ImageRecord): boolean =>
  ownerId === accountId || isPublic || sharedWith.includes(accountId)

/** The images of a region that accounts have made and that this account may see, by their ids. */
export const madeImages = (scope: Scope): ImageRecord[] =>
  made(scope.world)
    .get(scope.region)
    .filter((image) => maySee(scope, image))
    .sort((a, b) => (a.id < b.id ? -1 : 1))

/** An image that an account has made, where this account may see it. */
export const madeImage = (scope: Scope, id: string): ImageRecord | undefined =>
  madeImages(scope).find((image) => image.id === id)

/** Throws InvalidAMIID.Malformed for what is no id of an image. */
export function checkImageId(id: string): void {
  if (!/^ami-[0-9a-f]+$/.test(id))
    throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`)
}

export const noImage = (id: string) =>
  new AwsError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`)

/** An image by its id in this region. Throws InvalidAMIID. */
export function imageById(scope: Scope, id: string): MachineImage {
  checkImageId(id)
  const image = publicImage(id, scope.region)
  if (image) return toMachineImage(image, scope.region, id)
  const own = madeImage(scope, id)
  if (!own) throw noImage(id)
  return own
}

/** As `imageById`, for a launch. Throws InvalidAMIID.Unavailable for an image that is not ready. */
export function launchableImage(scope: Scope, id: string): MachineImage {
  const image = imageById(scope, id)
  const { state = 'available' } = image as Partial<ImageRecord>
  if (state !== 'available')
    throw new AwsError('InvalidAMIID.Unavailable', `AMI '${id}' is ${state}, and cannot be run`)
  return image
}

export const toMachineImage = (image: ImageInfo, region: string, id: string): MachineImage => ({
  id,
  architecture: image.architecture,
  system: image.name,
  volumes: [
    { device: ROOT_DEVICE, snapshotId: snapshotOf(image, region), sizeGiB: image.sizeGiB, type: 'gp3' },
  ],
})

/** The system that a volume made from a snapshot has on it (`MachineImage.system`). */
export const systemOn = (scope: Scope, snapshotId: string): string | undefined =>
  publicImageOn(snapshotId, scope.region)?.name ?? snapshots.find(scope, snapshotId)?.system

/** The system that an instance boots: what is on its root volume. */
export const systemOf = (scope: Scope, { volumeId, imageId }: InstanceRecord): string | undefined =>
  volumes.find(scope, volumeId)?.system ?? publicImage(imageId, scope.region)?.name

/** Whether a system starts nodeadm at boot. */
export const isEksSystem = (system: string | undefined): boolean =>
  system?.startsWith('amazon-eks-node-') ?? false
