import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type End, ec2Service, endOfInstance, type Path, reach, tables } from '../../../src/aws/ec2/index.ts'
import { TestAccount } from './support/account.ts'

let account: TestAccount
const ec2 = (operation: string, input: object = {}) => account.call(ec2Service, operation, input)
const internet: End = { address: '44.208.254.194' }

beforeEach(() => {
  account = new TestAccount()
})
afterEach(() => account.close())

/** A VPC with an internet gateway, a public and a private subnet; `nat` gives the private one a way out. */
async function network(cidr = '10.0', { nat = false } = {}) {
  const { VpcId } = (await ec2('CreateVpc', { CidrBlock: `${cidr}.0.0/16` })).Vpc
  const subnet = async (third: number) =>
    (await ec2('CreateSubnet', { VpcId, CidrBlock: `${cidr}.${third}.0/24`, AvailabilityZone: 'us-east-1a' }))
      .Subnet.SubnetId as string
  const [open, closed] = [await subnet(1), await subnet(2)]
  await ec2('ModifySubnetAttribute', { SubnetId: open, MapPublicIpOnLaunch: { Value: true } })
  const { InternetGatewayId } = (await ec2('CreateInternetGateway')).InternetGateway
  await ec2('AttachInternetGateway', { InternetGatewayId, VpcId })
  const table = async (subnetId: string) => {
    const { RouteTableId } = (await ec2('CreateRouteTable', { VpcId })).RouteTable
    await ec2('AssociateRouteTable', { RouteTableId, SubnetId: subnetId })
    return RouteTableId as string
  }
  const [openTable, closedTable] = [await table(open), await table(closed)]
  await route(openTable, { GatewayId: InternetGatewayId })
  if (nat) {
    const { AllocationId } = await ec2('AllocateAddress')
    const { NatGatewayId } = (await ec2('CreateNatGateway', { SubnetId: open, AllocationId })).NatGateway
    await account.world.advance(0)
    await route(closedTable, { NatGatewayId })
  }
  return {
    VpcId: VpcId as string,
    open,
    closed,
    openTable,
    closedTable,
    gateway: InternetGatewayId as string,
  }
}

const route = (RouteTableId: string, target: object, DestinationCidrBlock = '0.0.0.0/0') =>
  ec2('CreateRoute', { RouteTableId, DestinationCidrBlock, ...target })

async function group(VpcId: string, name: string) {
  return (await ec2('CreateSecurityGroup', { VpcId, GroupName: name, Description: name })).GroupId as string
}

const admit = (GroupId: string, from: string | { GroupId: string }, port: number) => {
  const peer = typeof from === 'string' ? { IpRanges: [{ CidrIp: from }] } : { UserIdGroupPairs: [from] }
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, ...peer }]
  return ec2('AuthorizeSecurityGroupIngress', { GroupId, IpPermissions })
}

/** An instance's own end of a connection. */
async function machine(SubnetId: string, SecurityGroupIds?: string[]): Promise<End & { address: string }> {
  const { Images } = await ec2('DescribeImages', { Owners: ['amazon'] })
  const { Instances } = await ec2('RunInstances', {
    ...{ ImageId: Images[0].ImageId, InstanceType: 't3.small', SubnetId, SecurityGroupIds },
    ...{ MinCount: 1, MaxCount: 1 },
  })
  await account.world.advance(0)
  return endOfInstance(account.context, tables.instances.get(account.context, Instances[0].InstanceId))!
}

const go = (from: End, to: End, port = 443, fromPort?: number) =>
  reach(account.world, from, to, { port, fromPort })
const why = (path: Path) => (path.open ? 'open' : path.reason)

describe('the way out of a VPC', () => {
  it('leads through the internet gateway for a public address, and nowhere without one', async () => {
    const { open, closed, gateway, closedTable } = await network()
    const from = await machine(open)
    const publicIp = 'eni' in from ? from.eni.publicIp : undefined
    expect(go(from, internet)).toEqual({ open: true, via: [gateway], sourceAddress: publicIp })
    const inside = await machine(closed)
    expect(why(go(inside, internet))).toBe('no route for 44.208.254.194')
    await route(closedTable, { GatewayId: gateway })
    expect(why(go(inside, internet))).toContain('has no public address')
  })

  it('leads through a NAT gateway once that is available, with its address as the source', async () => {
    const { closed, gateway } = await network('10.0', { nat: true })
    const [nat] = tables.natGateways.list(account.context)
    const path = go(await machine(closed), internet)
    expect(path).toEqual({ open: true, via: [nat!.id, gateway], sourceAddress: nat!.publicIp })
    await ec2('DeleteNatGateway', { NatGatewayId: nat!.id })
    expect(why(go(await machine(closed), internet))).toBe(`${nat!.id} is gone`)
  })

  it('ends in the NAT gateway’s own subnet when that has no way out', async () => {
    const { closed, openTable } = await network('10.0', { nat: true })
    await ec2('DeleteRoute', { RouteTableId: openTable, DestinationCidrBlock: '0.0.0.0/0' })
    expect(why(go(await machine(closed), internet))).toBe('no route for 44.208.254.194')
  })

  it('of the most specific route wins', async () => {
    const { open, openTable, gateway } = await network()
    const inside = await machine(open)
    const eni = tables.networkInterfaces.list(account.context)[0]!.id
    await route(openTable, { NetworkInterfaceId: eni }, '44.208.0.0/16')
    expect(why(go(inside, internet))).not.toBe('open')
    await route(openTable, { GatewayId: gateway }, '44.208.254.0/24')
    expect(go(inside, internet).open).toBe(true)
  })

  it('is closed by a security group that lets nothing out', async () => {
    const { VpcId, open } = await network()
    const sg = await group(VpcId, 'tight')
    const from = await machine(open, [sg])
    expect(go(from, internet).open).toBe(true)
    const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
    await ec2('RevokeSecurityGroupEgress', { GroupId: sg, IpPermissions })
    expect(go(from, internet)).toMatchObject({ open: false, blockedBy: sg })
  })

  it('leads to S3 through a gateway endpoint, by its prefix list', async () => {
    const { VpcId, closed, closedTable } = await network()
    const ServiceName = 'com.amazonaws.us-east-1.s3'
    const s3: End = { address: '52.216.1.1', service: ServiceName }
    const from = await machine(closed)
    expect(go(from, s3).open).toBe(false)
    const { VpcEndpointId } = (
      await ec2('CreateVpcEndpoint', { VpcId, ServiceName, RouteTableIds: [closedTable] })
    ).VpcEndpoint
    expect(go(from, s3)).toMatchObject({ open: true, via: [VpcEndpointId] })
    expect(go(from, internet).open).toBe(false)
    await ec2('DeleteVpcEndpoints', { VpcEndpointIds: [VpcEndpointId] })
    expect(go(from, s3).open).toBe(false)
  })
})

describe('the way in from the internet', () => {
  it('needs a public address, a route back and a rule', async () => {
    const { VpcId, open, closed, openTable } = await network()
    const web = await group(VpcId, 'web')
    const server = await machine(open, [web])
    expect(why(go(internet, server, 80))).toContain('no rule of')
    await admit(web, '44.0.0.0/8', 80)
    expect(go(internet, server, 80).open).toBe(true)
    expect(go(internet, server, 81).open).toBe(false)
    expect(go({ address: '45.1.1.1' }, server, 80).open).toBe(false)
    expect(why(go(internet, await machine(closed, [web]), 80))).toContain('no route')
    await ec2('DeleteRoute', { RouteTableId: openTable, DestinationCidrBlock: '0.0.0.0/0' })
    expect(why(go(internet, server, 80))).toContain('no route')
  })
})

describe('inside a VPC', () => {
  it('security groups admit by reference, are stateful and ask both sides', async () => {
    const { VpcId, open, closed } = await network()
    const [web, database] = [await group(VpcId, 'web'), await group(VpcId, 'database')]
    const [client, server] = [await machine(open, [web]), await machine(closed, [database])]
    expect(go(client, server, 5432)).toMatchObject({ open: false, blockedBy: database })
    await admit(database, { GroupId: web }, 5432)
    expect(go(client, server, 5432).open).toBe(true)
    // The answers come back by state, but nothing lets the database open a connection of its own.
    expect(go(server, client, 5432)).toMatchObject({ open: false, blockedBy: web })
    expect(go(await machine(open, [database]), server, 5432).open).toBe(false)
  })

  it('network ACLs are stateless: the answers need a rule for the ephemeral ports', async () => {
    const { VpcId, open, closed } = await network()
    const sg = await group(VpcId, 'all')
    await admit(sg, '0.0.0.0/0', 80)
    const [client, server] = [await machine(open, [sg]), await machine(closed, [sg])]
    const { NetworkAclId } = (await ec2('CreateNetworkAcl', { VpcId })).NetworkAcl
    const { NetworkAcls } = await ec2('DescribeNetworkAcls', {
      Filters: [{ Name: 'association.subnet-id', Values: [closed] }],
    })
    const old = NetworkAcls[0].Associations.find(({ SubnetId }: { SubnetId: string }) => SubnetId === closed)
    await ec2('ReplaceNetworkAclAssociation', { AssociationId: old.NetworkAclAssociationId, NetworkAclId })
    const rule = (RuleNumber: number, Egress: boolean, From: number, To: number, RuleAction = 'allow') =>
      ec2('CreateNetworkAclEntry', {
        ...{ NetworkAclId, RuleNumber, Egress, RuleAction, Protocol: '6', CidrBlock: '10.0.0.0/16' },
        PortRange: { From, To },
      })
    expect(why(go(client, server, 80))).toContain('rule 32767')
    await rule(100, false, 80, 80)
    expect(why(go(client, server, 80, 50_000))).toContain('denies out to')
    await rule(100, true, 49_152, 65_535)
    expect(go(client, server, 80, 50_000).open).toBe(true)
    expect(go(client, server, 80, 40_000).open).toBe(false)
    await rule(90, false, 80, 80, 'deny')
    expect(why(go(client, server, 80, 50_000))).toContain('rule 90')
    // Inside the subnet no ACL is asked.
    expect(go(await machine(closed, [sg]), server, 80).open).toBe(true)
  })

  it('packets on one machine meet no security group', async () => {
    const { VpcId, open } = await network()
    const here = await machine(open, [await group(VpcId, 'none')])
    expect(go(here, here, 8080).open).toBe(true)
  })
})

describe('peering', () => {
  it('connects two VPCs once it is accepted and both route to it', async () => {
    const [a, b] = [await network('10.0'), await network('10.1')]
    const sg = await group(b.VpcId, 'web')
    await admit(sg, '10.0.0.0/16', 80)
    const [client, server] = [await machine(a.open), await machine(b.closed, [sg])]
    const made = await ec2('CreateVpcPeeringConnection', { VpcId: a.VpcId, PeerVpcId: b.VpcId })
    const { VpcPeeringConnectionId } = made.VpcPeeringConnection
    await route(a.openTable, { VpcPeeringConnectionId }, '10.1.0.0/16')
    expect(why(go(client, server, 80))).toBe(`${VpcPeeringConnectionId} is gone`)
    await ec2('AcceptVpcPeeringConnection', { VpcPeeringConnectionId })
    expect(why(go(client, server, 80))).toBe(`no route for ${client.address}`)
    await route(b.closedTable, { VpcPeeringConnectionId }, '10.0.0.0/16')
    expect(go(client, server, 80)).toMatchObject({ open: true, via: [VpcPeeringConnectionId] })
  })

  it('fails between overlapping blocks', async () => {
    const [a, b] = [await network('10.0'), await network('10.0')]
    const made = await ec2('CreateVpcPeeringConnection', { VpcId: a.VpcId, PeerVpcId: b.VpcId })
    const { VpcPeeringConnectionId } = made.VpcPeeringConnection
    const { VpcPeeringConnections } = await ec2('DescribeVpcPeeringConnections')
    expect(VpcPeeringConnections[0]).toMatchObject({ VpcPeeringConnectionId, Status: { Code: 'failed' } })
  })
})
