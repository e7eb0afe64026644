import { AwsError } from '../../wire/service.ts'
import { type Calls, type ResourceType, without } from './type.ts'

// What is added to a VPC that there is.

const ec2 = (call: Calls, operation: string, input: Record<string, unknown>) => call('ec2', operation, input)

const dhcpOptions: ResourceType = {
  name: 'AWS::EC2::DHCPOptions',
  properties:
    'DomainName* DomainNameServers* Ipv6AddressPreferredLeaseTime* NetbiosNameServers* NetbiosNodeType* NtpServers* Tags*',
  async create(call, p, order) {
    const names: Record<string, string> = {
      DomainName: 'domain-name',
      DomainNameServers: 'domain-name-servers',
      Ipv6AddressPreferredLeaseTime: 'ipv6-address-preferred-lease-time',
      NetbiosNameServers: 'netbios-name-servers',
      NetbiosNodeType: 'netbios-node-type',
      NtpServers: 'ntp-servers',
    }
    const { DhcpOptions } = await ec2(call, 'CreateDhcpOptions', {
      DhcpConfigurations: Object.entries(names).flatMap(([property, Key]) =>
        p[property] === undefined ? [] : [{ Key, Values: [p[property]].flat().map(String) }],
      ),
    })
    const id = DhcpOptions.DhcpOptionsId
    if (order.tags.length > 0) await ec2(call, 'CreateTags', { Resources: [id], Tags: order.tags })
    return id
  },
  async read(call, id) {
    await ec2(call, 'DescribeDhcpOptions', { DhcpOptionsIds: [id] })
    return { state: 'ready', attributes: { DhcpOptionsId: id } }
  },
  remove: (call, id) => ec2(call, 'DeleteDhcpOptions', { DhcpOptionsId: id }),
}

const dhcpAssociation: ResourceType = {
  name: 'AWS::EC2::VPCDHCPOptionsAssociation',
  properties: 'VpcId!* DhcpOptionsId!',
  async create(call, p) {
    await ec2(call, 'AssociateDhcpOptions', p)
    return `${p.DhcpOptionsId}|${p.VpcId}`
  },
  update: (call, _, p) => ec2(call, 'AssociateDhcpOptions', p),
  remove: (call, _, { VpcId }) => ec2(call, 'AssociateDhcpOptions', { VpcId, DhcpOptionsId: 'default' }),
}

const cidrBlock: ResourceType = {
  name: 'AWS::EC2::VPCCidrBlock',
  properties:
    'VpcId!* CidrBlock* AmazonProvidedIpv6CidrBlock* Ipv6CidrBlock* Ipv6Pool* Ipv4IpamPoolId* Ipv6IpamPoolId*',
  async create(call, p) {
    const { CidrBlockAssociation } = await ec2(call, 'AssociateVpcCidrBlock', p)
    return CidrBlockAssociation.AssociationId
  },
  async read(call, id, { VpcId }) {
    const { Vpcs } = await ec2(call, 'DescribeVpcs', { VpcIds: [VpcId] })
    const found = Vpcs[0].CidrBlockAssociationSet?.find(
      ({ AssociationId }: { AssociationId: string }) => AssociationId === id,
    )
    if (!found) throw new AwsError('NotFound', `${id} does not exist`)
    return { state: 'ready', attributes: { Id: id } }
  },
  remove: (call, AssociationId) => ec2(call, 'DisassociateVpcCidrBlock', { AssociationId }),
}

const flowLog: ResourceType = {
  name: 'AWS::EC2::FlowLog',
  properties:
    'ResourceId!* ResourceType!* TrafficType* LogDestination* LogDestinationType* LogFormat* LogGroupName* DeliverLogsPermissionArn* DeliverCrossAccountRole* DestinationOptions* MaxAggregationInterval* Tags',
  async create(call, { ResourceId, ...p }, order) {
    const { FlowLogIds, Unsuccessful } = await ec2(call, 'CreateFlowLogs', {
      ...without(p, 'Tags'),
      ResourceIds: [ResourceId],
    })
    const [failed] = Unsuccessful
    if (failed) throw new AwsError(failed.Error.Code, failed.Error.Message)
    const [id] = FlowLogIds
    if (order.tags.length > 0) await ec2(call, 'CreateTags', { Resources: [id], Tags: order.tags })
    return id
  },
  async read(call, id) {
    const { FlowLogs } = await ec2(call, 'DescribeFlowLogs', { FlowLogIds: [id] })
    if (FlowLogs.length === 0) throw new AwsError('NotFound', `${id} does not exist`)
    return { state: 'ready', attributes: { Id: id } }
  },
  remove: (call, id) => ec2(call, 'DeleteFlowLogs', { FlowLogIds: [id] }),
}

export const vpcOptionTypes = [dhcpOptions, dhcpAssociation, cidrBlock, flowLog]
