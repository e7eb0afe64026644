import type * as sdk from '@aws-sdk/client-ec2'
import { privateDnsName, publicDnsName } from './addresses.ts'
import { coresOf, instanceTypes } from './data/instance-types.ts'
import { wholeSecond } from './dates.ts'
import { ROOT_DEVICE } from './images.ts'
import { primaryInterface } from './instance-attributes.ts'
import { toMetadataOptions } from './metadata-options.ts'
import { associationOf, toAddresses, toGroups } from './network-interfaces.ts'
import type { InstanceRecord, InstanceState } from './records.ts'
import { zonesOf } from './regions.ts'
import type { Scope } from './scope.ts'
import { spotRequestId } from './spot.ts'
import { networkInterfaces, subnets } from './tables.ts'
import { toTags } from './tags.ts'
import { volumesOf } from './volume-index.ts'

const STATE_CODES: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

export const toState = (state: InstanceState) => ({ Code: STATE_CODES[state], Name: state })

/** An instance as DescribeInstances shows it. */
export function toInstance(scope: Scope, instance: InstanceRecord): sdk.Instance {
  const gone = instance.state === 'terminated'
  const type = instanceTypes.get(instance.type)
  const subnet = subnets.find(scope, instance.subnetId)
  const launchTime = wholeSecond(instance.launchedAt)
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    InstanceType: instance.type as never,
    State: toState(instance.state),
    StateReason: instance.stateReason && {
      Code: instance.stateReason.code,
      Message: instance.stateReason.message,
    },
    StateTransitionReason: instance.stateReason
      ? `User initiated (${new Date(instance.since).toISOString().slice(0, 19).replace('T', ' ')} GMT)`
      : '',
    AmiLaunchIndex: instance.launchIndex,
    Architecture: type?.architecture,
    BlockDeviceMappings: gone ? [] : toMappings(scope, instance.id),
    BootMode: type?.architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
    CapacityReservationSpecification: { CapacityReservationPreference: 'open' },
    ClientToken: instance.clientToken ?? '',
    CpuOptions: type && { CoreCount: coresOf(type), ThreadsPerCore: type.vcpus / coresOf(type) },
    CurrentInstanceBootMode: instance.type.startsWith('t2.') ? 'legacy-bios' : 'uefi',
    EbsOptimized: instance.ebsOptimized ?? false,
    EnaSupport: true,
    EnclaveOptions: { Enabled: false },
    HibernationOptions: { Configured: false },
    Hypervisor: 'xen',
    IamInstanceProfile: instance.profile && { Arn: instance.profile.arn, Id: instance.profile.id },
    InstanceLifecycle: instance.lifecycle,
    KeyName: instance.keyName,
    LaunchTime: launchTime,
    MaintenanceOptions: { AutoRecovery: 'default', RebootMigration: 'default' },
    MetadataOptions: toMetadataOptions(instance),
    Monitoring: { State: instance.monitored ? 'enabled' : 'disabled' },
    NetworkInterfaces: instance.networkInterfaceIds.flatMap((id) => toInstanceInterface(scope, id)),
    Operator: { Managed: false },
    Placement: {
      AvailabilityZone: instance.zone,
      AvailabilityZoneId: zonesOf(scope.region).find(({ name }) => name === instance.zone)?.id,
      GroupName: '',
      Tenancy: 'default',
    },
    PlatformDetails: 'Linux/UNIX',
    PrivateDnsName: gone ? '' : instance.privateDnsName,
    PrivateDnsNameOptions: gone
      ? undefined
      : {
          HostnameType: subnet?.hostnameType ?? 'ip-name',
          EnableResourceNameDnsARecord: subnet?.resourceNameDns ?? false,
          EnableResourceNameDnsAAAARecord: false,
        },
    PrivateIpAddress: gone ? undefined : instance.privateIp,
    ProductCodes: [],
    PublicDnsName: instance.publicIp ? publicDnsName(scope.region, instance.publicIp) : '',
    PublicIpAddress: instance.publicIp,
    RootDeviceName: ROOT_DEVICE,
    RootDeviceType: 'ebs',
    SecurityGroups: gone ? [] : toGroups(scope, instance.groupIds),
    SpotInstanceRequestId: spotRequestId(instance),
    SourceDestCheck: gone ? undefined : primaryInterface(scope, instance)?.sourceDestCheck,
    SubnetId: gone ? undefined : instance.subnetId,
    VpcId: gone ? undefined : instance.vpcId,
    Tags: toTags(instance.tags),
    UsageOperation: 'RunInstances',
    UsageOperationUpdateTime: launchTime,
    VirtualizationType: 'hvm',
  }
}

const toMappings = (scope: Scope, instanceId: string): sdk.InstanceBlockDeviceMapping[] =>
  volumesOf(scope, instanceId).map(({ id, attachment }) => ({
    DeviceName: attachment!.device,
    Ebs: {
      AttachTime: wholeSecond(attachment!.attachedAt),
      DeleteOnTermination: attachment!.deleteOnTermination,
      Status: 'attached',
      VolumeId: id,
    },
  }))

function toInstanceInterface(scope: Scope, id: string): sdk.InstanceNetworkInterface[] {
  const eni = networkInterfaces.find(scope, id)
  if (!eni) return []
  return [
    {
      NetworkInterfaceId: eni.id,
      Description: eni.description,
      Groups: toGroups(scope, eni.groupIds),
      InterfaceType: eni.interfaceType,
      Ipv6Addresses: [],
      MacAddress: eni.macAddress,
      Operator: { Managed: false },
      OwnerId: scope.accountId,
      PrivateDnsName: privateDnsName(scope.region, eni.addresses[0]!),
      PrivateIpAddress: eni.addresses[0],
      PrivateIpAddresses: toAddresses(scope, eni),
      Association: associationOf(scope, eni),
      SourceDestCheck: eni.sourceDestCheck,
      Status: 'in-use',
      SubnetId: eni.subnetId,
      VpcId: eni.vpcId,
      Attachment: eni.attachment && {
        AttachmentId: eni.attachment.id,
        AttachTime: wholeSecond(eni.attachment.attachedAt),
        DeleteOnTermination: eni.attachment.deleteOnTermination,
        DeviceIndex: eni.attachment.deviceIndex,
        NetworkCardIndex: 0,
        Status: 'attached',
      },
    },
  ]
}

/** An instance as the call that launches it shows it: nothing is attached yet, and it has no public address. */
function toLaunched(scope: Scope, instance: InstanceRecord): sdk.Instance {
  const {
    PlatformDetails: _platform,
    UsageOperation: _usage,
    UsageOperationUpdateTime: _since,
    PublicIpAddress: _address,
    ...shown
  } = toInstance(scope, instance)
  return {
    ...shown,
    BlockDeviceMappings: [],
    MetadataOptions: { ...shown.MetadataOptions, State: 'pending' },
    NetworkInterfaces: shown.NetworkInterfaces!.map(({ Association: _public, ...eni }) => ({
      ...eni,
      Attachment: { ...eni.Attachment, Status: 'attaching' },
      PrivateIpAddresses: eni.PrivateIpAddresses?.map(({ Association: _too, ...address }) => address),
    })),
    PublicDnsName: '',
    StateReason: { Code: 'pending', Message: 'pending' },
  }
}

const reservation = (scope: Scope, group: InstanceRecord[], shown: typeof toInstance): sdk.Reservation => ({
  ReservationId: group[0]!.reservationId,
  OwnerId: scope.accountId,
  RequesterId: group[0]!.requesterId,
  Groups: [],
  Instances: group.map((instance) => shown(scope, instance)),
})

export const toReservation = (scope: Scope, group: InstanceRecord[]) => reservation(scope, group, toInstance)

/** What RunInstances answers. */
export const toLaunchedReservation = (scope: Scope, group: InstanceRecord[]) =>
  reservation(scope, group, toLaunched)
