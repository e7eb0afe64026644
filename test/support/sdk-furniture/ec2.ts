import type { SdkAccount } from '../sdk-account.ts'

/** More of everything than EC2 puts in its smallest page, which holds five; a VPC of its own is `vpc`. */
export async function furnishEc2(account: SdkAccount): Promise<Record<string, object>> {
  const send = account.send.bind(account, 'ec2')
  const six = account.sendEach.bind(account, 6, 'ec2')
  const { Subnets } = await send('DescribeSubnets')
  const [{ SubnetId, VpcId, AvailabilityZone }] = Subnets
  const { Images } = await send('DescribeImages', { Owners: ['amazon'] })
  const vpcs = await account.sendEach(3, 'ec2', 'CreateVpc', (n) => ({ CidrBlock: `10.${n}.0.0/16` }))
  const own = vpcs[0].Vpc.VpcId
  const owned = await six('CreateSubnet', (n) => ({ VpcId: own, CidrBlock: `10.0.${n}.0/24` }))
  await six('CreateInternetGateway', () => ({}))
  await six('CreateRouteTable', () => ({ VpcId: own }))
  await six('CreateNetworkAcl', () => ({ VpcId: own }))
  await six('CreateSecurityGroup', (n) => ({ VpcId: own, GroupName: `sg${n}`, Description: 'a group' }))
  await six('CreateNetworkInterface', () => ({ SubnetId }))
  await six('CreateNatGateway', () => ({ SubnetId, ConnectivityType: 'private' }))
  await six('CreateVpcEndpoint', () => ({
    VpcId: own,
    ServiceName: 'com.amazonaws.us-east-1.s3',
    VpcEndpointType: 'Gateway',
  }))
  const volumes = await six('CreateVolume', () => ({ AvailabilityZone, Size: 1, VolumeType: 'gp3' }))
  for (const { VolumeId } of volumes) {
    await send('CreateSnapshot', { VolumeId })
    await send('ModifyVolume', { VolumeId, Size: 2 })
  }
  const [{ LaunchTemplate }] = await six('CreateLaunchTemplate', (n) => ({
    LaunchTemplateName: `lt${n}`,
    LaunchTemplateData: { InstanceType: 't3.micro', ImageId: Images[0].ImageId },
  }))
  const { LaunchTemplateId } = LaunchTemplate
  await six('CreateLaunchTemplateVersion', () => ({
    LaunchTemplateId,
    LaunchTemplateData: { InstanceType: 't3.small', ImageId: Images[0].ImageId },
  }))
  await six('CreateDhcpOptions', (n) => ({
    DhcpConfigurations: [{ Key: 'domain-name', Values: [`corp${n}.example`] }],
  }))
  await send('CreateFlowLogs', {
    ResourceType: 'Subnet',
    ResourceIds: owned.map(({ Subnet }) => Subnet.SubnetId),
    TrafficType: 'ALL',
    LogGroupName: 'flows',
    DeliverLogsPermissionArn: 'arn:aws:iam::111122223333:role/flows',
  })
  await six('RunInstances', () => ({
    ImageId: Images[0].ImageId,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    SubnetId,
    InstanceMarketOptions: { MarketType: 'spot' },
  }))
  const all = [VpcId, ...vpcs.map(({ Vpc }) => Vpc.VpcId)]
  for (const [one, other] of [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ] as const)
    await send('CreateVpcPeeringConnection', { VpcId: all[one], PeerVpcId: all[other] })
  return {
    'ec2:DescribeLaunchTemplateVersions': { LaunchTemplateId },
    'ec2:DescribeSnapshots': { OwnerIds: ['self'] },
  }
}
