import type { SdkAccount } from '../sdk-account.ts'

/** What a waiter waits for, and what it gives up on. `success` is missing where the simulation cannot get there, with the reason in `never`. */
export interface Wait {
  success?: object
  never?: string
  /** An input with which it ends otherwise: `FAILURE` at once, or `TIMEOUT` because it goes on asking. */
  other: object
  ends: 'FAILURE' | 'TIMEOUT'
}

/** Fast enough for a simulation in which nothing is slow. */
export const PATIENCE = { maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 }

/** Things in the states that waiters tell apart, beside the furniture. Gives each waiter's inputs by `service:Waiter`. */
export async function furnishWaits(account: SdkAccount): Promise<Record<string, Wait>> {
  const send = account.send.bind(account)
  const until = async (service: string, waiter: string, input: object) =>
    (await account.sdk(service))[`waitUntil${waiter}`](
      { client: await account.client(service), ...PATIENCE },
      input,
    )
  const ec2 = send.bind(undefined, 'ec2')

  const { Reservations } = await ec2('DescribeInstances', {
    Filters: [{ Name: 'instance-state-name', Values: ['running', 'pending'] }],
  })
  // Those of an Auto Scaling group are replaced when they stop.
  const [up, off, gone] = Reservations.filter(
    ({ RequesterId }: { RequesterId?: string }) => !RequesterId,
  ).flatMap(({ Instances }: { Instances: unknown[] }) => Instances)
  const one = ({ InstanceId }: { InstanceId: string }) => ({ InstanceIds: [InstanceId] })
  await until('ec2', 'InstanceRunning', { InstanceIds: [up, off, gone].map(({ InstanceId }) => InstanceId) })
  await ec2('StopInstances', one(off))
  await ec2('TerminateInstances', one(gone))
  await until('ec2', 'InstanceStopped', one(off))
  await until('ec2', 'InstanceTerminated', one(gone))
  const { Subnets } = await ec2('DescribeSubnets', {
    Filters: [{ Name: 'default-for-az', Values: ['true'] }],
  })
  const [{ SubnetId, VpcId, AvailabilityZone }] = Subnets
  const { Images } = await ec2('DescribeImages', { Owners: ['amazon'] })
  const { VolumeId } = await ec2('CreateVolume', { AvailabilityZone, Size: 1 })
  const { VolumeId: deletedVolume } = await ec2('CreateVolume', { AvailabilityZone, Size: 1 })
  await ec2('DeleteVolume', { VolumeId: deletedVolume })
  const { SnapshotId } = await ec2('CreateSnapshot', { VolumeId })
  const { NatGateways } = await ec2('DescribeNatGateways')
  const [nat, lostNat] = NatGateways.map(({ NatGatewayId }: { NatGatewayId: string }) => NatGatewayId)
  await ec2('DeleteNatGateway', { NatGatewayId: lostNat })
  const { NetworkInterface } = await ec2('CreateNetworkInterface', { SubnetId })
  const { InternetGateways } = await ec2('DescribeInternetGateways')
  const { VpcPeeringConnections } = await ec2('DescribeVpcPeeringConnections')
  const [peering, lostPeering] = VpcPeeringConnections.map(
    ({ VpcPeeringConnectionId }: { VpcPeeringConnectionId: string }) => VpcPeeringConnectionId,
  )
  await ec2('DeleteVpcPeeringConnection', { VpcPeeringConnectionId: lostPeering })
  await ec2('CreateKeyPair', { KeyName: 'key' })
  const { SecurityGroups } = await ec2('DescribeSecurityGroups', {
    Filters: [
      { Name: 'vpc-id', Values: [VpcId] },
      { Name: 'group-name', Values: ['default'] },
    ],
  })

  const { taskArns } = await send('ecs', 'ListTasks', { cluster: 'e0' })
  const ecs = { cluster: 'e0' }
  const [running, stopped] = taskArns
  await until('ecs', 'TasksRunning', { ...ecs, tasks: taskArns })
  await send('ecs', 'StopTask', { ...ecs, task: stopped })
  await send('ecs', 'DeleteService', { ...ecs, service: 's2', force: true })
  const { tasks } = await send('ecs', 'DescribeTasks', { ...ecs, tasks: [running] })
  const address = tasks[0].containers[0].networkInterfaces[0].privateIpv4Address

  const { LoadBalancers } = await send('elbv2', 'DescribeLoadBalancers', { Names: ['lb0'] })
  const { LoadBalancerArn } = LoadBalancers[0]
  const group = async (Name: string) => {
    const { TargetGroups } = await send('elbv2', 'CreateTargetGroup', {
      Name,
      Protocol: 'HTTP',
      Port: 80,
      VpcId,
      TargetType: 'ip',
    })
    const { TargetGroupArn } = TargetGroups[0]
    await send('elbv2', 'RegisterTargets', { TargetGroupArn, Targets: [{ Id: address }] })
    return TargetGroupArn
  }
  const [served, unused] = [await group('served'), await group('unused')]
  await send('elbv2', 'CreateListener', {
    LoadBalancerArn,
    Protocol: 'HTTP',
    Port: 8080,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: served }],
  })
  const { Instances: registered } = await send('elb', 'RegisterInstancesWithLoadBalancer', {
    LoadBalancerName: 'classic0',
    Instances: [{ InstanceId: up.InstanceId }],
  })

  await send('autoscaling', 'CreateAutoScalingGroup', {
    AutoScalingGroupName: 'stuck',
    LaunchConfigurationName: 'lc0',
    MinSize: 0,
    MaxSize: 1,
    DesiredCapacity: 0,
    VPCZoneIdentifier: SubnetId,
  })
  await send('autoscaling', 'SuspendProcesses', {
    AutoScalingGroupName: 'stuck',
    ScalingProcesses: ['Launch'],
  })
  await send('autoscaling', 'UpdateAutoScalingGroup', {
    AutoScalingGroupName: 'stuck',
    MinSize: 1,
    DesiredCapacity: 1,
  })

  const stack = (StackName: string, resources: object) => ({
    StackName,
    TemplateBody: JSON.stringify({ Resources: resources }),
  })
  const logGroup = (days?: number) => ({
    Type: 'AWS::Logs::LogGroup',
    Properties: days ? { RetentionInDays: days } : {},
  })
  const broken = {
    Type: 'AWS::EC2::Subnet',
    Properties: { VpcId: 'vpc-00000000000000000', CidrBlock: '10.9.0.0/24' },
  }
  for (const name of ['updated', 'back']) {
    await send('cloudformation', 'CreateStack', stack(name, { A: logGroup() }))
    await until('cloudformation', 'StackCreateComplete', { StackName: name })
  }
  await send('cloudformation', 'UpdateStack', stack('updated', { A: logGroup(7) }))
  await send('cloudformation', 'UpdateStack', stack('back', { A: logGroup(), B: broken }))
  await send('cloudformation', 'CreateStack', stack('failed', { B: broken }))
  await send('cloudformation', 'CreateChangeSet', {
    ...stack('stack1', { A: logGroup() }),
    ChangeSetName: 'nothing',
  })
  await send('cloudformation', 'CreateChangeSet', {
    ...stack('stack1', { A: logGroup(3) }),
    ChangeSetName: 'something',
  })
  await send('ecr', 'StartImageScan', { repositoryName: 'web0', imageId: { imageTag: 'one' } })

  const absent = (id: string) => `${id}-0123456789abcdef0`
  const cluster = (clusterName: string) => ({ clusterName })
  return {
    'iam:UserExists': { success: { UserName: 'u0' }, other: { UserName: 'x' }, ends: 'TIMEOUT' },
    'iam:RoleExists': { success: { RoleName: 'r0' }, other: { RoleName: 'x' }, ends: 'TIMEOUT' },
    'iam:InstanceProfileExists': {
      success: { InstanceProfileName: 'i0' },
      other: { InstanceProfileName: 'x' },
      ends: 'TIMEOUT',
    },
    'iam:PolicyExists': {
      success: { PolicyArn: `arn:aws:iam::${account.id}:policy/p0` },
      other: { PolicyArn: `arn:aws:iam::${account.id}:policy/x` },
      ends: 'TIMEOUT',
    },
    'ec2:ImageExists': {
      success: { ImageIds: [Images[0].ImageId] },
      other: { ImageIds: [absent('ami')] },
      ends: 'TIMEOUT',
    },
    'ec2:ImageAvailable': {
      success: { ImageIds: [Images[0].ImageId] },
      other: { ImageIds: [absent('ami')] },
      ends: 'TIMEOUT',
    },
    'ec2:InstanceExists': { success: one(up), other: { InstanceIds: [absent('i')] }, ends: 'TIMEOUT' },
    'ec2:InstanceRunning': { success: one(up), other: one(gone), ends: 'FAILURE' },
    'ec2:InstanceStatusOk': { success: one(up), other: { InstanceIds: [absent('i')] }, ends: 'TIMEOUT' },
    'ec2:SystemStatusOk': { success: one(up), other: { InstanceIds: [absent('i')] }, ends: 'TIMEOUT' },
    'ec2:InstanceStopped': { success: one(off), other: one(gone), ends: 'FAILURE' },
    'ec2:InstanceTerminated': { success: one(gone), other: one(up), ends: 'TIMEOUT' },
    'ec2:InternetGatewayExists': {
      success: { InternetGatewayIds: [InternetGateways[0].InternetGatewayId] },
      other: { InternetGatewayIds: [absent('igw')] },
      ends: 'TIMEOUT',
    },
    'ec2:KeyPairExists': { success: { KeyNames: ['key'] }, other: { KeyNames: ['x'] }, ends: 'TIMEOUT' },
    'ec2:NatGatewayAvailable': {
      success: { NatGatewayIds: [nat] },
      other: { NatGatewayIds: [lostNat] },
      ends: 'FAILURE',
    },
    'ec2:NatGatewayDeleted': {
      success: { NatGatewayIds: [lostNat] },
      other: { NatGatewayIds: [nat] },
      ends: 'TIMEOUT',
    },
    'ec2:NetworkInterfaceAvailable': {
      success: { NetworkInterfaceIds: [NetworkInterface.NetworkInterfaceId] },
      other: { NetworkInterfaceIds: [absent('eni')] },
      ends: 'FAILURE',
    },
    'ec2:SecurityGroupExists': {
      success: { GroupIds: [SecurityGroups[0].GroupId] },
      other: { GroupIds: [absent('sg')] },
      ends: 'TIMEOUT',
    },
    'ec2:SnapshotCompleted': {
      success: { SnapshotIds: [SnapshotId] },
      other: { SnapshotIds: [absent('snap')] },
      ends: 'TIMEOUT',
    },
    'ec2:SubnetAvailable': {
      success: { SubnetIds: [SubnetId] },
      other: { SubnetIds: [absent('subnet')] },
      ends: 'TIMEOUT',
    },
    'ec2:VpcAvailable': { success: { VpcIds: [VpcId] }, other: { VpcIds: [absent('vpc')] }, ends: 'TIMEOUT' },
    'ec2:VpcExists': { success: { VpcIds: [VpcId] }, other: { VpcIds: [absent('vpc')] }, ends: 'TIMEOUT' },
    'ec2:VolumeAvailable': {
      success: { VolumeIds: [VolumeId] },
      other: { VolumeIds: [absent('vol')] },
      ends: 'TIMEOUT',
    },
    'ec2:VolumeDeleted': {
      success: { VolumeIds: [deletedVolume] },
      other: { VolumeIds: [VolumeId] },
      ends: 'TIMEOUT',
    },
    'ec2:VolumeInUse': {
      success: { VolumeIds: [up.BlockDeviceMappings[0].Ebs.VolumeId] },
      other: { VolumeIds: [VolumeId] },
      ends: 'TIMEOUT',
    },
    'ec2:VpcPeeringConnectionExists': {
      success: { VpcPeeringConnectionIds: [peering] },
      other: { VpcPeeringConnectionIds: [absent('pcx')] },
      ends: 'TIMEOUT',
    },
    'ec2:VpcPeeringConnectionDeleted': {
      success: { VpcPeeringConnectionIds: [lostPeering] },
      other: { VpcPeeringConnectionIds: [peering] },
      ends: 'TIMEOUT',
    },
    'eks:ClusterActive': { success: { name: 'c0' }, other: { name: 'x' }, ends: 'TIMEOUT' },
    'eks:ClusterDeleted': { success: { name: 'x' }, other: { name: 'c0' }, ends: 'FAILURE' },
    'eks:NodegroupActive': {
      success: { ...cluster('c0'), nodegroupName: 'n0' },
      other: { ...cluster('c0'), nodegroupName: 'x' },
      ends: 'TIMEOUT',
    },
    'eks:NodegroupDeleted': {
      success: { ...cluster('c0'), nodegroupName: 'x' },
      other: { ...cluster('c0'), nodegroupName: 'n0' },
      ends: 'TIMEOUT',
    },
    'eks:FargateProfileActive': {
      success: { ...cluster('c0'), fargateProfileName: 'p0' },
      other: { ...cluster('c0'), fargateProfileName: 'x' },
      ends: 'TIMEOUT',
    },
    'eks:FargateProfileDeleted': {
      success: { ...cluster('c0'), fargateProfileName: 'x' },
      other: { ...cluster('c0'), fargateProfileName: 'p0' },
      ends: 'TIMEOUT',
    },
    'eks:AddonActive': {
      success: { ...cluster('c0'), addonName: 'eks-pod-identity-agent' },
      other: { ...cluster('c0'), addonName: 'vpc-cni' },
      ends: 'TIMEOUT',
    },
    'eks:AddonDeleted': {
      success: { ...cluster('c0'), addonName: 'vpc-cni' },
      other: { ...cluster('c0'), addonName: 'eks-pod-identity-agent' },
      ends: 'TIMEOUT',
    },
    'ecr:ImageScanComplete': {
      never: 'images without layers hold no system to scan',
      other: { repositoryName: 'web0', imageId: { imageTag: 'one' } },
      ends: 'FAILURE',
    },
    'ecr:LifecyclePolicyPreviewComplete': {
      success: { repositoryName: 'web0' },
      other: { repositoryName: 'web1' },
      ends: 'TIMEOUT',
    },
    'elb:InstanceInService': {
      never: 'nothing listens in an instance of no cluster',
      other: { LoadBalancerName: 'classic0', Instances: registered },
      ends: 'TIMEOUT',
    },
    'elb:AnyInstanceInService': {
      never: 'nothing listens in an instance of no cluster',
      other: { LoadBalancerName: 'classic0' },
      ends: 'TIMEOUT',
    },
    'elb:InstanceDeregistered': {
      success: { LoadBalancerName: 'classic1', Instances: registered },
      other: { LoadBalancerName: 'classic0', Instances: [] },
      ends: 'TIMEOUT',
    },
    'elbv2:LoadBalancerAvailable': { success: { Names: ['lb0'] }, other: { Names: ['x'] }, ends: 'TIMEOUT' },
    'elbv2:LoadBalancerExists': { success: { Names: ['lb0'] }, other: { Names: ['x'] }, ends: 'TIMEOUT' },
    'elbv2:LoadBalancersDeleted': { success: { Names: ['x'] }, other: { Names: ['lb0'] }, ends: 'TIMEOUT' },
    'elbv2:TargetInService': {
      success: { TargetGroupArn: served },
      other: { TargetGroupArn: unused },
      ends: 'TIMEOUT',
    },
    'elbv2:TargetDeregistered': {
      success: { TargetGroupArn: unused },
      other: { TargetGroupArn: served },
      ends: 'TIMEOUT',
    },
    'autoscaling:GroupExists': {
      success: { AutoScalingGroupNames: ['a0'] },
      other: { AutoScalingGroupNames: ['x'] },
      ends: 'TIMEOUT',
    },
    'autoscaling:GroupInService': {
      success: { AutoScalingGroupNames: ['a0'] },
      other: { AutoScalingGroupNames: ['stuck'] },
      ends: 'TIMEOUT',
    },
    'autoscaling:GroupNotExists': {
      success: { AutoScalingGroupNames: ['x'] },
      other: { AutoScalingGroupNames: ['a0'] },
      ends: 'TIMEOUT',
    },
    'ecs:ServicesStable': {
      success: { ...ecs, services: ['s0'] },
      other: { ...ecs, services: ['x'] },
      ends: 'FAILURE',
    },
    'ecs:ServicesInactive': {
      success: { ...ecs, services: ['s2'] },
      other: { ...ecs, services: ['s0'] },
      ends: 'TIMEOUT',
    },
    'ecs:TasksRunning': {
      success: { ...ecs, tasks: [running] },
      other: { ...ecs, tasks: [stopped] },
      ends: 'FAILURE',
    },
    'ecs:TasksStopped': {
      success: { ...ecs, tasks: [stopped] },
      other: { ...ecs, tasks: [running] },
      ends: 'TIMEOUT',
    },
    'cloudformation:StackExists': {
      success: { StackName: 'stack0' },
      other: { StackName: 'x' },
      ends: 'TIMEOUT',
    },
    'cloudformation:StackCreateComplete': {
      success: { StackName: 'stack0' },
      other: { StackName: 'failed' },
      ends: 'FAILURE',
    },
    'cloudformation:StackDeleteComplete': {
      success: { StackName: 'x' },
      other: { StackName: 'stack0' },
      ends: 'TIMEOUT',
    },
    'cloudformation:StackUpdateComplete': {
      success: { StackName: 'updated' },
      other: { StackName: 'back' },
      ends: 'FAILURE',
    },
    'cloudformation:StackRollbackComplete': {
      success: { StackName: 'back' },
      other: { StackName: 'x' },
      ends: 'FAILURE',
    },
    'cloudformation:StackImportComplete': {
      never: 'resources cannot be imported',
      other: { StackName: 'failed' },
      ends: 'FAILURE',
    },
    'cloudformation:ChangeSetCreateComplete': {
      success: { StackName: 'stack1', ChangeSetName: 'something' },
      other: { StackName: 'stack1', ChangeSetName: 'nothing' },
      ends: 'FAILURE',
    },
    'cloudwatch:AlarmExists': {
      success: { AlarmNames: ['alarm0'] },
      other: { AlarmNames: ['x'] },
      ends: 'TIMEOUT',
    },
    'cloudwatch:CompositeAlarmExists': {
      never: 'composite alarms are not simulated',
      other: { AlarmNames: ['alarm0'], AlarmTypes: ['CompositeAlarm'] },
      ends: 'TIMEOUT',
    },
    'acm:CertificateValidated': {
      never: 'no domain is there to be validated by',
      other: { CertificateArn: account.arn('acm', 'certificate/12345678-1234-1234-1234-123456789012') },
      ends: 'FAILURE',
    },
  }
}
