import { AwsError } from '../wire/service.ts'
import { privateDnsName, publicAddress } from './addresses.ts'
import { instanceTypes } from './data/instance-types.ts'
import type { VolumeShape } from './data/volume-types.ts'
import { launchableImage, ROOT_DEVICE } from './images.ts'
import { removeInterface } from './interfaces.ts'
import { type LaunchInterface, launchWith } from './launch-interfaces.ts'
import type { MetadataFields } from './metadata-options.ts'
import { defaultGroup } from './network-interfaces.ts'
import type {
  InstanceAttributes,
  InstanceRecord,
  InstanceState,
  NetworkInterfaceRecord,
  SubnetRecord,
  Tags,
  VolumeRecord,
} from './records.ts'
import type { Scope } from './scope.ts'
import { instances, networkInterfaces, volumes } from './tables.ts'
import { volumesOf } from './volume-index.ts'
import { detach, makeVolume } from './volumes.ts'

/** A volume that a machine starts with; what is missing is as its image has it. */
export interface LaunchVolume extends Partial<VolumeShape> {
  device: string
  snapshotId?: string
  /** The system on it; missing: that of the snapshot. */
  system?: string
  /** ARN; missing: not encrypted. */
  kmsKeyId?: string
  /** Default true. */
  deleteOnTermination?: boolean
}

/** What to launch, already checked. */
export interface LaunchOptions {
  imageId: string
  type: string
  subnet: SubnetRecord
  count: number
  /** Default: the VPC's default security group. */
  groupIds?: string[]
  tags?: Tags
  keyName?: string
  profile?: { arn: string; id: string }
  userData?: string
  /** Default: what the subnet says. */
  publicIp?: boolean
  /** Default: one, with an address of the subnet. */
  interfaces?: LaunchInterface[]
  /** What it has besides, or otherwise than, the root volume of its image. */
  volumes?: LaunchVolume[]
  lifecycle?: 'spot'
  clientToken?: string
  /** The service that launches for the customer: `autoscaling.amazonaws.com`. */
  requesterId?: string
  metadata?: Partial<MetadataFields>
  attributes?: InstanceAttributes
  volumeTags?: Tags
  interfaceTags?: Tags
}

/**
 * Launches instances as one reservation; they are `pending` until the lifecycle controller has them running.
 * Throws InvalidAMIID for an unknown image, InvalidParameterValue for an unknown type, and InsufficientFreeAddressesInSubnet.
 */
export function launchInstances(scope: Scope, options: LaunchOptions): InstanceRecord[] {
  if (!instanceTypes.has(options.type)) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${options.type}' for InstanceType.`)
  }
  const { full } = scope.world.fairUse
  if (full)
    throw new AwsError(
      'InstanceLimitExceeded',
      `You have requested more instances (${options.count}) than your current instance limit of 0 allows for the specified instance type.`,
    )
  const { subnet } = options
  const [root, ...others] = startVolumes(scope, options)
  const groupIds = options.groupIds?.length ? options.groupIds : [defaultGroup(scope, subnet.vpcId)]
  const reservationId = `r-0${scope.world.ids.hex(16)}`
  return Array.from({ length: options.count }, (_, launchIndex) => {
    const id = instances.newId(scope)
    const publicIp = (options.publicIp ?? subnet.mapPublicIp) ? publicAddress(scope) : undefined
    const enis = launchWith(scope, options.interfaces, {
      instanceId: id,
      type: options.type,
      subnet,
      groupIds,
      publicIp,
      tags: options.interfaceTags,
    })
    const [eni] = enis as [NetworkInterfaceRecord]
    const now = scope.world.clock.now()
    const volume = attachAtLaunch(scope, id, subnet.zone, root!, options.volumeTags)
    for (const other of others) attachAtLaunch(scope, id, subnet.zone, other, options.volumeTags)
    return instances.put(scope, {
      id,
      tags: options.tags ?? {},
      reservationId,
      launchIndex,
      imageId: options.imageId,
      type: options.type,
      state: 'pending',
      since: now,
      launchedAt: now,
      keyName: options.keyName,
      subnetId: subnet.id,
      vpcId: subnet.vpcId,
      zone: subnet.zone,
      groupIds: eni.groupIds,
      networkInterfaceIds: enis.map(({ id: eniId }) => eniId),
      privateIp: eni.addresses[0]!,
      privateDnsName: privateDnsName(scope.region, eni.addresses[0]!),
      publicIp: eni.publicIp,
      profile: options.profile && { ...options.profile, associationId: newProfileAssociation(scope) },
      userData: options.userData,
      lifecycle: options.lifecycle,
      clientToken: options.clientToken,
      requesterId: options.requesterId,
      volumeId: volume.id,
      volumeSizeGiB: volume.sizeGiB,
      metadataHttpTokens: 'required',
      metadataHopLimit: 2,
      ...options.metadata,
      ...options.attributes,
    })
  })
}

/** `iip-assoc-0123456789abcdef0` */
export const newProfileAssociation = ({ world }: Scope) => `iip-assoc-0${world.ids.hex(16)}`

/** The volumes of a new machine, its root volume first. */
function startVolumes(scope: Scope, { imageId, type, volumes: given = [] }: LaunchOptions): LaunchVolume[] {
  const image = launchableImage(scope, imageId)
  const { architecture } = instanceTypes.get(type)!
  if (architecture !== image.architecture)
    throw new AwsError(
      'InvalidParameterValue',
      `The architecture '${architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    )
  const own = image.volumes.map((volume) => ({
    ...volume,
    ...(volume.device === ROOT_DEVICE && { system: image.system }),
    ...definedOf(given.find(({ device }) => device === volume.device)),
  }))
  return [...own, ...given.filter(({ device }) => !own.some((volume) => volume.device === device))]
}

/** Only the members that are there, so that they may lie over others. */
export function definedOf<T extends object>(input: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(input ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}

function attachAtLaunch(
  scope: Scope,
  instanceId: string,
  zone: string,
  { device, deleteOnTermination = true, ...shape }: LaunchVolume,
  tags: Tags = {},
): VolumeRecord {
  const volume = makeVolume(scope, { ...shape, zone, tags })
  const attachedAt = scope.world.clock.now()
  return volumes.put(scope, {
    ...volume,
    state: 'available',
    attachment: { instanceId, device, state: 'attached', attachedAt, deleteOnTermination },
  })
}

/** Moves an instance to another state; gives its record, unchanged if it is there already. */
export function setInstanceState(
  scope: Scope,
  id: string,
  state: InstanceState,
  stateReason?: InstanceRecord['stateReason'],
): InstanceRecord {
  const instance = instances.get(scope, id)
  if (instance.state === state) return instance
  return instances.put(scope, { ...instance, state, since: scope.world.clock.now(), stateReason })
}

/** Starts the end of an instance, whatever it is doing. Does nothing to one that has ended. */
export function terminateInstance(scope: Scope, id: string, reason = USER_SHUTDOWN): InstanceRecord {
  const instance = instances.get(scope, id)
  if (instance.state === 'shutting-down' || instance.state === 'terminated') return instance
  return setInstanceState(scope, id, 'shutting-down', reason)
}

export const USER_SHUTDOWN = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
}

/** Deletes or frees the volumes of an instance that has terminated. */
export function releaseInstanceVolumes(scope: Scope, instanceId: string): void {
  for (const { id, attachment } of volumesOf(scope, instanceId)) {
    if (attachment?.deleteOnTermination) volumes.delete(scope, id)
    else detach(scope, id)
  }
}

/** Frees the network of an instance that has terminated. */
export function releaseInstanceNetwork(scope: Scope, instance: InstanceRecord): InstanceRecord {
  for (const id of instance.networkInterfaceIds) {
    const eni = networkInterfaces.find(scope, id)
    if (eni?.attachment?.deleteOnTermination) removeInterface(scope, id)
    else if (eni) networkInterfaces.put(scope, { ...eni, attachment: undefined })
  }
  return { ...instance, networkInterfaceIds: [], publicIp: undefined }
}
