import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StartedAws } from '#workspace/tools/started-aws/started-aws.ts'
import { autoScalingService } from '../../src/aws/autoscaling/index.ts'
import { ec2Service } from '../../src/aws/ec2/index.ts'
import { eksService } from '../../src/aws/eks/index.ts'
import { iamIdentity } from '../../src/aws/iam/identity.ts'
import { iamService } from '../../src/aws/iam/service.ts'
import { stsService } from '../../src/aws/sts/service.ts'
import { loadConstraints } from '../../src/aws/wire/constraints.ts'
import { createAwsServer } from '../../src/aws/wire/server.ts'
import { CONSTRAINTS_FILE } from '../../src/cloud/generated.ts'
import { tool } from '../support/tools.ts'
import { ACCOUNT, TestAccount } from '../unit/aws/support/account.ts'

const run = promisify(execFile)

let account: TestAccount
let server: Server
let cli: StartedAws

beforeAll(async () => {
  cli = await StartedAws.open(await tool('aws'))
  account = new TestAccount()
  // The CLI's own clock signs; the world's must go with it.
  account.world.clock.setSpeed(1)
  const aws = createAwsServer({
    world: account.world,
    services: [stsService, iamService, ec2Service, eksService, autoScalingService],
    identity: iamIdentity(account.world, ACCOUNT),
    accountId: ACCOUNT,
    region: 'us-east-1',
    constraints: await loadConstraints(CONSTRAINTS_FILE),
  })
  server = createServer(aws.classic)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await cli.close()
  server.close()
  account.close()
})

/** Runs `aws` with its words; gives standard output, or standard error when it fails. */
async function aws(...args: string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'AKIADRYDOCKTESTADMIN',
    AWS_SECRET_ACCESS_KEY: 'only-for-tests',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
  try {
    return (await run(cli.path, args, { env })).stdout.trim()
  } catch (error) {
    return (error as { stderr: string }).stderr.trim()
  }
}

describe('the real AWS CLI', () => {
  it('makes a cluster with a node group, waits for both, and takes them down', async () => {
    const clusterRole = await account.role('cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy'])
    const nodeRole = await account.role('node', 'ec2.amazonaws.com', [
      'AmazonEKSWorkerNodePolicy',
      'AmazonEKS_CNI_Policy',
    ])
    const query = ['--query', 'Subnets[].SubnetId', '--output', 'text']
    const subnets = (await aws('ec2', 'describe-subnets', ...query)).split(/\s+/)
    expect(subnets).toHaveLength(3)
    const create = (ids: string[]) =>
      aws(
        ...['eks', 'create-cluster', '--name', 'demo', '--role-arn', clusterRole],
        ...['--resources-vpc-config', `subnetIds=${ids.join(',')}`, '--query', 'cluster.status'],
      )
    expect(await create(subnets.slice(0, 1))).toContain(
      'An error occurred (InvalidParameterException) when calling the CreateCluster operation: Subnets specified must be in at least two different AZs',
    )
    expect(await create(subnets)).toBe('"CREATING"')
    const named = ['--cluster-name', 'demo', '--nodegroup-name', 'ng']
    expect(await aws('eks', 'wait', 'cluster-active', '--name', 'demo')).toBe('')
    const made = await aws(
      ...['eks', 'create-nodegroup', ...named, '--node-role', nodeRole, '--subnets', ...subnets],
      ...['--query', 'nodegroup.scalingConfig.desiredSize'],
    )
    expect(made).toBe('2')
    expect(await aws('eks', 'wait', 'nodegroup-active', ...named)).toBe('')
    const states = ['--query', 'Reservations[].Instances[].State.Name', '--output', 'text']
    expect(await aws('ec2', 'describe-instances', ...states)).toMatch(/^running\s+running$/)
    const groups = ['--query', 'AutoScalingGroups[].DesiredCapacity', '--output', 'text']
    expect(await aws('autoscaling', 'describe-auto-scaling-groups', ...groups)).toBe('2')
    await aws('eks', 'delete-nodegroup', ...named)
    expect(await aws('eks', 'wait', 'nodegroup-deleted', ...named)).toBe('')
    await aws('eks', 'delete-cluster', '--name', 'demo')
    expect(await aws('eks', 'wait', 'cluster-deleted', '--name', 'demo')).toBe('')
    expect(await aws('eks', 'describe-cluster', '--name', 'demo')).toContain(
      'An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: demo.',
    )
  })

  it('says what EC2 says', async () => {
    expect(await aws('ec2', 'describe-vpcs', '--vpc-ids', 'vpc-0123')).toContain(
      "An error occurred (InvalidVpcID.NotFound) when calling the DescribeVpcs operation: The vpc ID 'vpc-0123' does not exist",
    )
    expect(await aws('ec2', 'create-vpc', '--cidr-block', '10.0.0.0/16', '--dry-run')).toContain(
      'An error occurred (DryRunOperation) when calling the CreateVpc operation: Request would have succeeded, but DryRun flag is set.',
    )
  })
})
