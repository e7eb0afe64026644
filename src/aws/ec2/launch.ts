import { AwsError } from '../wire/service.ts'
import { privateDnsName, publicAddress } from './addresses.ts'
import { instanceTypes } from './data/instance-types.ts'
import { imageById } from './images.ts'
import { createInterface, removeInterface } from './interfaces.ts'
import { defaultGroup } from './network-interfaces.ts'
import type { InstanceRecord, InstanceState, SubnetRecord, Tags } from './records.ts'
import type { Scope } from './scope.ts'
import { instances, networkInterfaces, volumes } from './tables.ts'
import { detach, makeVolume } from './volumes.ts'

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
  privateIp?: string
  /** Default: what the image says. */
  volumeSizeGiB?: number
  lifecycle?: 'spot'
  clientToken?: string
  /** The service that launches for the customer: `autoscaling.amazonaws.com`. */
  requesterId?: string
  metadata?: Partial<Pick<InstanceRecord, 'metadataHttpTokens' | 'metadataHopLimit' | 'metadataDisabled'>>
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
  const volumeSizeGiB = options.volumeSizeGiB ?? imageById(options.imageId, scope.region).sizeGiB
  const groupIds = options.groupIds?.length ? options.groupIds : [defaultGroup(scope, subnet.vpcId)]
  const reservationId = `r-0${scope.world.ids.hex(16)}`
  return Array.from({ length: options.count }, (_, launchIndex) => {
    const id = instances.newId(scope)
    const publicIp = (options.publicIp ?? subnet.mapPublicIp) ? publicAddress(scope) : undefined
    const eni = createInterface(scope, {
      subnet,
      groupIds,
      description: '',
      publicIp,
      privateIp: options.privateIp,
      attachment: {
        instanceId: id,
        instanceOwnerId: scope.accountId,
        deviceIndex: 0,
        deleteOnTermination: true,
      },
    })
    const now = scope.world.clock.now()
    const volume = makeVolume(scope, {
      zone: subnet.zone,
      sizeGiB: volumeSizeGiB,
      type: 'gp3',
      tags: {},
    })
    volumes.put(scope, {
      ...volume,
      state: 'available',
      attachment: {
        instanceId: id,
        device: '/dev/xvda',
        state: 'attached',
        attachedAt: now,
        deleteOnTermination: true,
      },
    })
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
      groupIds,
      networkInterfaceIds: [eni.id],
      privateIp: eni.addresses[0]!,
      privateDnsName: privateDnsName(scope.region, eni.addresses[0]!),
      publicIp,
      profile: options.profile,
      userData: options.userData,
      lifecycle: options.lifecycle,
      clientToken: options.clientToken,
      requesterId: options.requesterId,
      volumeId: volume.id,
      volumeSizeGiB,
      metadataHttpTokens: 'required',
      metadataHopLimit: 2,
      ...options.metadata,
    })
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
  for (const { id, attachment } of volumes.list(scope)) {
    if (attachment?.instanceId !== instanceId) continue
    if (attachment.deleteOnTermination) volumes.delete(scope, id)
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
