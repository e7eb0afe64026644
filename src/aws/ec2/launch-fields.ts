import type * as sdk from '@aws-sdk/client-ec2'
import type { KeyUser } from '../encryption.ts'
import { encryptionByDefault } from './ebs-encryption.ts'
import { ROOT_DEVICE } from './images.ts'
import type { LaunchOptions, LaunchVolume } from './launch.ts'
import { interfacesOf } from './launch-interfaces.ts'
import { metadataFields } from './metadata-options.ts'
import type { Scope } from './scope.ts'
import { tagsFor } from './tags.ts'
import { keyFor } from './volumes.ts'

/** What of a launch is said by a request or a launch template alone, whoever launches. */
export type LaunchFields = Pick<
  LaunchOptions,
  | 'groupIds'
  | 'keyName'
  | 'userData'
  | 'publicIp'
  | 'interfaces'
  | 'lifecycle'
  | 'metadata'
  | 'attributes'
  | 'volumes'
  | 'tags'
  | 'volumeTags'
  | 'interfaceTags'
>

/**
 * A request's or a launch template's words on the machine. A service that launches by itself is not asked for its rights to a volume's key.
 * Throws EC2's errors for what is wrong in it.
 */
export function launchFields(scope: Scope, data: Partial<sdk.RunInstancesCommandInput>): LaunchFields {
  const network = data.NetworkInterfaces?.[0]
  const tags = (type: string) =>
    tagsFor(
      data.TagSpecifications?.filter(({ ResourceType }) => ResourceType === type),
      type,
    )
  return {
    groupIds: data.SecurityGroupIds ?? network?.Groups,
    keyName: data.KeyName,
    userData: data.UserData,
    publicIp: network?.AssociatePublicIpAddress,
    interfaces: interfacesOf(data.NetworkInterfaces),
    lifecycle: data.InstanceMarketOptions?.MarketType === 'spot' ? 'spot' : undefined,
    metadata: metadataFields(data.MetadataOptions),
    attributes: attributesOf(data),
    volumes: volumesOf(scope, data.BlockDeviceMappings ?? []),
    tags: tags('instance'),
    volumeTags: tags('volume'),
    interfaceTags: tags('network-interface'),
  }
}

/** What ModifyInstanceAttribute and its like can change later; what is not said is left out. */
function attributesOf(data: Partial<sdk.RunInstancesCommandInput>): LaunchOptions['attributes'] {
  return {
    ...(data.DisableApiTermination && { disableApiTermination: true }),
    ...(data.DisableApiStop && { disableApiStop: true }),
    ...(data.InstanceInitiatedShutdownBehavior === 'terminate' && { terminatesAtShutdown: true }),
    ...(data.EbsOptimized && { ebsOptimized: true }),
    ...(data.Monitoring?.Enabled && { monitored: true }),
    ...(data.CreditSpecification?.CpuCredits && {
      cpuCredits: data.CreditSpecification.CpuCredits as 'standard' | 'unlimited',
    }),
  }
}

/** The volumes of mappings; none for a device that is taken away (`NoDevice`) or of the machine's own (`ephemeral0`). */
function volumesOf(scope: Scope, mappings: sdk.BlockDeviceMapping[]): LaunchVolume[] {
  const user: KeyUser = 'authorize' in scope ? (scope as KeyUser) : { ...scope, authorize: () => {} }
  const volumes = mappings.flatMap(({ DeviceName: device, Ebs }): LaunchVolume[] => {
    if (!device || !Ebs) return []
    const { VolumeSize: sizeGiB, VolumeType: type, Iops: iops, Throughput: throughput } = Ebs
    const { SnapshotId: snapshotId, DeleteOnTermination: deleteOnTermination } = Ebs
    const kmsKeyId = keyFor(user, Ebs.Encrypted, Ebs.KmsKeyId)
    return [{ device, sizeGiB, type, iops, throughput, snapshotId, kmsKeyId, deleteOnTermination }]
  })
  if (!encryptionByDefault(scope).enabled || volumes.some(({ device }) => device === ROOT_DEVICE))
    return volumes
  return [{ device: ROOT_DEVICE, kmsKeyId: keyFor(user, true, undefined) }, ...volumes]
}
