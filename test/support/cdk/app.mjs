// The app whose synthesized templates stand beside it. The CDK itself is no dependency of the product, for its size:
// npm install aws-cdk@2.1148.1 aws-cdk-lib@2.276.0 constructs && npx cdk --app 'node app.mjs' synth
// The templates go with CloudFormation's own means: there is no S3, where the default synthesizer puts templates and assets.
import {
  App,
  AspectPriority,
  Aspects,
  CfnOutput,
  Duration,
  LegacyStackSynthesizer,
  RemovalPolicy,
  Size,
  Stack,
} from 'aws-cdk-lib'
import * as appscaling from 'aws-cdk-lib/aws-applicationautoscaling'
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling'
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch'
import * as ec2 from 'aws-cdk-lib/aws-ec2'
import * as ecr from 'aws-cdk-lib/aws-ecr'
import * as ecs from 'aws-cdk-lib/aws-ecs'
import * as patterns from 'aws-cdk-lib/aws-ecs-patterns'
import * as efs from 'aws-cdk-lib/aws-efs'
import * as eks from 'aws-cdk-lib/aws-eks'
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as kms from 'aws-cdk-lib/aws-kms'
import * as lambda from 'aws-cdk-lib/aws-lambda'
import * as logs from 'aws-cdk-lib/aws-logs'
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager'
import * as servicediscovery from 'aws-cdk-lib/aws-servicediscovery'
import * as ssm from 'aws-cdk-lib/aws-ssm'

const app = new App()
const props = () => ({ synthesizer: new LegacyStackSynthesizer() })

/** A web service on Fargate behind an ALB, that scales by its CPU. */
class Web extends Stack {
  constructor(scope, id, given) {
    super(scope, id, given)
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2, natGateways: 1, restrictDefaultSecurityGroup: false })
    vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 })
    vpc.addInterfaceEndpoint('EcrApi', { service: ec2.InterfaceVpcEndpointAwsService.ECR })
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
      defaultCloudMapNamespace: { name: 'shop.local' },
    })
    const secret = new secretsmanager.Secret(this, 'Password', {
      generateSecretString: { secretStringTemplate: '{"user":"shop"}', generateStringKey: 'password' },
    })
    const web = new patterns.ApplicationLoadBalancedFargateService(this, 'Web', {
      cluster,
      cpu: 256,
      memoryLimitMiB: 512,
      desiredCount: 2,
      minHealthyPercent: 100,
      circuitBreaker: { rollback: true },
      cloudMapOptions: { name: 'web' },
      taskImageOptions: {
        image: ecs.ContainerImage.fromRegistry('nginx:1.27'),
        environment: { STAGE: 'test' },
        secrets: { PASSWORD: ecs.Secret.fromSecretsManager(secret, 'password') },
      },
    })
    web.targetGroup.configureHealthCheck({
      path: '/',
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
    })
    const scaling = web.service.autoScaleTaskCount({ minCapacity: 2, maxCapacity: 6 })
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60 })
    scaling.scaleOnRequestCount('Requests', { requestsPerTarget: 1000, targetGroup: web.targetGroup })
    scaling.scaleOnSchedule('Night', {
      schedule: appscaling.Schedule.cron({ hour: '20', minute: '0' }),
      maxCapacity: 2,
    })
    web.service.metricCpuUtilization().createAlarm(this, 'Busy', { threshold: 90, evaluationPeriods: 2 })
  }
}

/** ECS on machines of an Auto Scaling group, with files that the tasks share. */
class Machines extends Stack {
  constructor(scope, id, given) {
    super(scope, id, given)
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr('10.50.0.0/16'),
      maxAzs: 2,
      natGateways: 1,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'ingress', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24 },
        { name: 'app', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
        { name: 'data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    })
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc })
    const role = new iam.Role(this, 'Instance', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
      ],
    })
    const machineGroup = new ec2.SecurityGroup(this, 'MachineGroup', { vpc })
    const launchTemplate = new ec2.LaunchTemplate(this, 'Template', {
      instanceType: new ec2.InstanceType('t3.medium'),
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(),
      role,
      securityGroup: machineGroup,
      requireImdsv2: true,
      userData: ec2.UserData.forLinux(),
    })
    const group = new autoscaling.AutoScalingGroup(this, 'Group', {
      vpc,
      launchTemplate,
      minCapacity: 0,
      maxCapacity: 3,
    })
    const provider = new ecs.AsgCapacityProvider(this, 'Provider', {
      autoScalingGroup: group,
      enableManagedTerminationProtection: false,
      enableManagedDraining: false,
      taskDrainTime: Duration.seconds(0),
    })
    cluster.addAsgCapacityProvider(provider, { taskDrainTime: Duration.seconds(0) })
    const files = new efs.FileSystem(this, 'Files', {
      vpc,
      encrypted: true,
      removalPolicy: RemovalPolicy.DESTROY,
      lifecyclePolicy: efs.LifecyclePolicy.AFTER_14_DAYS,
    })
    files.connections.allowDefaultPortFrom(machineGroup)
    machineGroup.addIngressRule(
      ec2.Peer.ipv4(vpc.vpcCidrBlock),
      ec2.Port.tcpRange(32768, 65535),
      'the load balancer to the host ports',
    )
    const point = files.addAccessPoint('Point', {
      path: '/shop',
      createAcl: { ownerGid: '1000', ownerUid: '1000', permissions: '750' },
      posixUser: { uid: '1000', gid: '1000' },
    })
    const task = new ecs.Ec2TaskDefinition(this, 'Task', { networkMode: ecs.NetworkMode.BRIDGE })
    task.addVolume({
      name: 'shared',
      efsVolumeConfiguration: {
        fileSystemId: files.fileSystemId,
        transitEncryption: 'ENABLED',
        authorizationConfig: { accessPointId: point.accessPointId },
      },
    })
    const container = task.addContainer('app', {
      image: ecs.ContainerImage.fromRegistry('nginx:1.27'),
      memoryReservationMiB: 128,
      portMappings: [{ containerPort: 80 }],
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app', logRetention: undefined }),
    })
    container.addMountPoints({ sourceVolume: 'shared', containerPath: '/data', readOnly: false })
    const service = new ecs.Ec2Service(this, 'Service', {
      cluster,
      taskDefinition: task,
      desiredCount: 1,
      minHealthyPercent: 0,
      capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
    })
    // CloudFormation would make the service before its cluster knows the capacity provider: the CDK leaves this dependency out.
    Aspects.of(this).add(
      {
        visit(node) {
          if (node instanceof ecs.CfnClusterCapacityProviderAssociations) service.node.addDependency(node)
        },
      },
      { priority: AspectPriority.READONLY },
    )
    const balancer = new elbv2.NetworkLoadBalancer(this, 'Balancer', {
      vpc,
      internetFacing: true,
      crossZoneEnabled: true,
    })
    balancer
      .addListener('Tcp', { port: 80 })
      .addTargets('App', { port: 80, targets: [service], deregistrationDelay: Duration.seconds(10) })
    group.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50 })
    group.scaleOnSchedule('Morning', {
      schedule: autoscaling.Schedule.cron({ hour: '7', minute: '0' }),
      minCapacity: 2,
    })
    group.addLifecycleHook('Launch', {
      lifecycleTransition: autoscaling.LifecycleTransition.INSTANCE_LAUNCHING,
      defaultResult: autoscaling.DefaultResult.CONTINUE,
      heartbeatTimeout: Duration.seconds(30),
    })
  }
}

/** An EKS cluster through its own resource types. */
class Kube extends Stack {
  constructor(scope, id, given) {
    super(scope, id, given)
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2, natGateways: 1, restrictDefaultSecurityGroup: false })
    const key = new kms.Key(this, 'Key', {
      enableKeyRotation: true,
      alias: 'eks/kube',
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    })
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('eks.amazonaws.com'),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonEKSClusterPolicy')],
    })
    key.grant(role, 'kms:Encrypt', 'kms:Decrypt', 'kms:ListGrants', 'kms:DescribeKey', 'kms:CreateGrant')
    const cluster = new eks.CfnCluster(this, 'Cluster', {
      name: 'kube',
      version: '1.34',
      roleArn: role.roleArn,
      resourcesVpcConfig: {
        subnetIds: [...vpc.privateSubnets, ...vpc.publicSubnets].map((one) => one.subnetId),
        endpointPrivateAccess: true,
        endpointPublicAccess: true,
        publicAccessCidrs: ['0.0.0.0/0'],
      },
      accessConfig: {
        authenticationMode: 'API_AND_CONFIG_MAP',
        bootstrapClusterCreatorAdminPermissions: true,
      },
      encryptionConfig: [{ provider: { keyArn: key.keyArn }, resources: ['secrets'] }],
      logging: { clusterLogging: { enabledTypes: [{ type: 'api' }, { type: 'audit' }] } },
      upgradePolicy: { supportType: 'STANDARD' },
      tags: [{ key: 'team', value: 'shop' }],
    })
    cluster.node.addDependency(role, key)
    const nodeRole = new iam.Role(this, 'NodeRole', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        'AmazonEKSWorkerNodePolicy',
        'AmazonEKS_CNI_Policy',
        'AmazonEC2ContainerRegistryPullOnly',
      ].map((name) => iam.ManagedPolicy.fromAwsManagedPolicyName(name)),
    })
    const template = new ec2.CfnLaunchTemplate(this, 'NodeTemplate', {
      launchTemplateData: {
        blockDeviceMappings: [
          { deviceName: '/dev/xvda', ebs: { volumeSize: 30, volumeType: 'gp3', encrypted: true } },
        ],
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2 },
        tagSpecifications: [{ resourceType: 'instance', tags: [{ key: 'Name', value: 'kube-node' }] }],
      },
    })
    const nodes = new eks.CfnNodegroup(this, 'Nodes', {
      clusterName: cluster.ref,
      nodeRole: nodeRole.roleArn,
      subnets: vpc.privateSubnets.map((one) => one.subnetId),
      scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 3 },
      instanceTypes: ['t3.large'],
      amiType: 'AL2023_x86_64_STANDARD',
      capacityType: 'ON_DEMAND',
      labels: { tier: 'app' },
      taints: [],
      updateConfig: { maxUnavailable: 1 },
      launchTemplate: { id: template.ref, version: template.attrLatestVersionNumber },
      tags: { team: 'shop' },
    })
    for (const name of ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent'])
      new eks.CfnAddon(this, name.replaceAll('-', ''), {
        clusterName: cluster.ref,
        addonName: name,
        resolveConflicts: 'OVERWRITE',
      })
    new eks.CfnAddon(this, 'coredns', {
      clusterName: cluster.ref,
      addonName: 'coredns',
      configurationValues: JSON.stringify({ replicaCount: 2 }),
    }).node.addDependency(nodes)
    const podRole = new iam.Role(this, 'PodRole', {
      assumedBy: new iam.ServicePrincipal('pods.eks.amazonaws.com').withSessionTags(),
    })
    new eks.CfnPodIdentityAssociation(this, 'Pods', {
      clusterName: cluster.ref,
      namespace: 'shop',
      serviceAccount: 'cart',
      roleArn: podRole.roleArn,
    })
    const fargateRole = new iam.Role(this, 'FargateRole', {
      assumedBy: new iam.ServicePrincipal('eks-fargate-pods.amazonaws.com'),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonEKSFargatePodExecutionRolePolicy')],
    })
    new eks.CfnFargateProfile(this, 'Batch', {
      clusterName: cluster.ref,
      podExecutionRoleArn: fargateRole.roleArn,
      selectors: [{ namespace: 'batch', labels: [{ key: 'kind', value: 'job' }] }],
      subnets: vpc.privateSubnets.map((one) => one.subnetId),
    })
    new eks.CfnAccessEntry(this, 'Team', {
      clusterName: cluster.ref,
      principalArn: podRole.roleArn,
      type: 'STANDARD',
      accessPolicies: [
        {
          policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy',
          accessScope: { type: 'namespace', namespaces: ['shop'] },
        },
      ],
    })
    const oidc = new iam.CfnOIDCProvider(this, 'Oidc', {
      url: cluster.attrOpenIdConnectIssuerUrl,
      clientIdList: ['sts.amazonaws.com'],
    })
    new CfnOutput(this, 'Endpoint', { value: cluster.attrEndpoint })
    new CfnOutput(this, 'Provider', { value: oidc.attrArn, exportName: 'kube-oidc' })
  }
}

/** What stands beside clusters: registries, keys, secrets, parameters, people, logs, alarms. */
class Beside extends Stack {
  constructor(scope, id, given) {
    super(scope, id, given)
    const key = new kms.Key(this, 'Key', { description: 'of the shop', removalPolicy: RemovalPolicy.DESTROY })
    key.addAlias('alias/shop')
    const repository = new ecr.Repository(this, 'Images', {
      repositoryName: 'shop/web',
      imageScanOnPush: true,
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      encryption: ecr.RepositoryEncryption.KMS,
      encryptionKey: key,
      emptyOnDelete: true,
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [
        { rulePriority: 1, maxImageCount: 10, tagPrefixList: ['v'], tagStatus: ecr.TagStatus.TAGGED },
        { maxImageAge: Duration.days(30) },
      ],
    })
    repository.grantPull(new iam.AccountPrincipal('444455556666'))
    const secret = new secretsmanager.Secret(this, 'Secret', {
      secretName: 'shop/database',
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const parameter = new ssm.StringParameter(this, 'Parameter', {
      parameterName: '/shop/stage',
      stringValue: 'test',
      description: 'where',
      allowedPattern: '^[a-z]+$',
    })
    const list = new ssm.StringListParameter(this, 'List', { stringListValue: ['a', 'b'] })
    const group = new iam.Group(this, 'Developers')
    const user = new iam.User(this, 'Ann', { groups: [group], path: '/shop/' })
    new iam.ManagedPolicy(this, 'Policy', {
      statements: [new iam.PolicyStatement({ actions: ['ecr:*'], resources: [repository.repositoryArn] })],
      groups: [group],
    })
    const access = new iam.AccessKey(this, 'Access', { user })
    secret.grantRead(user)
    parameter.grantRead(user)
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    logGroup.addStream('Stream')
    const filter = logGroup.addMetricFilter('Errors', {
      filterPattern: logs.FilterPattern.literal('ERROR'),
      metricNamespace: 'Shop',
      metricName: 'Errors',
    })
    const alarm = filter.metric().createAlarm(this, 'TooMany', { threshold: 5, evaluationPeriods: 1 })
    new cloudwatch.Dashboard(this, 'Dashboard', {
      widgets: [[new cloudwatch.AlarmWidget({ alarm, title: 'errors' })]],
    })
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 1,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'public', subnetType: ec2.SubnetType.PUBLIC }],
    })
    const machine = new ec2.Instance(this, 'Machine', {
      vpc,
      instanceType: new ec2.InstanceType('t3.micro'),
      machineImage: ec2.MachineImage.latestAmazonLinux2023(),
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      blockDevices: [{ deviceName: '/dev/xvda', volume: ec2.BlockDeviceVolume.ebs(20) }],
    })
    machine.connections.allowFromAnyIpv4(ec2.Port.tcp(22))
    const volume = new ec2.Volume(this, 'Volume', {
      availabilityZone: machine.instanceAvailabilityZone,
      size: Size.gibibytes(5),
      removalPolicy: RemovalPolicy.DESTROY,
    })
    new ec2.CfnVolumeAttachment(this, 'Attachment', {
      device: '/dev/sdf',
      instanceId: machine.instanceId,
      volumeId: volume.volumeId,
    })
    const address = new ec2.CfnEIP(this, 'Address', { domain: 'vpc' })
    new ec2.CfnEIPAssociation(this, 'AddressOf', {
      allocationId: address.attrAllocationId,
      instanceId: machine.instanceId,
    })
    new ec2.KeyPair(this, 'Pair', { keyPairName: 'shop' })
    const namespace = new servicediscovery.PrivateDnsNamespace(this, 'Names', { name: 'beside.local', vpc })
    namespace.createService('Cart', {
      dnsRecordType: servicediscovery.DnsRecordType.A,
      dnsTtl: Duration.seconds(10),
    })
    new CfnOutput(this, 'Uri', { value: repository.repositoryUri })
    new CfnOutput(this, 'ListOut', { value: list.parameterArn })
    new CfnOutput(this, 'AccessId', { value: access.accessKeyId })
  }
}

/** What the simulation has not. */
class Elsewhere extends Stack {
  constructor(scope, id, given) {
    super(scope, id, given)
    new lambda.Function(this, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {}'),
    })
  }
}

new Web(app, 'Web', props())
new Machines(app, 'Machines', props())
new Kube(app, 'Kube', props())
new Beside(app, 'Beside', props())
new Elsewhere(app, 'Elsewhere', props())
app.synth()
