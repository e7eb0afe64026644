// The calls that terraform-provider-aws makes for an EKS set-up, in its order: create, what it reads back, change, delete, and the error by
// which it knows that something is gone. From its source, read 2026-11, for VPCs, addresses, security groups, interfaces, load balancers, clusters
// and Auto Scaling; those of IAM, KMS, logs, parameters, ECR, ECS, node groups, add-ons and NAT gateways from knowledge.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { SdkAccount, trust } from '../support/sdk-account.ts'
import { filter, named, Provider } from '../support/terraform/provider.ts'

let directory: string
let cloud: OwnedCloud
let tf: Provider
/** Ids of what has been made, by Terraform's names. */
const state: Record<string, string> = {}
const { call } = { call: (...args: Parameters<Provider['call']>) => tf.call(...args) }
const ec2 = (operation: string, input: object = {}) => call('ec2', operation, input)
const gone = (service: string, operation: string, input: object) => tf.code(service, operation, input)

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-terraform-'))
  cloud = await startCloud({ directory })
  const { id } = await cloud.createWorld({ id: 'terraform', provisioning: 'instant' })
  tf = new Provider(new SdkAccount((await cloud.world(id))!))
}, 120_000)
afterAll(async () => {
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
})

describe('terraform apply', { timeout: 60_000 }, () => {
  it('makes aws_vpc and reads back every attribute that it sets', async () => {
    const { Vpc } = await ec2('CreateVpc', {
      CidrBlock: '10.0.0.0/16',
      InstanceTenancy: 'default',
      AmazonProvidedIpv6CidrBlock: false,
      ...named('vpc', 'tf'),
    })
    state.vpc = Vpc.VpcId
    const VpcId = state.vpc
    for (const name of ['EnableDnsHostnames', 'EnableNetworkAddressUsageMetrics']) {
      await ec2('ModifyVpcAttribute', { VpcId, [name]: { Value: true } })
      const Attribute = `e${name.slice(1)}`
      expect((await ec2('DescribeVpcAttribute', { VpcId, Attribute }))[name]).toEqual({ Value: true })
    }
    await ec2('ModifyVpcTenancy', { VpcId, InstanceTenancy: 'default' })
    const ofVpc = (...more: Parameters<typeof filter>) => filter(['vpc-id', state.vpc!], ...more)
    const acls = await ec2('DescribeNetworkAcls', ofVpc(['default', 'true']))
    const tables = await ec2('DescribeRouteTables', ofVpc(['association.main', 'true']))
    const groups = await ec2('DescribeSecurityGroups', ofVpc(['group-name', 'default']))
    expect([acls.NetworkAcls, tables.RouteTables, groups.SecurityGroups].map(({ length }) => length)).toEqual(
      [1, 1, 1],
    )
    const { VpcCidrBlockAssociation: _, CidrBlockAssociation } = await ec2('AssociateVpcCidrBlock', {
      VpcId,
      CidrBlock: '10.1.0.0/16',
    })
    const { AssociationId } = CidrBlockAssociation
    const byAssociation = filter(['cidr-block-association.association-id', AssociationId])
    expect((await ec2('DescribeVpcs', byAssociation)).Vpcs).toHaveLength(1)
    await ec2('DisassociateVpcCidrBlock', { AssociationId })
    expect((await ec2('DescribeVpcs', byAssociation)).Vpcs).toEqual([])
    expect(await gone('ec2', 'DisassociateVpcCidrBlock', { AssociationId })).toBe(
      'InvalidVpcCidrBlockAssociationID.NotFound',
    )
  })

  it('makes aws_subnet, aws_internet_gateway, aws_route_table with its route and association', async () => {
    for (const [index, zone] of ['us-east-1a', 'us-east-1b'].entries()) {
      const { Subnet } = await ec2('CreateSubnet', {
        VpcId: state.vpc,
        CidrBlock: `10.0.${index}.0/24`,
        AvailabilityZone: zone,
        ...named('subnet', zone),
      })
      const SubnetId = Subnet.SubnetId
      await ec2('ModifySubnetAttribute', { SubnetId, MapPublicIpOnLaunch: { Value: true } })
      await ec2('ModifySubnetAttribute', {
        SubnetId,
        EnableResourceNameDnsARecordOnLaunch: { Value: true },
      })
      await ec2('ModifySubnetAttribute', { SubnetId, PrivateDnsHostnameTypeOnLaunch: 'resource-name' })
      expect((await ec2('DescribeSubnets', { SubnetIds: [SubnetId] })).Subnets[0]).toMatchObject({
        MapPublicIpOnLaunch: true,
        PrivateDnsNameOptionsOnLaunch: { HostnameType: 'resource-name', EnableResourceNameDnsARecord: true },
      })
      state[`subnet${index}`] = SubnetId
    }
    const { InternetGateway } = await ec2('CreateInternetGateway', named('internet-gateway', 'tf'))
    state.gateway = InternetGateway.InternetGatewayId
    await ec2('AttachInternetGateway', { InternetGatewayId: state.gateway, VpcId: state.vpc })
    const { RouteTable } = await ec2('CreateRouteTable', {
      VpcId: state.vpc,
      ...named('route-table', 'public'),
    })
    state.table = RouteTable.RouteTableId
    const route = {
      RouteTableId: state.table,
      DestinationCidrBlock: '0.0.0.0/0',
      GatewayId: state.gateway,
    }
    await ec2('CreateRoute', route)
    expect(await tf.code('ec2', 'CreateRoute', route)).toBe('RouteAlreadyExists')
    for (const index of [0, 1]) {
      const { AssociationId } = await ec2('AssociateRouteTable', {
        RouteTableId: state.table,
        SubnetId: state[`subnet${index}`],
      })
      state[`association${index}`] = AssociationId
    }
    const found = await ec2(
      'DescribeRouteTables',
      filter(['association.route-table-association-id', state.association0!]),
    )
    expect(found.RouteTables[0].Routes).toContainEqual(
      expect.objectContaining({ GatewayId: state.gateway, Origin: 'CreateRoute', State: 'active' }),
    )
  })

  it('makes aws_eip, with the reverse name that it asks for, and aws_nat_gateway', async () => {
    const { AllocationId } = await ec2('AllocateAddress', { Domain: 'vpc', ...named('elastic-ip', 'nat') })
    state.eip = AllocationId
    const attribute = { AllocationIds: [AllocationId], Attribute: 'domain-name' }
    expect((await ec2('DescribeAddressesAttribute', attribute)).Addresses).toEqual([])
    const { NatGateway } = await ec2('CreateNatGateway', {
      AllocationId,
      SubnetId: state.subnet0,
      ConnectivityType: 'public',
      ...named('natgateway', 'nat'),
    })
    state.nat = NatGateway.NatGatewayId
    await tf.wait('ec2', 'NatGatewayAvailable', { NatGatewayIds: [state.nat] })
    const { NatGateways } = await ec2('DescribeNatGateways', { NatGatewayIds: [state.nat] })
    expect(NatGateways[0].NatGatewayAddresses[0]).toMatchObject({
      AllocationId,
      AssociationId: expect.stringMatching(/^eipassoc-/),
      IsPrimary: true,
      Status: 'succeeded',
    })
  })

  it('makes aws_security_group without the default rule, and rules of their own that it can change', async () => {
    const { GroupId } = await ec2('CreateSecurityGroup', {
      GroupName: 'tf',
      Description: 'Managed by Terraform',
      VpcId: state.vpc,
      ...named('security-group', 'tf'),
    })
    state.group = GroupId
    const all = { FromPort: 0, ToPort: 0, IpProtocol: '-1' }
    await ec2('RevokeSecurityGroupEgress', {
      GroupId,
      IpPermissions: [{ ...all, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    })
    expect(
      await tf.code('ec2', 'RevokeSecurityGroupEgress', {
        GroupId,
        IpPermissions: [{ ...all, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }],
      }),
    ).toBe('InvalidPermission.NotFound')
    const https = (Description: string) => ({
      GroupId,
      IpPermissions: [
        { FromPort: 443, ToPort: 443, IpProtocol: 'tcp', IpRanges: [{ CidrIp: '10.0.0.0/16', Description }] },
      ],
    })
    const { SecurityGroupRules } = await ec2('AuthorizeSecurityGroupIngress', https('https'))
    const id = SecurityGroupRules[0].SecurityGroupRuleId
    await ec2('UpdateSecurityGroupRuleDescriptionsIngress', https('TLS'))
    const read = async () =>
      (await ec2('DescribeSecurityGroupRules', { SecurityGroupRuleIds: [id] })).SecurityGroupRules[0]
    expect(await read()).toMatchObject({ Description: 'TLS', FromPort: 443 })
    const change = (SecurityGroupRule: object) => ({
      GroupId,
      SecurityGroupRules: [{ SecurityGroupRuleId: id, SecurityGroupRule }],
    })
    const wanted = { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, CidrIpv4: '10.0.0.0/8' }
    await ec2('ModifySecurityGroupRules', change(wanted))
    expect(await read()).toMatchObject({ FromPort: 8443, CidrIpv4: '10.0.0.0/8', GroupId, IsEgress: false })
    expect((await read()).Description).toBeUndefined()
    const otherPeer = change({ IpProtocol: 'tcp', FromPort: 1, ToPort: 2, ReferencedGroupId: GroupId })
    expect(await tf.code('ec2', 'ModifySecurityGroupRules', otherPeer)).toBe('InvalidParameterValue')
    const revoke = { GroupId, SecurityGroupRuleIds: [id] }
    await ec2('RevokeSecurityGroupIngress', revoke)
    expect(await gone('ec2', 'RevokeSecurityGroupIngress', revoke)).toBe(
      'InvalidSecurityGroupRuleId.NotFound',
    )
    await ec2('AuthorizeSecurityGroupEgress', {
      GroupId,
      IpPermissions: [{ ...all, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    })
  })

  it('makes aws_instance once for a client token, with its volumes, and reads its attributes one by one', async () => {
    const { Images } = await ec2('DescribeImages', {
      Owners: ['amazon'],
      ...filter(['name', 'al2023-ami-2023*-x86_64']),
    })
    state.image = Images[0].ImageId
    const { KeyMetadata } = await call('kms', 'CreateKey', { Description: 'tf', MultiRegion: false })
    state.key = KeyMetadata.Arn
    const request = {
      ImageId: state.image,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: state.subnet0,
      ClientToken: 'terraform-20261129',
      DisableApiTermination: true,
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Throughput: 200 } },
        {
          DeviceName: '/dev/sdf',
          Ebs: {
            VolumeSize: 5,
            VolumeType: 'gp2',
            Encrypted: true,
            KmsKeyId: state.key,
            DeleteOnTermination: false,
          },
        },
      ],
      TagSpecifications: [
        ...named('instance', 'bastion').TagSpecifications,
        ...named('volume', 'bastion-disk').TagSpecifications,
      ],
    }
    const { Instances } = await ec2('RunInstances', request)
    const again = await ec2('RunInstances', request)
    expect(again.Instances[0].InstanceId).toBe(Instances[0].InstanceId)
    const InstanceId = Instances[0].InstanceId
    await tf.wait('ec2', 'InstanceRunning', { InstanceIds: [InstanceId] })
    const { Volumes } = await ec2('DescribeVolumes', filter(['attachment.instance-id', InstanceId]))
    const shape = (
      volume: Record<string, unknown> & { Attachments: { Device: string }[]; Tags: { Value: string }[] },
    ) => [
      volume.Attachments[0]!.Device,
      ...['Size', 'VolumeType', 'Throughput', 'KmsKeyId'].map((name) => volume[name]),
      volume.Tags[0]!.Value,
    ]
    expect(Volumes.map(shape).sort()).toEqual([
      ['/dev/sdf', 5, 'gp2', undefined, state.key, 'bastion-disk'],
      ['/dev/xvda', 20, 'gp3', 200, undefined, 'bastion-disk'],
    ])
    const attribute = async (Attribute: string) => {
      const {
        $metadata: _,
        InstanceId: _id,
        ...shown
      } = await ec2('DescribeInstanceAttribute', {
        InstanceId,
        Attribute,
      })
      return shown
    }
    expect(await attribute('disableApiStop')).toEqual({ DisableApiStop: { Value: false } })
    expect(await attribute('disableApiTermination')).toEqual({ DisableApiTermination: { Value: true } })
    expect(await attribute('instanceInitiatedShutdownBehavior')).toEqual({
      InstanceInitiatedShutdownBehavior: { Value: 'stop' },
    })
    expect(await attribute('userData')).toEqual({ UserData: {} })
    const credits = await ec2('DescribeInstanceCreditSpecifications', { InstanceIds: [InstanceId] })
    expect(credits.InstanceCreditSpecifications).toEqual([{ InstanceId, CpuCredits: 'unlimited' }])

    await ec2('ModifyInstanceAttribute', { InstanceId, SourceDestCheck: { Value: false } })
    await ec2('ModifyInstanceAttribute', { InstanceId, Groups: [state.group] })
    await ec2('MonitorInstances', { InstanceIds: [InstanceId] })
    const { Reservations } = await ec2('DescribeInstances', { InstanceIds: [InstanceId] })
    expect(Reservations[0].Instances[0]).toMatchObject({
      SourceDestCheck: false,
      SecurityGroups: [{ GroupId: state.group }],
      Monitoring: { State: 'enabled' },
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdf', Ebs: { DeleteOnTermination: false } },
        { DeviceName: '/dev/xvda' },
      ],
    })
    const type = { InstanceId, InstanceType: { Value: 't3.small' } }
    expect(await tf.code('ec2', 'ModifyInstanceAttribute', type)).toBe('IncorrectInstanceState')
    const terminate = { InstanceIds: [InstanceId] }
    expect(await tf.code('ec2', 'TerminateInstances', terminate)).toBe('OperationNotPermitted')
    await ec2('ModifyInstanceAttribute', { InstanceId, DisableApiTermination: { Value: false } })
    await ec2('TerminateInstances', terminate)
    await tf.wait('ec2', 'InstanceTerminated', { InstanceIds: [InstanceId] })
    const left = Volumes.filter(({ Size }: { Size: number }) => Size === 5)
    expect((await ec2('DescribeVolumes', filter(['tag:Name', 'bastion-disk']))).Volumes).toMatchObject(
      left.map(({ VolumeId }: { VolumeId: string }) => ({ VolumeId, State: 'available' })),
    )
    await ec2('DeleteVolume', { VolumeId: left[0].VolumeId })
  })

  it('makes aws_iam_role with its policies, and aws_iam_instance_profile', async () => {
    const attach = async (RoleName: string, service: string, ...policies: string[]) => {
      const AssumeRolePolicyDocument = trust(service)
      const { Role } = await call('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument, Path: '/' })
      for (const name of policies)
        await call('iam', 'AttachRolePolicy', { RoleName, PolicyArn: `arn:aws:iam::aws:policy/${name}` })
      return Role.Arn
    }
    state.clusterRole = await attach('tf-cluster', 'eks', 'AmazonEKSClusterPolicy')
    state.nodeRole = await attach(
      'tf-node',
      'ec2',
      'AmazonEKSWorkerNodePolicy',
      'AmazonEKS_CNI_Policy',
      'AmazonEC2ContainerRegistryReadOnly',
    )
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    })
    const { Policy } = await call('iam', 'CreatePolicy', { PolicyName: 'tf', PolicyDocument })
    const version = await call('iam', 'GetPolicyVersion', { PolicyArn: Policy.Arn, VersionId: 'v1' })
    // Terraform unescapes the document and compares it as JSON.
    expect(decodeURIComponent(version.PolicyVersion.Document)).toBe(PolicyDocument)
    await call('iam', 'DeletePolicy', { PolicyArn: Policy.Arn })
    expect(await gone('iam', 'GetPolicy', { PolicyArn: Policy.Arn })).toBe('NoSuchEntity')
    expect(await gone('iam', 'GetRolePolicy', { RoleName: 'tf-node', PolicyName: 'x' })).toBe('NoSuchEntity')
    expect(await tf.code('iam', 'DeleteRole', { RoleName: 'tf-node' })).toBe('DeleteConflict')
    await call('iam', 'CreateInstanceProfile', { InstanceProfileName: 'tf', Path: '/' })
    await call('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'tf', RoleName: 'tf-node' })
    const ofRole = await call('iam', 'ListInstanceProfilesForRole', { RoleName: 'tf-node' })
    expect(ofRole.InstanceProfiles).toHaveLength(1)
  })

  it('makes aws_cloudwatch_log_group, aws_kms_alias and aws_ssm_parameter', async () => {
    const logGroupName = '/aws/eks/tf/cluster'
    await call('logs', 'CreateLogGroup', {
      logGroupName,
      logGroupClass: 'INFREQUENT_ACCESS',
      tags: { a: 'b' },
    })
    await call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: 90 })
    const { logGroups } = await call('logs', 'DescribeLogGroups', { logGroupNamePrefix: logGroupName })
    expect(logGroups[0]).toMatchObject({ retentionInDays: 90, logGroupClass: 'INFREQUENT_ACCESS' })
    const protect = (deletionProtectionEnabled: boolean) =>
      call('logs', 'PutLogGroupDeletionProtection', {
        logGroupIdentifier: logGroupName,
        deletionProtectionEnabled,
      })
    await protect(true)
    expect(await tf.code('logs', 'DeleteLogGroup', { logGroupName })).toBe('ValidationException')
    await protect(false)
    await call('logs', 'DeleteLogGroup', { logGroupName })
    expect(await gone('logs', 'DeleteLogGroup', { logGroupName })).toBe('ResourceNotFoundException')

    await call('kms', 'EnableKeyRotation', { KeyId: state.key, RotationPeriodInDays: 180 })
    const rotation = await call('kms', 'GetKeyRotationStatus', { KeyId: state.key })
    expect(rotation).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 180 })
    await call('kms', 'CreateAlias', { AliasName: 'alias/tf', TargetKeyId: state.key })
    await call('kms', 'DeleteAlias', { AliasName: 'alias/tf' })
    expect(await gone('kms', 'DeleteAlias', { AliasName: 'alias/tf' })).toBe('NotFoundException')

    await call('ssm', 'PutParameter', { Name: '/tf/p', Value: 'x', Type: 'SecureString', AllowedPattern: '' })
    const named = { ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: ['/tf/p'] }] }
    expect((await call('ssm', 'DescribeParameters', named)).Parameters[0]).toMatchObject({
      KeyId: 'alias/aws/ssm',
      Tier: 'Standard',
      DataType: 'text',
    })
    await call('ssm', 'DeleteParameter', { Name: '/tf/p' })
    expect(await gone('ssm', 'GetParameter', { Name: '/tf/p' })).toBe('ParameterNotFound')
  })

  it('makes aws_eks_cluster, and changes one thing of it at a time', async () => {
    const subnetIds = [state.subnet0, state.subnet1]
    await call('eks', 'CreateCluster', {
      name: 'tf',
      roleArn: state.clusterRole,
      clientRequestToken: 'terraform-1',
      bootstrapSelfManagedAddons: true,
      accessConfig: {
        authenticationMode: 'API_AND_CONFIG_MAP',
        bootstrapClusterCreatorAdminPermissions: true,
      },
      kubernetesNetworkConfig: { ipFamily: 'ipv4', serviceIpv4Cidr: '172.20.0.0/16' },
      resourcesVpcConfig: { subnetIds, endpointPrivateAccess: true, endpointPublicAccess: true },
      encryptionConfig: [{ provider: { keyArn: state.key }, resources: ['secrets'] }],
      upgradePolicy: { supportType: 'STANDARD' },
    })
    await tf.wait('eks', 'ClusterActive', { name: 'tf' })
    const change = (input: object) => tf.eksUpdate('UpdateClusterConfig', { name: 'tf', ...input })
    expect(await change({ zonalShiftConfig: { enabled: true } })).toBe('ZonalShiftConfigUpdate')
    expect(await change({ upgradePolicy: { supportType: 'EXTENDED' } })).toBe('UpgradePolicyUpdate')
    expect(await change({ resourcesVpcConfig: { securityGroupIds: [state.group] } })).toBe('VpcConfigUpdate')
    const { cluster } = await call('eks', 'DescribeCluster', { name: 'tf' })
    expect(cluster).toMatchObject({
      zonalShiftConfig: { enabled: true },
      upgradePolicy: { supportType: 'EXTENDED' },
      resourcesVpcConfig: { subnetIds, securityGroupIds: [state.group], endpointPrivateAccess: true },
    })
    const { NetworkInterfaces } = await ec2('DescribeNetworkInterfaces', filter(['group-id', state.group!]))
    expect(NetworkInterfaces).toMatchObject([
      { Description: 'Amazon EKS tf' },
      { Description: 'Amazon EKS tf' },
    ])
    state.issuer = cluster.identity.oidc.issuer
    state.version = cluster.version
  })

  it('makes aws_eks_node_group from a launch template whose words its machines follow', async () => {
    const { LaunchTemplate } = await ec2('CreateLaunchTemplate', {
      ClientToken: 'terraform-2',
      LaunchTemplateName: 'tf',
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        Monitoring: { Enabled: true },
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true } },
        ],
        TagSpecifications: [
          ...named('instance', 'tf-node').TagSpecifications,
          ...named('volume', 'tf-node-disk').TagSpecifications,
        ],
      },
      ...named('launch-template', 'tf'),
    })
    state.template = LaunchTemplate.LaunchTemplateId
    const group = { clusterName: 'tf', nodegroupName: 'tf' }
    await call('eks', 'CreateNodegroup', {
      ...group,
      clientRequestToken: 'terraform-3',
      nodeRole: state.nodeRole,
      subnets: [state.subnet0, state.subnet1],
      scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 1 },
      amiType: 'AL2023_x86_64_STANDARD',
      capacityType: 'ON_DEMAND',
      instanceTypes: ['t3.large'],
      launchTemplate: { id: state.template, version: '1' },
      updateConfig: { maxUnavailablePercentage: 33 },
      nodeRepairConfig: { enabled: true },
      labels: { x: 'y' },
      version: state.version,
    })
    await tf.wait('eks', 'NodegroupActive', group)
    const { Reservations } = await ec2('DescribeInstances', filter(['tag:Name', 'tf-node']))
    expect(Reservations[0].Instances[0]).toMatchObject({
      MetadataOptions: { HttpPutResponseHopLimit: 1 },
      Monitoring: { State: 'enabled' },
    })
    const { Volumes } = await ec2('DescribeVolumes', filter(['tag:Name', 'tf-node-disk']))
    expect(Volumes[0]).toMatchObject({ Size: 30, VolumeType: 'gp3', Encrypted: true })
    await tf.eksUpdate('UpdateNodegroupConfig', {
      ...group,
      labels: { addOrUpdateLabels: { z: 'q' }, removeLabels: ['x'] },
      scalingConfig: { minSize: 1, maxSize: 4, desiredSize: 1 },
    } as never)
    await tf.eksUpdate('UpdateNodegroupConfig', { ...group, nodeRepairConfig: { enabled: false } } as never)
    expect((await call('eks', 'DescribeNodegroup', group)).nodegroup).toMatchObject({
      labels: { z: 'q' },
      scalingConfig: { maxSize: 4 },
      nodeRepairConfig: { enabled: false },
      launchTemplate: { id: state.template, version: '1' },
      health: { issues: [] },
    })
  })

  it('makes aws_eks_addon, access entry, pod identity association and aws_iam_openid_connect_provider', async () => {
    const addon = { clusterName: 'tf', addonName: 'coredns' }
    await call('eks', 'CreateAddon', {
      ...addon,
      clientRequestToken: 'terraform-4',
      resolveConflicts: 'OVERWRITE',
    })
    await tf.wait('eks', 'AddonActive', addon)
    const entry = { clusterName: 'tf', principalArn: tf.account.arn('iam', 'role/tf-cluster', '') }
    await call('eks', 'CreateAccessEntry', { ...entry, type: 'STANDARD' })
    const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy'
    await call('eks', 'AssociateAccessPolicy', { ...entry, policyArn, accessScope: { type: 'cluster' } })
    expect((await call('eks', 'ListAssociatedAccessPolicies', entry)).associatedAccessPolicies).toMatchObject(
      [{ policyArn, accessScope: { type: 'cluster' } }],
    )
    await call('eks', 'DeleteAccessEntry', entry)
    expect(await gone('eks', 'DescribeAccessEntry', entry)).toBe('ResourceNotFoundException')
    const { association } = await call('eks', 'CreatePodIdentityAssociation', {
      clusterName: 'tf',
      namespace: 'default',
      serviceAccount: 'app',
      roleArn: state.nodeRole,
    })
    const associated = { clusterName: 'tf', associationId: association.associationId }
    await call('eks', 'DeletePodIdentityAssociation', associated)
    expect(await gone('eks', 'DescribePodIdentityAssociation', associated)).toBe('ResourceNotFoundException')
    const { OpenIDConnectProviderArn } = await call('iam', 'CreateOpenIDConnectProvider', {
      Url: state.issuer,
      ClientIDList: ['sts.amazonaws.com'],
    })
    await call('iam', 'DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn })
    expect(await gone('iam', 'GetOpenIDConnectProvider', { OpenIDConnectProviderArn })).toBe('NoSuchEntity')
  })

  it('makes aws_lb with every attribute that it sets, target group, listener and rule', async () => {
    const { LoadBalancers } = await call('elbv2', 'CreateLoadBalancer', {
      Name: 'tf',
      Type: 'application',
      Scheme: 'internet-facing',
      Subnets: [state.subnet0, state.subnet1],
      SecurityGroups: [state.group],
      IpAddressType: 'ipv4',
    })
    const { LoadBalancerArn } = LoadBalancers[0]
    state.lb = LoadBalancerArn
    const attributes = {
      'access_logs.s3.enabled': 'false',
      'connection_logs.s3.enabled': 'false',
      'client_keep_alive.seconds': '3600',
      'routing.http.desync_mitigation_mode': 'defensive',
      'routing.http.drop_invalid_header_fields.enabled': 'false',
      'routing.http2.enabled': 'true',
      'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': 'false',
      'waf.fail_open.enabled': 'false',
      'routing.http.xff_client_port.enabled': 'false',
      'deletion_protection.enabled': 'false',
      'idle_timeout.timeout_seconds': '60',
      'routing.http.preserve_host_header.enabled': 'false',
      'routing.http.xff_header_processing.mode': 'append',
      'zonal_shift.config.enabled': 'false',
    }
    const Attributes = Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }))
    await call('elbv2', 'ModifyLoadBalancerAttributes', { LoadBalancerArn, Attributes })
    await tf.wait('elbv2', 'LoadBalancerAvailable', { LoadBalancerArns: [LoadBalancerArn] })
    const reservation = await call('elbv2', 'DescribeCapacityReservation', { LoadBalancerArn })
    expect(reservation.MinimumLoadBalancerCapacity).toBeUndefined()
    const { TargetGroups } = await call('elbv2', 'CreateTargetGroup', {
      Name: 'tf',
      Port: 80,
      Protocol: 'HTTP',
      ProtocolVersion: 'HTTP1',
      VpcId: state.vpc,
      TargetType: 'instance',
      IpAddressType: 'ipv4',
    })
    const { TargetGroupArn } = TargetGroups[0]
    state.targets = TargetGroupArn
    const { Listeners } = await call('elbv2', 'CreateListener', {
      LoadBalancerArn,
      Port: 80,
      Protocol: 'HTTP',
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
    })
    const { ListenerArn } = Listeners[0]
    const shown = await call('elbv2', 'DescribeListenerAttributes', { ListenerArn })
    expect(shown.Attributes).toContainEqual({ Key: 'routing.http.response.server.enabled', Value: 'true' })
    await call('elbv2', 'DeleteListener', { ListenerArn })
    expect(await gone('elbv2', 'DescribeListeners', { ListenerArns: [ListenerArn] })).toBe('ListenerNotFound')
  })

  it('makes aws_autoscaling_group and waits for its capacity', async () => {
    const LaunchTemplateId = state.template
    await ec2('CreateLaunchTemplateVersion', {
      LaunchTemplateId,
      SourceVersion: '1',
      LaunchTemplateData: { ImageId: state.image, InstanceType: 't3.micro', SecurityGroupIds: [state.group] },
    })
    const AutoScalingGroupName = 'tf'
    await call('autoscaling', 'CreateAutoScalingGroup', {
      AutoScalingGroupName,
      MinSize: 1,
      MaxSize: 1,
      DesiredCapacity: 1,
      HealthCheckGracePeriod: 300,
      HealthCheckType: 'EC2',
      LaunchTemplate: { LaunchTemplateId, Version: '$Latest' },
      VPCZoneIdentifier: `${state.subnet0},${state.subnet1}`,
      TargetGroupARNs: [state.targets],
      InstanceMaintenancePolicy: { MinHealthyPercentage: 90, MaxHealthyPercentage: 110 },
    })
    await tf.wait('autoscaling', 'GroupInService', { AutoScalingGroupNames: [AutoScalingGroupName] })
    const { AutoScalingGroups } = await call('autoscaling', 'DescribeAutoScalingGroups', {
      AutoScalingGroupNames: [AutoScalingGroupName],
    })
    expect(AutoScalingGroups[0]).toMatchObject({
      DesiredCapacity: 1,
      DefaultCooldown: 300,
      InstanceMaintenancePolicy: { MinHealthyPercentage: 90, MaxHealthyPercentage: 110 },
      LaunchTemplate: { LaunchTemplateId, LaunchTemplateName: 'tf', Version: '$Latest' },
      TargetGroupARNs: [state.targets],
      TerminationPolicies: ['Default'],
      TrafficSources: [{ Identifier: state.targets, Type: 'elbv2' }],
      ServiceLinkedRoleARN: expect.stringContaining('AWSServiceRoleForAutoScaling'),
    })
    const machine = AutoScalingGroups[0].Instances[0].InstanceId
    const { Reservations } = await ec2('DescribeInstances', { InstanceIds: [machine] })
    expect(Reservations[0].Instances[0].MetadataOptions.HttpPutResponseHopLimit).toBe(1)
    expect((await call('autoscaling', 'DescribeWarmPool', { AutoScalingGroupName })).Instances).toEqual([])
    await call('autoscaling', 'UpdateAutoScalingGroup', {
      AutoScalingGroupName,
      MinSize: 0,
      MaxSize: 0,
      DesiredCapacity: 0,
    })
    await call('autoscaling', 'DeleteAutoScalingGroup', { AutoScalingGroupName, ForceDelete: true })
    await tf.wait('ec2', 'InstanceTerminated', { InstanceIds: [machine] })
  })

  it('makes aws_ecr_repository with its lifecycle policy, and aws_ecs_cluster with a service', async () => {
    const repositoryName = 'tf'
    await call('ecr', 'CreateRepository', { repositoryName, imageTagMutability: 'MUTABLE' })
    const rules = [
      {
        rulePriority: 1,
        selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 3 },
        action: { type: 'expire' },
      },
    ]
    await call('ecr', 'PutLifecyclePolicy', {
      repositoryName,
      lifecyclePolicyText: JSON.stringify({ rules }),
    })
    await call('ecr', 'DeleteLifecyclePolicy', { repositoryName })
    expect(await gone('ecr', 'GetLifecyclePolicy', { repositoryName })).toBe(
      'LifecyclePolicyNotFoundException',
    )
    await call('ecr', 'DeleteRepository', { repositoryName, force: true })
    expect(await gone('ecr', 'DescribeRepositories', { repositoryNames: [repositoryName] })).toBe(
      'RepositoryNotFoundException',
    )
    const { cluster } = await call('ecs', 'CreateCluster', { clusterName: 'tf' })
    const { taskDefinition } = await call('ecs', 'RegisterTaskDefinition', {
      family: 'tf',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      containerDefinitions: [
        { name: 'web', image: 'nginx', essential: true, portMappings: [{ containerPort: 80 }] },
      ],
    })
    const { service } = await call('ecs', 'CreateService', {
      serviceName: 'tf',
      cluster: cluster.clusterArn,
      taskDefinition: taskDefinition.taskDefinitionArn,
      desiredCount: 0,
      launchType: 'FARGATE',
      networkConfiguration: {
        awsvpcConfiguration: { subnets: [state.subnet0], securityGroups: [state.group] },
      },
    })
    await tf.wait('ecs', 'ServicesStable', { cluster: 'tf', services: [service.serviceArn] })
    await call('ecs', 'DeleteService', { cluster: 'tf', service: 'tf', force: true })
    await tf.wait('ecs', 'ServicesInactive', { cluster: 'tf', services: [service.serviceArn] })
    await call('ecs', 'DeleteCluster', { cluster: 'tf' })
    const { clusters } = await call('ecs', 'DescribeClusters', { clusters: ['tf'] })
    expect(clusters).toMatchObject([{ status: 'INACTIVE' }])
    expect(await gone('ecs', 'DescribeServices', { cluster: 'nope', services: ['tf'] })).toBe(
      'ClusterNotFoundException',
    )
  })
})

describe('terraform destroy', { timeout: 60_000 }, () => {
  it('takes everything down, and is told that each thing is gone', async () => {
    await call('eks', 'DeleteNodegroup', { clusterName: 'tf', nodegroupName: 'tf' })
    await tf.wait('eks', 'NodegroupDeleted', { clusterName: 'tf', nodegroupName: 'tf' })
    await call('eks', 'DeleteCluster', { name: 'tf' })
    await tf.wait('eks', 'ClusterDeleted', { name: 'tf' })
    expect(await gone('eks', 'DescribeNodegroup', { clusterName: 'tf', nodegroupName: 'tf' })).toBe(
      'ResourceNotFoundException',
    )
    await call('elbv2', 'DeleteLoadBalancer', { LoadBalancerArn: state.lb })
    await call('elbv2', 'DeleteTargetGroup', { TargetGroupArn: state.targets })
    await call('kms', 'ScheduleKeyDeletion', { KeyId: state.key, PendingWindowInDays: 7 })
    expect(await gone('kms', 'ScheduleKeyDeletion', { KeyId: state.key })).toBe('KMSInvalidStateException')
    await ec2('DeleteNatGateway', { NatGatewayId: state.nat })
    await tf.wait('ec2', 'NatGatewayDeleted', { NatGatewayIds: [state.nat] })
    await ec2('ReleaseAddress', { AllocationId: state.eip })
    for (const index of [0, 1])
      await ec2('DisassociateRouteTable', { AssociationId: state[`association${index}`] })
    await ec2('DeleteRoute', { RouteTableId: state.table, DestinationCidrBlock: '0.0.0.0/0' })
    await ec2('DeleteRouteTable', { RouteTableId: state.table })
    await ec2('DetachInternetGateway', { InternetGatewayId: state.gateway, VpcId: state.vpc })
    await ec2('DeleteInternetGateway', { InternetGatewayId: state.gateway })
    await ec2('DeleteSecurityGroup', { GroupId: state.group })
    for (const index of [0, 1]) await ec2('DeleteSubnet', { SubnetId: state[`subnet${index}`] })
    await ec2('DeleteVpc', { VpcId: state.vpc })
    await ec2('DeleteLaunchTemplate', { LaunchTemplateId: state.template })
    await call('iam', 'RemoveRoleFromInstanceProfile', { InstanceProfileName: 'tf', RoleName: 'tf-node' })
    await call('iam', 'DeleteInstanceProfile', { InstanceProfileName: 'tf' })
    const missing: [code: string, service: string, operation: string, input: object][] = [
      ['LoadBalancerNotFound', 'elbv2', 'DescribeLoadBalancers', { LoadBalancerArns: [state.lb] }],
      ['TargetGroupNotFound', 'elbv2', 'DescribeTargetGroups', { TargetGroupArns: [state.targets] }],
      ['NatGatewayNotFound', 'ec2', 'DescribeNatGateways', { NatGatewayIds: ['nat-0123456789abcdef0'] }],
      ['InvalidAllocationID.NotFound', 'ec2', 'ReleaseAddress', { AllocationId: state.eip }],
      [
        'InvalidAssociationID.NotFound',
        'ec2',
        'DisassociateRouteTable',
        { AssociationId: state.association0 },
      ],
      ['InvalidRouteTableID.NotFound', 'ec2', 'DescribeRouteTables', { RouteTableIds: [state.table] }],
      [
        'InvalidInternetGatewayID.NotFound',
        'ec2',
        'DeleteInternetGateway',
        { InternetGatewayId: state.gateway },
      ],
      ['InvalidGroup.NotFound', 'ec2', 'DescribeSecurityGroups', { GroupIds: [state.group] }],
      ['InvalidSubnetID.NotFound', 'ec2', 'DescribeSubnets', { SubnetIds: [state.subnet0] }],
      ['InvalidVpcID.NotFound', 'ec2', 'DescribeVpcs', { VpcIds: [state.vpc] }],
      [
        'InvalidLaunchTemplateId.NotFound',
        'ec2',
        'DescribeLaunchTemplates',
        { LaunchTemplateIds: [state.template] },
      ],
      ['NoSuchEntity', 'iam', 'GetInstanceProfile', { InstanceProfileName: 'tf' }],
      ['ResourceNotFoundException', 'eks', 'DescribeCluster', { name: 'tf' }],
    ]
    for (const [code, service, operation, input] of missing)
      expect([operation, await gone(service, operation, input)]).toEqual([operation, code])
  })
})
