import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StartedAws } from '#workspace/tools/started-aws/started-aws.ts'
import { autoScalingController, autoScalingService } from '../../src/aws/autoscaling/index.ts'
import { Trail } from '../../src/aws/cloudtrail/index.ts'
import { bootstrapRegion, ec2Service, lifecycleController } from '../../src/aws/ec2/index.ts'
import { elbHealthController, elbService } from '../../src/aws/elb/index.ts'
import { elbv2Service, LoadBalancerTraffic, targetHealthController } from '../../src/aws/elbv2/index.ts'
import { bootstrapAccount } from '../../src/aws/iam/bootstrap.ts'
import { iamIdentity } from '../../src/aws/iam/identity.ts'
import { iamService } from '../../src/aws/iam/service.ts'
import { logsService } from '../../src/aws/logs/index.ts'
import { stsService } from '../../src/aws/sts/service.ts'
import { loadConstraints } from '../../src/aws/wire/constraints.ts'
import { createAwsServer } from '../../src/aws/wire/server.ts'
import type { Service } from '../../src/aws/wire/service.ts'
import { CONSTRAINTS_FILE } from '../../src/cloud/generated.ts'
import { VirtualNetwork } from '../../src/network/virtual-network.ts'
import type { Clock } from '../../src/world/clock.ts'
import { World } from '../../src/world/world.ts'
import { tool } from './tools.ts'

export const ACCOUNT = '111122223333'
export const REGION = 'us-east-1'
export const ADMINISTRATOR = { accessKeyId: 'AKIADRYDOCKTESTADMIN', secretAccessKey: 'only-for-tests' }

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** An account behind one endpoint, as `AWS_ENDPOINT_URL` finds it, with its controllers running. */
export async function startAws(
  options: {
    credentials?: 'open' | 'enforced'
    /** Further services; as a function of the world, when they need it. */
    services?: Service[] | ((world: World) => Service[])
    clock?: Clock
    /** Keeps what is called, for CloudTrail. */
    trail?: boolean
  } = {},
) {
  const world = new World({ id: 'test', seed: 'aws', provisioning: 'instant', clock: options.clock })
  const { services = [] } = options
  const network = new VirtualNetwork()
  const traffic = new LoadBalancerTraffic(world, [ACCOUNT], network)
  bootstrapAccount(world, { accountId: ACCOUNT, administrator: ADMINISTRATOR })
  bootstrapRegion({ world, accountId: ACCOUNT, region: REGION })
  for (const controller of [
    lifecycleController(world),
    elbHealthController(world, network),
    autoScalingController(world),
    targetHealthController(world, network),
    traffic.controller(),
  ])
    world.controllers.start(controller)
  const errors: unknown[] = []
  const trail = options.trail ? new Trail(world) : undefined
  const aws = createAwsServer({
    world,
    services: [
      stsService,
      iamService,
      ec2Service,
      elbService,
      elbv2Service,
      autoScalingService,
      logsService,
      ...(typeof services === 'function' ? services(world) : services),
    ],
    identity: iamIdentity(world, ACCOUNT),
    accountId: ACCOUNT,
    region: REGION,
    credentials: options.credentials,
    constraints: await loadConstraints(CONSTRAINTS_FILE),
    log: (error) => errors.push(error),
    onCall: (call) => trail?.record(call),
  })
  const server = createServer((req, res) => aws.classic(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let cli: Promise<StartedAws> | undefined
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    world,
    network,
    traffic,
    aws,
    endpoint,
    /** What handlers threw by mistake. */
    errors,
    /** Options for an SDK client. */
    client: (credentials: Keys = ADMINISTRATOR) => ({
      endpoint,
      region: REGION,
      credentials,
      maxAttempts: 1,
    }),
    /** Runs the real AWS CLI. */
    async cli(command: string[], keys: Keys = ADMINISTRATOR) {
      cli ??= tool('aws').then(StartedAws.open)
      return runCli((await cli).path, endpoint, command, keys)
    },
    async close() {
      await (await cli)?.close()
      world.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function runCli(aws: string, endpoint: string, command: string[], keys: Keys) {
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...(keys.sessionToken ? { AWS_SESSION_TOKEN: keys.sessionToken } : {}),
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  return new Promise<{ code: number; stdout: string; error: string }>((resolve) => {
    execFile(aws, command, { env }, (failure, stdout, stderr) => {
      resolve({ code: failure ? Number(failure.code) : 0, stdout: stdout.trim(), error: stderr.trim() })
    })
  })
}
