import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { makeDefaultVpc } from './bootstrap.ts'
import { formatCidr, overlaps, parseCidr } from './cidr.ts'
import { dependencyViolation, invalidParameterValue, notSimulated, required } from './errors.ts'
import { never, select } from './filters.ts'
import { associationId, checkedCidr, makeVpc } from './make-vpc.ts'
import type { VpcRecord } from './records.ts'
import type { Scope } from './scope.ts'
import {
  internetGateways,
  natGateways,
  networkAcls,
  networkInterfaces,
  routeTables,
  securityGroupRules,
  securityGroups,
  subnets,
  vpcEndpoints,
  vpcs,
} from './tables.ts'
import { tagList, tagsFor } from './tags.ts'

/** https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html */
const VPC_LIMIT = 5

export function toVpc(scope: Scope, vpc: VpcRecord): sdk.Vpc {
  return {
    VpcId: vpc.id,
    OwnerId: scope.accountId,
    CidrBlock: vpc.cidr,
    CidrBlockAssociationSet: vpc.associations.map(({ id, cidr }) => ({
      AssociationId: id,
      CidrBlock: cidr,
      CidrBlockState: { State: 'associated' },
    })),
    DhcpOptionsId: vpc.dhcpOptionsId,
    InstanceTenancy: vpc.tenancy,
    IsDefault: vpc.isDefault,
    State: 'available',
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    Tags: tagList(vpc.tags),
  }
}

export function createVpc(input: sdk.CreateVpcCommandInput, context: RequestContext) {
  if (input.AmazonProvidedIpv6CidrBlock || input.Ipv6Pool || input.Ipv6IpamPoolId) throw notSimulated('IPv6')
  if (input.Ipv4IpamPoolId) throw notSimulated('IPAM')
  const text = required(input.CidrBlock, 'cidrBlock')
  const cidr = checkedCidr(text, () => new AwsError('InvalidVpc.Range', `The CIDR '${text}' is invalid.`))
  if (vpcs.list(context).length >= VPC_LIMIT) {
    throw new AwsError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.')
  }
  const tenancy = input.InstanceTenancy === 'dedicated' ? 'dedicated' : 'default'
  const vpc = makeVpc(context, {
    cidr: formatCidr(cidr),
    tenancy,
    tags: tagsFor(input.TagSpecifications, 'vpc'),
  })
  return { Vpc: { ...toVpc(context, vpc), Ipv6CidrBlockAssociationSet: [], State: 'pending' } }
}

export function createDefaultVpc(_input: unknown, context: RequestContext) {
  const existing = vpcs.list(context).find((vpc) => vpc.isDefault)
  if (existing) {
    throw new AwsError(
      'DefaultVpcAlreadyExists',
      `A Default VPC already exists for this account in this region.`,
    )
  }
  return { Vpc: toVpc(context, vpcs.get(context, makeDefaultVpc(context))) }
}

export function describeVpcs(input: sdk.DescribeVpcsCommandInput, context: RequestContext) {
  const { page, NextToken } = select(vpcs.list(context, input.VpcIds), input, {
    cidr: (vpc) => vpc.cidr,
    'cidr-block': (vpc) => vpc.cidr,
    'cidr-block-association.cidr-block': (vpc) => vpc.associations.map(({ cidr }) => cidr),
    'cidr-block-association.association-id': (vpc) => vpc.associations.map(({ id }) => id),
    'cidr-block-association.state': () => 'associated',
    'dhcp-options-id': (vpc) => vpc.dhcpOptionsId,
    'is-default': (vpc) => vpc.isDefault,
    isDefault: (vpc) => vpc.isDefault,
    'owner-id': () => context.accountId,
    state: () => 'available',
    'vpc-id': (vpc) => vpc.id,
    ...never(
      'ipv6-cidr-block-association.association-id',
      'ipv6-cidr-block-association.ipv6-cidr-block',
      'ipv6-cidr-block-association.ipv6-pool',
      'ipv6-cidr-block-association.state',
    ),
  })
  return { Vpcs: page.map((vpc) => toVpc(context, vpc)), NextToken }
}

export function deleteVpc(input: sdk.DeleteVpcCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  const groups = securityGroups.list(context).filter((group) => group.vpcId === vpc.id)
  const tables = routeTables.list(context).filter((table) => table.vpcId === vpc.id)
  const blocked =
    subnets.list(context).some((subnet) => subnet.vpcId === vpc.id) ||
    internetGateways.list(context).some((gateway) => gateway.vpcId === vpc.id) ||
    natGateways.list(context).some(({ vpcId, state }) => vpcId === vpc.id && state !== 'deleted') ||
    networkInterfaces.list(context).some((eni) => eni.vpcId === vpc.id) ||
    vpcEndpoints.list(context).some(({ vpcId }) => vpcId === vpc.id) ||
    networkAcls.list(context).some((acl) => acl.vpcId === vpc.id && !acl.isDefault) ||
    groups.some((group) => group.name !== 'default') ||
    tables.some((table) => table.associations.every(({ subnetId }) => subnetId !== undefined))
  if (blocked) throw dependencyViolation(`The vpc '${vpc.id}' has dependencies and cannot be deleted.`)
  const groupIds = new Set(groups.map(({ id }) => id))
  for (const rule of securityGroupRules.list(context)) {
    if (groupIds.has(rule.groupId)) securityGroupRules.delete(context, rule.id)
  }
  for (const { id } of groups) securityGroups.delete(context, id)
  for (const { id } of tables) routeTables.delete(context, id)
  for (const { id, vpcId } of networkAcls.list(context)) {
    if (vpcId === vpc.id) networkAcls.delete(context, id)
  }
  vpcs.delete(context, vpc.id)
  return {}
}

export function describeVpcAttribute(
  input: sdk.DescribeVpcAttributeCommandInput,
  context: RequestContext,
): Partial<sdk.DescribeVpcAttributeCommandOutput> {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  if (input.Attribute === 'enableDnsSupport') {
    return { VpcId: vpc.id, EnableDnsSupport: { Value: vpc.enableDnsSupport } }
  }
  if (input.Attribute === 'enableDnsHostnames') {
    return { VpcId: vpc.id, EnableDnsHostnames: { Value: vpc.enableDnsHostnames } }
  }
  return { VpcId: vpc.id, EnableNetworkAddressUsageMetrics: { Value: vpc.addressUsageMetrics ?? false } }
}

export function modifyVpcAttribute(input: sdk.ModifyVpcAttributeCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  vpcs.patch(context, vpc.id, {
    enableDnsSupport: input.EnableDnsSupport?.Value ?? vpc.enableDnsSupport,
    enableDnsHostnames: input.EnableDnsHostnames?.Value ?? vpc.enableDnsHostnames,
    addressUsageMetrics: input.EnableNetworkAddressUsageMetrics?.Value ?? vpc.addressUsageMetrics,
  })
  return {}
}

export function associateVpcCidrBlock(input: sdk.AssociateVpcCidrBlockCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  if (input.AmazonProvidedIpv6CidrBlock || input.Ipv6Pool || input.Ipv6IpamPoolId) throw notSimulated('IPv6')
  if (input.Ipv4IpamPoolId) throw notSimulated('IPAM')
  if (input.AmazonProvidedIpv6CidrBlock || input.Ipv6CidrBlock || input.Ipv6Pool || input.Ipv6IpamPoolId)
    throw notSimulated('IPv6')
  const text = required(input.CidrBlock, 'cidrBlock')
  const cidr = checkedCidr(text, () => new AwsError('InvalidVpc.Range', `The CIDR '${text}' is invalid.`))
  if (vpc.associations.some((other) => overlaps(parseCidr(other.cidr)!, cidr))) {
    throw new AwsError('InvalidVpc.Range', `The CIDR '${text}' conflicts with another CIDR of the VPC.`)
  }
  const association = { id: associationId(context, 'vpc-cidr-assoc'), cidr: formatCidr(cidr) }
  vpcs.patch(context, vpc.id, { associations: [...vpc.associations, association] })
  return {
    VpcId: vpc.id,
    CidrBlockAssociation: {
      AssociationId: association.id,
      CidrBlock: association.cidr,
      CidrBlockState: { State: 'associating' },
    },
  }
}

/** Gives back a block that was added. Throws when it is the VPC's first, or subnets lie in it. */
export function disassociateVpcCidrBlock(
  input: sdk.DisassociateVpcCidrBlockCommandInput,
  context: RequestContext,
) {
  const id = required(input.AssociationId, 'associationId')
  const vpc = vpcs.list(context).find(({ associations }) => associations.some((one) => one.id === id))
  if (!vpc)
    throw new AwsError(
      'InvalidVpcCidrBlockAssociationID.NotFound',
      `The vpc CIDR block association ID '${id}' does not exist`,
    )
  const { cidr } = vpc.associations.find((one) => one.id === id)!
  if (cidr === vpc.cidr)
    throw new AwsError(
      'OperationNotPermitted',
      `The vpc CIDR block with association ID ${id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC`,
    )
  const used = subnets
    .list(context)
    .some(({ vpcId, cidr: own }) => vpcId === vpc.id && overlaps(parseCidr(own)!, parseCidr(cidr)!))
  if (used)
    throw new AwsError(
      'InvalidCidrBlock.InUse',
      `The vpc ${vpc.id} currently has a subnet within CIDR block ${cidr}`,
    )
  vpcs.patch(context, vpc.id, { associations: vpc.associations.filter((one) => one.id !== id) })
  return {
    VpcId: vpc.id,
    CidrBlockAssociation: {
      AssociationId: id,
      CidrBlock: cidr,
      CidrBlockState: { State: 'disassociating' },
    },
  }
}

/** Dedicated tenancy can be given up, not taken. */
export function modifyVpcTenancy(input: sdk.ModifyVpcTenancyCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  if (input.InstanceTenancy !== 'default')
    throw invalidParameterValue(
      `Value (${input.InstanceTenancy}) for parameter instanceTenancy is invalid. Unknown instance tenancy.`,
    )
  vpcs.patch(context, vpc.id, { tenancy: 'default' })
  return { ReturnValue: true }
}
