import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'
import { SdkAccount, trust } from '../support/sdk-account.ts'

// A cluster by hand, call by call: https://docs.aws.amazon.com/eks/latest/userguide/creating-a-vpc.html, …/create-cluster.html,
// …/worker.html, …/fargate-getting-started.html, …/enable-kms.html; what is broken fails as …/troubleshooting.html says (read 2026-11).
let directory: string
let cloud: OwnedCloud
let shell: LabShell
let account: SdkAccount
/** Ids of what was made, by a short name. */
const made: Record<string, string> = {}

// biome-ignore lint/suspicious/noExplicitAny: inputs and outputs of many operations.
type Any = any
const ec2 = (operation: string, input: Any = {}): Promise<Any> => account.send('ec2', operation, input)
const eks = (operation: string, input: Any = {}): Promise<Any> =>
  account.send('eks', operation, operation === 'CreateCluster' ? input : { clusterName: 'hand', ...input })
const policy = (name: string) => `arn:aws:iam::aws:policy/${name}`

async function role(name: string, service: string, ...policies: string[]): Promise<string> {
  const { Role } = await account.send('iam', 'CreateRole', {
    RoleName: name,
    AssumeRolePolicyDocument: trust(service),
  })
  for (const one of policies)
    await account.send('iam', 'AttachRolePolicy', { RoleName: name, PolicyArn: policy(one) })
  return Role.Arn
}

/** A VPC with two private subnets that go out through a NAT gateway in a public one. */
async function network(): Promise<void> {
  const { Vpc } = await ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' })
  const VpcId = Vpc.VpcId
  const subnet = async (block: string, zone: string) =>
    (await ec2('CreateSubnet', { VpcId, CidrBlock: block, AvailabilityZone: `us-east-1${zone}` })).Subnet
      .SubnetId
  made.public = await subnet('10.0.0.0/24', 'a')
  made.a = await subnet('10.0.1.0/24', 'a')
  made.b = await subnet('10.0.2.0/24', 'b')
  const { InternetGateway } = await ec2('CreateInternetGateway')
  const { InternetGatewayId } = InternetGateway
  await ec2('AttachInternetGateway', { InternetGatewayId, VpcId })
  const table = async (...subnets: (string | undefined)[]) => {
    const { RouteTable } = await ec2('CreateRouteTable', { VpcId })
    const { RouteTableId } = RouteTable
    for (const SubnetId of subnets) await ec2('AssociateRouteTable', { RouteTableId, SubnetId })
    return RouteTableId
  }
  const open = await table(made.public)
  await ec2('CreateRoute', {
    RouteTableId: open,
    DestinationCidrBlock: '0.0.0.0/0',
    GatewayId: InternetGatewayId,
  })
  made.closed = await table(made.a, made.b)
  const { AllocationId } = await ec2('AllocateAddress', { Domain: 'vpc' })
  const { NatGateway } = await ec2('CreateNatGateway', { SubnetId: made.public, AllocationId })
  made.nat = NatGateway.NatGatewayId
}

const wayOut = () =>
  ec2('CreateRoute', {
    RouteTableId: made.closed,
    DestinationCidrBlock: '0.0.0.0/0',
    NatGatewayId: made.nat,
  })

/** What becomes of a node group: its status and what is wrong with it. */
async function settled(nodegroupName: string): Promise<{ status: string; issues: string[] }> {
  for (;;) {
    const { nodegroup } = await eks('DescribeNodegroup', { nodegroupName })
    if (nodegroup.status === 'CREATING') {
      await cloud.advance('hand', 60_000)
      continue
    }
    return {
      status: nodegroup.status,
      issues: nodegroup.health.issues.map(({ code, message }: Any) => `${code}: ${message}`),
    }
  }
}

const nodegroup = (nodegroupName: string, more: Any = {}) =>
  eks('CreateNodegroup', {
    nodegroupName,
    nodeRole: made.nodeRole,
    subnets: [made.a],
    scalingConfig: { minSize: 1, maxSize: 1, desiredSize: 1 },
    ...more,
  })

async function removed(nodegroupName: string): Promise<void> {
  await eks('DeleteNodegroup', { nodegroupName })
  while ((await eks('ListNodegroups')).nodegroups.includes(nodegroupName)) await cloud.advance('hand', 60_000)
}

const JOIN_FAILURE = 'NodeCreationFailure: Instances failed to join the kubernetes cluster'

const userData = (name: string) =>
  Buffer.from(
    `apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: ${name}
    apiServerEndpoint: ${made.endpoint}
    certificateAuthority: ${made.authority}
    cidr: 172.20.0.0/16
  kubelet: {flags: ['--node-labels=kind=own']}
`,
  ).toString('base64')

const IMAGE =
  'resolve:ssm:/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id'

const OBJECTS = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
parameters: {type: gp3}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: gp3, resources: {requests: {storage: 4Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {password: swordfish}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeSelector: {kind: own}
  containers: [{name: web, image: 'nginx:1.28', volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: kube-public}
spec: {containers: [{name: web, image: 'nginx:1.28'}]}
`

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-hand-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ id: 'hand', provisioning: 'instant' })
  await cloud.setSpeed('hand', 10)
  shell = await LabShell.open(world)
  account = new SdkAccount(world)
  await network()
  const { KeyMetadata } = await account.send('kms', 'CreateKey')
  made.key = KeyMetadata.Arn
  made.nodeRole = await role(
    'node',
    'ec2',
    'AmazonEKS_CNI_Policy',
    'AmazonEC2ContainerRegistryPullOnly',
    'service-role/AmazonEBSCSIDriverPolicy',
  )
}, 120_000)
afterAll(async () => {
  await shell?.close()
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
})

describe('a cluster by hand', () => {
  it('is not made with a role that EKS may not assume', async () => {
    const roleArn = await role('cluster', 'ec2', 'AmazonEKSClusterPolicy')
    const create = () =>
      eks('CreateCluster', {
        name: 'hand',
        roleArn,
        resourcesVpcConfig: { subnetIds: [made.a, made.b] },
        accessConfig: { authenticationMode: 'API' },
        encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: made.key } }],
        logging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: true }] },
      })
    await expect(create()).rejects.toThrow(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    )
    await account.send('iam', 'UpdateAssumeRolePolicy', {
      RoleName: 'cluster',
      PolicyDocument: trust('eks'),
    })
    await create()
    await shell.ok('aws eks wait cluster-active --name hand && aws eks update-kubeconfig --name hand')
    const { cluster } = await account.send('eks', 'DescribeCluster', { name: 'hand' })
    made.endpoint = cluster.endpoint
    made.authority = cluster.certificateAuthority.data
    made.group = cluster.resourcesVpcConfig.clusterSecurityGroupId
  })

  it('has no nodes without their policy, a way out, an open security group and subnets that give addresses', async () => {
    await nodegroup('managed')
    expect(await settled('managed')).toEqual({ status: 'CREATE_FAILED', issues: [JOIN_FAILURE] })
    await account.send('iam', 'AttachRolePolicy', {
      RoleName: 'node',
      PolicyArn: policy('AmazonEKSWorkerNodePolicy'),
    })
    await removed('managed')
    await nodegroup('managed')
    expect(await settled('managed')).toEqual({ status: 'CREATE_FAILED', issues: [JOIN_FAILURE] })
    await wayOut()
    await removed('managed')

    const rules = await ec2('DescribeSecurityGroupRules', {
      Filters: [{ Name: 'group-id', Values: [made.group] }],
    })
    const out = rules.SecurityGroupRules.find(({ IsEgress }: Any) => IsEgress)
    await ec2('RevokeSecurityGroupEgress', {
      GroupId: made.group,
      SecurityGroupRuleIds: [out.SecurityGroupRuleId],
    })
    await nodegroup('managed')
    expect(await settled('managed')).toEqual({ status: 'CREATE_FAILED', issues: [JOIN_FAILURE] })
    await ec2('AuthorizeSecurityGroupEgress', {
      GroupId: made.group,
      IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    })
    await removed('managed')

    await nodegroup('managed', { subnets: [made.public] })
    const { status, issues } = await settled('managed')
    expect([status, issues[0]]).toEqual([
      'CREATE_FAILED',
      expect.stringContaining(
        `Ec2SubnetInvalidConfiguration: One or more Amazon EC2 Subnets of [${made.public}] for node group managed does not automatically assign public IP addresses`,
      ),
    ])
    await removed('managed')
    await nodegroup('managed', { labels: { kind: 'managed' } })
    expect(await settled('managed')).toEqual({ status: 'ACTIVE', issues: [] })
  }, 120_000)

  it('takes nodes of an image of one’s own when their user data says where to join', async () => {
    const template = async (name: string, data: Any) =>
      (
        await ec2('CreateLaunchTemplate', {
          LaunchTemplateName: name,
          LaunchTemplateData: { ImageId: IMAGE, ...data },
        })
      ).LaunchTemplate.LaunchTemplateId
    const id = await template('silent', { InstanceType: 't3.large' })
    const launchTemplate = { id }
    await expect(nodegroup('custom', { launchTemplate, version: '1.35' })).rejects.toThrow(
      'You cannot specify a kubernetes version to use when specifying an image id to use within the launch template.',
    )
    await expect(nodegroup('custom', { launchTemplate, amiType: 'AL2023_x86_64_STANDARD' })).rejects.toThrow(
      'You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.',
    )
    await nodegroup('custom', { launchTemplate })
    expect(await settled('custom')).toEqual({ status: 'CREATE_FAILED', issues: [JOIN_FAILURE] })
    await removed('custom')
    await ec2('CreateLaunchTemplateVersion', {
      LaunchTemplateId: id,
      SourceVersion: '1',
      LaunchTemplateData: { UserData: userData('hand') },
    })
    await nodegroup('custom', { launchTemplate: { id, version: '2' } })
    expect(await settled('custom')).toEqual({ status: 'ACTIVE', issues: [] })
    const { nodegroup: custom } = await eks('DescribeNodegroup', { nodegroupName: 'custom' })
    expect(custom).toMatchObject({ amiType: 'CUSTOM', releaseVersion: expect.stringMatching(/^ami-/) })
    await removed('custom')

    await account.send('iam', 'CreateInstanceProfile', { InstanceProfileName: 'own' })
    await account.send('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'own', RoleName: 'node' })
    const { Instances } = await ec2('RunInstances', {
      ImageId: IMAGE,
      InstanceType: 't3.medium',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: made.b,
      SecurityGroupIds: [made.group],
      IamInstanceProfile: { Name: 'own' },
      UserData: userData('hand'),
    })
    expect(Instances[0].ImageId).toMatch(/^ami-[0-9a-f]{17}$/)
  }, 60_000)

  it('runs pods on all three kinds of nodes, with a bound volume', async () => {
    const podExecutionRoleArn = await role(
      'pods',
      'eks-fargate-pods',
      'AmazonEKSFargatePodExecutionRolePolicy',
    )
    await eks('CreateFargateProfile', {
      fargateProfileName: 'public',
      podExecutionRoleArn,
      subnets: [made.a, made.b],
      selectors: [{ namespace: 'kube-public' }],
    })
    await eks('CreateAddon', { addonName: 'aws-ebs-csi-driver' })
    await shell.write('objects.yaml', OBJECTS)
    const seen = await shell.ok(`
      aws eks wait fargate-profile-active --cluster-name hand --fargate-profile-name public
      kubectl apply -f objects.yaml >/dev/null
      kubectl wait pod/web --for=condition=Ready --timeout=600s >/dev/null
      kubectl wait pod/web -n kube-public --for=condition=Ready --timeout=600s >/dev/null
      kubectl get nodes --no-headers -o custom-columns=K:.metadata.labels.kind,C:.metadata.labels.eks\\\\.amazonaws\\\\.com/compute-type | tr -s ' ' | sort
      kubectl get pvc data -o jsonpath='{.status.phase}'`)
    expect(seen.split('\n').map((line) => line.trim())).toEqual([
      '<none> fargate',
      'managed <none>',
      'own <none>',
      'Bound',
    ])
    const { cluster } = await account.send('eks', 'DescribeCluster', { name: 'hand' })
    expect(cluster.encryptionConfig[0].provider.keyArn).toBe(made.key)
  }, 120_000)

  it('lets nobody in without an access entry', async () => {
    await role('visitor', 'ec2')
    const principalArn = account.arn('iam', 'role/visitor', '')
    await account.send('iam', 'UpdateAssumeRolePolicy', {
      RoleName: 'visitor',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: account.id }, Action: 'sts:AssumeRole' }],
      }),
    })
    const looks = `
      aws eks update-kubeconfig --name hand --alias visitor --role-arn ${principalArn} --user-alias visitor >/dev/null
      kubectl --context visitor get pods`
    const refused = await shell.run(looks)
    expect(refused.stderr).toContain('error: You must be logged in to the server (Unauthorized)')
    await eks('CreateAccessEntry', { principalArn })
    await eks('AssociateAccessPolicy', {
      principalArn,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy',
      accessScope: { type: 'cluster' },
    })
    expect(await shell.ok(looks)).toContain('web')

    // Who was let in and who was not, and what they asked, stands in the cluster's logs.
    const events = async (prefix: string, filterPattern: string) => {
      const { events } = await account.send('logs', 'FilterLogEvents', {
        logGroupName: '/aws/eks/hand/cluster',
        logStreamNamePrefix: prefix,
        filterPattern,
      })
      return events.map(({ message }: Any) => message as string)
    }
    const [denied] = await events('authenticator-', '"access denied"')
    expect(denied).toContain(`msg="access denied" arn="${principalArn}"`)
    const [granted] = await events('authenticator-', '"access granted" visitor')
    expect(granted).toMatch(/level=info msg="access granted" arn="\S+:assumed-role\/visitor\/\S+"/)
    const listed = (await events('kube-apiserver-audit-', 'visitor'))
      .map((line: string) => JSON.parse(line))
      .find(({ requestURI }: Any) => requestURI.startsWith('/api/v1/namespaces/default/pods'))
    expect(listed).toMatchObject({
      kind: 'Event',
      verb: 'list',
      objectRef: { resource: 'pods', namespace: 'default' },
      responseStatus: { code: 200 },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    })
  }, 60_000)

  // https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html
  it('changes labels and taints of nodes that are there with those of their node group', async () => {
    const marks = (name: string) =>
      shell.ok(
        `kubectl get nodes -l eks.amazonaws.com/nodegroup=managed -o jsonpath='{range .items[*]}{.metadata.labels.kind}/{.metadata.labels.${name}}/{.spec.taints}{end}'`,
      )
    const update = (input: string) =>
      shell.ok(
        `aws eks update-nodegroup-config --cluster-name hand --nodegroup-name managed ${input}
         aws eks wait nodegroup-active --cluster-name hand --nodegroup-name managed`,
      )
    await shell.ok('aws eks update-kubeconfig --name hand && kubectl label nodes -l kind=managed mine=kept')
    await update(
      '--labels addOrUpdateLabels={tier=web} --taints "addOrUpdateTaints=[{key=only,value=web,effect=NO_SCHEDULE}]"',
    )
    expect(await marks('tier')).toBe('managed/web/[{"effect":"NoSchedule","key":"only","value":"web"}]')
    await update(
      '--labels removeLabels=kind --taints "removeTaints=[{key=only,value=web,effect=NO_SCHEDULE}]"',
    )
    expect(await marks('mine')).toBe('/kept/')
  }, 60_000)

  it('has a deleted node back when its machine is rebooted, and only if its role has an access entry', async () => {
    const principalArn = made.nodeRole
    const nodes = () => shell.ok('kubectl get nodes -l kind=own --no-headers')
    const { Reservations } = await ec2('DescribeInstances', {
      Filters: [
        { Name: 'iam-instance-profile.arn', Values: [account.arn('iam', 'instance-profile/own', '')] },
      ],
    })
    const InstanceIds = [Reservations[0].Instances[0].InstanceId]
    const later = () => cloud.advance('hand', 120_000)
    await shell.ok('kubectl delete node -l kind=own')
    await later()
    expect(await nodes()).toBe('')
    await eks('DeleteAccessEntry', { principalArn })
    await ec2('RebootInstances', { InstanceIds })
    await later()
    expect(await nodes()).toBe('')
    await eks('CreateAccessEntry', { principalArn, type: 'EC2_LINUX' })
    await later()
    expect(await nodes()).toMatch(/ Ready /)
  }, 60_000)
})
