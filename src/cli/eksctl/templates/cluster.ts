import type { ClusterConfig } from '../config.ts'
import { type NetworkPlan, networkOutputs, networkResources, subnetRefs } from './network.ts'
import { attribute, exported, nameTag, type Resource, ref, serviceRole, type Template } from './template.ts'

/** Subnets that were there before: `vpc.subnets` of a ClusterConfig. */
export interface GivenNetwork {
  vpcId: string
  publicSubnets: string[]
  privateSubnets: string[]
}

/** The stack of a cluster: its network, security groups, role and control plane. */
export function clusterTemplate(
  config: ClusterConfig,
  version: string,
  network: { plan: NetworkPlan } | { given: GivenNetwork },
): Template {
  const own = 'plan' in network ? network.plan : undefined
  const given = 'given' in network ? network.given : undefined
  const vpc = own ? ref('VPC') : given!.vpcId
  const subnets = own
    ? [...subnetRefs(own, 'Public'), ...subnetRefs(own, 'Private')]
    : [...given!.publicSubnets, ...given!.privateSubnets]
  const roleArn = config.iam?.serviceRoleARN
  const resources: Record<string, Resource> = {
    ...(own ? networkResources(own) : {}),
    ControlPlaneSecurityGroup: group(
      'ControlPlaneSecurityGroup',
      'Communication between the control plane and worker nodegroups',
      vpc,
    ),
    ClusterSharedNodeSecurityGroup: group(
      'ClusterSharedNodeSecurityGroup',
      'Communication between all nodes in the cluster',
      vpc,
    ),
    IngressInterNodeGroupSG: ingress(
      'Allow nodes to communicate with each other (all ports)',
      attribute('ClusterSharedNodeSecurityGroup', 'GroupId'),
      attribute('ClusterSharedNodeSecurityGroup', 'GroupId'),
    ),
    ...(roleArn === undefined
      ? {
          ServiceRole: serviceRole(
            'eks.amazonaws.com',
            [
              'AmazonEKSClusterPolicy',
              'AmazonEKSVPCResourceController',
              ...(config.autoModeConfig?.enabled ? AUTO_MODE_POLICIES : []),
            ],
            'ServiceRole',
          ),
        }
      : {}),
    ...(makesAutoNodeRole(config)
      ? {
          AutoModeNodeRole: serviceRole(
            'ec2.amazonaws.com',
            ['AmazonEKSWorkerNodeMinimalPolicy', 'AmazonEC2ContainerRegistryPullOnly'],
            'AutoModeNodeRole',
          ),
        }
      : {}),
    ControlPlane: controlPlane(config, version, roleArn ?? attribute('ServiceRole', 'Arn'), subnets),
    IngressDefaultClusterToNodeSG: ingress(
      'Allow managed and unmanaged nodes to communicate with each other (all ports)',
      ref('ClusterSharedNodeSecurityGroup'),
      attribute('ControlPlane', 'ClusterSecurityGroupId'),
    ),
    IngressNodeToDefaultClusterSG: ingress(
      'Allow unmanaged nodes to communicate with control plane (all ports)',
      attribute('ControlPlane', 'ClusterSecurityGroupId'),
      ref('ClusterSharedNodeSecurityGroup'),
    ),
  }
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `EKS cluster (dedicated VPC: ${own !== undefined}, dedicated IAM: ${roleArn === undefined}) [created and managed by eksctl]`,
    Resources: resources,
    Outputs: {
      ARN: exported('ARN', attribute('ControlPlane', 'Arn')),
      CertificateAuthorityData: { Value: attribute('ControlPlane', 'CertificateAuthorityData') },
      ClusterSecurityGroupId: exported(
        'ClusterSecurityGroupId',
        attribute('ControlPlane', 'ClusterSecurityGroupId'),
      ),
      ClusterStackName: { Value: ref('AWS::StackName') },
      Endpoint: exported('Endpoint', attribute('ControlPlane', 'Endpoint')),
      SecurityGroup: exported('SecurityGroup', ref('ControlPlaneSecurityGroup')),
      ServiceRoleARN: exported('ServiceRoleARN', roleArn ?? attribute('ServiceRole', 'Arn')),
      SharedNodeSecurityGroup: exported('SharedNodeSecurityGroup', ref('ClusterSharedNodeSecurityGroup')),
      ...(own
        ? networkOutputs(own)
        : {
            VPC: exported('VPC', vpc),
            ...(given!.publicSubnets.length > 0
              ? { SubnetsPublic: exported('SubnetsPublic', given!.publicSubnets.join(',')) }
              : {}),
            ...(given!.privateSubnets.length > 0
              ? { SubnetsPrivate: exported('SubnetsPrivate', given!.privateSubnets.join(',')) }
              : {}),
          }),
    },
  }
}

function controlPlane(
  config: ClusterConfig,
  version: string,
  RoleArn: unknown,
  subnets: unknown[],
): Resource {
  const { clusterEndpoints, publicAccessCIDRs } = config.vpc ?? {}
  const logTypes = config.cloudWatch?.clusterLogging?.enableTypes
  const keyArn = config.secretsEncryption?.keyARN
  return {
    Type: 'AWS::EKS::Cluster',
    Properties: {
      Name: config.metadata.name,
      Version: version,
      RoleArn,
      AccessConfig: {
        AuthenticationMode: config.accessConfig?.authenticationMode ?? 'API_AND_CONFIG_MAP',
        BootstrapClusterCreatorAdminPermissions:
          config.accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
      },
      BootstrapSelfManagedAddons: false,
      ...(keyArn === undefined
        ? {}
        : { EncryptionConfig: [{ Provider: { KeyArn: keyArn }, Resources: ['secrets'] }] }),
      ...(logTypes === undefined
        ? {}
        : {
            Logging: {
              ClusterLogging: { EnabledTypes: allTypes(logTypes).map((Type) => ({ Type })) },
            },
          }),
      ...networkConfig(config),
      ...autoMode(config),
      ResourcesVpcConfig: {
        EndpointPublicAccess: clusterEndpoints?.publicAccess ?? true,
        EndpointPrivateAccess: clusterEndpoints?.privateAccess ?? false,
        ...(publicAccessCIDRs === undefined ? {} : { PublicAccessCidrs: publicAccessCIDRs }),
        SecurityGroupIds: [ref('ControlPlaneSecurityGroup')],
        SubnetIds: subnets,
      },
      Tags: [nameTag('ControlPlane')],
    },
  }
}

/** What the role of a cluster in Auto Mode may besides: https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html */
const AUTO_MODE_POLICIES = [
  'AmazonEKSComputePolicy',
  'AmazonEKSBlockStoragePolicy',
  'AmazonEKSLoadBalancingPolicy',
  'AmazonEKSNetworkingPolicy',
]

const poolsOf = ({ autoModeConfig }: ClusterConfig) =>
  autoModeConfig?.enabled ? (autoModeConfig.nodePools ?? ['general-purpose', 'system']) : []
const makesAutoNodeRole = (config: ClusterConfig) =>
  poolsOf(config).length > 0 && config.autoModeConfig?.nodeRoleARN === undefined

function autoMode(config: ClusterConfig): Record<string, unknown> {
  if (!config.autoModeConfig?.enabled) return {}
  const NodePools = poolsOf(config)
  const NodeRoleArn = config.autoModeConfig.nodeRoleARN ?? attribute('AutoModeNodeRole', 'Arn')
  return {
    ComputeConfig: { Enabled: true, NodePools, ...(NodePools.length > 0 ? { NodeRoleArn } : {}) },
    StorageConfig: { BlockStorage: { Enabled: true } },
  }
}

function networkConfig({ kubernetesNetworkConfig, autoModeConfig }: ClusterConfig): Record<string, unknown> {
  const ServiceIpv4Cidr = kubernetesNetworkConfig?.serviceIPv4CIDR
  if (ServiceIpv4Cidr === undefined && !autoModeConfig?.enabled) return {}
  return {
    KubernetesNetworkConfig: {
      ...(ServiceIpv4Cidr === undefined ? {} : { ServiceIpv4Cidr }),
      ...(autoModeConfig?.enabled ? { ElasticLoadBalancing: { Enabled: true } } : {}),
    },
  }
}

const LOG_TYPES = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']

/** `all` and `*` stand for every type. */
const allTypes = (types: string[]) =>
  types.some((type) => type === 'all' || type === '*') ? LOG_TYPES : types

const group = (logicalId: string, GroupDescription: string, VpcId: unknown): Resource => ({
  Type: 'AWS::EC2::SecurityGroup',
  Properties: { GroupDescription, VpcId, Tags: [nameTag(logicalId)] },
})

const ingress = (Description: string, GroupId: unknown, SourceSecurityGroupId: unknown): Resource => ({
  Type: 'AWS::EC2::SecurityGroupIngress',
  Properties: { Description, GroupId, SourceSecurityGroupId, IpProtocol: '-1', FromPort: 0, ToPort: 65535 },
})
