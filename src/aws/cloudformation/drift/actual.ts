import type { Properties } from '../records.ts'
import { type Calls, documentText } from '../types/type.ts'

/** Reads a resource's properties as they are now, in the form of templates: those that the type can tell. */
type ReadActual = (call: Calls, id: string, expected: Properties) => Promise<Properties>

// biome-ignore lint/suspicious/noExplicitAny: the answers of the services differ; each reader reads what it knows.
type Any = any

/** Without what is undefined or empty, as templates leave it out. */
const compact = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined && value !== ''))

/** Rules of a security group, one for each source, as templates list them. */
function rulesOf(permissions: Any[], group: 'Source' | 'Destination'): Properties[] {
  return permissions.flatMap(({ IpProtocol, FromPort, ToPort, ...sources }: Any) => {
    const rule = (more: Properties) => compact({ IpProtocol, FromPort, ToPort, ...more })
    return [
      ...(sources.IpRanges ?? []).map(({ CidrIp, Description }: Any) => rule({ CidrIp, Description })),
      ...(sources.Ipv6Ranges ?? []).map(({ CidrIpv6, Description }: Any) => rule({ CidrIpv6, Description })),
      ...(sources.UserIdGroupPairs ?? []).map(({ GroupId, Description }: Any) =>
        rule({ [`${group}SecurityGroupId`]: GroupId, Description }),
      ),
      ...(sources.PrefixListIds ?? []).map(({ PrefixListId, Description }: Any) =>
        rule({ [`${group}PrefixListId`]: PrefixListId, Description }),
      ),
    ]
  })
}

/** `demo/workers` */
const pair = (id: string) => [id.slice(0, id.indexOf('/')), id.slice(id.indexOf('/') + 1)] as const

/** The types whose drift is detected; others are told as not checked, as AWS does with types that do not support it. */
export const ACTUAL: Readonly<Record<string, ReadActual>> = {
  async 'AWS::EC2::SecurityGroup'(call, id) {
    const { SecurityGroups } = await call('ec2', 'DescribeSecurityGroups', { GroupIds: [id] })
    const { Description, IpPermissions, IpPermissionsEgress } = SecurityGroups[0]
    return {
      GroupDescription: Description,
      SecurityGroupIngress: rulesOf(IpPermissions, 'Source'),
      SecurityGroupEgress: rulesOf(IpPermissionsEgress, 'Destination'),
    }
  },
  async 'AWS::EC2::Subnet'(call, id) {
    const { Subnets } = await call('ec2', 'DescribeSubnets', { SubnetIds: [id] })
    const { CidrBlock, VpcId, AvailabilityZone, MapPublicIpOnLaunch } = Subnets[0]
    return { CidrBlock, VpcId, AvailabilityZone, MapPublicIpOnLaunch }
  },
  async 'AWS::EC2::VPC'(call, id) {
    const attribute = async (Attribute: string, member: string) =>
      (await call('ec2', 'DescribeVpcAttribute', { VpcId: id, Attribute }))[member]?.Value
    const { Vpcs } = await call('ec2', 'DescribeVpcs', { VpcIds: [id] })
    return {
      CidrBlock: Vpcs[0].CidrBlock,
      EnableDnsSupport: await attribute('enableDnsSupport', 'EnableDnsSupport'),
      EnableDnsHostnames: await attribute('enableDnsHostnames', 'EnableDnsHostnames'),
    }
  },
  async 'AWS::IAM::Role'(call, RoleName, expected) {
    const { Role } = await call('iam', 'GetRole', { RoleName })
    const { AttachedPolicies } = await call('iam', 'ListAttachedRolePolicies', { RoleName })
    const document: unknown = JSON.parse(decodeURIComponent(Role.AssumeRolePolicyDocument))
    const same = documentText(document) === documentText(expected.AssumeRolePolicyDocument)
    return compact({
      AssumeRolePolicyDocument: same ? expected.AssumeRolePolicyDocument : document,
      ManagedPolicyArns: AttachedPolicies.map(({ PolicyArn }: Any) => PolicyArn),
      Description: Role.Description,
      MaxSessionDuration: Role.MaxSessionDuration,
    })
  },
  async 'AWS::AutoScaling::AutoScalingGroup'(call, name) {
    const { AutoScalingGroups } = await call('autoscaling', 'DescribeAutoScalingGroups', {
      AutoScalingGroupNames: [name],
    })
    const { MinSize, MaxSize, DesiredCapacity, HealthCheckType, HealthCheckGracePeriod } =
      AutoScalingGroups[0]
    return { MinSize, MaxSize, DesiredCapacity, HealthCheckType, HealthCheckGracePeriod }
  },
  async 'AWS::EKS::Cluster'(call, name) {
    const { cluster } = await call('eks', 'DescribeCluster', { name })
    const { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs, subnetIds } =
      cluster.resourcesVpcConfig
    const enabled = (cluster.logging?.clusterLogging ?? []).filter((one: Any) => one.enabled)
    return {
      Version: cluster.version,
      ResourcesVpcConfig: {
        EndpointPublicAccess: endpointPublicAccess,
        EndpointPrivateAccess: endpointPrivateAccess,
        PublicAccessCidrs: publicAccessCidrs,
        SubnetIds: subnetIds,
      },
      Logging: {
        ClusterLogging: {
          EnabledTypes: enabled.flatMap(({ types }: Any) => types.map((Type: string) => ({ Type }))),
        },
      },
      UpgradePolicy: { SupportType: cluster.upgradePolicy?.supportType },
    }
  },
  async 'AWS::EKS::Nodegroup'(call, id) {
    const [clusterName, nodegroupName] = pair(id)
    const { nodegroup } = await call('eks', 'DescribeNodegroup', { clusterName, nodegroupName })
    const { minSize, maxSize, desiredSize } = nodegroup.scalingConfig
    return {
      ScalingConfig: { MinSize: minSize, MaxSize: maxSize, DesiredSize: desiredSize },
      Labels: nodegroup.labels,
      Version: nodegroup.version,
    }
  },
  async 'AWS::ECS::Service'(call, service, { Cluster: cluster = 'default' }) {
    const { services } = await call('ecs', 'DescribeServices', { cluster, services: [service] })
    return { DesiredCount: services[0].desiredCount, TaskDefinition: services[0].taskDefinition }
  },
  async 'AWS::Logs::LogGroup'(call, name) {
    const { logGroups } = await call('logs', 'DescribeLogGroups', { logGroupNamePrefix: name })
    const found = logGroups.find(({ logGroupName }: Any) => logGroupName === name)
    return compact({ RetentionInDays: found?.retentionInDays, KmsKeyId: found?.kmsKeyId })
  },
  async 'AWS::SSM::Parameter'(call, Name) {
    const { Parameter } = await call('ssm', 'GetParameter', { Name })
    return { Type: Parameter.Type, Value: Parameter.Value }
  },
}
