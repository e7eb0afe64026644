import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allocatePodAddress, ec2Service, releasePodAddress, tables } from '../../../src/aws/ec2/index.ts'
import { failure, TestAccount } from './support/account.ts'

let account: TestAccount
const ec2 = (operation: string, input: object = {}) => account.call(ec2Service, operation, input)

beforeEach(() => {
  account = new TestAccount()
})
afterEach(() => account.close())

async function aSubnet() {
  return (await ec2('DescribeSubnets')).Subnets[0]
}

async function launch(count: number, type = 't3.small') {
  const { Images } = await ec2('DescribeImages', { Owners: ['amazon'] })
  const subnet = await aSubnet()
  const { Instances } = await ec2('RunInstances', {
    ImageId: Images[0].ImageId,
    InstanceType: type,
    SubnetId: subnet.SubnetId,
    MinCount: count,
    MaxCount: count,
  })
  return Instances.map(({ InstanceId }: { InstanceId: string }) => InstanceId) as string[]
}

describe('a new region', () => {
  it('has a default VPC with three public /20 subnets and a way to the internet', async () => {
    const { Vpcs } = await ec2('DescribeVpcs', { Filters: [{ Name: 'is-default', Values: ['true'] }] })
    expect(Vpcs).toHaveLength(1)
    expect(Vpcs[0].CidrBlock).toBe('172.31.0.0/16')
    const { Subnets } = await ec2('DescribeSubnets')
    expect(Subnets.map((subnet: { CidrBlock: string }) => subnet.CidrBlock).sort()).toEqual([
      '172.31.0.0/20',
      '172.31.16.0/20',
      '172.31.32.0/20',
    ])
    expect(new Set(Subnets.map((subnet: { AvailabilityZone: string }) => subnet.AvailabilityZone)).size).toBe(
      3,
    )
    expect(Subnets[0].AvailableIpAddressCount).toBe(4091)
    const { RouteTables } = await ec2('DescribeRouteTables')
    expect(RouteTables[0].Routes[1]).toMatchObject({ DestinationCidrBlock: '0.0.0.0/0', State: 'active' })
  })

  it('is made once', async () => {
    const first = await ec2('DescribeVpcs')
    expect((await ec2('DescribeVpcs')).Vpcs).toEqual(first.Vpcs)
  })
})

describe('errors', () => {
  it('names what does not exist', async () => {
    expect(await failure(() => ec2('DescribeVpcs', { VpcIds: ['vpc-1'] }))).toBe(
      "InvalidVpcID.NotFound: The vpc ID 'vpc-1' does not exist",
    )
    expect(await failure(() => ec2('DescribeInstances', { InstanceIds: ['i-12345678'] }))).toBe(
      "InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    )
    expect(await failure(() => ec2('DescribeVpcs', { Filters: [{ Name: 'color', Values: ['red'] }] }))).toBe(
      "InvalidParameterValue: The filter 'color' is invalid",
    )
  })

  it('refuses to delete what others depend on', async () => {
    const subnet = await aSubnet()
    expect(await failure(() => ec2('DeleteVpc', { VpcId: subnet.VpcId }))).toBe(
      `DependencyViolation: The vpc '${subnet.VpcId}' has dependencies and cannot be deleted.`,
    )
    await launch(1)
    expect(await failure(() => ec2('DeleteSubnet', { SubnetId: subnet.SubnetId }))).toBe(
      `DependencyViolation: The subnet '${subnet.SubnetId}' has dependencies and cannot be deleted.`,
    )
  })

  it('changes nothing on a dry run', async () => {
    expect(await failure(() => ec2('CreateVpc', { CidrBlock: '10.0.0.0/16', DryRun: true }))).toBe(
      'DryRunOperation: Request would have succeeded, but DryRun flag is set.',
    )
    expect((await ec2('DescribeVpcs')).Vpcs).toHaveLength(1)
  })

  it('keeps subnets inside the VPC and apart', async () => {
    const { Vpc } = await ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' })
    const subnet = (CidrBlock: string) => ec2('CreateSubnet', { VpcId: Vpc.VpcId, CidrBlock })
    await subnet('10.0.0.0/24')
    expect(await failure(() => subnet('10.0.0.128/25'))).toBe(
      "InvalidSubnet.Conflict: The CIDR '10.0.0.128/25' conflicts with another subnet",
    )
    expect(await failure(() => subnet('10.1.0.0/24'))).toBe(
      "InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid.",
    )
  })
})

describe('security groups', () => {
  it('come with an open egress rule, refuse the same rule twice, and can be used up', async () => {
    const { GroupId } = await ec2('CreateSecurityGroup', { GroupName: 'web', Description: 'web' })
    const rule = { GroupId, IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '0.0.0.0/0' }
    await ec2('AuthorizeSecurityGroupIngress', rule)
    expect(await failure(() => ec2('AuthorizeSecurityGroupIngress', rule))).toBe(
      'InvalidPermission.Duplicate: the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists',
    )
    const { SecurityGroups } = await ec2('DescribeSecurityGroups', { GroupIds: [GroupId] })
    expect(SecurityGroups[0].IpPermissions).toMatchObject([{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80 }])
    expect(SecurityGroups[0].IpPermissionsEgress).toMatchObject([{ IpProtocol: '-1' }])
    await ec2('RevokeSecurityGroupIngress', rule)
    expect(await failure(() => ec2('RevokeSecurityGroupIngress', rule))).toContain(
      'InvalidPermission.NotFound',
    )
  })
})

describe('instances', () => {
  it('go from pending to running to terminated, and give their addresses back', async () => {
    account.close()
    account = new TestAccount(1)
    const subnet = await aSubnet()
    const [id] = await launch(1)
    const state = async () =>
      (await ec2('DescribeInstances', { InstanceIds: [id] })).Reservations[0].Instances[0].State.Name
    await account.world.advance(1_000)
    expect(await state()).toBe('pending')
    await account.world.advance(60_000)
    expect(await state()).toBe('running')
    expect((await aSubnet()).AvailableIpAddressCount).toBe(subnet.AvailableIpAddressCount - 1)
    await ec2('TerminateInstances', { InstanceIds: [id] })
    expect(await state()).toBe('shutting-down')
    await account.world.advance(60_000)
    expect(await state()).toBe('terminated')
    expect((await aSubnet()).AvailableIpAddressCount).toBe(subnet.AvailableIpAddressCount)
    await account.world.advance(3_600_000)
    expect(await failure(() => ec2('DescribeInstances', { InstanceIds: [id] }))).toContain('NotFound')
  })

  it('give pods secondary addresses up to the limits of their type', async () => {
    const [id] = await launch(1)
    const scope = account.context
    const first = allocatePodAddress(scope, id!, 'pod-0')
    expect(allocatePodAddress(scope, id!, 'pod-0')).toBe(first)
    // t3.small: three interfaces of four addresses, one of each its own.
    for (let pod = 1; pod < 9; pod++) allocatePodAddress(scope, id!, `pod-${pod}`)
    expect(() => allocatePodAddress(scope, id!, 'pod-9')).toThrow(
      'failed to assign an IP address to container',
    )
    expect(tables.instances.get(scope, id!).networkInterfaceIds).toHaveLength(3)
    releasePodAddress(scope, id!, 'pod-3')
    expect(allocatePodAddress(scope, id!, 'pod-9')).toMatch(/^172\.31\./)
  })

  it('cannot be launched into a full subnet', async () => {
    const { Vpc } = await ec2('CreateVpc', { CidrBlock: '10.0.0.0/28' })
    const { Subnet } = await ec2('CreateSubnet', { VpcId: Vpc.VpcId, CidrBlock: '10.0.0.0/28' })
    const input = { SubnetId: Subnet.SubnetId }
    for (let n = 0; n < 11; n++) await ec2('CreateNetworkInterface', input)
    expect(await failure(() => ec2('CreateNetworkInterface', input))).toBe(
      'InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request.',
    )
  })
})

describe('listings', () => {
  it('filter by tag with wildcards and page by token', async () => {
    for (let n = 0; n < 7; n++) {
      await ec2('CreateSecurityGroup', {
        GroupName: `group-${n}`,
        Description: 'x',
        TagSpecifications: [
          { ResourceType: 'security-group', Tags: [{ Key: 'team', Value: n < 6 ? `web-${n}` : 'db' }] },
        ],
      })
    }
    const Filters = [{ Name: 'tag:team', Values: ['web-*'] }]
    const first = await ec2('DescribeSecurityGroups', { Filters, MaxResults: 5 })
    expect(first.SecurityGroups).toHaveLength(5)
    const second = await ec2('DescribeSecurityGroups', { Filters, MaxResults: 5, NextToken: first.NextToken })
    expect(second.SecurityGroups).toHaveLength(1)
    expect(second.NextToken).toBeUndefined()
  })
})
