import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { privateDnsName, publicAddress, publicDnsName } from './addresses.ts'
import { wholeSecond } from './dates.ts'
import { notSimulated, required } from './errors.ts'
import { select, shownFields } from './filters.ts'
import { createInterface, disassociate, removeInterface } from './interfaces.ts'
import { networkIndex } from './network-index.ts'
import type { AddressRecord, NetworkInterfaceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { elasticIps, instances, networkInterfaces, securityGroups, subnets } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html */
const ELASTIC_IP_LIMIT = 5

export const toGroups = (scope: Scope, ids: string[]): sdk.GroupIdentifier[] =>
  ids.map((GroupId) => ({ GroupId, GroupName: securityGroups.find(scope, GroupId)?.name }))

export function toAddresses(scope: Scope, eni: NetworkInterfaceRecord) {
  const association = associationOf(scope, eni)
  return eni.addresses.map((address, index) => ({
    Primary: index === 0,
    PrivateIpAddress: address,
    PrivateDnsName: privateDnsName(scope.region, address),
    Association: index === 0 ? association : undefined,
  }))
}

export function associationOf(scope: Scope, eni: NetworkInterfaceRecord) {
  if (!eni.publicIp) return undefined
  return {
    PublicIp: eni.publicIp,
    PublicDnsName: publicDnsName(scope.region, eni.publicIp),
    IpOwnerId: eni.allocationId ? scope.accountId : 'amazon',
    AllocationId: eni.allocationId,
    AssociationId: eni.allocationId ? elasticIps.find(scope, eni.allocationId)?.associationId : undefined,
  }
}

const statusOf = (eni: NetworkInterfaceRecord) => (eni.attachment ? 'in-use' : 'available')

export function toInterface(scope: Scope, eni: NetworkInterfaceRecord): sdk.NetworkInterface {
  return {
    NetworkInterfaceId: eni.id,
    SubnetId: eni.subnetId,
    VpcId: eni.vpcId,
    AvailabilityZone: eni.zone,
    Description: eni.description,
    OwnerId: scope.accountId,
    RequesterId: eni.requesterId,
    RequesterManaged: eni.requesterId !== undefined,
    Status: statusOf(eni),
    MacAddress: eni.macAddress,
    PrivateIpAddress: eni.addresses[0],
    PrivateDnsName: privateDnsName(scope.region, eni.addresses[0]!),
    PrivateIpAddresses: toAddresses(scope, eni),
    Association: associationOf(scope, eni),
    SourceDestCheck: eni.sourceDestCheck,
    Groups: toGroups(scope, eni.groupIds),
    InterfaceType: eni.interfaceType as sdk.NetworkInterfaceType,
    Ipv6Addresses: [],
    Operator: { Managed: false },
    Attachment: eni.attachment && {
      AttachmentId: eni.attachment.id,
      AttachTime: wholeSecond(eni.attachment.attachedAt),
      DeleteOnTermination: eni.attachment.deleteOnTermination,
      DeviceIndex: eni.attachment.deviceIndex,
      NetworkCardIndex: 0,
      InstanceId: eni.attachment.instanceId,
      InstanceOwnerId: eni.attachment.instanceOwnerId,
      Status: 'attached',
    },
    TagSet: toTags(eni.tags),
  }
}

export function createNetworkInterface(
  input: sdk.CreateNetworkInterfaceCommandInput,
  context: RequestContext,
) {
  if (input.Ipv6AddressCount || input.Ipv6Addresses?.length || input.Ipv6PrefixCount)
    throw notSimulated('IPv6')
  if (input.InterfaceType) throw notSimulated(`network interfaces of type ${input.InterfaceType}`)
  const subnet = subnets.get(context, required(input.SubnetId, 'subnetId'))
  for (const id of input.Groups ?? []) securityGroups.get(context, id)
  const groupIds = input.Groups?.length ? input.Groups : [defaultGroup(context, subnet.vpcId)]
  const eni = createInterface(context, {
    subnet,
    groupIds,
    description: input.Description ?? '',
    privateIp: input.PrivateIpAddress,
    tags: tagsFor(input.TagSpecifications, 'network-interface'),
  })
  return { NetworkInterface: { ...toInterface(context, eni), Status: 'pending' } }
}

/** Id of a VPC's default security group. */
export function defaultGroup(scope: Scope, vpcId: string): string {
  return networkIndex(scope.world).groupNamed(vpcId, 'default')!.id
}

/** Filters that read what is shown. */
const SHOWN = {
  'addresses.association.owner-id': 'PrivateIpAddresses.Association.IpOwnerId',
  'addresses.association.public-ip': 'PrivateIpAddresses.Association.PublicIp',
  'addresses.primary': 'PrivateIpAddresses.Primary',
  'association.allocation-id': 'Association.AllocationId',
  'association.association-id': 'Association.AssociationId',
  'association.ip-owner-id': 'Association.IpOwnerId',
  'association.public-dns-name': 'Association.PublicDnsName',
  'attachment.attach-time': 'Attachment.AttachTime',
  'attachment.delete-on-termination': 'Attachment.DeleteOnTermination',
  'attachment.instance-owner-id': 'Attachment.InstanceOwnerId',
  'availability-zone-id': 'AvailabilityZoneId',
  'ipv6-addresses.ipv6-address': 'Ipv6Addresses.Ipv6Address',
  'operator.managed': 'Operator.Managed',
  'operator.principal': 'Operator.Principal',
  'source-dest-check': 'SourceDestCheck',
}

export function describeNetworkInterfaces(
  input: sdk.DescribeNetworkInterfacesCommandInput,
  context: RequestContext,
) {
  const { page, NextToken } = select(networkInterfaces.list(context, input.NetworkInterfaceIds), input, {
    ...shownFields((eni: NetworkInterfaceRecord) => toInterface(context, eni), SHOWN),
    'addresses.private-ip-address': (eni) => eni.addresses,
    'association.public-ip': (eni) => eni.publicIp,
    'attachment.attachment-id': (eni) => eni.attachment?.id,
    'attachment.device-index': (eni) => eni.attachment?.deviceIndex,
    'attachment.instance-id': (eni) => eni.attachment?.instanceId,
    'attachment.status': (eni) => (eni.attachment ? 'attached' : undefined),
    'availability-zone': (eni) => eni.zone,
    description: (eni) => eni.description,
    'group-id': (eni) => eni.groupIds,
    'group-name': (eni) => toGroups(context, eni.groupIds).map(({ GroupName }) => GroupName),
    'interface-type': (eni) => eni.interfaceType,
    'mac-address': (eni) => eni.macAddress,
    'network-interface-id': (eni) => eni.id,
    'owner-id': () => context.accountId,
    'private-ip-address': (eni) => eni.addresses[0],
    'private-dns-name': (eni) => privateDnsName(context.region, eni.addresses[0]!),
    'requester-id': (eni) => eni.requesterId,
    'requester-managed': (eni) => eni.requesterId !== undefined,
    status: statusOf,
    'subnet-id': (eni) => eni.subnetId,
    'vpc-id': (eni) => eni.vpcId,
  })
  return { NetworkInterfaces: page.map((eni) => toInterface(context, eni)), NextToken }
}

export function deleteNetworkInterface(
  input: sdk.DeleteNetworkInterfaceCommandInput,
  context: RequestContext,
) {
  const eni = networkInterfaces.get(context, required(input.NetworkInterfaceId, 'networkInterfaceId'))
  if (eni.attachment) {
    throw new AwsError('InvalidParameterValue', `Network interface '${eni.id}' is currently in use.`)
  }
  removeInterface(context, eni.id)
  return {}
}

function toAddress(scope: Scope, address: AddressRecord): sdk.Address {
  return {
    AllocationId: address.id,
    PublicIp: address.publicIp,
    PublicIpv4Pool: 'amazon',
    NetworkBorderGroup: scope.region,
    Domain: 'vpc',
    AssociationId: address.associationId,
    InstanceId: address.instanceId,
    NetworkInterfaceId: address.networkInterfaceId,
    NetworkInterfaceOwnerId: address.networkInterfaceId && scope.accountId,
    PrivateIpAddress: address.privateIp,
    Tags: toTags(address.tags),
  }
}

/** Throws InvalidAddress.NotFound. */
function byPublicIp(scope: Scope, ip: string): AddressRecord {
  const address = elasticIps.list(scope).find(({ publicIp }) => publicIp === ip)
  if (!address) throw new AwsError('InvalidAddress.NotFound', `Address '${ip}' not found.`)
  return address
}

/** The address that a call names by either of its names. */
const addressOf = (scope: Scope, { AllocationId, PublicIp }: { AllocationId?: string; PublicIp?: string }) =>
  AllocationId === undefined && PublicIp !== undefined
    ? byPublicIp(scope, PublicIp)
    : elasticIps.get(scope, required(AllocationId, 'allocationId'))

export function allocateElasticIp(input: sdk.AllocateAddressCommandInput, context: RequestContext) {
  if (elasticIps.list(context).length >= ELASTIC_IP_LIMIT) {
    throw new AwsError('AddressLimitExceeded', 'The maximum number of addresses has been reached.')
  }
  const address = elasticIps.put(context, {
    id: elasticIps.newId(context),
    tags: tagsFor(input.TagSpecifications, 'elastic-ip'),
    publicIp: publicAddress(context),
  })
  return {
    AllocationId: address.id,
    PublicIp: address.publicIp,
    PublicIpv4Pool: 'amazon',
    NetworkBorderGroup: context.region,
    Domain: 'vpc',
  }
}

export function describeAddresses(input: sdk.DescribeAddressesCommandInput, context: RequestContext) {
  const all = elasticIps.list(context, input.AllocationIds)
  for (const ip of input.PublicIps ?? []) byPublicIp(context, ip)
  const asked = input.PublicIps?.length ? all.filter((a) => input.PublicIps!.includes(a.publicIp)) : all
  const { page } = select(
    asked,
    { Filters: input.Filters },
    {
      'allocation-id': (address) => address.id,
      'association-id': (address) => address.associationId,
      'instance-id': (address) => address.instanceId,
      'network-interface-id': (address) => address.networkInterfaceId,
      'network-border-group': () => context.region,
      'network-interface-owner-id': (address) => address.networkInterfaceId && context.accountId,
      'private-ip-address': (address) => address.privateIp,
      'public-ip': (address) => address.publicIp,
      domain: () => 'vpc',
    },
  )
  return { Addresses: page.map((address) => toAddress(context, address)) }
}

/** The names that reverse lookups of addresses give; nobody can set one here, so there are none. */
export function describeAddressesAttribute(
  input: sdk.DescribeAddressesAttributeCommandInput,
  context: RequestContext,
) {
  elasticIps.list(context, input.AllocationIds)
  return { Addresses: [] }
}

export function associateAddress(input: sdk.AssociateAddressCommandInput, context: RequestContext) {
  const address = addressOf(context, input)
  const instance = input.InstanceId ? instances.get(context, input.InstanceId) : undefined
  const eniId = input.NetworkInterfaceId ?? instance?.networkInterfaceIds[0]
  const eni = networkInterfaces.get(context, required(eniId, 'networkInterfaceId'))
  if (address.associationId && input.AllowReassociation === false) {
    throw new AwsError(
      'Resource.AlreadyAssociated',
      `resource ${address.id} is already associated with associate-id ${address.associationId}`,
    )
  }
  const associationId = `eipassoc-0${context.world.ids.hex(16)}`
  const instanceId = instance?.id ?? eni.attachment?.instanceId
  elasticIps.put(context, {
    ...address,
    associationId,
    networkInterfaceId: eni.id,
    instanceId,
    privateIp: eni.addresses[0],
  })
  networkInterfaces.patch(context, eni.id, { publicIp: address.publicIp, allocationId: address.id })
  if (instanceId) instances.patch(context, instanceId, { publicIp: address.publicIp })
  return { AssociationId: associationId }
}

export function disassociateAddress(input: sdk.DisassociateAddressCommandInput, context: RequestContext) {
  const address = input.PublicIp
    ? byPublicIp(context, input.PublicIp)
    : elasticIps
        .list(context)
        .find(({ associationId }) => associationId === required(input.AssociationId, 'associationId'))
  if (!address?.associationId) {
    throw new AwsError(
      'InvalidAssociationID.NotFound',
      `The association ID '${input.AssociationId ?? input.PublicIp}' does not exist`,
    )
  }
  detach(context, address)
  return {}
}

function detach(scope: Scope, address: AddressRecord): void {
  if (address.networkInterfaceId) {
    networkInterfaces.patch(scope, address.networkInterfaceId, {
      publicIp: undefined,
      allocationId: undefined,
    })
  }
  if (address.instanceId) instances.patch(scope, address.instanceId, { publicIp: undefined })
  disassociate(scope, address.id)
}

export function releaseElasticIp(input: sdk.ReleaseAddressCommandInput, context: RequestContext) {
  const address = addressOf(context, input)
  if (address.associationId) {
    throw new AwsError('InvalidIPAddress.InUse', `Address ${address.publicIp} is in use.`)
  }
  elasticIps.delete(context, address.id)
  return {}
}
