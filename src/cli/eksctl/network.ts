import type { Tag } from '@aws-sdk/client-ec2'
import { type Clients, until } from './clients.ts'
import { EksctlError } from './log.ts'

export interface Network {
  vpcId: string
  publicSubnets: string[]
  privateSubnets: string[]
  controlPlaneGroup: string
}

export interface SubnetPlan {
  zone: string
  publicCidr: string
  privateCidr: string
}

/** /19 blocks of 192.168.0.0/16: the public ones first, as eksctl lays them out. */
export function planSubnets(zones: string[]): SubnetPlan[] {
  if (zones.length < 2 || zones.length > 4) {
    throw new EksctlError(`only 2 to 4 zones specified ${zones.join(' ')}, ${zones.length} were given`)
  }
  const block = (index: number) => `192.168.${index * 32}.0/19`
  return zones.map((zone, index) => ({
    zone,
    publicCidr: block(index),
    privateCidr: block(zones.length + index),
  }))
}

const CLUSTER_TAG = 'alpha.eksctl.io/cluster-name'

/** Makes the dedicated VPC of a cluster: public and private subnets, internet and NAT gateway, security group. */
export async function createNetwork(clients: Clients, cluster: string, plan: SubnetPlan[]): Promise<Network> {
  const { ec2 } = clients
  const named = (name: string, extra: Tag[] = []): Tag[] => [
    { Key: 'Name', Value: `eksctl-${cluster}-cluster/${name}` },
    { Key: CLUSTER_TAG, Value: cluster },
    ...extra,
  ]
  const tagged = <T extends string>(type: T, name: string, extra?: Tag[]) => [
    { ResourceType: type, Tags: named(name, extra) },
  ]
  const { Vpc } = await ec2.createVpc({
    CidrBlock: '192.168.0.0/16',
    TagSpecifications: tagged('vpc', 'VPC'),
  })
  const vpcId = Vpc!.VpcId!
  await ec2.modifyVpcAttribute({ VpcId: vpcId, EnableDnsHostnames: { Value: true } })
  const gateway = await ec2.createInternetGateway({
    TagSpecifications: tagged('internet-gateway', 'InternetGateway'),
  })
  const gatewayId = gateway.InternetGateway!.InternetGatewayId!
  await ec2.attachInternetGateway({ VpcId: vpcId, InternetGatewayId: gatewayId })
  const table = async (name: string) => {
    const made = await ec2.createRouteTable({ VpcId: vpcId, TagSpecifications: tagged('route-table', name) })
    return made.RouteTable!.RouteTableId!
  }
  const subnet = async (zone: string, cidr: string, name: string, role: string, tableId: string) => {
    const made = await ec2.createSubnet({
      VpcId: vpcId,
      AvailabilityZone: zone,
      CidrBlock: cidr,
      TagSpecifications: tagged('subnet', name, [{ Key: role, Value: '1' }]),
    })
    const id = made.Subnet!.SubnetId!
    await ec2.associateRouteTable({ SubnetId: id, RouteTableId: tableId })
    return id
  }
  const label = (zone: string) => zone.replaceAll('-', '').toUpperCase()
  const publicTable = await table('PublicRouteTable')
  await ec2.createRoute({
    RouteTableId: publicTable,
    DestinationCidrBlock: '0.0.0.0/0',
    GatewayId: gatewayId,
  })
  const publicSubnets: string[] = []
  for (const { zone, publicCidr } of plan) {
    const name = `SubnetPublic${label(zone)}`
    const id = await subnet(zone, publicCidr, name, 'kubernetes.io/role/elb', publicTable)
    await ec2.modifySubnetAttribute({ SubnetId: id, MapPublicIpOnLaunch: { Value: true } })
    publicSubnets.push(id)
  }
  const address = await ec2.allocateAddress({
    Domain: 'vpc',
    TagSpecifications: tagged('elastic-ip', 'NATIP'),
  })
  const nat = await ec2.createNatGateway({
    SubnetId: publicSubnets[0],
    AllocationId: address.AllocationId,
    TagSpecifications: tagged('natgateway', 'NATGateway'),
  })
  const natId = nat.NatGateway!.NatGatewayId!
  const privateSubnets: string[] = []
  for (const { zone, privateCidr } of plan) {
    const tableId = await table(`PrivateRouteTable${label(zone)}`)
    await ec2.createRoute({
      RouteTableId: tableId,
      DestinationCidrBlock: '0.0.0.0/0',
      NatGatewayId: natId,
    })
    const name = `SubnetPrivate${label(zone)}`
    privateSubnets.push(await subnet(zone, privateCidr, name, 'kubernetes.io/role/internal-elb', tableId))
  }
  const group = await ec2.createSecurityGroup({
    GroupName: `eksctl-${cluster}-cluster-ControlPlaneSecurityGroup`,
    Description: 'Communication between the control plane and worker nodegroups',
    VpcId: vpcId,
    TagSpecifications: tagged('security-group', 'ControlPlaneSecurityGroup'),
  })
  await until(async () => {
    const found = await ec2.describeNatGateways({ NatGatewayIds: [natId] })
    return found.NatGateways?.[0]?.State === 'available' ? true : undefined
  }, `NAT gateway ${natId}`)
  return { vpcId, publicSubnets, privateSubnets, controlPlaneGroup: group.GroupId! }
}

/** The subnets that createNetwork made for a cluster; empty for a cluster that eksctl did not make. */
export async function clusterSubnets({ ec2 }: Clients, cluster: string) {
  const { Subnets = [] } = await ec2.describeSubnets({
    Filters: [{ Name: `tag:${CLUSTER_TAG}`, Values: [cluster] }],
  })
  const having = (role: string) =>
    Subnets.filter(({ Tags }) => Tags?.some(({ Key }) => Key === role)).map(({ SubnetId }) => SubnetId!)
  return {
    publicSubnets: having('kubernetes.io/role/elb'),
    privateSubnets: having('kubernetes.io/role/internal-elb'),
  }
}

/** Takes away what createNetwork made, in the order of dependencies. Does nothing when there is nothing. */
export async function deleteNetwork({ ec2 }: Clients, cluster: string): Promise<void> {
  const Filters = [{ Name: `tag:${CLUSTER_TAG}`, Values: [cluster] }]
  const nats = (await ec2.describeNatGateways({ Filter: Filters })).NatGateways ?? []
  for (const { NatGatewayId } of nats) await ec2.deleteNatGateway({ NatGatewayId })
  await until(async () => {
    const left = (await ec2.describeNatGateways({ Filter: Filters })).NatGateways ?? []
    return left.every(({ State }) => State === 'deleted') ? true : undefined
  }, 'NAT gateways to be deleted')
  for (const { AllocationId } of (await ec2.describeAddresses({ Filters })).Addresses ?? []) {
    await ec2.releaseAddress({ AllocationId })
  }
  for (const { SubnetId } of (await ec2.describeSubnets({ Filters })).Subnets ?? []) {
    await ec2.deleteSubnet({ SubnetId })
  }
  for (const { RouteTableId } of (await ec2.describeRouteTables({ Filters })).RouteTables ?? []) {
    await ec2.deleteRouteTable({ RouteTableId })
  }
  for (const gateway of (await ec2.describeInternetGateways({ Filters })).InternetGateways ?? []) {
    const { InternetGatewayId } = gateway
    for (const { VpcId } of gateway.Attachments ?? []) {
      await ec2.detachInternetGateway({ InternetGatewayId, VpcId })
    }
    await ec2.deleteInternetGateway({ InternetGatewayId })
  }
  for (const { GroupId } of (await ec2.describeSecurityGroups({ Filters })).SecurityGroups ?? []) {
    await ec2.deleteSecurityGroup({ GroupId })
  }
  for (const { VpcId } of (await ec2.describeVpcs({ Filters })).Vpcs ?? []) await ec2.deleteVpc({ VpcId })
}
