import { EksctlError } from '../log.ts'
import { exported, nameTag, type Resource, ref, type Template } from './template.ts'

export interface SubnetPlan {
  zone: string
  publicCidr: string
  privateCidr: string
}

export interface NetworkPlan {
  cidr: string
  subnets: SubnetPlan[]
  nat: 'Single' | 'HighlyAvailable' | 'Disable'
}

/** Eight blocks of the VPC's range: the public ones first, as eksctl lays them out. */
export function planNetwork(
  zones: string[],
  { cidr = '192.168.0.0/16', nat = 'Single' }: Partial<Omit<NetworkPlan, 'subnets'>> = {},
): NetworkPlan {
  if (zones.length < 2 || zones.length > 4) {
    throw new EksctlError(`only 2 to 4 zones specified ${zones.join(' ')}, ${zones.length} were given`)
  }
  const [address = '', prefix = '16'] = cidr.split('/')
  if (Number(prefix) > 24 || Number(prefix) < 16)
    throw new EksctlError(`VPC CIDR prefix must be between /16 and /24, got ${cidr}`)
  const base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(prefix) - 3)
  const block = (index: number) => {
    const start = base + index * size
    const text = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')
    return `${text}/${Number(prefix) + 3}`
  }
  const subnets = zones.map((zone, index) => ({
    zone,
    publicCidr: block(index),
    privateCidr: block(zones.length + index),
  }))
  return { cidr, subnets, nat }
}

/** `USEAST1A`, as logical ids name a zone. */
const label = (zone: string) => zone.replaceAll('-', '').toUpperCase()

const subnetId = (kind: 'Public' | 'Private', { zone }: SubnetPlan) => `Subnet${kind}${label(zone)}`

export const subnetRefs = (plan: NetworkPlan, kind: 'Public' | 'Private') =>
  plan.subnets.map((subnet) => ref(subnetId(kind, subnet)))

/** The dedicated VPC of a cluster: public and private subnets, their routes, internet and NAT gateways. */
export function networkResources(plan: NetworkPlan): Record<string, Resource> {
  const resources: Record<string, Resource> = {
    VPC: {
      Type: 'AWS::EC2::VPC',
      Properties: {
        CidrBlock: plan.cidr,
        EnableDnsHostnames: true,
        EnableDnsSupport: true,
        Tags: [nameTag('VPC')],
      },
    },
    InternetGateway: {
      Type: 'AWS::EC2::InternetGateway',
      Properties: { Tags: [nameTag('InternetGateway')] },
    },
    VPCGatewayAttachment: {
      Type: 'AWS::EC2::VPCGatewayAttachment',
      Properties: { InternetGatewayId: ref('InternetGateway'), VpcId: ref('VPC') },
    },
    PublicRouteTable: routeTable('PublicRouteTable'),
    PublicSubnetRoute: {
      Type: 'AWS::EC2::Route',
      DependsOn: ['VPCGatewayAttachment'],
      Properties: {
        RouteTableId: ref('PublicRouteTable'),
        DestinationCidrBlock: '0.0.0.0/0',
        GatewayId: ref('InternetGateway'),
      },
    },
  }
  for (const subnet of plan.subnets) Object.assign(resources, zoneResources(subnet))
  Object.assign(resources, natResources(plan))
  return resources
}

const routeTable = (logicalId: string): Resource => ({
  Type: 'AWS::EC2::RouteTable',
  Properties: { VpcId: ref('VPC'), Tags: [nameTag(logicalId)] },
})

function zoneResources(subnet: SubnetPlan): Record<string, Resource> {
  const { zone } = subnet
  const one = (kind: 'Public' | 'Private', CidrBlock: string, role: string, table: string) => {
    const id = subnetId(kind, subnet)
    return {
      [id]: {
        Type: 'AWS::EC2::Subnet',
        Properties: {
          AvailabilityZone: zone,
          CidrBlock,
          VpcId: ref('VPC'),
          ...(kind === 'Public' ? { MapPublicIpOnLaunch: true } : {}),
          Tags: [{ Key: `kubernetes.io/role/${role}`, Value: '1' }, nameTag(id)],
        },
      },
      [`RouteTableAssociation${kind}${label(zone)}`]: {
        Type: 'AWS::EC2::SubnetRouteTableAssociation',
        Properties: { RouteTableId: ref(table), SubnetId: ref(id) },
      },
    }
  }
  const privateTable = `PrivateRouteTable${label(zone)}`
  return {
    ...one('Public', subnet.publicCidr, 'elb', 'PublicRouteTable'),
    [privateTable]: routeTable(privateTable),
    ...one('Private', subnet.privateCidr, 'internal-elb', privateTable),
  }
}

/** One NAT gateway for all zones, one a zone, or none. */
function natResources({ subnets, nat }: NetworkPlan): Record<string, Resource> {
  if (nat === 'Disable') return {}
  const resources: Record<string, Resource> = {}
  const suffixes = nat === 'Single' ? [''] : subnets.map(({ zone }) => label(zone))
  for (const [index, suffix] of suffixes.entries()) {
    resources[`NATIP${suffix}`] = {
      Type: 'AWS::EC2::EIP',
      DependsOn: ['VPCGatewayAttachment'],
      Properties: { Domain: 'vpc', Tags: [nameTag(`NATIP${suffix}`)] },
    }
    resources[`NATGateway${suffix}`] = {
      Type: 'AWS::EC2::NatGateway',
      Properties: {
        AllocationId: { 'Fn::GetAtt': [`NATIP${suffix}`, 'AllocationId'] },
        SubnetId: ref(subnetId('Public', subnets[index]!)),
        Tags: [nameTag(`NATGateway${suffix}`)],
      },
    }
  }
  for (const { zone } of subnets) {
    resources[`NATPrivateSubnetRoute${label(zone)}`] = {
      Type: 'AWS::EC2::Route',
      Properties: {
        RouteTableId: ref(`PrivateRouteTable${label(zone)}`),
        DestinationCidrBlock: '0.0.0.0/0',
        NatGatewayId: ref(nat === 'Single' ? 'NATGateway' : `NATGateway${label(zone)}`),
      },
    }
  }
  return resources
}

/** The outputs by which the stacks of node groups find the network. */
export function networkOutputs(plan: NetworkPlan): NonNullable<Template['Outputs']> {
  const joined = (kind: 'Public' | 'Private') => ({ 'Fn::Join': [',', subnetRefs(plan, kind)] })
  return {
    VPC: exported('VPC', ref('VPC')),
    SubnetsPublic: exported('SubnetsPublic', joined('Public')),
    SubnetsPrivate: exported('SubnetsPrivate', joined('Private')),
  }
}
