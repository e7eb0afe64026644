import type { Handler } from '../wire/service.ts'

/** Operation → the list that it answers: kinds of things of which no account of a world has any, since none can be made. */
const LISTS: Record<string, string> = {
  DescribeBundleTasks: 'BundleTasks',
  DescribeCapacityReservations: 'CapacityReservations',
  DescribeCarrierGateways: 'CarrierGateways',
  DescribeClientVpnEndpoints: 'ClientVpnEndpoints',
  DescribeCustomerGateways: 'CustomerGateways',
  DescribeEgressOnlyInternetGateways: 'EgressOnlyInternetGateways',
  DescribeExportTasks: 'ExportTasks',
  DescribeFastSnapshotRestores: 'FastSnapshotRestores',
  DescribeFleets: 'Fleets',
  DescribeHostReservations: 'HostReservationSet',
  DescribeHosts: 'Hosts',
  DescribeInstanceConnectEndpoints: 'InstanceConnectEndpoints',
  DescribeInstanceEventWindows: 'InstanceEventWindows',
  DescribeLocalGateways: 'LocalGateways',
  DescribePlacementGroups: 'PlacementGroups',
  DescribeReservedInstances: 'ReservedInstances',
  DescribeSpotFleetRequests: 'SpotFleetRequestConfigs',
  DescribeTransitGatewayAttachments: 'TransitGatewayAttachments',
  DescribeTransitGatewayRouteTables: 'TransitGatewayRouteTables',
  DescribeTransitGatewayVpcAttachments: 'TransitGatewayVpcAttachments',
  DescribeTransitGateways: 'TransitGateways',
  DescribeVpcEndpointConnections: 'VpcEndpointConnections',
  DescribeVpcEndpointServiceConfigurations: 'ServiceConfigurations',
  DescribeVpnConnections: 'VpnConnections',
  DescribeVpnGateways: 'VpnGateways',
}

export const absentHandlers: Record<string, Handler> = Object.fromEntries(
  Object.entries(LISTS).map(([operation, list]) => [operation, () => ({ [list]: [] })]),
)
