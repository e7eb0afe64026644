import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cloudWatchService } from '../../../src/aws/cloudwatch/index.ts'
import { ec2Service } from '../../../src/aws/ec2/index.ts'
import { eksService } from '../../../src/aws/eks/index.ts'
import { iamService } from '../../../src/aws/iam/service.ts'
import { kmsService } from '../../../src/aws/kms/index.ts'
import { logsService } from '../../../src/aws/logs/index.ts'
import { serviceDiscoveryService } from '../../../src/aws/servicediscovery/index.ts'
import { serviceModel } from '../../../src/aws/wire/model.ts'
import type { Service } from '../../../src/aws/wire/service.ts'
import type { Shape } from '../../../src/aws/wire/shape.ts'
import { ACCOUNT, type Keys, startAws } from '../../support/aws.ts'

// Requests of the right shape with wrong contents, signed as the SDK signs them. `FUZZ=100000` asks for more of each protocol than CI has time for.
const CASES = Number(process.env.FUZZ ?? 400)
/** More than CI's share takes its time, ms. */
const TIMEOUT = Math.max(600_000, 36 * CASES)
const PROTOCOLS: [protocol: string, service: Service][] = [
  ['EC2 Query', ec2Service],
  ['Query', iamService],
  ['JSON', kmsService],
  ['REST-JSON', eksService],
  ['CBOR', cloudWatchService],
  ['JSON with queries in it', logsService],
  ['JSON of Cloud Map', serviceDiscoveryService],
]

let account: Awaited<ReturnType<typeof startAws>>
let stranger: Keys

beforeAll(async () => {
  account = await startAws({ services: [kmsService, eksService, cloudWatchService, serviceDiscoveryService] })
  const context = { world: account.world, accountId: ACCOUNT, region: 'us-east-1' } as never
  await iamService.handlers.CreateUser!({ UserName: 'stranger' }, context)
  const { AccessKey } = await iamService.handlers.CreateAccessKey!({ UserName: 'stranger' }, context)
  stranger = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
})
afterAll(() => account.close())

function generator(seed: number) {
  let state = seed
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  return { below, pick }
}

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

/** A value of a shape, as wrong as the shape lets it be. */
function anyOf(shape: Shape, { below, pick }: ReturnType<typeof generator>, depth = 0): unknown {
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

/** Sends random calls of a service's operations; gives what each came to: a status, and the error's name. */
async function fuzz(service: Service, keys: Keys | undefined, cases: number, seed: number) {
  const random = generator(seed)
  const { operations } = await serviceModel(service)
  const sdk = await service.sdk()
  // What the simulation has behaviour for, three times out of four.
  const known = Object.keys(service.handlers)
  const name = Object.keys(sdk).find((key) => /^[A-Z]\w*Client$/.test(key))!
  const client = new sdk[name](account.client(keys))
  const seen: { operation: string; status: number; error: string }[] = []
  for (let index = 0; index < cases; index++) {
    const operation = random.below(4) > 0 ? random.pick(known) : random.pick([...operations.keys()])
    const input = anyOf(operations.get(operation)!.input, random)
    try {
      const { $metadata } = await client.send(new sdk[`${operation}Command`](input))
      seen.push({ operation, status: $metadata.httpStatusCode, error: '' })
    } catch (error) {
      const { $metadata, name: code } = error as { $metadata?: { httpStatusCode?: number }; name: string }
      // What the SDK itself refuses to send never arrives.
      if ($metadata?.httpStatusCode) seen.push({ operation, status: $metadata.httpStatusCode, error: code })
    }
  }
  return seen
}

describe.each(PROTOCOLS)('%s', (_protocol, service) => {
  it('answers whatever is asked with success or a modelled error, never with one of its own', {
    timeout: TIMEOUT,
  }, async () => {
    const mistakes = account.errors.length
    const seen = await fuzz(service, undefined, CASES, 11)
    expect(seen.length).toBeGreaterThan(CASES / 4)
    expect(seen.filter(({ status, error }) => status >= 500 && !/NotImplemented/.test(error))).toEqual([])
    expect(account.errors.slice(mistakes)).toEqual([])
  })

  it('lets nobody without rights through, whatever is asked', { timeout: TIMEOUT }, async () => {
    const open = new Set([...(service.unauthorized ?? []), ...(service.unsigned ?? [])])
    const before = account.world.store.revision
    const seen = await fuzz(service, stranger, Math.ceil(CASES / 4), 23)
    expect(seen.filter(({ operation, status }) => status < 400 && !open.has(operation))).toEqual([])
    expect(account.world.store.revision).toBe(before)
  })
})
