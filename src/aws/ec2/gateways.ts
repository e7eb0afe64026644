import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { dependencyViolation, invalidParameterValue, required } from './errors.ts'
import { select } from './filters.ts'
import { createInterface } from './interfaces.ts'
import type { InternetGatewayRecord, NatGatewayRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { elasticIps, internetGateways, natGateways, networkInterfaces, subnets, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

function toInternetGateway(scope: Scope, gateway: InternetGatewayRecord): sdk.InternetGateway {
  return {
    InternetGatewayId: gateway.id,
    OwnerId: scope.accountId,
    Attachments: gateway.vpcId ? [{ State: 'available' as never, VpcId: gateway.vpcId }] : [],
    Tags: toTags(gateway.tags),
  }
}

export function createInternetGateway(input: sdk.CreateInternetGatewayCommandInput, context: RequestContext) {
  const gateway = internetGateways.put(context, {
    id: internetGateways.newId(context),
    tags: tagsFor(input.TagSpecifications, 'internet-gateway'),
  })
  return { InternetGateway: toInternetGateway(context, gateway) }
}

export function describeInternetGateways(
  input: sdk.DescribeInternetGatewaysCommandInput,
  context: RequestContext,
) {
  const { page, NextToken } = select(internetGateways.list(context, input.InternetGatewayIds), input, {
    'attachment.state': (gateway) => (gateway.vpcId ? 'available' : undefined),
    'attachment.vpc-id': (gateway) => gateway.vpcId,
    'internet-gateway-id': (gateway) => gateway.id,
    'owner-id': () => context.accountId,
  })
  return { InternetGateways: page.map((gateway) => toInternetGateway(context, gateway)), NextToken }
}

export function attachInternetGateway(input: sdk.AttachInternetGatewayCommandInput, context: RequestContext) {
  const gateway = internetGateways.get(context, required(input.InternetGatewayId, 'internetGatewayId'))
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  if (gateway.vpcId) {
    throw new AwsError(
      'Resource.AlreadyAssociated',
      `resource ${gateway.id} is already attached to network ${gateway.vpcId}`,
    )
  }
  if (internetGateways.list(context).some((other) => other.vpcId === vpc.id)) {
    throw invalidParameterValue(`Network ${vpc.id} already has an internet gateway attached`)
  }
  internetGateways.patch(context, gateway.id, { vpcId: vpc.id })
  return {}
}

export function detachInternetGateway(input: sdk.DetachInternetGatewayCommandInput, context: RequestContext) {
  const gateway = internetGateways.get(context, required(input.InternetGatewayId, 'internetGatewayId'))
  const vpcId = required(input.VpcId, 'vpcId')
  if (gateway.vpcId !== vpcId) {
    throw new AwsError('Gateway.NotAttached', `resource ${gateway.id} is not attached to network ${vpcId}`)
  }
  if (networkInterfaces.list(context).some((eni) => eni.vpcId === vpcId && eni.publicIp)) {
    throw dependencyViolation(
      `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
    )
  }
  const { vpcId: _detached, ...rest } = gateway
  internetGateways.put(context, rest)
  return {}
}

export function deleteInternetGateway(input: sdk.DeleteInternetGatewayCommandInput, context: RequestContext) {
  const gateway = internetGateways.get(context, required(input.InternetGatewayId, 'internetGatewayId'))
  if (gateway.vpcId) {
    throw dependencyViolation(`The internetGateway '${gateway.id}' has dependencies and cannot be deleted.`)
  }
  internetGateways.delete(context, gateway.id)
  return {}
}

function toNatGateway(scope: Scope, nat: NatGatewayRecord): sdk.NatGateway {
  return {
    NatGatewayId: nat.id,
    VpcId: nat.vpcId,
    SubnetId: nat.subnetId,
    State: nat.state,
    ConnectivityType: nat.connectivity,
    CreateTime: new Date(nat.createdAt),
    DeleteTime: nat.state === 'deleting' || nat.state === 'deleted' ? new Date(nat.since) : undefined,
    NatGatewayAddresses: [toNatAddress(scope, nat)],
    Tags: toTags(nat.tags),
  }
}

function toNatAddress(scope: Scope, nat: NatGatewayRecord): sdk.NatGatewayAddress {
  // What a gateway is being given shows once it has it.
  if (nat.state === 'pending')
    return {
      AllocationId: nat.allocationId,
      IsPrimary: true,
      Status: nat.allocationId ? 'associating' : 'assigning',
    }
  return {
    NetworkInterfaceId: nat.networkInterfaceId,
    PrivateIp: nat.privateIp,
    AllocationId: nat.allocationId,
    AssociationId: nat.allocationId && elasticIps.find(scope, nat.allocationId)?.associationId,
    PublicIp: nat.publicIp,
    IsPrimary: true,
    Status: 'succeeded',
  }
}

export function createNatGateway(input: sdk.CreateNatGatewayCommandInput, context: RequestContext) {
  const subnet = subnets.get(context, required(input.SubnetId, 'subnetId'))
  const connectivity = input.ConnectivityType ?? 'public'
  if (connectivity === 'public' && !input.AllocationId) {
    throw new AwsError('MissingParameter', 'AllocationId is required for public NAT gateways')
  }
  const address = input.AllocationId ? elasticIps.get(context, input.AllocationId) : undefined
  if (address?.associationId) {
    throw new AwsError(
      'Resource.AlreadyAssociated',
      `Elastic IP address [${address.id}] is already associated`,
    )
  }
  const id = natGateways.newId(context)
  const eni = createInterface(context, {
    subnet,
    groupIds: [],
    description: `Interface for NAT Gateway ${id}`,
    interfaceType: 'nat_gateway',
    requesterId: 'amazon-aws',
    attachment: { instanceOwnerId: 'amazon-aws', deviceIndex: 1, deleteOnTermination: false },
    publicIp: address?.publicIp,
    allocationId: address?.id,
    privateIp: input.PrivateIpAddress,
  })
  if (address) {
    elasticIps.patch(context, address.id, {
      associationId: `eipassoc-0${context.world.ids.hex(16)}`,
      networkInterfaceId: eni.id,
      privateIp: eni.addresses[0]!,
    })
  }
  const now = context.world.clock.now()
  const nat = natGateways.put(context, {
    id,
    tags: tagsFor(input.TagSpecifications, 'natgateway'),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    state: 'pending',
    connectivity,
    networkInterfaceId: eni.id,
    privateIp: eni.addresses[0]!,
    allocationId: address?.id,
    publicIp: address?.publicIp,
    createdAt: now,
    since: now,
  })
  return { NatGateway: toNatGateway(context, nat), ClientToken: input.ClientToken }
}

export function describeNatGateways(input: sdk.DescribeNatGatewaysCommandInput, context: RequestContext) {
  const all = natGateways.list(context, input.NatGatewayIds)
  const { page, NextToken } = select(
    all,
    { ...input, Filters: input.Filter },
    {
      'nat-gateway-id': (nat) => nat.id,
      state: (nat) => nat.state,
      'subnet-id': (nat) => nat.subnetId,
      'vpc-id': (nat) => nat.vpcId,
    },
  )
  return { NatGateways: page.map((nat) => toNatGateway(context, nat)), NextToken }
}

export function deleteNatGateway(input: sdk.DeleteNatGatewayCommandInput, context: RequestContext) {
  const nat = natGateways.get(context, required(input.NatGatewayId, 'natGatewayId'))
  if (nat.state === 'pending' || nat.state === 'available') {
    natGateways.patch(context, nat.id, { state: 'deleting', since: context.world.clock.now() })
  }
  return { NatGatewayId: nat.id }
}
