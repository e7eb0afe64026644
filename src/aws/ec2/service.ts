import {
  AwsError,
  type Handler,
  type RequestContext,
  type ResourceResolver,
  type Service,
} from '../wire/service.ts'
import { absentHandlers } from './absent.ts'
import { bootstrapRegion } from './bootstrap.ts'
import { oncePerToken } from './client-tokens.ts'
import { getConsoleOutput } from './console.ts'
import { describeImages } from './describe-images.ts'
import { dhcpOptionsHandlers } from './dhcp-options.ts'
import { ebsEncryptionHandlers } from './ebs-encryption.ts'
import { flowLogHandlers } from './flow-logs.ts'
import * as gateways from './gateways.ts'
import { imageAttributeHandlers } from './image-attributes.ts'
import { instanceAttributeHandlers } from './instance-attributes.ts'
import { instanceProfileHandlers } from './instance-profiles.ts'
import * as types from './instance-types.ts'
import * as instances from './instances.ts'
import { interfaceAttributeHandlers } from './interface-attributes.ts'
import * as keyPairs from './key-pairs.ts'
import * as launchTemplates from './launch-templates.ts'
import { modifyInstanceMetadataOptions } from './metadata-options.ts'
import * as networkAcls from './network-acls.ts'
import * as interfaces from './network-interfaces.ts'
import { ownImageHandlers } from './own-images.ts'
import * as prefixLists from './prefix-lists.ts'
import * as regions from './regions.ts'
import * as routeTables from './route-tables.ts'
import { ec2Arn } from './scope.ts'
import { securityGroupChangeHandlers } from './security-group-changes.ts'
import * as securityGroups from './security-groups.ts'
import { copySnapshot } from './snapshot-copies.ts'
import * as snapshots from './snapshots.ts'
import { spotHandlers } from './spot.ts'
import * as subnets from './subnets.ts'
import * as tags from './tags.ts'
import * as volumes from './volumes.ts'
import * as endpoints from './vpc-endpoints.ts'
import * as peering from './vpc-peering.ts'
import * as vpcs from './vpcs.ts'

const behaviour: Record<string, Handler> = {
  ...absentHandlers,
  ...dhcpOptionsHandlers,
  ...ebsEncryptionHandlers,
  ...flowLogHandlers,
  ...imageAttributeHandlers,
  ...instanceAttributeHandlers,
  ...instanceProfileHandlers,
  ...interfaceAttributeHandlers,
  ...ownImageHandlers,
  ...securityGroupChangeHandlers,
  ...spotHandlers,
  CreateTags: tags.createTags,
  DeleteTags: tags.deleteTags,
  DescribeTags: tags.describeTags,
  DescribeRegions: regions.describeRegions,
  DescribeAvailabilityZones: regions.describeAvailabilityZones,
  DescribeAccountAttributes: regions.describeAccountAttributes,
  CreateVpc: vpcs.createVpc,
  CreateDefaultVpc: vpcs.createDefaultVpc,
  DescribeVpcs: vpcs.describeVpcs,
  DeleteVpc: vpcs.deleteVpc,
  DescribeVpcAttribute: vpcs.describeVpcAttribute,
  ModifyVpcAttribute: vpcs.modifyVpcAttribute,
  AssociateVpcCidrBlock: vpcs.associateVpcCidrBlock,
  DisassociateVpcCidrBlock: vpcs.disassociateVpcCidrBlock,
  ModifyVpcTenancy: vpcs.modifyVpcTenancy,
  CreateNetworkAcl: networkAcls.createNetworkAcl,
  DescribeNetworkAcls: networkAcls.describeNetworkAcls,
  DeleteNetworkAcl: networkAcls.deleteNetworkAcl,
  CreateNetworkAclEntry: networkAcls.createNetworkAclEntry,
  ReplaceNetworkAclEntry: networkAcls.replaceNetworkAclEntry,
  DeleteNetworkAclEntry: networkAcls.deleteNetworkAclEntry,
  ReplaceNetworkAclAssociation: networkAcls.replaceNetworkAclAssociation,
  CreateVpcEndpoint: endpoints.createVpcEndpoint,
  DescribeVpcEndpoints: endpoints.describeVpcEndpoints,
  ModifyVpcEndpoint: endpoints.modifyVpcEndpoint,
  DeleteVpcEndpoints: endpoints.deleteVpcEndpoints,
  DescribeVpcEndpointServices: endpoints.describeVpcEndpointServices,
  DescribePrefixLists: prefixLists.describePrefixLists,
  DescribeManagedPrefixLists: prefixLists.describeManagedPrefixLists,
  CreateVpcPeeringConnection: peering.createVpcPeeringConnection,
  DescribeVpcPeeringConnections: peering.describeVpcPeeringConnections,
  AcceptVpcPeeringConnection: peering.acceptVpcPeeringConnection,
  RejectVpcPeeringConnection: peering.rejectVpcPeeringConnection,
  DeleteVpcPeeringConnection: peering.deleteVpcPeeringConnection,
  CreateSubnet: subnets.createSubnet,
  DescribeSubnets: subnets.describeSubnets,
  DeleteSubnet: subnets.deleteSubnet,
  ModifySubnetAttribute: subnets.modifySubnetAttribute,
  CreateRouteTable: routeTables.createRouteTable,
  DescribeRouteTables: routeTables.describeRouteTables,
  DeleteRouteTable: routeTables.deleteRouteTable,
  AssociateRouteTable: routeTables.associateRouteTable,
  DisassociateRouteTable: routeTables.disassociateRouteTable,
  ReplaceRouteTableAssociation: routeTables.replaceRouteTableAssociation,
  CreateRoute: routeTables.createRoute,
  ReplaceRoute: routeTables.replaceRoute,
  DeleteRoute: routeTables.deleteRoute,
  CreateInternetGateway: gateways.createInternetGateway,
  DescribeInternetGateways: gateways.describeInternetGateways,
  AttachInternetGateway: gateways.attachInternetGateway,
  DetachInternetGateway: gateways.detachInternetGateway,
  DeleteInternetGateway: gateways.deleteInternetGateway,
  CreateNatGateway: gateways.createNatGateway,
  DescribeNatGateways: gateways.describeNatGateways,
  DeleteNatGateway: gateways.deleteNatGateway,
  CreateSecurityGroup: securityGroups.createSecurityGroup,
  DescribeSecurityGroups: securityGroups.describeSecurityGroups,
  DeleteSecurityGroup: securityGroups.deleteSecurityGroup,
  AuthorizeSecurityGroupIngress: securityGroups.authorizeSecurityGroupIngress,
  AuthorizeSecurityGroupEgress: securityGroups.authorizeSecurityGroupEgress,
  RevokeSecurityGroupIngress: securityGroups.revokeSecurityGroupIngress,
  RevokeSecurityGroupEgress: securityGroups.revokeSecurityGroupEgress,
  DescribeSecurityGroupRules: securityGroups.describeSecurityGroupRules,
  DescribeSecurityGroupReferences: securityGroups.describeSecurityGroupReferences,
  CreateNetworkInterface: interfaces.createNetworkInterface,
  DescribeNetworkInterfaces: interfaces.describeNetworkInterfaces,
  DeleteNetworkInterface: interfaces.deleteNetworkInterface,
  AllocateAddress: interfaces.allocateElasticIp,
  DescribeAddresses: interfaces.describeAddresses,
  DescribeAddressesAttribute: interfaces.describeAddressesAttribute,
  AssociateAddress: interfaces.associateAddress,
  DisassociateAddress: interfaces.disassociateAddress,
  ReleaseAddress: interfaces.releaseElasticIp,
  RunInstances: instances.runInstances,
  DescribeInstances: instances.describeInstances,
  DescribeInstanceStatus: instances.describeInstanceStatus,
  TerminateInstances: instances.terminateInstances,
  StopInstances: instances.stopInstances,
  StartInstances: instances.startInstances,
  RebootInstances: instances.rebootInstances,
  GetConsoleOutput: getConsoleOutput,
  ModifyInstanceMetadataOptions: modifyInstanceMetadataOptions,
  DescribeInstanceTypes: types.describeInstanceTypes,
  DescribeInstanceTypeOfferings: types.describeInstanceTypeOfferings,
  DescribeImages: describeImages,
  CreateVolume: volumes.createVolume,
  DescribeVolumes: volumes.describeVolumes,
  DescribeVolumeStatus: volumes.describeVolumeStatus,
  DeleteVolume: volumes.deleteVolume,
  AttachVolume: volumes.attachVolume,
  DetachVolume: volumes.detachVolume,
  ModifyVolume: volumes.modifyVolume,
  DescribeVolumesModifications: volumes.describeVolumesModifications,
  CreateSnapshot: snapshots.createSnapshot,
  CreateSnapshots: snapshots.createSnapshots,
  CopySnapshot: copySnapshot,
  DescribeSnapshots: snapshots.describeSnapshots,
  DeleteSnapshot: snapshots.deleteSnapshot,
  CreateKeyPair: keyPairs.createKeyPair,
  ImportKeyPair: keyPairs.importKeyPair,
  DescribeKeyPairs: keyPairs.describeKeyPairs,
  DeleteKeyPair: keyPairs.deleteKeyPair,
  CreateLaunchTemplate: launchTemplates.createLaunchTemplate,
  CreateLaunchTemplateVersion: launchTemplates.createLaunchTemplateVersion,
  DescribeLaunchTemplates: launchTemplates.describeLaunchTemplates,
  DescribeLaunchTemplateVersions: launchTemplates.describeLaunchTemplateVersions,
  ModifyLaunchTemplate: launchTemplates.modifyLaunchTemplate,
  DeleteLaunchTemplate: launchTemplates.deleteLaunchTemplate,
  DeleteLaunchTemplateVersions: launchTemplates.deleteLaunchTemplateVersions,
}

/** Creations that take a client token. */
const TOKENED = new Set([
  'CopyImage',
  'CreateFlowLogs',
  'CreateLaunchTemplate',
  'CreateLaunchTemplateVersion',
  'CreateNatGateway',
  'CreateNetworkAcl',
  'CreateNetworkInterface',
  'CreateRouteTable',
  'CreateVolume',
  'CreateVpcEndpoint',
  'RunInstances',
])

/** What every operation has in common: the region has its default VPC, and DryRun changes nothing. */
function prepared(handler: Handler): Handler {
  return (input: { DryRun?: boolean }, context: RequestContext) => {
    bootstrapRegion(context)
    if (input.DryRun) {
      throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', {
        status: 412,
      })
    }
    return handler(input, context)
  }
}

/** The ARN named by one member of the input, or `*` of that type. */
const onOne =
  (type: string, member: string): ResourceResolver =>
  (input, context) =>
    ec2Arn(context, type, input[member] ?? '*')

const onMany =
  (type: string, member: string): ResourceResolver =>
  (input, context) =>
    ((input[member] as string[] | undefined) ?? ['*']).map((id) => ec2Arn(context, type, id))

/** What flow logs watch → its type in ARNs. */
const FLOW_RESOURCES: Record<string, string> = {
  VPC: 'vpc',
  Subnet: 'subnet',
  NetworkInterface: 'network-interface',
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html (written 2026-11-21, not verified line by line) */
const resources: Record<string, ResourceResolver> = {
  CreateVpc: onOne('vpc', ''),
  DeleteVpc: onOne('vpc', 'VpcId'),
  ModifyVpcAttribute: onOne('vpc', 'VpcId'),
  CreateDhcpOptions: onOne('dhcp-options', ''),
  DeleteDhcpOptions: onOne('dhcp-options', 'DhcpOptionsId'),
  AssociateDhcpOptions: (input, context) => [
    ec2Arn(context, 'dhcp-options', input.DhcpOptionsId ?? '*'),
    ec2Arn(context, 'vpc', input.VpcId ?? '*'),
  ],
  CreateSubnet: onOne('vpc', 'VpcId'),
  DeleteSubnet: onOne('subnet', 'SubnetId'),
  ModifySubnetAttribute: onOne('subnet', 'SubnetId'),
  CreateNetworkAcl: onOne('vpc', 'VpcId'),
  DeleteNetworkAcl: onOne('network-acl', 'NetworkAclId'),
  CreateNetworkAclEntry: onOne('network-acl', 'NetworkAclId'),
  ReplaceNetworkAclEntry: onOne('network-acl', 'NetworkAclId'),
  DeleteNetworkAclEntry: onOne('network-acl', 'NetworkAclId'),
  ReplaceNetworkAclAssociation: onOne('network-acl', 'NetworkAclId'),
  CreateVpcEndpoint: onOne('vpc', 'VpcId'),
  ModifyVpcEndpoint: onOne('vpc-endpoint', 'VpcEndpointId'),
  DeleteVpcEndpoints: onMany('vpc-endpoint', 'VpcEndpointIds'),
  CreateVpcPeeringConnection: onOne('vpc', 'VpcId'),
  AcceptVpcPeeringConnection: onOne('vpc-peering-connection', 'VpcPeeringConnectionId'),
  RejectVpcPeeringConnection: onOne('vpc-peering-connection', 'VpcPeeringConnectionId'),
  DeleteVpcPeeringConnection: onOne('vpc-peering-connection', 'VpcPeeringConnectionId'),
  CreateRouteTable: onOne('vpc', 'VpcId'),
  DeleteRouteTable: onOne('route-table', 'RouteTableId'),
  CreateRoute: onOne('route-table', 'RouteTableId'),
  ReplaceRoute: onOne('route-table', 'RouteTableId'),
  DeleteRoute: onOne('route-table', 'RouteTableId'),
  CreateInternetGateway: onOne('internet-gateway', ''),
  AttachInternetGateway: onOne('internet-gateway', 'InternetGatewayId'),
  DetachInternetGateway: onOne('internet-gateway', 'InternetGatewayId'),
  DeleteInternetGateway: onOne('internet-gateway', 'InternetGatewayId'),
  CreateNatGateway: onOne('subnet', 'SubnetId'),
  DeleteNatGateway: onOne('natgateway', 'NatGatewayId'),
  CreateSecurityGroup: onOne('vpc', 'VpcId'),
  DeleteSecurityGroup: onOne('security-group', 'GroupId'),
  AuthorizeSecurityGroupIngress: onOne('security-group', 'GroupId'),
  AuthorizeSecurityGroupEgress: onOne('security-group', 'GroupId'),
  RevokeSecurityGroupIngress: onOne('security-group', 'GroupId'),
  RevokeSecurityGroupEgress: onOne('security-group', 'GroupId'),
  ModifySecurityGroupRules: onOne('security-group', 'GroupId'),
  UpdateSecurityGroupRuleDescriptionsIngress: onOne('security-group', 'GroupId'),
  UpdateSecurityGroupRuleDescriptionsEgress: onOne('security-group', 'GroupId'),
  CreateNetworkInterface: onOne('subnet', 'SubnetId'),
  AttachNetworkInterface: onOne('network-interface', 'NetworkInterfaceId'),
  ModifyNetworkInterfaceAttribute: onOne('network-interface', 'NetworkInterfaceId'),
  ResetNetworkInterfaceAttribute: onOne('network-interface', 'NetworkInterfaceId'),
  AssignPrivateIpAddresses: onOne('network-interface', 'NetworkInterfaceId'),
  UnassignPrivateIpAddresses: onOne('network-interface', 'NetworkInterfaceId'),
  DeleteNetworkInterface: onOne('network-interface', 'NetworkInterfaceId'),
  AllocateAddress: onOne('elastic-ip', ''),
  ReleaseAddress: onOne('elastic-ip', 'AllocationId'),
  RunInstances: onOne('instance', ''),
  TerminateInstances: onMany('instance', 'InstanceIds'),
  StopInstances: onMany('instance', 'InstanceIds'),
  StartInstances: onMany('instance', 'InstanceIds'),
  GetConsoleOutput: onOne('instance', 'InstanceId'),
  ModifyInstanceMetadataOptions: onOne('instance', 'InstanceId'),
  ModifyInstanceAttribute: onOne('instance', 'InstanceId'),
  ResetInstanceAttribute: onOne('instance', 'InstanceId'),
  DescribeInstanceAttribute: onOne('instance', 'InstanceId'),
  AssociateIamInstanceProfile: onOne('instance', 'InstanceId'),
  MonitorInstances: onMany('instance', 'InstanceIds'),
  UnmonitorInstances: onMany('instance', 'InstanceIds'),
  RebootInstances: onMany('instance', 'InstanceIds'),
  CreateVolume: onOne('volume', ''),
  DeleteVolume: onOne('volume', 'VolumeId'),
  AttachVolume: onOne('volume', 'VolumeId'),
  DetachVolume: onOne('volume', 'VolumeId'),
  ModifyVolume: onOne('volume', 'VolumeId'),
  CreateSnapshot: onOne('volume', 'VolumeId'),
  DeleteSnapshot: onOne('snapshot', 'SnapshotId'),
  CreateImage: (input, context) => [
    ec2Arn(context, 'instance', input.InstanceId ?? '*'),
    ec2Arn(context, 'image', '*'),
    ec2Arn(context, 'snapshot', '*'),
  ],
  RegisterImage: onOne('image', ''),
  CopyImage: onOne('image', ''),
  DeregisterImage: onOne('image', 'ImageId'),
  ModifyImageAttribute: onOne('image', 'ImageId'),
  ResetImageAttribute: onOne('image', 'ImageId'),
  DisableImage: onOne('image', 'ImageId'),
  EnableImage: onOne('image', 'ImageId'),
  EnableImageDeprecation: onOne('image', 'ImageId'),
  DisableImageDeprecation: onOne('image', 'ImageId'),
  EnableImageDeregistrationProtection: onOne('image', 'ImageId'),
  DisableImageDeregistrationProtection: onOne('image', 'ImageId'),
  CopySnapshot: onOne('snapshot', ''),
  CreateSnapshots: (input, context) => [
    ec2Arn(context, 'instance', input.InstanceSpecification?.InstanceId ?? '*'),
    ec2Arn(context, 'snapshot', '*'),
  ],
  CreateFlowLogs: (input, context) => [
    ec2Arn(context, 'vpc-flow-log', '*'),
    ...((input.ResourceIds ?? []) as string[]).map((id) =>
      ec2Arn(context, FLOW_RESOURCES[input.ResourceType] ?? '*', id),
    ),
  ],
  DeleteFlowLogs: onMany('vpc-flow-log', 'FlowLogIds'),
  CreateKeyPair: onOne('key-pair', 'KeyName'),
  ImportKeyPair: onOne('key-pair', 'KeyName'),
  DeleteKeyPair: onOne('key-pair', 'KeyName'),
  CreateLaunchTemplate: onOne('launch-template', ''),
  DeleteLaunchTemplate: onOne('launch-template', 'LaunchTemplateId'),
  DeleteLaunchTemplateVersions: onOne('launch-template', 'LaunchTemplateId'),
  ModifyVpcTenancy: onOne('vpc', 'VpcId'),
}

export const ec2Service: Service = {
  name: 'ec2',
  sdk: () => import('@aws-sdk/client-ec2'),
  actionPrefix: 'ec2',
  endpoints: [{ prefix: 'ec2' }],
  botocoreName: 'ec2',
  handlers: Object.fromEntries(
    Object.entries(behaviour).map(([name, handler]) => [
      name,
      prepared(TOKENED.has(name) ? oncePerToken(name, handler) : handler),
    ]),
  ),
  resources,
  resourceTags: (arn, context) => tags.tagsOfArn(context, arn),
}
