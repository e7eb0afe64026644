import { type Calls, type ResourceType, without } from './type.ts'

const ec2 = (call: Calls, operation: string, input: Record<string, unknown>) => call('ec2', operation, input)

const networkAcl: ResourceType = {
  name: 'AWS::EC2::NetworkAcl',
  properties: 'VpcId!* Tags*',
  async create(call, { VpcId }, order) {
    const { NetworkAcl } = await ec2(call, 'CreateNetworkAcl', { VpcId })
    await ec2(call, 'CreateTags', { Resources: [NetworkAcl.NetworkAclId], Tags: order.tags })
    return NetworkAcl.NetworkAclId
  },
  async read(call, id) {
    await ec2(call, 'DescribeNetworkAcls', { NetworkAclIds: [id] })
    return { state: 'ready', attributes: { Id: id } }
  },
  remove: (call, id) => ec2(call, 'DeleteNetworkAcl', { NetworkAclId: id }),
}

const networkAclEntry: ResourceType = {
  name: 'AWS::EC2::NetworkAclEntry',
  properties: 'NetworkAclId!* RuleNumber!* Protocol! RuleAction! CidrBlock Egress* PortRange Icmp',
  async create(call, p) {
    await ec2(call, 'CreateNetworkAclEntry', p)
    return `${p.NetworkAclId}|${p.RuleNumber}|${p.Egress ?? false}`
  },
  update: (call, _, p) => ec2(call, 'ReplaceNetworkAclEntry', p),
  remove: (call, _, { NetworkAclId, RuleNumber, Egress = false }) =>
    ec2(call, 'DeleteNetworkAclEntry', { NetworkAclId, RuleNumber, Egress }),
}

interface Association {
  NetworkAclAssociationId: string
  SubnetId: string
}

/** A subnet always has an association: making one replaces it, and its end gives the subnet back to the default list. */
const aclAssociation: ResourceType = {
  name: 'AWS::EC2::SubnetNetworkAclAssociation',
  properties: 'NetworkAclId!* SubnetId!*',
  async create(call, { NetworkAclId, SubnetId }) {
    const { association } = await associationOf(call, String(SubnetId))
    const { NewAssociationId } = await ec2(call, 'ReplaceNetworkAclAssociation', {
      AssociationId: association.NetworkAclAssociationId,
      NetworkAclId,
    })
    return NewAssociationId
  },
  async remove(call, id, { SubnetId }) {
    const { vpc } = await associationOf(call, String(SubnetId))
    const { NetworkAcls } = await ec2(call, 'DescribeNetworkAcls', {
      Filters: [
        { Name: 'vpc-id', Values: [vpc] },
        { Name: 'default', Values: ['true'] },
      ],
    })
    await ec2(call, 'ReplaceNetworkAclAssociation', {
      AssociationId: id,
      NetworkAclId: NetworkAcls[0].NetworkAclId,
    })
  },
}

async function associationOf(
  call: Calls,
  subnet: string,
): Promise<{ association: Association; vpc: string }> {
  const { NetworkAcls } = await ec2(call, 'DescribeNetworkAcls', {
    Filters: [{ Name: 'association.subnet-id', Values: [subnet] }],
  })
  const [acl] = NetworkAcls as { VpcId: string; Associations: Association[] }[]
  return { association: acl!.Associations.find(({ SubnetId }) => SubnetId === subnet)!, vpc: acl!.VpcId }
}

const endpoint: ResourceType = {
  name: 'AWS::EC2::VPCEndpoint',
  properties:
    'VpcId!* ServiceName!* VpcEndpointType* SubnetIds RouteTableIds SecurityGroupIds PrivateDnsEnabled PolicyDocument Tags',
  lingers: true,
  async create(call, p, order) {
    const { VpcEndpoint } = await ec2(call, 'CreateVpcEndpoint', without(p, 'Tags'))
    await ec2(call, 'CreateTags', { Resources: [VpcEndpoint.VpcEndpointId], Tags: order.tags })
    return VpcEndpoint.VpcEndpointId
  },
  async read(call, id) {
    const { VpcEndpoints } = await ec2(call, 'DescribeVpcEndpoints', { VpcEndpointIds: [id] })
    const state = String(VpcEndpoints[0].State).toLowerCase()
    return state === 'available' ? { state: 'ready', attributes: { Id: id } } : { state: 'pending' }
  },
  remove: (call, id) => ec2(call, 'DeleteVpcEndpoints', { VpcEndpointIds: [id] }),
}

export const networkAccessTypes = [networkAcl, networkAclEntry, aclAssociation, endpoint]
