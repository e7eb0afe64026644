import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { type EndpointService, endpointServices, fits, serviceOf } from './data/endpoint-services.ts'
import { invalidParameterValue, required } from './errors.ts'
import { select } from './filters.ts'
import { createInterface, removeInterface } from './interfaces.ts'
import { defaultGroup, toGroups } from './network-interfaces.ts'
import { prefixListOf } from './prefix-lists.ts'
import type { SubnetRecord, VpcEndpointRecord } from './records.ts'
import { zonesOf } from './regions.ts'
import type { Scope } from './scope.ts'
import { networkInterfaces, routeTables, securityGroups, subnets, vpcEndpoints, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

const FULL_ACCESS = JSON.stringify({
  Version: '2008-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }],
})

/** The interface endpoint of a VPC whose private DNS takes over a host name. */
export function privateEndpointFor(scope: Scope, vpcId: string, host: string): VpcEndpointRecord | undefined {
  return vpcEndpoints.list(scope).find((endpoint) => {
    if (endpoint.vpcId !== vpcId || endpoint.type !== 'Interface' || endpoint.state !== 'available')
      return false
    if (endpoint.dnsNames.includes(host)) return true
    const names = serviceOf(endpoint.serviceName, scope.region)?.names(scope.region) ?? []
    return endpoint.privateDns && names.some((name) => fits(name, host))
  })
}

function toEndpoint(scope: Scope, endpoint: VpcEndpointRecord): sdk.VpcEndpoint {
  return {
    VpcEndpointId: endpoint.id,
    VpcEndpointType: endpoint.type,
    VpcId: endpoint.vpcId,
    ServiceName: endpoint.serviceName,
    State: endpoint.state as never,
    PolicyDocument: endpoint.policy,
    RouteTableIds: endpoint.routeTableIds,
    SubnetIds: endpoint.subnetIds,
    Groups: toGroups(scope, endpoint.groupIds) as sdk.SecurityGroupIdentifier[],
    IpAddressType: 'ipv4',
    PrivateDnsEnabled: endpoint.privateDns,
    RequesterManaged: false,
    NetworkInterfaceIds: endpoint.networkInterfaceIds,
    DnsEntries: endpoint.dnsNames.map((DnsName) => ({ DnsName, HostedZoneId: 'Z7HUB22UULQXV' })),
    CreationTimestamp: new Date(endpoint.createdAt),
    Tags: toTags(endpoint.tags),
    OwnerId: scope.accountId,
  }
}

export function createVpcEndpoint(input: sdk.CreateVpcEndpointCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  const serviceName = required(input.ServiceName, 'serviceName')
  const service = serviceOf(serviceName, context.region)
  if (!service) {
    throw new AwsError('InvalidServiceName', `The Vpc Endpoint Service '${serviceName}' does not exist`)
  }
  const type = input.VpcEndpointType ?? 'Gateway'
  if (type !== 'Gateway' && type !== 'Interface') {
    throw invalidParameterValue(`Drydock does not simulate VPC endpoints of type ${type}`)
  }
  if (!service.types.includes(type)) {
    throw new AwsError(
      'InvalidParameter',
      `Endpoint type (${type}) does not match available service types ([${service.types.join(', ')}]).`,
    )
  }
  const base = {
    id: vpcEndpoints.newId(context),
    tags: tagsFor(input.TagSpecifications, 'vpc-endpoint'),
    type,
    vpcId: vpc.id,
    serviceName,
    since: context.world.clock.now(),
    createdAt: context.world.clock.now(),
    policy: input.PolicyDocument ?? FULL_ACCESS,
  }
  const endpoint =
    type === 'Gateway' ? makeGateway(context, input, base) : makeInterfaces(context, input, base, service)
  return { VpcEndpoint: toEndpoint(context, endpoint), ClientToken: input.ClientToken }
}

type Base = Pick<
  VpcEndpointRecord,
  'id' | 'tags' | 'type' | 'vpcId' | 'serviceName' | 'since' | 'createdAt' | 'policy'
>

function makeGateway(context: RequestContext, input: sdk.CreateVpcEndpointCommandInput, base: Base) {
  const routeTableIds = input.RouteTableIds ?? []
  for (const id of routeTableIds) addRoute(context, id, base)
  return vpcEndpoints.put(context, {
    ...base,
    state: 'available',
    privateDns: false,
    routeTableIds,
    subnetIds: [],
    groupIds: [],
    networkInterfaceIds: [],
    dnsNames: [],
  })
}

function addRoute(scope: Scope, tableId: string, { id, vpcId, serviceName }: Base): void {
  const table = routeTables.get(scope, tableId)
  if (table.vpcId !== vpcId) {
    throw invalidParameterValue(`Route table ${tableId} and VPC ${vpcId} belong to different networks`)
  }
  const destination = prefixListOf(serviceName)!
  if (table.routes.some((route) => route.destination === destination)) {
    throw new AwsError(
      'RouteAlreadyExists',
      `route table ${tableId} already has a route with destination-prefix-list-id ${destination}`,
    )
  }
  routeTables.patch(scope, tableId, {
    routes: [...table.routes, { destination, target: id, origin: 'endpoint' }],
  })
}

function removeRoute(scope: Scope, tableId: string, endpointId: string): void {
  const table = routeTables.find(scope, tableId)
  if (!table) return
  routeTables.patch(scope, tableId, { routes: table.routes.filter(({ target }) => target !== endpointId) })
}

function makeInterfaces(
  context: RequestContext,
  input: sdk.CreateVpcEndpointCommandInput,
  base: Base,
  service: EndpointService,
) {
  const privateDns = input.PrivateDnsEnabled ?? true
  const vpc = vpcs.get(context, base.vpcId)
  if (privateDns && !(vpc.enableDnsSupport && vpc.enableDnsHostnames)) {
    throw invalidParameterValue(
      'Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true',
    )
  }
  const [name = ''] = service.names(context.region)
  if (privateDns && privateEndpointFor(context, base.vpcId, name.replace('*', 'x'))) {
    throw invalidParameterValue(
      `private-dns-enabled cannot be set because there is already a conflicting DNS domain for ${name} in the VPC ${base.vpcId}`,
    )
  }
  for (const id of input.SecurityGroupIds ?? []) securityGroups.get(context, id)
  const groupIds = input.SecurityGroupIds?.length
    ? input.SecurityGroupIds
    : [defaultGroup(context, base.vpcId)]
  const chosen = checkedSubnets(context, base.vpcId, input.SubnetIds ?? [], [])
  const interfaces = chosen.map((subnet) => attachTo(context, base.id, subnet, groupIds))
  return vpcEndpoints.put(context, {
    ...base,
    state: 'pending',
    privateDns,
    routeTableIds: [],
    subnetIds: chosen.map(({ id }) => id),
    groupIds,
    networkInterfaceIds: interfaces,
    dnsNames: dnsNamesOf(context, base, chosen, privateDns ? service.names(context.region) : []),
  })
}

function checkedSubnets(scope: Scope, vpcId: string, ids: string[], present: SubnetRecord[]): SubnetRecord[] {
  const chosen = subnets.list(scope, ids.length > 0 ? ids : undefined).filter(() => ids.length > 0)
  const foreign = chosen.find((subnet) => subnet.vpcId !== vpcId)
  if (foreign) throw invalidParameterValue(`Subnet ${foreign.id} does not belong to VPC ${vpcId}`)
  const all = [...present, ...chosen]
  if (new Set(all.map(({ zone }) => zone)).size < all.length) {
    throw new AwsError(
      'DuplicateSubnetsInSameZone',
      'Found another VPC endpoint subnet in the availability zone of the subnet given',
    )
  }
  return chosen
}

const attachTo = (scope: Scope, endpointId: string, subnet: SubnetRecord, groupIds: string[]): string =>
  createInterface(scope, {
    subnet,
    groupIds,
    description: `VPC Endpoint Interface ${endpointId}`,
    interfaceType: 'vpc_endpoint',
    requesterId: 'amazon-vpce',
    attachment: { instanceOwnerId: 'amazon-aws', deviceIndex: 1, deleteOnTermination: false },
  }).id

/** Names of the endpoint itself, of it in each zone, and those of the service that it takes over. */
function dnsNamesOf(scope: Scope, { id, serviceName }: Base, chosen: SubnetRecord[], taken: string[]) {
  const service = serviceName.split('.').slice(3).reverse().join('.')
  const token = createHash('sha256').update(id).digest('hex').slice(0, 8)
  const tail = `${service}.${scope.region}.vpce.amazonaws.com`
  return [
    `${id}-${token}.${tail}`,
    ...chosen.map(({ zone }) => `${id}-${token}-${zone}.${tail}`),
    ...taken.filter((name) => !name.startsWith('*')),
  ]
}

export function describeVpcEndpoints(input: sdk.DescribeVpcEndpointsCommandInput, context: RequestContext) {
  const { page, NextToken } = select(vpcEndpoints.list(context, input.VpcEndpointIds), input, {
    'service-name': ({ serviceName }) => serviceName,
    'vpc-endpoint-id': ({ id }) => id,
    'vpc-endpoint-state': ({ state }) => state,
    'vpc-endpoint-type': ({ type }) => type,
    'vpc-id': ({ vpcId }) => vpcId,
    'ip-address-type': () => 'ipv4',
    'service-region': () => context.region,
  })
  return { VpcEndpoints: page.map((endpoint) => toEndpoint(context, endpoint)), NextToken }
}

export function modifyVpcEndpoint(input: sdk.ModifyVpcEndpointCommandInput, context: RequestContext) {
  const endpoint = vpcEndpoints.get(context, required(input.VpcEndpointId, 'vpcEndpointId'))
  for (const id of input.AddRouteTableIds ?? []) addRoute(context, id, endpoint)
  for (const id of input.RemoveRouteTableIds ?? []) removeRoute(context, id, endpoint.id)
  const changed = (kept: string[], added: string[] = [], removed: string[] = []) => [
    ...kept.filter((id) => !removed.includes(id) && !added.includes(id)),
    ...added,
  ]
  const groupIds = changed(endpoint.groupIds, input.AddSecurityGroupIds, input.RemoveSecurityGroupIds)
  for (const id of groupIds) securityGroups.get(context, id)
  const kept = subnets
    .list(context, endpoint.subnetIds)
    .filter(({ id }) => endpoint.subnetIds.includes(id) && !input.RemoveSubnetIds?.includes(id))
  const added = checkedSubnets(context, endpoint.vpcId, input.AddSubnetIds ?? [], kept)
  const interfaces = changeInterfaces(context, endpoint, input.RemoveSubnetIds ?? [], added, groupIds)
  vpcEndpoints.put(context, {
    ...endpoint,
    policy: input.ResetPolicy ? FULL_ACCESS : (input.PolicyDocument ?? endpoint.policy),
    privateDns: input.PrivateDnsEnabled ?? endpoint.privateDns,
    routeTableIds: changed(endpoint.routeTableIds, input.AddRouteTableIds, input.RemoveRouteTableIds),
    subnetIds: [...kept, ...added].map(({ id }) => id),
    groupIds,
    networkInterfaceIds: interfaces,
  })
  return { Return: true }
}

function changeInterfaces(
  scope: Scope,
  endpoint: VpcEndpointRecord,
  removed: string[],
  added: SubnetRecord[],
  groupIds: string[],
): string[] {
  const kept = endpoint.networkInterfaceIds.filter((id) => {
    const eni = networkInterfaces.get(scope, id)
    if (!removed.includes(eni.subnetId)) {
      networkInterfaces.patch(scope, id, { groupIds })
      return true
    }
    removeInterface(scope, id)
    return false
  })
  return [...kept, ...added.map((subnet) => attachTo(scope, endpoint.id, subnet, groupIds))]
}

export function deleteVpcEndpoints(input: sdk.DeleteVpcEndpointsCommandInput, context: RequestContext) {
  const Unsuccessful: sdk.UnsuccessfulItem[] = []
  for (const id of input.VpcEndpointIds ?? []) {
    const endpoint = vpcEndpoints.find(context, id)
    if (!endpoint) {
      const { code, message } = vpcEndpoints.missing(id)
      Unsuccessful.push({ ResourceId: id, Error: { Code: code, Message: message } })
      continue
    }
    for (const tableId of endpoint.routeTableIds) removeRoute(context, tableId, id)
    if (endpoint.type === 'Gateway') vpcEndpoints.delete(context, id)
    else vpcEndpoints.patch(context, id, { state: 'deleting', since: context.world.clock.now() })
  }
  return { Unsuccessful }
}

/** `ec2.us-east-1.vpce.amazonaws.com`, of a gateway's service its own name. */
function baseName(name: string, type: string, region: string): string {
  const service = name.split('.').slice(3).reverse().join('.')
  return `${service}.${region}${type === 'Interface' ? '.vpce' : ''}.amazonaws.com`
}

export function describeVpcEndpointServices(
  input: sdk.DescribeVpcEndpointServicesCommandInput,
  context: RequestContext,
) {
  const all = Object.entries(endpointServices).flatMap(([key, { types, names }]) =>
    types.map((type) => ({
      name: `com.amazonaws.${context.region}.${key}`,
      type,
      names: names(context.region),
      tags: {},
    })),
  )
  for (const name of input.ServiceNames ?? []) {
    if (!all.some((service) => service.name === name)) {
      throw new AwsError('InvalidServiceName', `The Vpc Endpoint Service '${name}' does not exist`)
    }
  }
  const asked = input.ServiceNames?.length
    ? all.filter(({ name }) => input.ServiceNames!.includes(name))
    : all
  const { page, NextToken } = select(asked, input, {
    'service-name': ({ name }) => name,
    'service-type': ({ type }) => type,
    'service-region': () => context.region,
    'supported-ip-address-types': () => 'ipv4',
    owner: () => 'amazon',
  })
  return {
    ServiceNames: [...new Set(page.map(({ name }) => name))],
    ServiceDetails: page.map(({ name, type, names }) => ({
      ServiceName: name,
      ServiceId: `vpce-svc-0${createHash('sha256').update(`${name}/${type}`).digest('hex').slice(0, 16)}`,
      ServiceType: [{ ServiceType: type }],
      ServiceRegion: context.region,
      AvailabilityZones: zonesOf(context.region).map((zone) => zone.name),
      Owner: 'amazon',
      BaseEndpointDnsNames: [baseName(name, type, context.region)],
      PrivateDnsName: type === 'Interface' ? names[0] : undefined,
      PrivateDnsNames: type === 'Interface' ? names.map((PrivateDnsName) => ({ PrivateDnsName })) : undefined,
      PrivateDnsNameVerificationState: type === 'Interface' ? ('verified' as const) : undefined,
      SupportedIpAddressTypes: ['ipv4' as const],
      VpcEndpointPolicySupported: true,
      AcceptanceRequired: false,
      ManagesVpcEndpoints: false,
      Tags: [],
    })),
    NextToken,
  }
}
