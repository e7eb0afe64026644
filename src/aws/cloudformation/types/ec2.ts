import { AwsError } from '../../wire/service.ts'
import type { Properties } from '../records.ts'
import { type Calls, changed, type Order, type ResourceType, without } from './type.ts'

const ec2 = (call: Calls, operation: string, input: Record<string, unknown>) => call('ec2', operation, input)

/** EC2 tags come after the making, since only then may those of CloudFormation be set. */
async function tag(call: Calls, id: string, { tags }: Order): Promise<string> {
  if (tags.length > 0) await ec2(call, 'CreateTags', { Resources: [id], Tags: tags })
  return id
}

const retag = async (call: Calls, id: string, now: Properties, before: Properties, order: Order) => {
  if (!changed('Tags', now, before)) return
  const kept = new Set(order.tags.map(({ Key }) => Key))
  const gone = ((before.Tags ?? []) as { Key: string }[]).filter(({ Key }) => !kept.has(Key))
  if (gone.length > 0)
    await ec2(call, 'DeleteTags', { Resources: [id], Tags: gone.map(({ Key }) => ({ Key })) })
  await tag(call, id, order)
}

const missing = (id: string) => new AwsError('NotFound', `${id} does not exist`)

const vpc: ResourceType = {
  name: 'AWS::EC2::VPC',
  properties: 'CidrBlock* EnableDnsHostnames EnableDnsSupport InstanceTenancy* Tags',
  async create(call, p, order) {
    const { Vpc } = await ec2(call, 'CreateVpc', without(p, 'Tags', 'EnableDnsHostnames', 'EnableDnsSupport'))
    await setDns(call, Vpc.VpcId, p)
    return tag(call, Vpc.VpcId, order)
  },
  async read(call, id) {
    const { Vpcs } = await ec2(call, 'DescribeVpcs', { VpcIds: [id] })
    if (Vpcs[0].State !== 'available') return { state: 'pending' }
    const inVpc = [{ Name: 'vpc-id', Values: [id] }]
    const { SecurityGroups } = await ec2(call, 'DescribeSecurityGroups', {
      Filters: [...inVpc, { Name: 'group-name', Values: ['default'] }],
    })
    const { NetworkAcls } = await ec2(call, 'DescribeNetworkAcls', {
      Filters: [...inVpc, { Name: 'default', Values: ['true'] }],
    })
    return {
      state: 'ready',
      attributes: {
        VpcId: id,
        CidrBlock: Vpcs[0].CidrBlock,
        CidrBlockAssociations: Vpcs[0].CidrBlockAssociationSet?.map(
          (one: { AssociationId: string }) => one.AssociationId,
        ),
        DefaultSecurityGroup: SecurityGroups[0]?.GroupId,
        DefaultNetworkAcl: NetworkAcls[0]?.NetworkAclId,
        Ipv6CidrBlocks: [],
      },
    }
  },
  async update(call, id, p, before, order) {
    await setDns(call, id, p)
    await retag(call, id, p, before, order)
  },
  remove: (call, id) => ec2(call, 'DeleteVpc', { VpcId: id }),
}

async function setDns(call: Calls, VpcId: string, p: Properties): Promise<void> {
  for (const name of ['EnableDnsSupport', 'EnableDnsHostnames'])
    if (p[name] !== undefined) await ec2(call, 'ModifyVpcAttribute', { VpcId, [name]: { Value: p[name] } })
}

const subnet: ResourceType = {
  name: 'AWS::EC2::Subnet',
  properties: 'VpcId!* CidrBlock* AvailabilityZone* AvailabilityZoneId* MapPublicIpOnLaunch Tags',
  async create(call, p, order) {
    const { Subnet } = await ec2(call, 'CreateSubnet', without(p, 'Tags', 'MapPublicIpOnLaunch'))
    await setPublic(call, Subnet.SubnetId, p)
    return tag(call, Subnet.SubnetId, order)
  },
  async read(call, id) {
    const { Subnets } = await ec2(call, 'DescribeSubnets', { SubnetIds: [id] })
    const { State, AvailabilityZone, VpcId, CidrBlock } = Subnets[0]
    if (State !== 'available') return { state: 'pending' }
    return {
      state: 'ready',
      attributes: { SubnetId: id, AvailabilityZone, VpcId, CidrBlock, Ipv6CidrBlocks: [] },
    }
  },
  async update(call, id, p, before, order) {
    await setPublic(call, id, p)
    await retag(call, id, p, before, order)
  },
  remove: (call, id) => ec2(call, 'DeleteSubnet', { SubnetId: id }),
}

async function setPublic(call: Calls, SubnetId: string, p: Properties): Promise<void> {
  const { MapPublicIpOnLaunch: Value } = p
  if (Value !== undefined)
    await ec2(call, 'ModifySubnetAttribute', { SubnetId, MapPublicIpOnLaunch: { Value } })
}

const internetGateway: ResourceType = {
  name: 'AWS::EC2::InternetGateway',
  properties: 'Tags',
  async create(call, _, order) {
    const { InternetGateway } = await ec2(call, 'CreateInternetGateway', {})
    return tag(call, InternetGateway.InternetGatewayId, order)
  },
  read: async (call, id) => {
    await ec2(call, 'DescribeInternetGateways', { InternetGatewayIds: [id] })
    return { state: 'ready', attributes: { InternetGatewayId: id } }
  },
  update: (call, id, p, before, order) => retag(call, id, p, before, order),
  remove: (call, id) => ec2(call, 'DeleteInternetGateway', { InternetGatewayId: id }),
}

const gatewayAttachment: ResourceType = {
  name: 'AWS::EC2::VPCGatewayAttachment',
  properties: 'VpcId!* InternetGatewayId*',
  async create(call, p) {
    await ec2(call, 'AttachInternetGateway', p)
    return `IGW|${p.VpcId}`
  },
  remove: (call, _, p) => ec2(call, 'DetachInternetGateway', p),
}

const routeTable: ResourceType = {
  name: 'AWS::EC2::RouteTable',
  properties: 'VpcId!* Tags',
  async create(call, { VpcId }, order) {
    const { RouteTable } = await ec2(call, 'CreateRouteTable', { VpcId })
    return tag(call, RouteTable.RouteTableId, order)
  },
  read: async (call, id) => {
    await ec2(call, 'DescribeRouteTables', { RouteTableIds: [id] })
    return { state: 'ready', attributes: { RouteTableId: id } }
  },
  update: (call, id, p, before, order) => retag(call, id, p, before, order),
  remove: (call, id) => ec2(call, 'DeleteRouteTable', { RouteTableId: id }),
}

const route: ResourceType = {
  name: 'AWS::EC2::Route',
  properties:
    'RouteTableId!* DestinationCidrBlock* GatewayId NatGatewayId NetworkInterfaceId InstanceId VpcPeeringConnectionId TransitGatewayId',
  async create(call, p) {
    await ec2(call, 'CreateRoute', p)
    return `${p.RouteTableId}|${p.DestinationCidrBlock}`
  },
  read: async (_call, _id, p) => ({ state: 'ready', attributes: { CidrBlock: p.DestinationCidrBlock } }),
  update: (call, _, p) => ec2(call, 'ReplaceRoute', p),
  remove: (call, _, { RouteTableId, DestinationCidrBlock }) =>
    ec2(call, 'DeleteRoute', { RouteTableId, DestinationCidrBlock }),
}

const routeTableAssociation: ResourceType = {
  name: 'AWS::EC2::SubnetRouteTableAssociation',
  properties: 'RouteTableId!* SubnetId!*',
  create: async (call, p) => (await ec2(call, 'AssociateRouteTable', p)).AssociationId,
  remove: (call, id) => ec2(call, 'DisassociateRouteTable', { AssociationId: id }),
}

const natGateway: ResourceType = {
  name: 'AWS::EC2::NatGateway',
  lingers: true,
  properties: 'SubnetId!* AllocationId* ConnectivityType* PrivateIpAddress* Tags',
  async create(call, p, order) {
    const { NatGateway } = await ec2(call, 'CreateNatGateway', {
      ...without(p, 'Tags'),
      ClientToken: order.token,
    })
    return tag(call, NatGateway.NatGatewayId, order)
  },
  async read(call, id) {
    const { NatGateways } = await ec2(call, 'DescribeNatGateways', { NatGatewayIds: [id] })
    const { State, FailureMessage } = NatGateways[0] ?? { State: 'deleted' }
    if (State === 'deleted') throw missing(id)
    if (State === 'failed') return { state: 'failed', reason: FailureMessage }
    return State === 'available' ? { state: 'ready', attributes: { NatGatewayId: id } } : { state: 'pending' }
  },
  update: (call, id, p, before, order) => retag(call, id, p, before, order),
  remove: (call, id) => ec2(call, 'DeleteNatGateway', { NatGatewayId: id }),
}

const eip: ResourceType = {
  name: 'AWS::EC2::EIP',
  properties: 'Domain InstanceId PublicIpv4Pool* NetworkBorderGroup* Tags',
  async create(call, p, order) {
    const { PublicIp, AllocationId } = await ec2(call, 'AllocateAddress', { Domain: p.Domain ?? 'vpc' })
    await tag(call, AllocationId, order)
    if (p.InstanceId !== undefined)
      await ec2(call, 'AssociateAddress', { AllocationId, InstanceId: p.InstanceId })
    return PublicIp
  },
  read: async (call, PublicIp) => ({
    state: 'ready',
    attributes: { PublicIp, AllocationId: await allocationOf(call, PublicIp) },
  }),
  update: async (call, id, p, before, order) => retag(call, await allocationOf(call, id), p, before, order),
  remove: async (call, id) => ec2(call, 'ReleaseAddress', { AllocationId: await allocationOf(call, id) }),
}

async function allocationOf(call: Calls, PublicIp: string): Promise<string> {
  const { Addresses } = await ec2(call, 'DescribeAddresses', {
    Filters: [{ Name: 'public-ip', Values: [PublicIp] }],
  })
  if (!Addresses[0]) throw missing(PublicIp)
  return Addresses[0].AllocationId
}

const keyPair: ResourceType = {
  name: 'AWS::EC2::KeyPair',
  properties: 'KeyName!* KeyType* KeyFormat* PublicKeyMaterial* Tags*',
  async create(call, p, order) {
    const { KeyName, KeyType, KeyFormat, PublicKeyMaterial } = p
    const made =
      PublicKeyMaterial === undefined
        ? await ec2(call, 'CreateKeyPair', { KeyName, KeyType, KeyFormat })
        : await ec2(call, 'ImportKeyPair', {
            KeyName,
            PublicKeyMaterial: Buffer.from(String(PublicKeyMaterial)).toString('base64'),
          })
    await tag(call, made.KeyPairId, order)
    return String(KeyName)
  },
  async read(call, id) {
    const { KeyPairs } = await ec2(call, 'DescribeKeyPairs', { KeyNames: [id] })
    const { KeyPairId, KeyFingerprint } = KeyPairs[0]
    return { state: 'ready', attributes: { KeyPairId, KeyFingerprint } }
  },
  remove: (call, id) => ec2(call, 'DeleteKeyPair', { KeyName: id }),
}

const launchTemplate: ResourceType = {
  name: 'AWS::EC2::LaunchTemplate',
  properties: 'LaunchTemplateName* LaunchTemplateData! VersionDescription TagSpecifications*',
  async create(call, p, order) {
    const { LaunchTemplate } = await ec2(call, 'CreateLaunchTemplate', {
      LaunchTemplateName: p.LaunchTemplateName ?? order.name(),
      LaunchTemplateData: p.LaunchTemplateData,
      VersionDescription: p.VersionDescription,
    })
    return tag(call, LaunchTemplate.LaunchTemplateId, order)
  },
  async read(call, id) {
    const { LaunchTemplates } = await ec2(call, 'DescribeLaunchTemplates', { LaunchTemplateIds: [id] })
    const { DefaultVersionNumber, LatestVersionNumber } = LaunchTemplates[0]
    return {
      state: 'ready',
      attributes: {
        LaunchTemplateId: id,
        DefaultVersionNumber: String(DefaultVersionNumber),
        LatestVersionNumber: String(LatestVersionNumber),
      },
    }
  },
  async update(call, id, p) {
    const { LaunchTemplateData, VersionDescription } = p
    await ec2(call, 'CreateLaunchTemplateVersion', {
      LaunchTemplateId: id,
      LaunchTemplateData,
      VersionDescription,
    })
  },
  remove: (call, id) => ec2(call, 'DeleteLaunchTemplate', { LaunchTemplateId: id }),
}

const instance: ResourceType = {
  name: 'AWS::EC2::Instance',
  lingers: true,
  properties:
    'ImageId* InstanceType* KeyName* SubnetId* SecurityGroupIds SecurityGroups* UserData* IamInstanceProfile* AvailabilityZone* NetworkInterfaces* BlockDeviceMappings* LaunchTemplate* PrivateIpAddress* Monitoring EbsOptimized* MetadataOptions* Tags',
  async create(call, p, order) {
    const { IamInstanceProfile: Name } = p
    const { Instances } = await ec2(call, 'RunInstances', {
      ...without(p, 'Tags', 'IamInstanceProfile', 'AvailabilityZone', 'Monitoring'),
      ...(Name === undefined ? {} : { IamInstanceProfile: { Name } }),
      ...(p.AvailabilityZone === undefined ? {} : { Placement: { AvailabilityZone: p.AvailabilityZone } }),
      MinCount: 1,
      MaxCount: 1,
      ClientToken: order.token,
    })
    return tag(call, Instances[0].InstanceId, order)
  },
  async read(call, id) {
    const { Reservations } = await ec2(call, 'DescribeInstances', { InstanceIds: [id] })
    const one = Reservations[0].Instances[0]
    const state = one.State.Name
    if (state === 'terminated') throw missing(id)
    if (state !== 'running' && state !== 'stopped') return { state: 'pending' }
    return {
      state: 'ready',
      attributes: {
        InstanceId: id,
        AvailabilityZone: one.Placement?.AvailabilityZone,
        PrivateIp: one.PrivateIpAddress,
        PublicIp: one.PublicIpAddress ?? '',
        PrivateDnsName: one.PrivateDnsName,
        PublicDnsName: one.PublicDnsName ?? '',
        VpcId: one.VpcId,
      },
    }
  },
  update: (call, id, p, before, order) => retag(call, id, p, before, order),
  remove: (call, id) => ec2(call, 'TerminateInstances', { InstanceIds: [id] }),
}

const volume: ResourceType = {
  name: 'AWS::EC2::Volume',
  properties:
    'AvailabilityZone!* Size VolumeType Iops Throughput Encrypted* KmsKeyId* SnapshotId* MultiAttachEnabled* AutoEnableIO Tags',
  async create(call, p, order) {
    const { VolumeId } = await ec2(call, 'CreateVolume', without(p, 'Tags', 'AutoEnableIO'))
    return tag(call, VolumeId, order)
  },
  async read(call, id) {
    const { Volumes } = await ec2(call, 'DescribeVolumes', { VolumeIds: [id] })
    const { State } = Volumes[0] ?? {}
    return State === 'available' || State === 'in-use'
      ? { state: 'ready', attributes: { VolumeId: id } }
      : { state: 'pending' }
  },
  async update(call, id, p, before, order) {
    const { Size, VolumeType, Iops, Throughput } = p
    if (['Size', 'VolumeType', 'Iops', 'Throughput'].some((name) => changed(name, p, before)))
      await ec2(call, 'ModifyVolume', { VolumeId: id, Size, VolumeType, Iops, Throughput })
    await retag(call, id, p, before, order)
  },
  remove: (call, id) => ec2(call, 'DeleteVolume', { VolumeId: id }),
}

export const ec2Types = [
  vpc,
  subnet,
  internetGateway,
  gatewayAttachment,
  routeTable,
  route,
  routeTableAssociation,
  natGateway,
  eip,
  keyPair,
  launchTemplate,
  instance,
  volume,
]
