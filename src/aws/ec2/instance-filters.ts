import { publicDnsName } from './addresses.ts'
import { instanceTypes } from './data/instance-types.ts'
import { type FilterFields, shownFields } from './filters.ts'
import { toInstance, toState } from './instance-view.ts'
import { toGroups } from './network-interfaces.ts'
import type { InstanceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { networkInterfaces } from './tables.ts'

/** Filters of DescribeInstances that read the instance's own members. */
const OWN = {
  'availability-zone-id': 'Placement.AvailabilityZoneId',
  affinity: 'Placement.Affinity',
  'block-device-mapping.attach-time': 'BlockDeviceMappings.Ebs.AttachTime',
  'block-device-mapping.delete-on-termination': 'BlockDeviceMappings.Ebs.DeleteOnTermination',
  'block-device-mapping.device-name': 'BlockDeviceMappings.DeviceName',
  'block-device-mapping.status': 'BlockDeviceMappings.Ebs.Status',
  'block-device-mapping.volume-id': 'BlockDeviceMappings.Ebs.VolumeId',
  'boot-mode': 'BootMode',
  'capacity-reservation-id': 'CapacityReservationId',
  'capacity-reservation-specification.capacity-reservation-preference':
    'CapacityReservationSpecification.CapacityReservationPreference',
  'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id':
    'CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId',
  'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn':
    'CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationResourceGroupArn',
  'current-instance-boot-mode': 'CurrentInstanceBootMode',
  'ebs-optimized': 'EbsOptimized',
  'ena-support': 'EnaSupport',
  'enclave-options.enabled': 'EnclaveOptions.Enabled',
  'hibernation-options.configured': 'HibernationOptions.Configured',
  'host-id': 'Placement.HostId',
  hypervisor: 'Hypervisor',
  'iam-instance-profile.id': 'IamInstanceProfile.Id',
  'ipv6-address': 'Ipv6Address',
  'kernel-id': 'KernelId',
  'maintenance-options.auto-recovery': 'MaintenanceOptions.AutoRecovery',
  'metadata-options.http-endpoint': 'MetadataOptions.HttpEndpoint',
  'metadata-options.http-protocol-ipv4': 'MetadataOptions.HttpEndpoint',
  'metadata-options.http-protocol-ipv6': 'MetadataOptions.HttpProtocolIpv6',
  'metadata-options.http-put-response-hop-limit': 'MetadataOptions.HttpPutResponseHopLimit',
  'metadata-options.http-tokens': 'MetadataOptions.HttpTokens',
  'metadata-options.instance-metadata-tags': 'MetadataOptions.InstanceMetadataTags',
  'metadata-options.state': 'MetadataOptions.State',
  'monitoring-state': 'Monitoring.State',
  'network-performance-options.bandwidth-weighting': 'NetworkPerformanceOptions.BandwidthWeighting',
  'operator.managed': 'Operator.Managed',
  'operator.principal': 'Operator.Principal',
  'outpost-arn': 'OutpostArn',
  'placement-group-name': 'Placement.GroupName',
  'placement-partition-number': 'Placement.PartitionNumber',
  platform: 'Platform',
  'platform-details': 'PlatformDetails',
  'private-dns-name-options.enable-resource-name-dns-a-record':
    'PrivateDnsNameOptions.EnableResourceNameDnsARecord',
  'private-dns-name-options.enable-resource-name-dns-aaaa-record':
    'PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord',
  'private-dns-name-options.hostname-type': 'PrivateDnsNameOptions.HostnameType',
  'product-code': 'ProductCodes.ProductCodeId',
  'product-code.type': 'ProductCodes.ProductCodeType',
  'ramdisk-id': 'RamdiskId',
  'root-device-name': 'RootDeviceName',
  'root-device-type': 'RootDeviceType',
  'source-dest-check': 'SourceDestCheck',
  'spot-instance-request-id': 'SpotInstanceRequestId',
  'state-reason-message': 'StateReason.Message',
  tenancy: 'Placement.Tenancy',
  'tpm-support': 'TpmSupport',
  'usage-operation': 'UsageOperation',
  'usage-operation-update-time': 'UsageOperationUpdateTime',
  'virtualization-type': 'VirtualizationType',
}

/** After `network-interface.`: the way from one of NetworkInterfaces. */
const INTERFACE = {
  'addresses.association.allocation-id': 'PrivateIpAddresses.Association.AllocationId',
  'addresses.association.association-id': 'PrivateIpAddresses.Association.AssociationId',
  'addresses.association.carrier-ip': 'PrivateIpAddresses.Association.CarrierIp',
  'addresses.association.customer-owned-ip': 'PrivateIpAddresses.Association.CustomerOwnedIp',
  'addresses.association.ip-owner-id': 'PrivateIpAddresses.Association.IpOwnerId',
  'addresses.association.public-dns-name': 'PrivateIpAddresses.Association.PublicDnsName',
  'addresses.association.public-ip': 'PrivateIpAddresses.Association.PublicIp',
  'addresses.primary': 'PrivateIpAddresses.Primary',
  'addresses.private-dns-name': 'PrivateIpAddresses.PrivateDnsName',
  'addresses.private-ip-address': 'PrivateIpAddresses.PrivateIpAddress',
  'association.allocation-id': 'Association.AllocationId',
  'association.association-id': 'Association.AssociationId',
  'association.carrier-ip': 'Association.CarrierIp',
  'association.customer-owned-ip': 'Association.CustomerOwnedIp',
  'association.ip-owner-id': 'Association.IpOwnerId',
  'association.public-dns-name': 'Association.PublicDnsName',
  'association.public-ip': 'Association.PublicIp',
  'attachment.attach-time': 'Attachment.AttachTime',
  'attachment.attachment-id': 'Attachment.AttachmentId',
  'attachment.delete-on-termination': 'Attachment.DeleteOnTermination',
  'attachment.device-index': 'Attachment.DeviceIndex',
  'attachment.network-card-index': 'Attachment.NetworkCardIndex',
  'attachment.status': 'Attachment.Status',
  'deny-all-igw-traffic': 'DenyAllIgwTraffic',
  description: 'Description',
  'group-id': 'Groups.GroupId',
  'group-name': 'Groups.GroupName',
  'ipv4-prefixes.ipv4-prefix': 'Ipv4Prefixes.Ipv4Prefix',
  'ipv6-address': 'Ipv6Addresses.Ipv6Address',
  'ipv6-addresses.ipv6-address': 'Ipv6Addresses.Ipv6Address',
  'ipv6-addresses.is-primary-ipv6': 'Ipv6Addresses.IsPrimaryIpv6',
  'ipv6-native': 'Ipv6Native',
  'ipv6-prefixes.ipv6-prefix': 'Ipv6Prefixes.Ipv6Prefix',
  'mac-address': 'MacAddress',
  'network-interface-id': 'NetworkInterfaceId',
  'operator.managed': 'Operator.Managed',
  'operator.principal': 'Operator.Principal',
  'outpost-arn': 'OutpostArn',
  'owner-id': 'OwnerId',
  'private-dns-name': 'PrivateDnsName',
  'private-ip-address': 'PrivateIpAddress',
  'public-dns-name': 'Association.PublicDnsName',
  'source-dest-check': 'SourceDestCheck',
  status: 'Status',
  'subnet-id': 'SubnetId',
  'vpc-id': 'VpcId',
}

const interfaceNames = Object.fromEntries(
  Object.entries(INTERFACE).map(([name, way]) => [`network-interface.${name}`, `NetworkInterfaces.${way}`]),
)

/**
 * What DescribeInstances can be asked for; what many ask for is read from the record, the rest from what is shown.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
 */
export const instanceFilters = (scope: Scope): FilterFields<InstanceRecord> => ({
  ...shownFields((instance: InstanceRecord) => toInstance(scope, instance), { ...OWN, ...interfaceNames }),
  architecture: (instance) => instanceTypes.get(instance.type)?.architecture,
  'availability-zone': (instance) => instance.zone,
  'client-token': (instance) => instance.clientToken,
  'dns-name': (instance) => instance.publicIp && publicDnsName(scope.region, instance.publicIp),
  'iam-instance-profile.arn': (instance) => instance.profile?.arn,
  'iam-instance-profile.name': (instance) => instance.profile?.arn.split('/').at(-1),
  'image-id': (instance) => instance.imageId,
  'instance-id': (instance) => instance.id,
  'instance-lifecycle': (instance) => instance.lifecycle,
  'instance-state-code': (instance) => toState(instance.state).Code,
  'instance-state-name': (instance) => instance.state,
  'instance-type': (instance) => instance.type,
  'instance.group-id': (instance) => instance.groupIds,
  'instance.group-name': (instance) => toGroups(scope, instance.groupIds).map(({ GroupName }) => GroupName),
  'ip-address': (instance) => instance.publicIp,
  'key-name': (instance) => instance.keyName,
  'launch-index': (instance) => instance.launchIndex,
  'launch-time': (instance) => new Date(instance.launchedAt).toISOString(),
  'network-interface.attachment.instance-id': (instance) => instance.id,
  'network-interface.attachment.instance-owner-id': () => scope.accountId,
  'network-interface.availability-zone': (instance) => instance.zone,
  'network-interface.requester-id': () => undefined,
  'network-interface.requester-managed': () => false,
  'network-interface.tag-key': (instance) => interfaceTags(scope, instance).map(([key]) => key),
  'network-interface.tag-value': (instance) => interfaceTags(scope, instance).map(([, value]) => value),
  'owner-id': () => scope.accountId,
  'private-dns-name': (instance) => instance.privateDnsName,
  'private-ip-address': (instance) => instance.privateIp,
  reason: (instance) => instance.stateReason?.message,
  'requester-id': (instance) => instance.requesterId,
  'reservation-id': (instance) => instance.reservationId,
  'state-reason-code': (instance) => instance.stateReason?.code,
  'subnet-id': (instance) => instance.subnetId,
  'vpc-id': (instance) => instance.vpcId,
})

const interfaceTags = (scope: Scope, { networkInterfaceIds }: InstanceRecord) =>
  networkInterfaceIds.flatMap((id) => Object.entries(networkInterfaces.find(scope, id)?.tags ?? {}))
