import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ec2Service, tables } from '../../../src/aws/ec2/index.ts'
import {
  accessPolicyDecision,
  clusters,
  eksService,
  kubernetesUser,
  nodes,
} from '../../../src/aws/eks/index.ts'
import { rolePrincipal } from '../../../src/aws/iam/identity.ts'
import { iamService } from '../../../src/aws/iam/service.ts'
import { kmsService } from '../../../src/aws/kms/index.ts'
import { ACCOUNT, failure, TestAccount } from './support/account.ts'

let account: TestAccount
const eks = (operation: string, input: object = {}) => account.call(eksService, operation, input)
const NODE_POLICIES = [
  'AmazonEKSWorkerNodePolicy',
  'AmazonEKS_CNI_Policy',
  'AmazonEC2ContainerRegistryPullOnly',
]

beforeEach(() => {
  account = new TestAccount()
})
afterEach(() => account.close())

async function subnetIds(): Promise<string[]> {
  const { Subnets } = await account.call(ec2Service, 'DescribeSubnets')
  return Subnets.map(({ SubnetId }: { SubnetId: string }) => SubnetId)
}

async function createCluster(input: object = {}) {
  const roleArn = await account.role('cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy'])
  const result = await eks('CreateCluster', {
    name: 'demo',
    roleArn,
    resourcesVpcConfig: { subnetIds: await subnetIds() },
    ...input,
  })
  await account.world.controllers.settled()
  return result.cluster
}

async function createNodegroup(policies = NODE_POLICIES, input: object = {}) {
  const nodeRole = await account.role('node', 'ec2.amazonaws.com', policies)
  await eks('CreateNodegroup', {
    clusterName: 'demo',
    nodegroupName: 'ng',
    nodeRole,
    subnets: await subnetIds(),
    scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 2 },
    ...input,
  })
  await account.world.advance(0)
}

const nodegroup = async () =>
  (await eks('DescribeNodegroup', { clusterName: 'demo', nodegroupName: 'ng' })).nodegroup
const names = () => nodes.list(account.context, 'demo').map(({ name }) => name)

describe('CreateCluster', () => {
  it('checks role, subnets and version with the texts of EKS', async () => {
    const roleArn = await account.role('cluster', 'eks.amazonaws.com', [])
    const wrongRole = await account.role('wrong', 'ec2.amazonaws.com', [])
    const [first = '', ...others] = await subnetIds()
    const create = (input: object) =>
      failure(() =>
        eks('CreateCluster', {
          name: 'demo',
          roleArn,
          resourcesVpcConfig: { subnetIds: [first, ...others] },
          ...input,
        }),
      )
    expect(await create({ resourcesVpcConfig: { subnetIds: [first] } })).toBe(
      'InvalidParameterException: Subnets specified must be in at least two different AZs',
    )
    expect(await create({ resourcesVpcConfig: { subnetIds: [first, 'subnet-1'] } })).toContain(
      "The subnet ID 'subnet-1' does not exist",
    )
    expect(await create({ version: '1.20' })).toBe(
      'InvalidParameterException: unsupported Kubernetes version 1.20',
    )
    for (const arn of [wrongRole, `arn:aws:iam::${ACCOUNT}:role/none`]) {
      expect(await create({ roleArn: arn })).toBe(
        `InvalidParameterException: Role with arn: ${arn}, could not be assumed because it does not exist or the trusted entity is not correct`,
      )
    }
    expect(await create({})).toBe('no error')
    expect(await create({})).toBe('ResourceInUseException: Cluster already exists with name: demo')
  })

  it('needs the right to pass the role', async () => {
    const roleArn = await account.role('cluster', 'eks.amazonaws.com', [])
    await account.call(iamService, 'CreateUser', { UserName: 'dev' })
    const context = account.as({
      arn: `arn:aws:iam::${ACCOUNT}:user/dev`,
      accountId: ACCOUNT,
      userId: 'AIDADEV',
      type: 'user',
    })
    const input = { name: 'demo', roleArn, resourcesVpcConfig: { subnetIds: await subnetIds() } }
    expect(await failure(() => eksService.handlers.CreateCluster!(input, context))).toContain('iam:PassRole')
  })

  it('takes about ten minutes, then shows endpoint, CA and issuer', async () => {
    account.close()
    account = new TestAccount(1)
    await createCluster()
    const describe = async () => (await eks('DescribeCluster', { name: 'demo' })).cluster
    await account.world.advance(300_000)
    expect(await describe()).toMatchObject({
      status: 'CREATING',
      endpoint: undefined,
      certificateAuthority: {},
    })
    await account.world.advance(400_000)
    const cluster = await describe()
    expect(cluster.status).toBe('ACTIVE')
    expect(cluster.endpoint).toMatch(/^https:\/\/[0-9A-F]{32}\.gr\d\.us-east-1\.eks\.amazonaws\.com$/)
    expect(cluster.identity.oidc.issuer).toContain('https://oidc.eks.us-east-1.amazonaws.com/id/')
    expect(Buffer.from(cluster.certificateAuthority.data, 'base64').toString()).toContain('BEGIN CERTIFICATE')
    expect(cluster.resourcesVpcConfig.clusterSecurityGroupId).toMatch(/^sg-/)
  })
})

describe('a cluster', () => {
  it('cannot go while it has node groups, and leaves nothing behind when it goes', async () => {
    await createCluster()
    await createNodegroup()
    expect(await failure(() => eks('DeleteCluster', { name: 'demo' }))).toBe(
      'ResourceInUseException: Cluster has nodegroups attached',
    )
    await eks('DeleteNodegroup', { clusterName: 'demo', nodegroupName: 'ng' })
    await account.world.advance(0)
    await eks('DeleteCluster', { name: 'demo' })
    await account.world.advance(0)
    expect(await failure(() => eks('DescribeCluster', { name: 'demo' }))).toBe(
      'ResourceNotFoundException: No cluster found for name: demo.',
    )
    expect(tables.networkInterfaces.list(account.context)).toEqual([])
    expect(tables.securityGroups.list(account.context).map(({ name }) => name)).toEqual(['default'])
    expect(account.world.store.list(`aws/${ACCOUNT}/us-east-1/eks/`).entries).toEqual([])
  })

  it('is upgraded one minor version at a time', async () => {
    await createCluster({ version: '1.33' })
    expect(await failure(() => eks('UpdateClusterVersion', { name: 'demo', version: '1.35' }))).toContain(
      'Unsupported Kubernetes minor version update from 1.33 to 1.35',
    )
    const { update } = await eks('UpdateClusterVersion', { name: 'demo', version: '1.34' })
    await account.world.advance(0)
    expect((await eks('DescribeUpdate', { name: 'demo', updateId: update.id })).update.status).toBe(
      'Successful',
    )
    expect(clusters.find(account.context, 'demo')).toMatchObject({ version: '1.34', status: 'ACTIVE' })
  })

  // https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
  it('is rolled back within seven days of its upgrade, after its nodes or by force', async () => {
    await createCluster({ version: '1.34' })
    await createNodegroup()
    const day = 24 * 3_600_000
    const update = (version: string, more: object = {}) =>
      eks('UpdateClusterVersion', { name: 'demo', version, ...more })
    const back = (more: object = {}) => failure(() => update('1.34', more))
    const upgrade = async () => {
      await update('1.35')
      await account.world.advance(0)
    }
    const nodegroupTo = async (version: string) => {
      await eks('UpdateNodegroupVersion', { clusterName: 'demo', nodegroupName: 'ng', version })
      await account.world.advance(60_000)
    }
    const insights = async () =>
      (
        await eks('ListInsights', { clusterName: 'demo', filter: { categories: ['ROLLBACK_READINESS'] } })
      ).insights.map((one: { name: string; insightStatus: { status: string } }) => [
        one.name,
        one.insightStatus.status,
      ])
    expect(await failure(() => update('1.33', { force: true }))).toBe(
      'InvalidRequestException: Cluster demo cannot be rolled back from version 1.34 to 1.33: it was not upgraded to its present version in place.',
    )
    expect(await insights()).toEqual([])
    await upgrade()
    await nodegroupTo('1.35')
    expect(await insights()).toContainEqual(['Kubelet version skew', 'ERROR'])
    expect(await back()).toContain('blocked by insights with status ERROR: Kubelet version skew')
    await nodegroupTo('1.34')
    expect(
      nodes.list(account.context, 'demo').map(({ kubeletVersion }) => kubeletVersion.slice(0, 5)),
    ).toEqual(['v1.34', 'v1.34'])
    const { update: rollback } = await update('1.34')
    expect(rollback).toMatchObject({ type: 'VersionRollback', status: 'InProgress' })
    await account.world.advance(0)
    expect(clusters.find(account.context, 'demo')).toMatchObject({ version: '1.34', status: 'ACTIVE' })
    expect(await back()).toContain('Cluster is already at version 1.34')
    await upgrade()
    await account.world.advance(7 * day + 1)
    expect(await back({ force: true })).toContain('more than 7 days have passed')
  })

  it('is not rolled back to extended support under the policy STANDARD', async () => {
    await createCluster({ version: '1.33', upgradePolicy: { supportType: 'STANDARD' } })
    const update = (version: string) => eks('UpdateClusterVersion', { name: 'demo', version })
    await update('1.34')
    await account.world.advance(0)
    expect(await failure(() => update('1.33'))).toContain('that version is in extended support')
    await eks('UpdateClusterConfig', { name: 'demo', upgradePolicy: { supportType: 'EXTENDED' } })
    await account.world.advance(0)
    expect((await update('1.33')).update.type).toBe('VersionRollback')
  })
})

describe('secrets encryption', () => {
  it('needs a key that can be used, and the cluster’s health tells when it no longer can', async () => {
    const config = (keyArn: string) => [{ resources: ['secrets'], provider: { keyArn } }]
    const { Arn, KeyId } = (await account.call(kmsService, 'CreateKey')).KeyMetadata
    await createCluster()
    const associate = (arn: string) =>
      eks('AssociateEncryptionConfig', { clusterName: 'demo', encryptionConfig: config(arn) })
    expect(await failure(() => associate(`${Arn}0`))).toContain(
      'InvalidParameterException: The keyArn in encryptionConfig provider',
    )
    const only = (resources: string[] | undefined) => [{ resources, provider: { keyArn: Arn } }]
    expect(
      await failure(() =>
        eks('AssociateEncryptionConfig', { clusterName: 'demo', encryptionConfig: only(['pods']) }),
      ),
    ).toContain('The only supported resource for envelope encryption is secrets')
    // The key covers all API data: what to encrypt need not be said, and the answer names secrets all the same.
    const { update } = await eks('AssociateEncryptionConfig', {
      clusterName: 'demo',
      encryptionConfig: only(undefined),
    })
    expect(update.type).toBe('AssociateEncryptionConfig')
    await account.world.advance(0)
    const cluster = async () => (await eks('DescribeCluster', { name: 'demo' })).cluster
    expect((await cluster()).encryptionConfig).toEqual(config(Arn))
    expect((await cluster()).health.issues).toEqual([])
    await account.call(kmsService, 'DisableKey', { KeyId })
    expect((await cluster()).health.issues).toMatchObject([{ code: 'KmsKeyDisabled', resourceIds: [Arn] }])
    const { insights } = await eks('ListInsights', { clusterName: 'demo', filter: { statuses: ['ERROR'] } })
    expect(insights).toMatchObject([{ name: 'Cluster health issues', kubernetesVersion: '1.36' }])
  })
})

describe('a node group', () => {
  it('becomes active with machines that are nodes of their zones', async () => {
    await createCluster()
    await createNodegroup(NODE_POLICIES, { labels: { tier: 'web' } })
    expect(await nodegroup()).toMatchObject({ status: 'ACTIVE', health: { issues: [] } })
    const [node] = nodes.list(account.context, 'demo')
    expect(node!.name).toMatch(/^ip-172-31-\d+-\d+\.ec2\.internal$/)
    expect(node!.labels).toMatchObject({
      tier: 'web',
      'eks.amazonaws.com/nodegroup': 'ng',
      'node.kubernetes.io/instance-type': 't3.medium',
    })
    expect(node!.capacity.pods).toBe('17')
    expect(node!.allocatable.cpu).toBe('1930m')
  })

  it('is rolled to a new version, no more nodes at once than its update configuration allows', async () => {
    await createCluster({ version: '1.34' })
    const scalingConfig = { minSize: 3, maxSize: 3, desiredSize: 3 }
    await createNodegroup(NODE_POLICIES, { scalingConfig, updateConfig: { maxUnavailable: 1 } })
    const versionsOf = () =>
      nodes.list(account.context, 'demo').map(({ kubeletVersion }) => kubeletVersion.slice(0, 5))
    expect(versionsOf()).toEqual(['v1.34', 'v1.34', 'v1.34'])
    await eks('UpdateClusterVersion', { name: 'demo', version: '1.35' })
    await account.world.advance(0)
    const machines = () =>
      tables.instances.list(account.context).filter(({ state }) => state === 'running').length
    let fewest = 3
    const watch = account.world.store.watch('aws/', () => {
      fewest = Math.min(fewest, machines())
    })
    const { update } = await eks('UpdateNodegroupVersion', { clusterName: 'demo', nodegroupName: 'ng' })
    await account.world.advance(60_000)
    watch.close()
    expect(versionsOf()).toEqual(['v1.35', 'v1.35', 'v1.35'])
    expect(fewest).toBe(2)
    const about = { name: 'demo', nodegroupName: 'ng', updateId: update.id }
    expect((await eks('DescribeUpdate', about)).update.status).toBe('Successful')
    expect(await nodegroup()).toMatchObject({ status: 'ACTIVE', version: '1.35' })
  })

  it('is rolled to a new version of its launch template, whatever that changes', async () => {
    await createCluster()
    const { LaunchTemplate } = await account.call(ec2Service, 'CreateLaunchTemplate', {
      LaunchTemplateName: 'own',
      LaunchTemplateData: { InstanceType: 't3.medium' },
    })
    const id = LaunchTemplate.LaunchTemplateId
    await createNodegroup(NODE_POLICIES, { launchTemplate: { id } })
    await account.call(ec2Service, 'CreateLaunchTemplateVersion', {
      LaunchTemplateId: id,
      LaunchTemplateData: { InstanceType: 't3.large' },
    })
    const before = names()
    const update = (launchTemplate: object, more: object = {}) =>
      eks('UpdateNodegroupVersion', { clusterName: 'demo', nodegroupName: 'ng', launchTemplate, ...more })
    expect(await failure(() => update({ id, version: '2' }, { version: '1.36' }))).toBe(
      'InvalidParameterException: Requested Nodegroup version 1.36 is not supported for cluster version 1.35',
    )
    await update({ id, version: '2' })
    await account.world.advance(60_000)
    expect(names().filter((name) => before.includes(name))).toEqual([])
    expect(nodes.list(account.context, 'demo').map(({ capacity }) => capacity.pods)).toEqual(['35', '35'])
    expect(await nodegroup()).toMatchObject({
      status: 'ACTIVE',
      launchTemplate: { id, version: '2' },
    })
  })

  it('follows its scaling configuration and replaces a machine that ends', async () => {
    await createCluster()
    await createNodegroup()
    const scalingConfig = { desiredSize: 3 }
    await eks('UpdateNodegroupConfig', { clusterName: 'demo', nodegroupName: 'ng', scalingConfig })
    await account.world.advance(0)
    const before = names()
    expect(before).toHaveLength(3)
    const [victim] = nodes.list(account.context, 'demo')
    await account.call(ec2Service, 'TerminateInstances', { InstanceIds: [victim!.instanceId] })
    await account.world.advance(0)
    expect(names()).toHaveLength(3)
    expect(names()).not.toContain(victim!.name)
  })

  it.each([['AmazonEKS_CNI_Policy'], ['AmazonEC2ContainerRegistryPullOnly']])(
    'fails when its role has only %s, and tells why',
    async (policy) => {
      await createCluster()
      await createNodegroup([policy])
      expect(await nodegroup()).toMatchObject({
        status: 'CREATE_FAILED',
        health: {
          issues: [
            { code: 'NodeCreationFailure', message: 'Instances failed to join the kubernetes cluster' },
          ],
        },
      })
      expect(names()).toEqual([])
    },
  )

  it.each([
    ['refused', 0],
    ['late', 60_000],
  ])('fails when its nodes get no network: %s', async (why, afterMs) => {
    account.world.controllers.stop()
    const admitted: object[] = []
    account.startControllers({
      ready: () => false,
      isRefused: () => why === 'refused',
      drained: () => true,
      awsAuth: () => ({ mapRoles: JSON.stringify(admitted) }),
      admitRole: (_cluster, role) => void admitted.push(role),
    })
    await createCluster()
    await createNodegroup()
    if (afterMs > 0) {
      expect((await nodegroup()).status).toBe('CREATING')
      await account.world.advance(afterMs)
    }
    const [one, other] = nodes.list(account.context, 'demo')
    expect(await nodegroup()).toMatchObject({
      status: 'CREATE_FAILED',
      health: {
        issues: [
          {
            code: 'NodeCreationFailure',
            message: 'Unhealthy nodes in the kubernetes cluster',
            resourceIds: [one!.instanceId, other!.instanceId],
          },
        ],
      },
    })
  })

  // https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html: nodes must find the API server by DNS.
  it('has no new nodes where no name server answers in its VPC, and keeps those that it has', async () => {
    await createCluster()
    await createNodegroup()
    const ec2 = (operation: string, input: object) => account.call(ec2Service, operation, input)
    const { DhcpOptions } = await ec2('CreateDhcpOptions', {
      DhcpConfigurations: [{ Key: 'domain-name-servers', Values: ['10.9.9.9'] }],
    })
    const { Vpcs } = await ec2('DescribeVpcs', {})
    const { DhcpOptionsId } = DhcpOptions
    await ec2('AssociateDhcpOptions', { VpcId: Vpcs[0].VpcId, DhcpOptionsId })
    await eks('UpdateNodegroupConfig', {
      clusterName: 'demo',
      nodegroupName: 'ng',
      scalingConfig: { desiredSize: 3 },
    })
    await account.world.advance(60_000)
    const connected = () => nodes.list(account.context, 'demo').map((node) => node.connected !== false)
    expect(connected()).toEqual([true, true])
    await ec2('AssociateDhcpOptions', { VpcId: Vpcs[0].VpcId, DhcpOptionsId: Vpcs[0].DhcpOptionsId })
    await account.world.advance(60_000)
    expect(connected()).toEqual([true, true, true])
  })

  it('goes on after a restart from the store alone', async () => {
    account.close()
    account = new TestAccount(1)
    await createCluster()
    await account.world.advance(700_000)
    await createNodegroup()
    await account.world.advance(5_000)
    account.world.controllers.stop()
    account.startControllers()
    await account.world.advance(300_000)
    expect((await nodegroup()).status).toBe('ACTIVE')
  })
})

describe('access', () => {
  const request = (
    user: { username: string; extra: Record<string, string[]> },
    verb: string,
    resource: string,
  ) => ({
    user,
    verb,
    group: '',
    resource,
    subresource: '',
    namespace: 'shop',
    name: '',
  })

  it('makes the creator an administrator in every mode', async () => {
    await createCluster()
    const cluster = () => clusters.find(account.context, 'demo')!
    const { principal } = account.context
    expect(kubernetesUser(account.context, cluster(), principal)).toMatchObject({
      username: 'kubernetes-admin',
      groups: ['system:masters'],
    })
    await eks('UpdateClusterConfig', {
      name: 'demo',
      accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
    })
    await account.world.advance(0)
    const user = kubernetesUser(account.context, cluster(), principal)!
    expect(user).toMatchObject({ username: principal.arn, groups: [] })
    expect(accessPolicyDecision(account.context, cluster(), request(user, 'delete', 'nodes'))?.allowed).toBe(
      true,
    )
  })

  it('lets a role in by an access entry, as far as its policies go', async () => {
    await createCluster({ accessConfig: { authenticationMode: 'API' } })
    const principalArn = await account.role('viewer', 'ec2.amazonaws.com', [])
    const principal = rolePrincipal(account.world, principalArn, 'alice')!
    const cluster = clusters.find(account.context, 'demo')!
    expect(kubernetesUser(account.context, cluster, principal)).toBeUndefined()
    await eks('CreateAccessEntry', { clusterName: 'demo', principalArn })
    const user = kubernetesUser(account.context, cluster, principal)!
    expect(user.username).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/viewer/alice`)
    const decide = (verb: string, resource: string) =>
      accessPolicyDecision(account.context, cluster, request(user, verb, resource))?.allowed
    expect(decide('get', 'pods')).toBeUndefined()
    await eks('AssociateAccessPolicy', {
      clusterName: 'demo',
      principalArn,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy',
      accessScope: { type: 'namespace', namespaces: ['sho*'] },
    })
    expect(decide('get', 'pods')).toBe(true)
    expect(decide('get', 'secrets')).toBeUndefined()
    expect(decide('delete', 'pods')).toBeUndefined()
  })

  it('reads aws-auth where it counts', async () => {
    await createCluster()
    const arn = await account.role('ops', 'ec2.amazonaws.com', [])
    const cluster = clusters.find(account.context, 'demo')!
    const principal = rolePrincipal(account.world, arn, 'bob')!
    const mapRoles = `- rolearn: ${arn}\n  username: ops-{{SessionName}}\n  groups:\n  - viewers\n`
    expect(kubernetesUser(account.context, cluster, principal, { mapRoles })).toMatchObject({
      username: 'ops-bob',
      groups: ['viewers'],
    })
    expect(kubernetesUser(account.context, cluster, principal, { mapRoles: ': broken' })).toBeUndefined()
  })
})
