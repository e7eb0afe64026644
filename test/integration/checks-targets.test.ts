import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'
import { CreateClusterCommand, EKSClient, waitUntilClusterActive } from '@aws-sdk/client-eks'
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AutoCheck } from '#checks/auto-check.ts'
import type { CheckReport } from '#checks/finding.ts'
import { CheckRunner } from '#checks/runner.ts'
import { simulatedTarget, type Target } from '#checks/target.ts'
import type { OwnedCloud, WorldInfo } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'

const checker = fileURLToPath(new URL('../unit/checks/fixtures/public-clients.ts', import.meta.url))

describe('a check of a simulated world', () => {
  const runner = new CheckRunner()
  let data: string
  let cloud: OwnedCloud
  let world: WorldInfo
  let other: WorldInfo

  const check = (step: string, target: Target = simulatedTarget(world)) =>
    runner.run({ lab: 'public-clients', step, checker, target, home: data })

  /** The learner's own client. */
  const learner = <Client>(client: new (configuration: object) => Client) => {
    const proxyEnv = { HTTPS_PROXY: world.proxyUrl }
    const httpsAgent = new Agent({ proxyEnv, ca: readFileSync(world.caFile) } as object)
    const requestHandler = new NodeHttpHandler({ httpsAgent })
    return new client({ region: world.region, credentials: world.administrator, requestHandler })
  }

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'drydock-targets-'))
    cloud = await startCloud({ directory: data })
    world = await cloud.createWorld({ provisioning: 'instant' })
    other = await cloud.createWorld({ provisioning: 'instant' })
  })
  afterAll(async () => {
    await runner.close()
    await cloud.stop()
    await rm(data, { recursive: true, force: true })
  })

  it('asks AWS with the keys and the region of the world', async () => {
    const report = await check('identity')
    expect(report.status).toBe('passed')
    expect(report.findings[0]!.observed).toContain(`::${world.accountId}:`)
    expect(report.findings[0]!.observed).toContain('in us-east-1')
  })

  it('takes a missing thing as a finding', async () => {
    expect((await check('repository')).findings).toMatchObject([{ id: 'no-repository', status: 'failed' }])
  })

  it('gives a page that does not answer as a finding', async () => {
    const report = await check('page')
    expect(report.status).toBe('failed')
    expect(report.findings[0]!.observed).toBeTruthy()
  })

  it('reports wrong keys as a check that could not run', async () => {
    const target = { ...simulatedTarget(world), credentials: { accessKeyId: 'AKIA0', secretAccessKey: 'x' } }
    const report = await check('identity', target as Target)
    expect(report).toMatchObject({ status: 'error', findings: [{ id: 'not-authorized' }] })
  })

  it('reports a cloud that is away as a check that could not run', async () => {
    const target = { ...simulatedTarget(world), proxyUrl: 'http://w:s@127.0.0.1:1' }
    const report = await check('identity', target as Target)
    expect(report).toMatchObject({ status: 'error', findings: [{ id: 'target-unreachable' }] })
    expect(report.findings[0]!.hint).toContain('drydock doctor')
  })

  it('says that a kubeconfig is not enough for a step that looks at AWS', async () => {
    const report = await check('identity', { kind: 'kubeconfig' })
    expect(report.findings[0]!.observed).toContain('Run it with --target aws')
  })

  it('runs by itself when the world changes, and sees only its own world', async () => {
    const reports: CheckReport[] = []
    const auto = new AutoCheck({
      cloud,
      worldId: world.id,
      home: data,
      run: (step) => check(step),
      onReport: (report) => void reports.push(report),
    })
    auto.follow({ id: 'repository', watch: { aws: ['ecr'] } })
    await expect.poll(() => reports.map(({ status }) => status)).toEqual(['failed'])
    await learner(ECRClient).send(new CreateRepositoryCommand({ repositoryName: 'site' }))
    await expect
      .poll(() => reports.map(({ status }) => status), { timeout: 5000 })
      .toEqual(['failed', 'passed'])
    auto.stop()
    expect((await check('repository', simulatedTarget(other))).status).toBe('failed')
    expect((await check('registry')).findings).toMatchObject([{ id: 'no-image', status: 'failed' }])
  })

  it('logs in to a cluster as its creator, by the token of real EKS', async () => {
    const trust = { Effect: 'Allow', Principal: { Service: 'eks.amazonaws.com' }, Action: 'sts:AssumeRole' }
    const iam = learner(IAMClient)
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: 'cluster',
        AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
      }),
    )
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy'
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'cluster', PolicyArn }))
    const { Subnets } = await learner(EC2Client).send(
      new DescribeSubnetsCommand({
        Filters: [{ Name: 'availability-zone-id', Values: ['use1-az1', 'use1-az2'] }],
      }),
    )
    const eks = learner(EKSClient)
    const subnetIds = Subnets!.map(({ SubnetId }) => SubnetId!)
    await eks.send(
      new CreateClusterCommand({ name: 'harbor', roleArn: Role!.Arn, resourcesVpcConfig: { subnetIds } }),
    )
    await waitUntilClusterActive(
      { client: eks, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      { name: 'harbor' },
    )
    const report = await check('cluster')
    expect(report).toMatchObject({ status: 'passed' })
    expect(report.findings[0]!.observed).toContain('kube-system')
    expect(report.duration).toBeLessThan(1000)
  })
})
