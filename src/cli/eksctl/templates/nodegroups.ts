import type { NodeGroupConfig, SelfManagedConfig } from '../config.ts'
import { attribute, nameTag, type Resource, ref, serviceRole, type Template } from './template.ts'

const NODE_POLICIES = [
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEKS_CNI_Policy',
  'AmazonSSMManagedInstanceCore',
]

const EFFECTS: Record<string, string> = {
  NoSchedule: 'NO_SCHEDULE',
  NoExecute: 'NO_EXECUTE',
  PreferNoSchedule: 'PREFER_NO_SCHEDULE',
}

/** Minimum, maximum and desired size: what is not given follows from what is, as in eksctl (default 2). */
export function scalingOf({
  desiredCapacity,
  minSize,
  maxSize,
}: Pick<NodeGroupConfig, 'desiredCapacity' | 'minSize' | 'maxSize'>) {
  const desired = desiredCapacity ?? minSize ?? (maxSize === undefined ? 2 : Math.min(2, maxSize))
  return { desiredSize: desired, minSize: minSize ?? desired, maxSize: maxSize ?? Math.max(desired, 1) }
}

const ownLabels = (cluster: string, name: string) => ({
  'alpha.eksctl.io/cluster-name': cluster,
  'alpha.eksctl.io/nodegroup-name': name,
})

function volume({ volumeSize = 80, volumeType = 'gp3' }: { volumeSize?: number; volumeType?: string }) {
  return [
    {
      DeviceName: '/dev/xvda',
      Ebs: { Iops: 3000, Throughput: 125, VolumeSize: volumeSize, VolumeType: volumeType },
    },
  ]
}

const instanceTags = (cluster: string, name: string, type: string) =>
  ['instance', 'volume'].map((ResourceType) => ({
    ResourceType,
    Tags: [
      { Key: 'Name', Value: `${cluster}-${name}-Node` },
      { Key: 'alpha.eksctl.io/nodegroup-name', Value: name },
      { Key: 'alpha.eksctl.io/nodegroup-type', Value: type },
    ],
  }))

/** The stack of a managed node group: its role, launch template and group. */
export function managedNodegroupTemplate(
  cluster: string,
  config: NodeGroupConfig,
  subnets: string[],
  securityGroup: string | undefined,
): Template {
  const { name } = config
  const roleArn = config.iam?.instanceRoleARN
  const sizes = scalingOf(config)
  const resources: Record<string, Resource> = {
    LaunchTemplate: {
      Type: 'AWS::EC2::LaunchTemplate',
      Properties: {
        LaunchTemplateName: ref('AWS::StackName'),
        LaunchTemplateData: {
          BlockDeviceMappings: volume(config),
          MetadataOptions: { HttpPutResponseHopLimit: 2, HttpTokens: 'required' },
          ...(securityGroup === undefined ? {} : { SecurityGroupIds: [securityGroup] }),
          TagSpecifications: instanceTags(cluster, name, 'managed'),
        },
      },
    },
    ...(roleArn === undefined
      ? { NodeInstanceRole: serviceRole('ec2.amazonaws.com', NODE_POLICIES, 'NodeInstanceRole') }
      : {}),
    ManagedNodeGroup: {
      Type: 'AWS::EKS::Nodegroup',
      Properties: {
        ClusterName: cluster,
        NodegroupName: name,
        NodeRole: roleArn ?? attribute('NodeInstanceRole', 'Arn'),
        Subnets: subnets,
        AmiType: config.ami === undefined ? 'AL2023_x86_64_STANDARD' : config.ami,
        CapacityType: config.spot ? 'SPOT' : 'ON_DEMAND',
        InstanceTypes: config.instanceTypes ?? [config.instanceType ?? 'm5.large'],
        LaunchTemplate: { Id: ref('LaunchTemplate') },
        ScalingConfig: { DesiredSize: sizes.desiredSize, MinSize: sizes.minSize, MaxSize: sizes.maxSize },
        Labels: { ...ownLabels(cluster, name), ...config.labels },
        ...(config.taints === undefined
          ? {}
          : {
              Taints: config.taints.map(({ key, value, effect }) => ({
                Key: key,
                Value: value,
                Effect: EFFECTS[effect],
              })),
            }),
        ...(config.updateConfig === undefined
          ? {}
          : {
              UpdateConfig: {
                MaxUnavailable: config.updateConfig.maxUnavailable,
                MaxUnavailablePercentage: config.updateConfig.maxUnavailablePercentage,
              },
            }),
        Tags: {
          ...ownLabels(cluster, name),
          'alpha.eksctl.io/nodegroup-type': 'managed',
          ...config.tags,
        },
      },
    },
  }
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `EKS Managed Nodes (SSH access: false) [created by eksctl]`,
    Resources: resources,
  }
}

/** What a self-managed node's machine must know of its cluster. */
export interface Joining {
  name: string
  endpoint: string
  certificateAuthority: string
  serviceCidr: string
  vpcId: string
  /** The cluster's own security group, and that which eksctl's nodes share. */
  securityGroups: string[]
  imageId: string
}

/** The stack of a self-managed node group: role, profile, launch template, Auto Scaling group and access entry. */
export function selfManagedTemplate(
  joining: Joining,
  config: SelfManagedConfig,
  subnets: string[],
): Template {
  const { name } = config
  const sizes = scalingOf(config)
  const roleArn = config.iam?.instanceRoleARN
  const owned = `kubernetes.io/cluster/${joining.name}`
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'EKS nodes (AMI family: AmazonLinux2023, SSH access: false, private networking: ' +
      `${config.privateNetworking ?? false}) [created and managed by eksctl]`,
    Resources: {
      ...(roleArn === undefined
        ? { NodeInstanceRole: serviceRole('ec2.amazonaws.com', NODE_POLICIES, 'NodeInstanceRole') }
        : {}),
      NodeInstanceProfile: {
        Type: 'AWS::IAM::InstanceProfile',
        Properties: {
          Path: '/',
          Roles: [
            roleArn === undefined ? ref('NodeInstanceRole') : roleArn.slice(roleArn.lastIndexOf('/') + 1),
          ],
        },
      },
      SG: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: {
          GroupDescription: `Communication between the control plane and worker nodes in group ${name}`,
          VpcId: joining.vpcId,
          Tags: [{ Key: owned, Value: 'owned' }, nameTag('SG')],
        },
      },
      NodeGroupLaunchTemplate: {
        Type: 'AWS::EC2::LaunchTemplate',
        Properties: {
          LaunchTemplateName: ref('AWS::StackName'),
          LaunchTemplateData: {
            IamInstanceProfile: { Arn: attribute('NodeInstanceProfile', 'Arn') },
            ImageId: config.ami ?? joining.imageId,
            InstanceType: config.instanceType ?? 'm5.large',
            MetadataOptions: { HttpPutResponseHopLimit: 2, HttpTokens: 'required' },
            NetworkInterfaces: [
              {
                DeviceIndex: 0,
                Groups: [...joining.securityGroups, attribute('SG', 'GroupId')],
                AssociatePublicIpAddress: !config.privateNetworking,
              },
            ],
            BlockDeviceMappings: volume(config),
            UserData: userData(joining, config),
            TagSpecifications: instanceTags(joining.name, name, 'unmanaged'),
          },
        },
      },
      NodeGroup: {
        Type: 'AWS::AutoScaling::AutoScalingGroup',
        DependsOn: ['AccessEntry'],
        Properties: {
          LaunchTemplate: {
            LaunchTemplateId: ref('NodeGroupLaunchTemplate'),
            Version: attribute('NodeGroupLaunchTemplate', 'LatestVersionNumber'),
          },
          MinSize: String(sizes.minSize),
          MaxSize: String(sizes.maxSize),
          DesiredCapacity: String(sizes.desiredSize),
          VPCZoneIdentifier: subnets,
          Tags: [
            { Key: 'Name', Value: `${joining.name}-${name}-Node`, PropagateAtLaunch: true },
            { Key: owned, Value: 'owned', PropagateAtLaunch: true },
          ],
        },
      },
      AccessEntry: {
        Type: 'AWS::EKS::AccessEntry',
        Properties: {
          ClusterName: joining.name,
          PrincipalArn: roleArn ?? attribute('NodeInstanceRole', 'Arn'),
          Type: 'EC2_LINUX',
        },
      },
    },
  }
}

/** nodeadm's NodeConfig: https://awslabs.github.io/amazon-eks-ami/nodeadm/ */
function userData(joining: Joining, config: SelfManagedConfig): string {
  const labels = Object.entries({ ...ownLabels(joining.name, config.name), ...config.labels })
  const taints = (config.taints ?? []).map(({ key, value = '', effect }) => `${key}=${value}:${effect}`)
  const flags = [
    `--node-labels=${labels.map((pair) => pair.join('=')).join(',')}`,
    ...(taints.length > 0 ? [`--register-with-taints=${taints.join(',')}`] : []),
  ]
  const document = {
    apiVersion: 'node.eks.aws/v1alpha1',
    kind: 'NodeConfig',
    spec: {
      cluster: {
        apiServerEndpoint: joining.endpoint,
        certificateAuthority: joining.certificateAuthority,
        cidr: joining.serviceCidr,
        name: joining.name,
      },
      kubelet: { flags },
    },
  }
  const text = [
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="//"',
    '',
    '--//',
    'Content-Type: application/node.eks.aws',
    '',
    JSON.stringify(document),
    '--//--',
    '',
  ].join('\r\n')
  return Buffer.from(text).toString('base64')
}
