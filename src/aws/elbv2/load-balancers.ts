import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { createInterface, removeInterface, type Scope, type SubnetRecord, tables } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { HOSTED_ZONES, LIMITS } from './data/limits.ts'
import { page } from './paging.ts'
import type { LoadBalancerRecord } from './records.ts'
import { listeners, loadBalancers, rules } from './tables.ts'
import { tagsOf } from './tags.ts'

/** Who holds a load balancer's network interfaces. */
const REQUESTER = 'amazon-elb'

const validation = (message: string) => new AwsError('ValidationError', message)

export function toLoadBalancer(scope: Scope, record: LoadBalancerRecord): sdk.LoadBalancer {
  const zone = (HOSTED_ZONES[scope.region] ?? HOSTED_ZONES['us-east-1']!)[record.type]
  return {
    LoadBalancerArn: record.arn,
    DNSName: record.dnsName,
    CanonicalHostedZoneId: zone,
    CreatedTime: new Date(record.created),
    LoadBalancerName: record.name,
    Scheme: record.scheme,
    VpcId: record.vpcId,
    State: { Code: record.state },
    Type: record.type,
    AvailabilityZones: record.mappings.map(({ zone: ZoneName, subnetId: SubnetId, networkInterfaceId }) => ({
      ZoneName,
      SubnetId,
      LoadBalancerAddresses: addressesOf(scope, networkInterfaceId),
    })),
    ...(record.groupIds.length > 0 ? { SecurityGroups: record.groupIds } : {}),
    IpAddressType: 'ipv4',
  }
}

/** The Elastic IP address that a network load balancer was given for a subnet. */
function addressesOf(scope: Scope, networkInterfaceId: string): sdk.LoadBalancerAddress[] {
  const eni = tables.networkInterfaces.find(scope, networkInterfaceId)
  return eni?.allocationId ? [{ IpAddress: eni.publicIp, AllocationId: eni.allocationId }] : []
}

/** The addresses of subnet mappings, checked as ELB does. Throws AllocationIdNotFound, InvalidConfigurationRequest. */
function checkAllocations(
  scope: Scope,
  { SubnetMappings: mappings = [] }: { SubnetMappings?: sdk.SubnetMapping[] },
  type: string,
): void {
  const ids = mappings.flatMap(({ AllocationId }) => AllocationId ?? [])
  if (ids.length > 0 && type !== 'network')
    throw new AwsError(
      'InvalidConfigurationRequest',
      'Elastic IP addresses can be specified for network load balancers only',
    )
  for (const id of ids) {
    const address = tables.elasticIps.find(scope, id)
    if (!address) throw new AwsError('AllocationIdNotFound', `The allocation IDs '${id}' do not exist`)
    if (address.associationId)
      throw new AwsError('ResourceInUse', `The allocation IDs '${id}' are not available for use`)
  }
}

/** By names or ARNs. Throws LoadBalancerNotFound. */
function asked(context: RequestContext, input: sdk.DescribeLoadBalancersCommandInput): LoadBalancerRecord[] {
  if (input.LoadBalancerArns?.length)
    return input.LoadBalancerArns.map((arn) => loadBalancers.get(context, arn))
  const all = loadBalancers.list(context).sort((a, b) => a.created - b.created)
  if (!input.Names?.length) return all
  return input.Names.map((name) => {
    const found = all.find((one) => one.name === name)
    if (!found) throw new AwsError('LoadBalancerNotFound', `Load balancers '[${name}]' not found`)
    return found
  })
}

function checkName(name: string): void {
  if (name.startsWith('internal-'))
    throw validation(`Load balancer name '${name}' cannot begin with 'internal-'`)
  if (name.length > 32) throw validation(`Load balancer name '${name}' cannot be longer than '32' characters`)
  if (!/^[A-Za-z0-9-]+$/.test(name))
    throw validation(
      `The load balancer name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`,
    )
  if (/^-|-$/.test(name))
    throw validation(`Load balancer name '${name}' cannot begin or end with a hyphen(-)`)
}

/** The subnets that were asked for, checked as ELB does. */
function subnetsOf(
  scope: Scope,
  input: { Subnets?: string[]; SubnetMappings?: sdk.SubnetMapping[] },
  type: LoadBalancerRecord['type'],
  scheme: LoadBalancerRecord['scheme'],
): SubnetRecord[] {
  const ids = input.SubnetMappings?.map(({ SubnetId }) => SubnetId!) ?? input.Subnets ?? []
  if (ids.length === 0) throw validation('You must specify subnets')
  const subnets = ids.map((id) => {
    const subnet = tables.subnets.find(scope, id)
    if (!subnet) throw new AwsError('SubnetNotFound', `The subnet ID '${id}' does not exist`)
    return subnet
  })
  const zones = new Set(subnets.map(({ zone }) => zone))
  if (zones.size < subnets.length)
    throw new AwsError(
      'InvalidConfigurationRequest',
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    )
  if (type === 'application' && zones.size < 2)
    throw validation('At least two subnets in two different Availability Zones must be specified')
  const vpcId = subnets[0]!.vpcId
  if (subnets.some((subnet) => subnet.vpcId !== vpcId))
    throw new AwsError('InvalidConfigurationRequest', 'All subnets must belong to the same VPC')
  const gateway = tables.internetGateways.list(scope).some((one) => one.vpcId === vpcId)
  if (scheme === 'internet-facing' && !gateway)
    throw new AwsError('InvalidSubnet', `VPC ${vpcId} has no internet gateway`)
  return subnets
}

function checkGroups(scope: Scope, vpcId: string, ids: string[]): void {
  for (const id of ids) {
    const group = tables.securityGroups.find(scope, id)
    if (!group) throw new AwsError('InvalidSecurityGroup', `The security group '${id}' does not exist`)
    if (group.vpcId !== vpcId)
      throw new AwsError(
        'InvalidConfigurationRequest',
        `One or more security groups are invalid: security group '${id}' does not belong to VPC '${vpcId}'`,
      )
  }
}

function attach(scope: Scope, record: LoadBalancerRecord, subnet: SubnetRecord, mapping?: sdk.SubnetMapping) {
  const elastic = mapping?.AllocationId && tables.elasticIps.get(scope, mapping.AllocationId)
  const octet = () => scope.world.ids.number(254) + 1
  const eni = createInterface(scope, {
    subnet,
    groupIds: record.groupIds,
    description: `ELB ${record.arn.split(':loadbalancer/')[1]}`,
    interfaceType: record.type === 'network' ? 'network_load_balancer' : 'interface',
    requesterId: REQUESTER,
    publicIp: elastic
      ? elastic.publicIp
      : record.scheme === 'internet-facing'
        ? `54.${octet()}.${octet()}.${octet()}`
        : undefined,
    allocationId: elastic ? elastic.id : undefined,
    attachment: { instanceOwnerId: REQUESTER, deviceIndex: 1, deleteOnTermination: false },
  })
  if (elastic)
    tables.elasticIps.patch(scope, elastic.id, {
      associationId: `eipassoc-0${scope.world.ids.hex(16)}`,
      networkInterfaceId: eni.id,
      privateIp: eni.addresses[0],
    })
  return { subnetId: subnet.id, zone: subnet.zone, networkInterfaceId: eni.id }
}

function sameSettings(record: LoadBalancerRecord, input: sdk.CreateLoadBalancerCommandInput): boolean {
  const subnets = input.SubnetMappings?.map(({ SubnetId }) => SubnetId!) ?? input.Subnets ?? []
  const had = record.mappings.map(({ subnetId }) => subnetId)
  const same = (a: string[], b: string[]) => [...a].sort().join() === [...b].sort().join()
  return (
    record.type === (input.Type ?? 'application') &&
    record.scheme === (input.Scheme ?? 'internet-facing') &&
    same(subnets, had) &&
    (input.SecurityGroups === undefined || same(input.SecurityGroups, record.groupIds)) &&
    JSON.stringify(tagsOf(input.Tags)) === JSON.stringify(record.tags)
  )
}

/** `web-1234567890.us-east-1.elb.amazonaws.com`; `web-0123456789abcdef.elb.us-east-1.amazonaws.com` of a network one. */
function dnsName({ world, region }: Scope, name: string, type: string, scheme: string, id: string): string {
  if (type === 'network') return `${name}-${id}.elb.${region}.amazonaws.com`.toLowerCase()
  const prefix = scheme === 'internal' ? 'internal-' : ''
  return `${prefix}${name}-${world.ids.number(1_999_999_999) + 1}.${region}.elb.amazonaws.com`.toLowerCase()
}

function defaultGroup(scope: Scope, vpcId: string): string[] {
  return tables.securityGroups
    .list(scope)
    .filter((group) => group.vpcId === vpcId && group.name === 'default')
    .map(({ id }) => id)
}

function change(
  context: RequestContext,
  arn: string,
  fields: (record: LoadBalancerRecord) => Partial<LoadBalancerRecord>,
): LoadBalancerRecord {
  const record = loadBalancers.get(context, arn)
  return loadBalancers.put(context, { ...record, ...fields(record) })
}

function checkAddressType(type: string | undefined): void {
  if (type !== undefined && type !== 'ipv4')
    throw new AwsError('NotImplemented', 'Drydock simulates load balancers with IPv4 addresses only.', {
      status: 501,
    })
}

export const loadBalancerHandlers: Record<string, Handler> = {
  CreateLoadBalancer: (input: sdk.CreateLoadBalancerCommandInput, context) => {
    const { Name: name = '', Type: type = 'application', Scheme: scheme = 'internet-facing' } = input
    checkName(name)
    if (type === 'gateway')
      throw new AwsError('NotImplemented', 'Drydock does not simulate gateway load balancers.', {
        status: 501,
      })
    checkAddressType(input.IpAddressType)
    const present = loadBalancers.list(context).find((one) => one.name === name)
    if (present) {
      if (sameSettings(present, input)) return { LoadBalancers: [toLoadBalancer(context, present)] }
      throw new AwsError(
        'DuplicateLoadBalancerName',
        `A load balancer with the same name '${name}' exists, but with different settings`,
      )
    }
    const subnets = subnetsOf(context, input, type, scheme)
    checkAllocations(context, input, type)
    const vpcId = subnets[0]!.vpcId
    checkGroups(context, vpcId, input.SecurityGroups ?? [])
    const count = loadBalancers.list(context).filter((one) => one.type === type).length
    if (count >= LIMITS[`${type}-load-balancers`]!)
      throw new AwsError('TooManyLoadBalancers', `The maximum number of load balancers has been reached`)
    ensureLinkedRole(context.world, context.accountId, 'elasticloadbalancing.amazonaws.com')
    const id = context.world.ids.hex(16)
    const short = type === 'application' ? 'app' : 'net'
    const record: LoadBalancerRecord = {
      arn: `arn:aws:elasticloadbalancing:${context.region}:${context.accountId}:loadbalancer/${short}/${name}/${id}`,
      name,
      type,
      scheme,
      dnsName: dnsName(context, name, type, scheme, id),
      state: 'provisioning',
      vpcId,
      mappings: [],
      // A network load balancer made without security groups has none for ever.
      groupIds: input.SecurityGroups?.length
        ? input.SecurityGroups
        : type === 'application'
          ? defaultGroup(context, vpcId)
          : [],
      attributes: {},
      tags: tagsOf(input.Tags),
      created: context.world.clock.now(),
    }
    const mappings = subnets.map((subnet) =>
      attach(
        context,
        record,
        subnet,
        input.SubnetMappings?.find(({ SubnetId }) => SubnetId === subnet.id),
      ),
    )
    return { LoadBalancers: [toLoadBalancer(context, loadBalancers.put(context, { ...record, mappings }))] }
  },

  DescribeLoadBalancers: (input: sdk.DescribeLoadBalancersCommandInput, context) => {
    const { items, ...rest } = page(asked(context, input), input)
    return { LoadBalancers: items.map((record) => toLoadBalancer(context, record)), ...rest }
  },

  DeleteLoadBalancer: (input: sdk.DeleteLoadBalancerCommandInput, context) => {
    const record = loadBalancers.find(context, input.LoadBalancerArn!)
    // Deleting what is not there succeeds.
    if (!record) return {}
    if (record.attributes['deletion_protection.enabled'] === 'true')
      throw new AwsError(
        'OperationNotPermitted',
        `Load balancer '${record.arn}' cannot be deleted because deletion protection is enabled`,
      )
    for (const { networkInterfaceId } of record.mappings) removeInterface(context, networkInterfaceId)
    for (const listener of listeners.list(context, record.arn)) listeners.delete(context, listener.arn)
    for (const rule of rules.list(context, record.arn)) rules.delete(context, rule.arn)
    loadBalancers.delete(context, record.arn)
    return {}
  },

  // No capacity can be reserved here, so none is.
  DescribeCapacityReservation: (input: sdk.DescribeCapacityReservationCommandInput, context) => {
    loadBalancers.get(context, input.LoadBalancerArn!)
    return { DecreaseRequestsRemaining: 2, CapacityReservationState: [] }
  },

  SetIpAddressType: (input: sdk.SetIpAddressTypeCommandInput, context) => {
    loadBalancers.get(context, input.LoadBalancerArn!)
    checkAddressType(input.IpAddressType)
    return { IpAddressType: 'ipv4' }
  },

  SetSecurityGroups: (input: sdk.SetSecurityGroupsCommandInput, context) => {
    const record = loadBalancers.get(context, input.LoadBalancerArn!)
    const groupIds = input.SecurityGroups ?? []
    if (record.type === 'network' && record.groupIds.length === 0)
      throw new AwsError(
        'InvalidConfigurationRequest',
        'You cannot set security groups on a load balancer that was created without security groups',
      )
    checkGroups(context, record.vpcId, groupIds)
    for (const { networkInterfaceId } of record.mappings)
      tables.networkInterfaces.patch(context, networkInterfaceId, { groupIds })
    loadBalancers.put(context, { ...record, groupIds })
    return { SecurityGroupIds: groupIds }
  },

  SetSubnets: (input: sdk.SetSubnetsCommandInput, context) => {
    const record = loadBalancers.get(context, input.LoadBalancerArn!)
    const subnets = subnetsOf(context, input, record.type, record.scheme)
    const ids = subnets.map(({ id }) => id)
    for (const { subnetId, networkInterfaceId } of record.mappings)
      if (!ids.includes(subnetId)) removeInterface(context, networkInterfaceId)
    const mappings = subnets.map(
      (subnet) =>
        record.mappings.find(({ subnetId }) => subnetId === subnet.id) ?? attach(context, record, subnet),
    )
    const next = change(context, record.arn, () => ({ mappings }))
    return { AvailabilityZones: toLoadBalancer(context, next).AvailabilityZones }
  },
}
