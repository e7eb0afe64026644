import {
  AllocateAddressCommand,
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateVolumeCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts'
import { AwsQueryProtocol } from '@aws-sdk/core/protocols'
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acmService } from '../../../src/aws/acm/index.ts'
import { applicationAutoScalingService } from '../../../src/aws/application-autoscaling/index.ts'
import { autoScalingService } from '../../../src/aws/autoscaling/index.ts'
import { cloudFormationService } from '../../../src/aws/cloudformation/index.ts'
import { cloudTrailService } from '../../../src/aws/cloudtrail/index.ts'
import { cloudWatchService } from '../../../src/aws/cloudwatch/index.ts'
import { ec2Service, imageForEks } from '../../../src/aws/ec2/index.ts'
import { ecsService } from '../../../src/aws/ecs/index.ts'
import { efsService } from '../../../src/aws/efs/index.ts'
import { eksService } from '../../../src/aws/eks/index.ts'
import { elbService } from '../../../src/aws/elb/index.ts'
import { elbv2Service } from '../../../src/aws/elbv2/index.ts'
import { iamService } from '../../../src/aws/iam/service.ts'
import { kmsService } from '../../../src/aws/kms/index.ts'
import { logsService } from '../../../src/aws/logs/index.ts'
import { pricingService } from '../../../src/aws/pricing/index.ts'
import { secretsManagerService } from '../../../src/aws/secretsmanager/index.ts'
import { serviceDiscoveryService } from '../../../src/aws/servicediscovery/index.ts'
import { signerService } from '../../../src/aws/signer/index.ts'
import { ssmService } from '../../../src/aws/ssm/index.ts'
import { stsService } from '../../../src/aws/sts/service.ts'
import { serviceModel } from '../../../src/aws/wire/model.ts'
import type { Service } from '../../../src/aws/wire/service.ts'
import type { Shape } from '../../../src/aws/wire/shape.ts'
import { ACCOUNT, type Keys, startAws } from '../../support/aws.ts'
import { generator, type Random, spoilBytes } from '../../support/random.ts'

// Requests of the right shape with wrong contents, and some that are no longer of any shape, signed as the SDK signs them.
// `FUZZ=100000 FUZZ_SEED=7` asks for more of each protocol than CI has time for, and for others.
const CASES = Number(process.env.FUZZ ?? 400)
const SEED = Number(process.env.FUZZ_SEED ?? 11)
/** More than CI's share takes its time, ms. */
const TIMEOUT = Math.max(600_000, 36 * CASES)
const JSON_1_1 = [
  ...[kmsService, ecsService, logsService, serviceDiscoveryService, ssmService, secretsManagerService],
  ...[applicationAutoScalingService, acmService, cloudTrailService, pricingService],
]
const QUERY = [iamService, stsService, cloudFormationService, elbService, elbv2Service, autoScalingService]
const REST_JSON = [eksService, efsService, signerService]
/** The services that are asked in each protocol; CloudWatch, whose SDK takes JSON, speaks three. */
const PROTOCOLS: { name: string; services: Service[]; protocol?: unknown }[] = [
  { name: 'EC2 Query', services: [ec2Service] },
  { name: 'Query', services: QUERY },
  { name: 'JSON 1.1', services: JSON_1_1 },
  { name: 'JSON 1.0', services: [cloudWatchService] },
  { name: 'REST-JSON', services: REST_JSON },
  { name: 'CBOR', services: [cloudWatchService], protocol: SmithyRpcV2CborProtocol },
  { name: 'Query of CloudWatch', services: [cloudWatchService], protocol: AwsQueryProtocol },
]

let account: Awaited<ReturnType<typeof startAws>>
let stranger: Keys

beforeAll(async () => {
  account = await startAws({
    services: [...JSON_1_1, ...REST_JSON, cloudFormationService, cloudWatchService].filter(
      (service) => service !== logsService,
    ),
  })
  const context = { world: account.world, accountId: ACCOUNT, region: 'us-east-1' } as never
  await iamService.handlers.CreateUser!({ UserName: 'stranger' }, context)
  const { AccessKey } = await iamService.handlers.CreateAccessKey!({ UserName: 'stranger' }, context)
  stranger = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
  await furnish()
  // The first session makes the secret that all are sealed with; none of the later ones writes.
  await new STSClient(account.client(stranger)).send(new GetSessionTokenCommand({}))
})
afterAll(() => account.close())

const TEXTS = [
  ...[
    '',
    'a',
    'web',
    '*',
    '../../x',
    '__proto__',
    'constructor',
    'é\u0000',
    'x'.repeat(300),
    '10.0.0.0/16',
    '999.1.1.1/40',
  ],
  ...[
    'i-0123456789abcdef0',
    'vpc-1',
    'sg-',
    'vol-0123456789abcdef0',
    'arn:aws:iam::111122223333:role/x',
    'arn:aws:kms:x',
  ],
  ...[
    '{}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}',
    '[',
    'true',
  ],
]
const NUMBERS = [0, 1, -1, 7, 65_535, 65_536, 2 ** 31 - 1, -(2 ** 31), 1.5]

/** Makes something of what calls are about, so that some find what they name. */
async function furnish() {
  const ec2 = new EC2Client(account.client())
  const ImageId = imageForEks('1.35', 'x86_64', 'us-east-1')
  await ec2.send(new RunInstancesCommand({ ImageId, InstanceType: 't3.micro', MinCount: 2, MaxCount: 2 }))
  await ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 8 }))
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({}))
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}))
  const { SubnetId } = Subnets![0]!
  await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))
  await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId }))
  const { KeyMetadata } = await new KMSClient(account.client()).send(new CreateKeyCommand({}))
  const kept = account.world.store.list(`aws/${ACCOUNT}/us-east-1/ec2/`).entries
  const ids = kept.map(({ key }) => key.slice(key.lastIndexOf('/') + 1)).filter((id) => /^[a-z]+-0/.test(id))
  TEXTS.push(ImageId, KeyMetadata!.KeyId!, 'arn:aws:iam::aws:policy/AdministratorAccess', 'stranger', ...ids)
}

/** A value of a shape, as wrong as the shape lets it be. */
function anyOf(shape: Shape, { below, pick }: Random, depth = 0): unknown {
  switch (shape.kind) {
    case 'struct': {
      if (depth > 4) return {}
      const members = shape.union
        ? [pick(shape.members)]
        : shape.members.filter(() => below(100) < (depth === 0 ? 60 : 40))
      const given = members.filter((member) => member?.name !== 'DryRun')
      return Object.fromEntries(
        given.map((member) => [member.name, anyOf(member.shape, { below, pick }, depth + 1)]),
      )
    }
    case 'list':
      return Array.from({ length: below(3) }, () => anyOf(shape.member, { below, pick }, depth + 1))
    case 'map':
      return Object.fromEntries(
        Array.from({ length: below(3) }, () => [pick(TEXTS), anyOf(shape.value, { below, pick }, depth + 1)]),
      )
    case 'number':
      return pick(NUMBERS)
    case 'boolean':
      return below(2) === 0
    case 'blob':
      return Buffer.from(pick(TEXTS))
    case 'timestamp':
      return new Date(below(2) * 1_800_000_000_000)
    default:
      return pick(TEXTS)
  }
}

/** Sends random calls of services' operations, one after the other; gives what each came to: a status, and the error's name. */
async function fuzz(
  { services, protocol }: (typeof PROTOCOLS)[number],
  keys: Keys | undefined,
  cases: number,
  seed: number,
) {
  const random = generator(seed)
  const asked = await Promise.all(
    services.map(async (service) => {
      const sdk = await service.sdk()
      const name = Object.keys(sdk).find((key) => /^[A-Z]\w*Client$/.test(key))!
      const client = new sdk[name]({ ...account.client(keys), ...(protocol ? { protocol } : {}) })
      spoilSome(client, random)
      // What the simulation has behaviour for, three times out of four.
      return { sdk, client, known: Object.keys(service.handlers), ...(await serviceModel(service)) }
    }),
  )
  const seen: { operation: string; status: number; error: string }[] = []
  for (let index = 0; index < cases; index++) {
    const { sdk, client, known, operations } = asked[index % asked.length]!
    const operation = random.below(4) > 0 ? random.pick(known) : random.pick([...operations.keys()])
    const input = anyOf(operations.get(operation)!.input, random)
    try {
      const { $metadata } = await client.send(new sdk[`${operation}Command`](input))
      seen.push({ operation, status: $metadata.httpStatusCode, error: '' })
    } catch (error) {
      const {
        $metadata,
        $response,
        name: code,
      } = error as { $metadata?: Answered; $response?: Answered & { statusCode?: number }; name: string }
      // What the SDK itself refuses to send never arrives.
      const status = $metadata?.httpStatusCode ?? $response?.statusCode
      if (status) seen.push({ operation, status, error: code })
    }
  }
  return seen
}
interface Answered {
  httpStatusCode?: number
}

/** One request in four has its body spoiled before it is signed. */
// biome-ignore lint/suspicious/noExplicitAny: clients of several packages.
function spoilSome(client: any, random: Random) {
  client.middlewareStack.add(
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    (next: any) => (args: any) => {
      const { request } = args
      if (request.body && random.below(4) === 0) {
        const { body } = request
        request.body = spoilBytes(
          Buffer.from(typeof body === 'string' ? body : Uint8Array.from(body)),
          random,
        )
        request.headers['content-length'] = String(request.body.length)
      }
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'spoil' },
  )
}

describe.each(PROTOCOLS.map((asked) => [asked.name, asked] as const))('%s', (_name, asked) => {
  it('answers whatever is asked with success or a modelled error, never with one of its own', {
    timeout: TIMEOUT,
  }, async () => {
    const mistakes = account.errors.length
    const seen = await fuzz(asked, undefined, CASES, SEED)
    expect(seen.length).toBeGreaterThan(CASES / 4)
    expect(account.errors.slice(mistakes)).toEqual([])
    expect(seen.filter(({ status, error }) => status >= 500 && !/NotImplemented/.test(error))).toEqual([])
  })

  it('lets nobody without rights through, whatever is asked', { timeout: TIMEOUT }, async () => {
    const open = new Set(
      asked.services.flatMap(({ unauthorized = [], unsigned = [] }) => [...unauthorized, ...unsigned]),
    )
    // Nothing else is at work meanwhile.
    account.world.clock.setSpeed(0)
    const written: string[] = []
    const watch = account.world.store.watch('', ({ key }) => written.push(key))
    const seen = await fuzz(asked, stranger, Math.ceil(CASES / 4), SEED + 12)
    expect(seen.filter(({ operation, status }) => status < 400 && !open.has(operation))).toEqual([])
    watch.close()
    account.world.clock.setSpeed(1)
    expect(written).toEqual([])
  })
})
