import {
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type RouteTable,
  type Subnet,
} from '@aws-sdk/client-ec2'
import type { CheckContext } from '#checks/checker.ts'

/** Where packets for the internet go from a subnet. */
export type WayOut = 'internet-gateway' | 'nat-gateway' | 'none'

/** The subnets of a VPC, and where their route tables lead. */
export class Network {
  readonly subnets: Subnet[]
  readonly #tables: RouteTable[]

  private constructor(subnets: Subnet[], tables: RouteTable[]) {
    this.subnets = subnets
    this.#tables = tables
  }

  static async read(t: CheckContext, vpcId: string): Promise<Network> {
    const ec2 = t.aws(EC2Client)
    const Filters = [{ Name: 'vpc-id', Values: [vpcId] }]
    const [{ Subnets = [] }, { RouteTables = [] }] = await Promise.all([
      ec2.send(new DescribeSubnetsCommand({ Filters })),
      ec2.send(new DescribeRouteTablesCommand({ Filters })),
    ])
    return new Network(Subnets, RouteTables)
  }

  /** Subnets with a tag, whatever its value. */
  tagged(key: string): Subnet[] {
    return this.subnets.filter(({ Tags = [] }) => Tags.some((tag) => tag.Key === key))
  }

  /** By the subnet's own route table, else by the main one. */
  wayOut(subnetId: string): WayOut {
    const associated = ({ Associations = [] }: RouteTable) =>
      Associations.some(({ SubnetId }) => SubnetId === subnetId)
    const main = ({ Associations = [] }: RouteTable) => Associations.some(({ Main }) => Main)
    const table = this.#tables.find(associated) ?? this.#tables.find(main)
    const out = table?.Routes?.find(
      ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole',
    )
    if (out?.GatewayId?.startsWith('igw-')) return 'internet-gateway'
    return out?.NatGatewayId ? 'nat-gateway' : 'none'
  }
}

/** How many availability zones subnets are in. */
export const zonesOf = (subnets: Subnet[]) =>
  new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size

export const nameOf = ({ SubnetId, Tags = [] }: Subnet) =>
  Tags.find(({ Key }) => Key === 'Name')?.Value ?? SubnetId!
