import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { formatCidr, parseCidr } from './cidr.ts'
import {
  dependencyViolation,
  invalidParameterCombination,
  invalidParameterValue,
  required,
} from './errors.ts'
import { select } from './filters.ts'
import { associationId } from './make-vpc.ts'
import { networkIndex } from './network-index.ts'
import { isPrefixList } from './prefix-lists.ts'
import type { RouteRecord, RouteTableRecord } from './records.ts'
import { routeState } from './route-state.ts'
import type { Scope } from './scope.ts'
import {
  instances,
  internetGateways,
  natGateways,
  networkInterfaces,
  peerings,
  routeTables,
  subnets,
  vpcs,
} from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

function targetField(target: string): Partial<sdk.Route> {
  if (target === 'local' || target.startsWith('igw-')) return { GatewayId: target }
  if (target.startsWith('nat-')) return { NatGatewayId: target }
  if (target.startsWith('vpce-')) return { GatewayId: target }
  if (target.startsWith('pcx-')) return { VpcPeeringConnectionId: target }
  return target.startsWith('i-') ? { InstanceId: target } : { NetworkInterfaceId: target }
}

function toRouteTable(scope: Scope, table: RouteTableRecord): sdk.RouteTable {
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: scope.accountId,
    PropagatingVgws: [],
    Tags: toTags(table.tags),
    Associations: table.associations.map(({ id, subnetId }) => ({
      Main: subnetId === undefined,
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      SubnetId: subnetId,
      AssociationState: { State: 'associated' },
    })),
    Routes: table.routes.map((route) => ({
      ...(route.destination.startsWith('pl-')
        ? { DestinationPrefixListId: route.destination }
        : { DestinationCidrBlock: route.destination }),
      ...targetField(route.target),
      Origin: route.origin === 'endpoint' ? 'CreateRoute' : route.origin,
      State: routeState(scope, route),
    })),
  }
}

/** The route table that a subnet uses: its own, or the VPC's main one. */
export function routeTableOf(
  scope: Scope,
  subnet: { id: string; vpcId: string },
): RouteTableRecord | undefined {
  return networkIndex(scope.world).routeTable(subnet.id, subnet.vpcId)
}

/** How traffic of a subnet leaves to the internet: by an internet gateway, by NAT, or not at all. */
export function internetPath(
  scope: Scope,
  subnet: { id: string; vpcId: string },
): 'internet-gateway' | 'nat' | undefined {
  const route = routeTableOf(scope, subnet)?.routes.find(({ destination }) => destination === '0.0.0.0/0')
  if (!route || routeState(scope, route) === 'blackhole') return undefined
  return route.target.startsWith('igw-') ? 'internet-gateway' : 'nat'
}

export function createRouteTable(input: sdk.CreateRouteTableCommandInput, context: RequestContext) {
  const vpc = vpcs.get(context, required(input.VpcId, 'vpcId'))
  const table = routeTables.put(context, {
    id: routeTables.newId(context),
    tags: tagsFor(input.TagSpecifications, 'route-table'),
    vpcId: vpc.id,
    routes: vpc.associations.map(({ cidr }) => ({
      destination: cidr,
      target: 'local',
      origin: 'CreateRouteTable',
    })),
    associations: [],
  })
  return { RouteTable: toRouteTable(context, table) }
}

export function describeRouteTables(input: sdk.DescribeRouteTablesCommandInput, context: RequestContext) {
  const { page, NextToken } = select(routeTables.list(context, input.RouteTableIds), input, {
    'association.main': (table) => table.associations.some(({ subnetId }) => subnetId === undefined),
    'association.subnet-id': (table) => table.associations.map(({ subnetId }) => subnetId),
    'association.route-table-association-id': (table) => table.associations.map(({ id }) => id),
    'association.route-table-id': (table) => table.associations.map(() => table.id),
    'owner-id': () => context.accountId,
    'route-table-id': (table) => table.id,
    'association.gateway-id': () => undefined,
    'route.destination-ipv6-cidr-block': () => undefined,
    'route.egress-only-internet-gateway-id': () => undefined,
    'route.instance-id': (table) => table.routes.map(({ target }) => target),
    'route.transit-gateway-id': () => undefined,
    'route.destination-cidr-block': (table) => table.routes.map(({ destination }) => destination),
    'route.gateway-id': (table) => table.routes.map(({ target }) => target),
    'route.destination-prefix-list-id': (table) => table.routes.map(({ destination }) => destination),
    'route.vpc-peering-connection-id': (table) => table.routes.map(({ target }) => target),
    'route.nat-gateway-id': (table) => table.routes.map(({ target }) => target),
    'route.origin': (table) => table.routes.map(({ origin }) => origin),
    'route.state': (table) => table.routes.map((route) => routeState(context, route)),
    'vpc-id': (table) => table.vpcId,
  })
  return { RouteTables: page.map((table) => toRouteTable(context, table)), NextToken }
}

export function deleteRouteTable(input: sdk.DeleteRouteTableCommandInput, context: RequestContext) {
  const table = routeTables.get(context, required(input.RouteTableId, 'routeTableId'))
  if (table.associations.length > 0) {
    throw dependencyViolation(`The routeTable '${table.id}' has dependencies and cannot be deleted.`)
  }
  routeTables.delete(context, table.id)
  return {}
}

export function associateRouteTable(input: sdk.AssociateRouteTableCommandInput, context: RequestContext) {
  const table = routeTables.get(context, required(input.RouteTableId, 'routeTableId'))
  const subnet = subnets.get(context, required(input.SubnetId, 'subnetId'))
  if (subnet.vpcId !== table.vpcId) {
    throw invalidParameterValue(
      `Route table ${table.id} and subnet ${subnet.id} belong to different networks`,
    )
  }
  for (const other of routeTables.list(context)) {
    const existing = other.associations.find(({ subnetId }) => subnetId === subnet.id)
    if (existing) {
      throw new AwsError(
        'Resource.AlreadyAssociated',
        `the specified association for route table ${table.id} conflicts with an existing association`,
      )
    }
  }
  const id = associationId(context, 'rtbassoc')
  routeTables.patch(context, table.id, { associations: [...table.associations, { id, subnetId: subnet.id }] })
  return { AssociationId: id, AssociationState: { State: 'associated' } }
}

export function disassociateRouteTable(
  input: sdk.DisassociateRouteTableCommandInput,
  context: RequestContext,
) {
  const id = required(input.AssociationId, 'associationId')
  const table = tableOfAssociation(context, id)
  if (table.associations.find((association) => association.id === id)!.subnetId === undefined) {
    throw invalidParameterValue(`cannot disassociate the main route table association ${id}`)
  }
  routeTables.patch(context, table.id, {
    associations: table.associations.filter((association) => association.id !== id),
  })
  return {}
}

export function replaceRouteTableAssociation(
  input: sdk.ReplaceRouteTableAssociationCommandInput,
  context: RequestContext,
) {
  const id = required(input.AssociationId, 'associationId')
  const next = routeTables.get(context, required(input.RouteTableId, 'routeTableId'))
  const table = tableOfAssociation(context, id)
  if (table.vpcId !== next.vpcId) {
    throw invalidParameterValue(`Route tables ${table.id} and ${next.id} belong to different networks`)
  }
  const { subnetId } = table.associations.find((association) => association.id === id)!
  const newId = associationId(context, 'rtbassoc')
  routeTables.patch(context, table.id, { associations: table.associations.filter((one) => one.id !== id) })
  const { associations } = routeTables.get(context, next.id)
  routeTables.patch(context, next.id, { associations: [...associations, { id: newId, subnetId }] })
  return { NewAssociationId: newId, AssociationState: { State: 'associated' } }
}

/** Throws InvalidAssociationID.NotFound. */
function tableOfAssociation(scope: Scope, id: string): RouteTableRecord {
  const table = routeTables.list(scope).find(({ associations }) => associations.some((a) => a.id === id))
  if (table) return table
  throw new AwsError('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`)
}

interface RouteInput {
  RouteTableId?: string
  DestinationCidrBlock?: string
  DestinationPrefixListId?: string
  GatewayId?: string
  NatGatewayId?: string
  NetworkInterfaceId?: string
  InstanceId?: string
  VpcPeeringConnectionId?: string
}

/** Where a route leads to: a block in canonical form, or a prefix list. */
function destinationOf(input: RouteInput, context: RequestContext): string {
  const list = input.DestinationPrefixListId
  if (list !== undefined) {
    if (isPrefixList(context.region, list)) return list
    throw new AwsError('InvalidPrefixListID.NotFound', `The prefix list ID '${list}' does not exist`)
  }
  const cidr = parseCidr(required(input.DestinationCidrBlock, 'destinationCidrBlock'))
  if (cidr) return formatCidr(cidr)
  throw invalidParameterValue(
    `Value (${input.DestinationCidrBlock}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
  )
}

function routeFrom(input: RouteInput, context: RequestContext): RouteRecord {
  const destination = destinationOf(input, context)
  const targets = [
    input.GatewayId,
    input.NatGatewayId,
    input.NetworkInterfaceId,
    input.InstanceId,
    input.VpcPeeringConnectionId,
  ]
  const target = targets.find((id) => id !== undefined)
  if (!target) {
    throw invalidParameterCombination(
      'A route needs a target: give a gateway, NAT gateway, network interface, peering connection or instance id',
    )
  }
  checkTarget(input, context, target)
  return { destination, target, origin: 'CreateRoute' }
}

function checkTarget(input: RouteInput, context: RequestContext, target: string): void {
  const { vpcId } = routeTables.get(context, input.RouteTableId!)
  if (input.GatewayId) {
    if (input.GatewayId === 'local') return
    if (input.GatewayId.startsWith('vpce-')) {
      throw invalidParameterValue(`Routes to endpoint ${input.GatewayId} are managed by the endpoint`)
    }
    const gateway = internetGateways.get(context, input.GatewayId)
    if (gateway.vpcId !== vpcId) {
      throw invalidParameterValue(
        `route table ${input.RouteTableId} and network gateway ${gateway.id} belong to different networks`,
      )
    }
  } else if (input.NatGatewayId) {
    const { vpcId: natVpc } = natGateways.get(context, input.NatGatewayId)
    if (natVpc !== vpcId) {
      throw invalidParameterValue(
        `route table ${input.RouteTableId} and NAT gateway ${input.NatGatewayId} belong to different networks`,
      )
    }
  } else if (input.NetworkInterfaceId) networkInterfaces.get(context, input.NetworkInterfaceId)
  else if (input.VpcPeeringConnectionId) peerings.get(context, input.VpcPeeringConnectionId)
  else instances.get(context, target)
}

export function createRoute(input: sdk.CreateRouteCommandInput, context: RequestContext) {
  const table = routeTables.get(context, required(input.RouteTableId, 'routeTableId'))
  const route = routeFrom(input, context)
  if (table.routes.some(({ destination }) => destination === route.destination)) {
    throw new AwsError('RouteAlreadyExists', `The route identified by ${route.destination} already exists.`)
  }
  routeTables.patch(context, table.id, { routes: [...table.routes, route] })
  return { Return: true }
}

function noRoute(tableId: string, destination: string): AwsError {
  return new AwsError(
    'InvalidRoute.NotFound',
    `no route with destination-cidr-block ${destination} in route table ${tableId}`,
  )
}

export function replaceRoute(input: sdk.ReplaceRouteCommandInput, context: RequestContext) {
  const table = routeTables.get(context, required(input.RouteTableId, 'routeTableId'))
  const route = routeFrom(input, context)
  if (!table.routes.some(({ destination }) => destination === route.destination)) {
    throw noRoute(table.id, route.destination)
  }
  routeTables.patch(context, table.id, {
    routes: table.routes.map((old) => (old.destination === route.destination ? route : old)),
  })
  return {}
}

export function deleteRoute(input: sdk.DeleteRouteCommandInput, context: RequestContext) {
  const table = routeTables.get(context, required(input.RouteTableId, 'routeTableId'))
  const destination = destinationOf(input, context)
  const route = table.routes.find((candidate) => candidate.destination === destination)
  if (!route) throw noRoute(table.id, destination)
  if (route.target === 'local') {
    throw invalidParameterValue(`cannot remove local route ${destination} in route table ${table.id}`)
  }
  routeTables.patch(context, table.id, { routes: table.routes.filter((candidate) => candidate !== route) })
  return {}
}
