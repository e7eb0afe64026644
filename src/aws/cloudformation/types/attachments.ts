import { AwsError } from '../../wire/service.ts'
import { type Calls, type ResourceType, without } from './type.ts'

// What joins an instance with something of its network or its disks.

const ec2 = (call: Calls, operation: string, input: Record<string, unknown>) => call('ec2', operation, input)

const volumeAttachment: ResourceType = {
  name: 'AWS::EC2::VolumeAttachment',
  lingers: true,
  properties: 'VolumeId!* InstanceId!* Device*',
  async create(call, p) {
    await ec2(call, 'AttachVolume', p)
    return `${p.VolumeId}|${p.InstanceId}`
  },
  async read(call, id) {
    const [VolumeId = '', InstanceId] = id.split('|')
    const { Volumes } = await ec2(call, 'DescribeVolumes', { VolumeIds: [VolumeId] })
    const found = Volumes[0].Attachments?.find(
      (one: { InstanceId: string }) => one.InstanceId === InstanceId,
    ) as { State: string } | undefined
    if (!found || found.State === 'detached')
      throw new AwsError('NotFound', `${VolumeId} is not attached to ${InstanceId}`)
    return found.State === 'attached' ? { state: 'ready' } : { state: 'pending' }
  },
  remove: (call, _, p) => ec2(call, 'DetachVolume', without(p, 'Device')),
}

const addressAssociation: ResourceType = {
  name: 'AWS::EC2::EIPAssociation',
  properties: 'AllocationId* EIP* InstanceId* NetworkInterfaceId* PrivateIpAddress*',
  async create(call, { EIP, ...p }) {
    const { AssociationId } = await ec2(call, 'AssociateAddress', { ...p, PublicIp: EIP })
    return AssociationId
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { Id: id } }),
  remove: (call, AssociationId) => ec2(call, 'DisassociateAddress', { AssociationId }),
}

const networkInterface: ResourceType = {
  name: 'AWS::EC2::NetworkInterface',
  properties:
    'SubnetId!* Description GroupSet InterfaceType* PrivateIpAddress* PrivateIpAddresses SecondaryPrivateIpAddressCount SourceDestCheck Tags',
  async create(call, { GroupSet, SourceDestCheck, ...p }, order) {
    const { NetworkInterface } = await ec2(call, 'CreateNetworkInterface', {
      ...without(p, 'Tags'),
      Groups: GroupSet,
    })
    const id = NetworkInterface.NetworkInterfaceId
    if (SourceDestCheck !== undefined) await setCheck(call, id, SourceDestCheck)
    if (order.tags.length > 0) await ec2(call, 'CreateTags', { Resources: [id], Tags: order.tags })
    return id
  },
  async read(call, id) {
    const { NetworkInterfaces } = await ec2(call, 'DescribeNetworkInterfaces', { NetworkInterfaceIds: [id] })
    const { PrivateIpAddress, PrivateIpAddresses = [], VpcId } = NetworkInterfaces[0]
    const others = (PrivateIpAddresses as { PrivateIpAddress: string; Primary: boolean }[]).filter(
      ({ Primary }) => !Primary,
    )
    return {
      state: 'ready',
      attributes: {
        Id: id,
        VpcId,
        PrimaryPrivateIpAddress: PrivateIpAddress,
        SecondaryPrivateIpAddresses: others.map((one) => one.PrivateIpAddress),
      },
    }
  },
  async update(call, id, { GroupSet, SourceDestCheck }) {
    if (GroupSet !== undefined)
      await ec2(call, 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: id, Groups: GroupSet })
    if (SourceDestCheck !== undefined) await setCheck(call, id, SourceDestCheck)
  },
  remove: (call, NetworkInterfaceId) => ec2(call, 'DeleteNetworkInterface', { NetworkInterfaceId }),
}

const setCheck = (call: Calls, NetworkInterfaceId: string, Value: unknown) =>
  ec2(call, 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, SourceDestCheck: { Value } })

/** CloudFormation accepts a connection within one account by itself. */
const peering: ResourceType = {
  name: 'AWS::EC2::VPCPeeringConnection',
  properties: 'VpcId!* PeerVpcId!* PeerOwnerId* PeerRegion* PeerRoleArn* Tags',
  async create(call, p, order) {
    const { VpcPeeringConnection } = await ec2(
      call,
      'CreateVpcPeeringConnection',
      without(p, 'Tags', 'PeerRoleArn'),
    )
    const id = VpcPeeringConnection.VpcPeeringConnectionId
    if (order.tags.length > 0) await ec2(call, 'CreateTags', { Resources: [id], Tags: order.tags })
    if ((p.PeerOwnerId ?? call.accountId) === call.accountId && (p.PeerRegion ?? call.region) === call.region)
      await ec2(call, 'AcceptVpcPeeringConnection', { VpcPeeringConnectionId: id })
    return id
  },
  async read(call, id) {
    const { VpcPeeringConnections } = await ec2(call, 'DescribeVpcPeeringConnections', {
      VpcPeeringConnectionIds: [id],
    })
    const { Code, Message } = VpcPeeringConnections[0].Status
    if (Code === 'failed' || Code === 'rejected') return { state: 'failed', reason: Message }
    return Code === 'active' ? { state: 'ready', attributes: { Id: id } } : { state: 'pending' }
  },
  remove: (call, VpcPeeringConnectionId) =>
    ec2(call, 'DeleteVpcPeeringConnection', { VpcPeeringConnectionId }),
}

export const attachmentTypes = [volumeAttachment, addressAssociation, networkInterface, peering]
