import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { availableAddresses } from './addresses.ts'
import { contains, formatCidr, overlaps, parseCidr } from './cidr.ts'
import { dependencyViolation, invalidParameterValue, notSimulated, required } from './errors.ts'
import { select, shownFields } from './filters.ts'
import { checkedCidr } from './make-vpc.ts'
import { leaveNetworkAcl } from './network-acls.ts'
import type { SubnetRecord } from './records.ts'
import { zonesOf } from './regions.ts'
import { ec2Arn, type Scope } from './scope.ts'
import { networkInterfaces, routeTables, subnets, vpcs } from './tables.ts'
import { tagList, tagsFor } from './tags.ts'

export function toSubnet(scope: Scope, subnet: SubnetRecord): sdk.Subnet {
  return {
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: subnet.zoneId,
    AvailableIpAddressCount: availableAddresses(scope, subnet),
    AssignIpv6AddressOnCreation: false,
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    CidrBlock: subnet.cidr,
    DefaultForAz: subnet.isDefault,
    EnableDns64: false,
    Ipv6CidrBlockAssociationSet: [],
    Ipv6Native: false,
    MapCustomerOwnedIpOnLaunch: false,
    MapPublicIpOnLaunch: subnet.mapPublicIp,
    OwnerId: scope.accountId,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: subnet.hostnameType ?? 'ip-name',
      EnableResourceNameDnsARecord: subnet.resourceNameDns ?? false,
      EnableResourceNameDnsAAAARecord: false,
    },
    State: 'available',
    SubnetArn: ec2Arn(scope, 'subnet', subnet.id),
    SubnetId: subnet.id,
    Tags: tagList(subnet.tags),
    VpcId: subnet.vpcId,
  }
}

export function createSubnet(input: sdk.CreateSubnetCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  if (input.Ipv6CidrBlock || input.Ipv6Native || input.Ipv6IpamPoolId) throw notSimulated('IPv6')
  const text = required(input.CidrBlock, 'cidrBlock')
  const invalid = () => new AwsError('InvalidSubnet.Range', `The CIDR '${text}' is invalid.`)
  const cidr = checkedCidr(text, invalid)
  if (!vpc.associations.some((block) => contains(parseCidr(block.cidr)!, cidr))) throw invalid()
  const siblings = subnets.list(context).filter((subnet) => subnet.vpcId === vpc.id)
  if (siblings.some((other) => overlaps(parseCidr(other.cidr)!, cidr))) {
    throw new AwsError('InvalidSubnet.Conflict', `The CIDR '${text}' conflicts with another subnet`)
  }
  const zone = zoneFor(context, input)
  const subnet = subnets.put(context, {
    id: subnets.newId(context),
    tags: tagsFor(input.TagSpecifications, 'subnet'),
    vpcId: vpc.id,
    cidr: formatCidr(cidr),
    zone: zone.name,
    zoneId: zone.id,
    isDefault: false,
    mapPublicIp: false,
  })
  return { Subnet: toSubnet(context, subnet) }
}

function zoneFor(context: RequestContext, input: { AvailabilityZone?: string; AvailabilityZoneId?: string }) {
  const zones = zonesOf(context.region)
  const { AvailabilityZone: name, AvailabilityZoneId: id } = input
  if (name === undefined && id === undefined) return zones[context.world.ids.number(zones.length)]!
  const zone = zones.find((candidate) => candidate.name === name || candidate.id === id)
  if (zone) return zone
  throw invalidParameterValue(
    name === undefined
      ? `Value (${id}) for parameter availabilityZoneId is invalid. Subnets can currently only be created in the following availability zones: ${zones.map((known) => known.id).join(', ')}.`
      : `Value (${name}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${zones.map((known) => known.name).join(', ')}.`,
  )
}

/** Filters that read what is shown. */
const SHOWN = {
  'customer-owned-ipv4-pool': 'CustomerOwnedIpv4Pool',
  'enable-dns64': 'EnableDns64',
  'enable-lni-at-device-index': 'EnableLniAtDeviceIndex',
  'ipv6-cidr-block-association.association-id': 'Ipv6CidrBlockAssociationSet.AssociationId',
  'ipv6-cidr-block-association.ipv6-cidr-block': 'Ipv6CidrBlockAssociationSet.Ipv6CidrBlock',
  'ipv6-cidr-block-association.state': 'Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State',
  'ipv6-native': 'Ipv6Native',
  'map-customer-owned-ip-on-launch': 'MapCustomerOwnedIpOnLaunch',
  'outpost-arn': 'OutpostArn',
  'private-dns-name-options-on-launch.enable-resource-name-dns-a-record':
    'PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord',
  'private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record':
    'PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord',
  'private-dns-name-options-on-launch.hostname-type': 'PrivateDnsNameOptionsOnLaunch.HostnameType',
}

export function describeSubnets(input: sdk.DescribeSubnetsCommandInput, context: RequestContext) {
  const { page, NextToken } = select(subnets.list(context, input.SubnetIds), input, {
    'availability-zone': (subnet) => subnet.zone,
    availabilityZone: (subnet) => subnet.zone,
    'availability-zone-id': (subnet) => subnet.zoneId,
    availabilityZoneId: (subnet) => subnet.zoneId,
    'available-ip-address-count': (subnet) => availableAddresses(context, subnet),
    'cidr-block': (subnet) => subnet.cidr,
    cidr: (subnet) => subnet.cidr,
    cidrBlock: (subnet) => subnet.cidr,
    'default-for-az': (subnet) => subnet.isDefault,
    defaultForAz: (subnet) => subnet.isDefault,
    'map-public-ip-on-launch': (subnet) => subnet.mapPublicIp,
    'owner-id': () => context.accountId,
    state: () => 'available',
    'subnet-arn': (subnet) => ec2Arn(context, 'subnet', subnet.id),
    'subnet-id': (subnet) => subnet.id,
    ...shownFields((subnet: SubnetRecord) => toSubnet(context, subnet), SHOWN),
    'vpc-id': (subnet) => subnet.vpcId,
  })
  return { Subnets: page.map((subnet) => toSubnet(context, subnet)), NextToken }
}

export function deleteSubnet(input: sdk.DeleteSubnetCommandInput, context: RequestContext) {
  const subnet = subnets.get(context, required(input.SubnetId, 'subnetId'))
  if (networkInterfaces.list(context).some((eni) => eni.subnetId === subnet.id)) {
    throw dependencyViolation(`The subnet '${subnet.id}' has dependencies and cannot be deleted.`)
  }
  for (const table of routeTables.list(context)) {
    const associations = table.associations.filter(({ subnetId }) => subnetId !== subnet.id)
    if (associations.length !== table.associations.length)
      routeTables.patch(context, table.id, { associations })
  }
  leaveNetworkAcl(context, subnet)
  subnets.delete(context, subnet.id)
  return {}
}

/** What needs IPv6 or an Outpost. */
const ELSEWHERE = [
  'AssignIpv6AddressOnCreation',
  'EnableDns64',
  'EnableResourceNameDnsAAAARecordOnLaunch',
  'MapCustomerOwnedIpOnLaunch',
] as const

export function modifySubnetAttribute(input: sdk.ModifySubnetAttributeCommandInput, context: RequestContext) {
  const subnet = subnets.get(context, required(input.SubnetId, 'subnetId'))
  const asked = ELSEWHERE.find((name) => input[name]?.Value)
  if (asked)
    throw invalidParameterValue(
      `Invalid value 'true' for ${asked}: the subnet '${subnet.id}' has no IPv6 CIDR block and is not on an Outpost`,
    )
  const { MapPublicIpOnLaunch, EnableResourceNameDnsARecordOnLaunch, PrivateDnsHostnameTypeOnLaunch } = input
  subnets.patch(context, subnet.id, {
    mapPublicIp: MapPublicIpOnLaunch?.Value ?? subnet.mapPublicIp,
    resourceNameDns: EnableResourceNameDnsARecordOnLaunch?.Value ?? subnet.resourceNameDns,
    hostnameType: PrivateDnsHostnameTypeOnLaunch ?? subnet.hostnameType,
  })
  return {}
}
