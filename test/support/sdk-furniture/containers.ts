import { createHash } from 'node:crypto'
import { type SdkAccount, trust } from '../sdk-account.ts'

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Puts a small image into a repository through the API of `ecr` or `ecr-public`. */
async function pushImage(
  account: SdkAccount,
  service: string,
  repositoryName: string,
  text: string,
): Promise<void> {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, text }),
  )
  const { uploadId } = await account.send(service, 'InitiateLayerUpload', { repositoryName })
  await account.send(service, 'UploadLayerPart', {
    repositoryName,
    uploadId,
    partFirstByte: 0,
    partLastByte: config.length - 1,
    layerPartBlob: config,
  })
  await account.send(service, 'CompleteLayerUpload', {
    repositoryName,
    uploadId,
    layerDigests: [digestOf(config)],
  })
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: [],
  })
  await account.send(service, 'PutImage', { repositoryName, imageManifest, imageTag: text })
}

/** Two of everything that EKS, ECS and ECR list. `settle` lets the cluster come up. */
export async function furnishContainers(
  account: SdkAccount,
  settle: () => Promise<void>,
): Promise<Record<string, object>> {
  const each = account.sendEach.bind(account, 2)
  const { Subnets } = await account.send('ec2', 'DescribeSubnets')
  const byDefault = Subnets.filter(({ DefaultForAz }: { DefaultForAz: boolean }) => DefaultForAz)
  const subnetIds = byDefault.map(({ SubnetId }: { SubnetId: string }) => SubnetId)
  const role = (name: string) => `arn:aws:iam::${account.id}:role/${name}`
  for (const RoleName of ['cluster', 'node', 'fargate']) {
    await account.send('iam', 'CreateRole', {
      RoleName,
      AssumeRolePolicyDocument: trust('eks', 'ec2', 'eks-fargate-pods', 'pods.eks'),
    })
  }
  for (const [RoleName, ...policies] of [
    ['cluster', 'AmazonEKSClusterPolicy'],
    ['node', 'AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryReadOnly'],
    ['fargate', 'AmazonEKSFargatePodExecutionRolePolicy'],
  ])
    for (const policy of policies)
      await account.send('iam', 'AttachRolePolicy', {
        RoleName,
        PolicyArn: `arn:aws:iam::aws:policy/${policy}`,
      })
  await each('eks', 'CreateCluster', (n) => ({
    name: `c${n}`,
    roleArn: role('cluster'),
    resourcesVpcConfig: { subnetIds },
    accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
  }))
  await settle()
  const clusterName = 'c0'
  await each('eks', 'CreateNodegroup', (n) => ({
    clusterName,
    nodegroupName: `n${n}`,
    nodeRole: role('node'),
    subnets: subnetIds,
    scalingConfig: { minSize: 0, maxSize: 1, desiredSize: 0 },
  }))
  await each('eks', 'CreateAccessEntry', (n) => ({ clusterName, principalArn: role(`r${n}`) }))
  const policies = ['AmazonEKSViewPolicy', 'AmazonEKSEditPolicy']
  await each('eks', 'AssociateAccessPolicy', (n) => ({
    clusterName,
    principalArn: role('r0'),
    policyArn: `arn:aws:eks::aws:cluster-access-policy/${policies[n]}`,
    accessScope: { type: 'cluster' },
  }))
  await each('eks', 'CreateAddon', (n) => ({
    clusterName,
    addonName: ['coredns', 'eks-pod-identity-agent'][n],
  }))
  await each('eks', 'CreatePodIdentityAssociation', (n) => ({
    clusterName,
    namespace: 'default',
    serviceAccount: `s${n}`,
    roleArn: role('r0'),
  }))
  const { RouteTable } = await account.send('ec2', 'CreateRouteTable', { VpcId: byDefault[0].VpcId })
  const { Subnet } = await account.send('ec2', 'CreateSubnet', {
    VpcId: byDefault[0].VpcId,
    CidrBlock: '172.31.96.0/24',
    AvailabilityZone: byDefault[0].AvailabilityZone,
  })
  // A Fargate profile takes subnets that have no route to an internet gateway.
  await account.send('ec2', 'AssociateRouteTable', {
    RouteTableId: RouteTable.RouteTableId,
    SubnetId: Subnet.SubnetId,
  })
  await each('eks', 'CreateFargateProfile', (n) => ({
    clusterName,
    fargateProfileName: `p${n}`,
    podExecutionRoleArn: role('fargate'),
    subnets: [Subnet.SubnetId],
    selectors: [{ namespace: `n${n}` }],
  }))
  for (const enabled of [true, false]) {
    await account.send('eks', 'UpdateClusterConfig', {
      name: clusterName,
      logging: { clusterLogging: [{ types: ['api'], enabled }] },
    })
    await settle()
  }

  await each('ecs', 'CreateCluster', (n) => ({ clusterName: `e${n}` }))
  await each('ecs', 'RegisterTaskDefinition', (n) => ({
    family: `f${n}`,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [{ name: 'web', image: 'nginx:1.28' }],
  }))
  const start = {
    cluster: 'e0',
    taskDefinition: 'f0',
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: subnetIds, assignPublicIp: 'ENABLED' } },
  }
  await account.send('ecs', 'RunTask', { ...start, count: 3 })
  await account.sendEach(3, 'ecs', 'CreateService', (n) => ({
    ...start,
    serviceName: `s${n}`,
    desiredCount: 0,
    serviceConnectConfiguration: { enabled: true, namespace: 'space0' },
  }))

  await each('application-autoscaling', 'RegisterScalableTarget', (n) => ({
    ServiceNamespace: 'ecs',
    ResourceId: `service/e0/s${n}`,
    ScalableDimension: 'ecs:service:DesiredCount',
    MinCapacity: 0,
    MaxCapacity: 2,
  }))
  const scaled = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/e0/s0',
    ScalableDimension: 'ecs:service:DesiredCount',
  }
  await each('application-autoscaling', 'PutScalingPolicy', (n) => ({
    ...scaled,
    PolicyName: `p${n}`,
    PolicyType: 'StepScaling',
    StepScalingPolicyConfiguration: {
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
    },
  }))
  await each('application-autoscaling', 'PutScheduledAction', (n) => ({
    ...scaled,
    ScheduledActionName: `s${n}`,
    Schedule: 'cron(0 9 * * ? *)',
    ScalableTargetAction: { MinCapacity: 1 },
  }))

  for (const service of ['ecr', 'ecr-public']) {
    await each(service, 'CreateRepository', (n) => ({ repositoryName: `web${n}` }))
    for (const tag of ['one', 'two', 'three']) await pushImage(account, service, 'web0', tag)
  }
  await each('ecr', 'CreatePullThroughCacheRule', (n) => ({
    ecrRepositoryPrefix: `cache${n}`,
    upstreamRegistryUrl: ['public.ecr.aws', 'registry.k8s.io'][n],
  }))
  await each('ecr', 'CreateRepositoryCreationTemplate', (n) => ({
    prefix: `t${n}`,
    appliedFor: ['PULL_THROUGH_CACHE'],
  }))
  await account.send('ecr', 'StartLifecyclePolicyPreview', {
    repositoryName: 'web0',
    lifecyclePolicyText: JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          selection: {
            tagStatus: 'tagged',
            tagPatternList: ['*'],
            countType: 'imageCountMoreThan',
            countNumber: 1,
          },
          action: { type: 'expire' },
        },
      ],
    }),
  })
  await settle()
  const image = { repositoryName: 'web0', imageId: { imageTag: 'one' } }
  return {
    ...Object.fromEntries(
      [
        'ListAccessEntries',
        'ListAddons',
        'ListFargateProfiles',
        'ListIdentityProviderConfigs',
        'ListInsights',
        'ListNodegroups',
        'ListPodIdentityAssociations',
      ].map((operation) => [`eks:${operation}`, { clusterName }]),
    ),
    'eks:ListUpdates': { name: clusterName },
    'eks:ListAssociatedAccessPolicies': { clusterName, principalArn: role('r0') },
    'ecs:ListAttributes': { cluster: 'e0', targetType: 'container-instance' },
    'ecs:ListContainerInstances': { cluster: 'e0' },
    'ecs:ListServices': { cluster: 'e0' },
    'ecs:ListServicesByNamespace': { namespace: 'space0' },
    'ecs:ListTasks': { cluster: 'e0' },
    'ecs:ListAccountSettings': { effectiveSettings: true },
    'ecr:DescribeImageScanFindings': image,
    'ecr:DescribeImages': { repositoryName: 'web0' },
    'ecr:ListImages': { repositoryName: 'web0' },
    'ecr:GetLifecyclePolicyPreview': { repositoryName: 'web0' },
    'ecr-public:DescribeImages': { repositoryName: 'web0' },
    'ecr-public:DescribeImageTags': { repositoryName: 'web0' },
  }
}
