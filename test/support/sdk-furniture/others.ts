import type { SdkAccount } from '../sdk-account.ts'
import { TAGS } from './iam.ts'

/** Two or more of everything that the services beside the containers list. */
export async function furnishOthers(account: SdkAccount): Promise<Record<string, object>> {
  const send = account.send.bind(account)
  const each = account.sendEach.bind(account, 2)
  const { Subnets } = await send('ec2', 'DescribeSubnets')
  const defaults = Subnets.filter(({ DefaultForAz }: { DefaultForAz: boolean }) => DefaultForAz)
  const ids: string[] = defaults.map(({ SubnetId }: { SubnetId: string }) => SubnetId)
  const { VpcId } = defaults[0]

  const balancers = await each('elbv2', 'CreateLoadBalancer', (n) => ({ Name: `lb${n}`, Subnets: ids }))
  const { LoadBalancerArn } = balancers[0].LoadBalancers[0]
  const groups = await each('elbv2', 'CreateTargetGroup', (n) => ({
    Name: `tg${n}`,
    Protocol: 'HTTP',
    Port: 80,
    VpcId,
    TargetType: 'instance',
  }))
  const TargetGroupArn = groups.map((group) => group.TargetGroups[0].TargetGroupArn)
  const forward = [{ Type: 'forward', TargetGroupArn: TargetGroupArn[0] }]
  const listeners = await each('elbv2', 'CreateListener', (n) => ({
    LoadBalancerArn,
    Protocol: 'HTTP',
    Port: 80 + n,
    DefaultActions: forward,
  }))
  const { ListenerArn } = listeners[0].Listeners[0]
  await each('elbv2', 'CreateRule', (n) => ({
    ListenerArn,
    Priority: n + 1,
    Conditions: [{ Field: 'path-pattern', Values: [`/${n}`] }],
    Actions: forward,
  }))
  await each('elb', 'CreateLoadBalancer', (n) => ({
    LoadBalancerName: `classic${n}`,
    Listeners: [{ Protocol: 'TCP', LoadBalancerPort: 80, InstancePort: 80 }],
    Subnets: ids.slice(0, 1),
  }))

  const { LaunchTemplates } = await send('ec2', 'DescribeLaunchTemplates')
  const template = { LaunchTemplateId: LaunchTemplates[0].LaunchTemplateId, Version: '$Latest' }
  await each('autoscaling', 'CreateAutoScalingGroup', (n) => ({
    AutoScalingGroupName: `a${n}`,
    LaunchTemplate: template,
    MinSize: 0,
    MaxSize: 3,
    DesiredCapacity: n === 0 ? 2 : 0,
    VPCZoneIdentifier: ids.join(','),
    TargetGroupARNs: n === 0 ? TargetGroupArn : [],
    Tags: TAGS.map((tag) => ({ ...tag, PropagateAtLaunch: false })),
  }))
  const AutoScalingGroupName = 'a0'
  const { Images } = await send('ec2', 'DescribeImages', { Owners: ['amazon'] })
  await each('autoscaling', 'CreateLaunchConfiguration', (n) => ({
    LaunchConfigurationName: `lc${n}`,
    ImageId: Images[0].ImageId,
    InstanceType: 't3.micro',
  }))
  await each('autoscaling', 'PutScalingPolicy', (n) => ({
    AutoScalingGroupName,
    PolicyName: `p${n}`,
    AdjustmentType: 'ChangeInCapacity',
    ScalingAdjustment: 1,
  }))
  await each('autoscaling', 'PutScheduledUpdateGroupAction', (n) => ({
    AutoScalingGroupName,
    ScheduledActionName: `s${n}`,
    Recurrence: '0 9 * * *',
    DesiredCapacity: 1,
  }))

  await each('logs', 'CreateLogGroup', (n) => ({ logGroupName: `/g${n}` }))
  await each('logs', 'CreateLogStream', (n) => ({ logGroupName: '/g0', logStreamName: `s${n}` }))
  await send('logs', 'PutLogEvents', {
    logGroupName: '/g0',
    logStreamName: 's0',
    logEvents: [1, 2].map((n) => ({ timestamp: Date.now(), message: `line ${n}` })),
  })
  await each('logs', 'PutMetricFilter', (n) => ({
    logGroupName: '/g0',
    filterName: `f${n}`,
    filterPattern: 'ERROR',
    metricTransformations: [{ metricName: `m${n}`, metricNamespace: 'App', metricValue: '1' }],
  }))

  const keys = await each('kms', 'CreateKey', () => ({
    Tags: TAGS.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
  }))
  const { KeyId } = keys[0].KeyMetadata
  const admin = `arn:aws:iam::${account.id}:user/u0`
  await each('kms', 'CreateAlias', (n) => ({ AliasName: `alias/k${n}`, TargetKeyId: KeyId }))
  await each('kms', 'RotateKeyOnDemand', () => ({ KeyId }))
  await each('kms', 'CreateGrant', (n) => ({
    KeyId,
    GranteePrincipal: admin,
    RetiringPrincipal: admin,
    Operations: ['Decrypt'],
    Name: `g${n}`,
  }))

  await each('ssm', 'PutParameter', (n) => ({ Name: `/app/${n}`, Type: 'String', Value: 'x' }))
  await send('ssm', 'PutParameter', { Name: '/app/0', Type: 'String', Value: 'y', Overwrite: true })
  const secrets = await each('secretsmanager', 'CreateSecret', (n) => ({
    Name: `secret${n}`,
    SecretString: 'x',
  }))
  await send('secretsmanager', 'PutSecretValue', { SecretId: 'secret0', SecretString: 'y' })
  await each('cloudwatch', 'PutMetricAlarm', (n) => ({
    AlarmName: `alarm${n}`,
    MetricName: 'm',
    Namespace: 'App',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
  }))
  await each('cloudwatch', 'PutDashboard', (n) => ({
    DashboardName: `d${n}`,
    DashboardBody: '{"widgets":[]}',
  }))
  await each('cloudwatch', 'PutMetricData', (n) => ({
    Namespace: 'App',
    MetricData: [{ MetricName: `m${n}`, Value: 1, Timestamp: new Date() }],
  }))

  const document = JSON.stringify({
    Resources: Object.fromEntries(['A', 'B'].map((name) => [name, { Type: 'AWS::Logs::LogGroup' }])),
    Outputs: Object.fromEntries(
      ['A', 'B'].map((name) => [name, { Value: { Ref: name }, Export: { Name: `export${name}` } }]),
    ),
  })
  await send('cloudformation', 'CreateStack', { StackName: 'stack0', TemplateBody: document })
  await send('cloudformation', 'CreateStack', {
    StackName: 'stack1',
    TemplateBody: JSON.stringify({ Resources: { A: { Type: 'AWS::Logs::LogGroup' } } }),
  })
  const { waitUntilStackCreateComplete } = await account.sdk('cloudformation')
  const client = await account.client('cloudformation')
  for (const StackName of ['stack0', 'stack1'])
    await waitUntilStackCreateComplete(
      { client, maxWaitTime: 60, minDelay: 0.1, maxDelay: 0.2 },
      { StackName },
    )
  for (const LogicalResourceId of ['A', 'B'])
    await send('cloudformation', 'DetectStackResourceDrift', { StackName: 'stack0', LogicalResourceId })
  await each('cloudformation', 'CreateChangeSet', (n) => ({
    StackName: 'stack0',
    ChangeSetName: `change${n}`,
    TemplateBody: JSON.stringify({
      Resources: { A: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } } },
    }),
  }))
  await send('cloudformation', 'CreateStack', {
    StackName: 'stack2',
    TemplateBody: JSON.stringify({
      Resources: {
        A: {
          Type: 'AWS::Logs::LogGroup',
          Properties: {
            LogGroupName: { 'Fn::Sub': ['/of${Name}', { Name: { 'Fn::ImportValue': 'exportA' } }] },
          },
        },
      },
    }),
  })
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: 60, minDelay: 0.1, maxDelay: 0.2 },
    { StackName: 'stack2' },
  )
  await each('signer', 'PutSigningProfile', (n) => ({
    profileName: `p${n}`,
    platformId: 'Notation-OCI-SHA384-ECDSA',
  }))
  await each('ssm', 'CreateActivation', () => ({ IamRole: 'r0' }))
  await send('acm', 'RequestCertificate', { DomainName: 'a.example.com' })
  await send('acm', 'RequestCertificate', { DomainName: 'b.example.com' })
  const files = await each('efs', 'CreateFileSystem', (n) => ({ CreationToken: `t${n}`, Tags: TAGS }))
  const { FileSystemId } = files[0]
  await each('efs', 'CreateAccessPoint', (n) => ({ FileSystemId, ClientToken: `p${n}` }))
  const namespaces = await each('servicediscovery', 'CreateHttpNamespace', (n) => ({ Name: `space${n}` }))
  const { Operation } = await send('servicediscovery', 'GetOperation', {
    OperationId: namespaces[0].OperationId,
  })
  const named = await each('servicediscovery', 'CreateService', (n) => ({
    Name: `service${n}`,
    NamespaceId: Operation.Targets.NAMESPACE,
  }))
  const ServiceId: string = named[0].Service.Id
  await each('servicediscovery', 'RegisterInstance', (n) => ({
    ServiceId,
    InstanceId: `instance${n}`,
    Attributes: { AWS_INSTANCE_IPV4: `10.0.0.${n}` },
  }))

  return {
    'servicediscovery:GetInstancesHealthStatus': { ServiceId },
    'servicediscovery:ListInstances': { ServiceId },
    'ssm:DescribeSessions': { State: 'History' },
    'elbv2:DescribeListeners': { LoadBalancerArn },
    'elbv2:DescribeListenerCertificates': { ListenerArn },
    'elbv2:DescribeRules': { ListenerArn },
    'autoscaling:DescribeInstanceRefreshes': { AutoScalingGroupName },
    'autoscaling:DescribeLoadBalancerTargetGroups': { AutoScalingGroupName },
    'autoscaling:DescribeLoadBalancers': { AutoScalingGroupName },
    'autoscaling:DescribeTrafficSources': { AutoScalingGroupName },
    'autoscaling:DescribeWarmPool': { AutoScalingGroupName },
    'autoscaling:DescribeScalingActivities': { AutoScalingGroupName },
    'logs:DescribeLogStreams': { logGroupName: '/g0' },
    'logs:DescribeSubscriptionFilters': { logGroupName: '/g0' },
    'logs:FilterLogEvents': { logGroupName: '/g0' },
    'logs:GetLogEvents': { logGroupName: '/g0', logStreamName: 's0', startFromHead: true },
    'kms:ListGrants': { KeyId },
    'kms:ListKeyPolicies': { KeyId },
    'kms:ListKeyRotations': { KeyId },
    'kms:ListResourceTags': { KeyId },
    'kms:ListRetirableGrants': { RetiringPrincipal: admin },
    'ssm:GetParameterHistory': { Name: '/app/0' },
    'ssm:GetParametersByPath': { Path: '/app' },
    'secretsmanager:ListSecretVersionIds': { SecretId: 'secret0' },
    'secretsmanager:BatchGetSecretValue': {
      Filters: [{ Key: 'name', Values: secrets.map(({ Name }) => Name) }],
    },
    'cloudwatch:GetMetricData': {
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 60_000),
      MetricDataQueries: [0, 1].map((n) => ({
        Id: `q${n}`,
        MetricStat: { Metric: { Namespace: 'App', MetricName: `m${n}` }, Period: 60, Stat: 'Sum' },
      })),
    },
    'cloudformation:DescribeStackEvents': { StackName: 'stack0' },
    'cloudformation:ListStackResources': { StackName: 'stack0' },
    'cloudformation:DescribeStackResourceDrifts': { StackName: 'stack0' },
    'cloudformation:ListChangeSets': { StackName: 'stack0' },
    'cloudformation:DescribeChangeSet': { StackName: 'stack0', ChangeSetName: 'change0' },
    'cloudformation:ListImports': { ExportName: 'exportA' },
    'application-autoscaling:DescribeScalableTargets': { ServiceNamespace: 'ecs' },
    'application-autoscaling:DescribeScalingActivities': { ServiceNamespace: 'ecs' },
    'application-autoscaling:DescribeScalingPolicies': { ServiceNamespace: 'ecs' },
    'application-autoscaling:DescribeScheduledActions': { ServiceNamespace: 'ecs' },
    'efs:DescribeMountTargets': { FileSystemId },
    'efs:DescribeTags': { FileSystemId },
    'efs:ListTagsForResource': { ResourceId: FileSystemId },
    'cloudtrail:LookupEvents': { LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'false' }] },
    'pricing:GetAttributeValues': { ServiceCode: 'AmazonEC2', AttributeName: 'instanceType' },
    'pricing:GetProducts': { ServiceCode: 'AmazonEC2' },
  }
}
