import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { describe, expect, it } from 'vitest'
import { bootstrapAccount } from '../../../src/aws/iam/bootstrap.ts'
import { iamIdentity } from '../../../src/aws/iam/identity.ts'
import { issueSession } from '../../../src/aws/iam/session.ts'
import { verifyEksToken } from '../../../src/aws/sts/token.ts'
import type { WireRequest } from '../../../src/aws/wire/request.ts'
import { readSignature, verifySignature } from '../../../src/aws/wire/sigv4.ts'
import { Clock } from '../../../src/world/clock.ts'
import { World } from '../../../src/world/world.ts'

const ACCOUNT = '111122223333'

/** SHA-256 in the shape that the SDK's signer takes. */
class Sha256 {
  readonly #hash
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array)
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data)
  }
  async digest() {
    return new Uint8Array(this.#hash.digest())
  }
}
const KEYS = { accessKeyId: 'AKIADRYDOCKTESTADMIN', secretAccessKey: 'only-for-tests' }

function newWorld(): World {
  const world = new World({ id: 'sigv4', seed: 's', clock: new Clock() })
  bootstrapAccount(world, { accountId: ACCOUNT, administrator: KEYS })
  return world
}

type Credentials = typeof KEYS & { sessionToken?: string }

function signer(credentials: Credentials, service = 'eks') {
  return new SignatureV4({ credentials, region: 'us-east-1', service, sha256: Sha256 })
}

async function signed(
  path: string,
  query: Record<string, string>,
  options: { body?: string; at?: Date; keys?: Credentials } = {},
) {
  const { body = '', at, keys = KEYS } = options
  const request = await signer(keys).sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: 'eks.us-east-1.amazonaws.com',
      path,
      query,
      headers: { host: 'eks.us-east-1.amazonaws.com', 'x-odd': ' a   b ' },
      body,
    },
    { signingDate: at },
  )
  const wire: WireRequest = {
    method: 'POST',
    path,
    query: new URLSearchParams(query).toString().replaceAll('+', '%20'),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), [value as string]]),
    ),
    body: Buffer.from(body),
    sourceIp: '127.0.0.1',
    secure: true,
  }
  return wire
}

function verify(world: World, request: WireRequest) {
  return verifySignature(request, readSignature(request)!, iamIdentity(world, ACCOUNT), {
    now: world.clock.hostNow(),
    services: ['eks'],
    region: 'us-east-1',
  })
}

describe('signatures in the header', () => {
  it('accepts what the SDK signs: encoded paths, sorted queries, folded headers, bodies', async () => {
    const request = await signed(
      '/clusters/a%20b%2Fc/nodes',
      { z: '1', a: "it's (2)*", A: '~' },
      { body: '{"x":"ü"}' },
    )
    expect(verify(newWorld(), request).principal.arn).toBe(`arn:aws:iam::${ACCOUNT}:user/admin`)
  })

  it.each<[string, (request: WireRequest) => WireRequest]>([
    ['method', (request) => ({ ...request, method: 'GET' })],
    ['path', (request) => ({ ...request, path: '/clusters/other' })],
    ['query', (request) => ({ ...request, query: 'a=2' })],
    ['body', (request) => ({ ...request, body: Buffer.from('{"y":1}') })],
    ['signed header', (request) => ({ ...request, headers: { ...request.headers, 'x-odd': ['other'] } })],
  ])('refuses a changed %s', async (_part, change) => {
    const request = await signed('/clusters', { a: '1' }, { body: '{"x":1}' })
    expect(() => verify(newWorld(), change(request))).toThrow(
      expect.objectContaining({ kind: 'signature-mismatch' }),
    )
  })

  it('refuses unknown keys, wrong secrets and old dates with AWS’s texts', async () => {
    const world = newWorld()
    const stranger = await signed('/', {}, { keys: { ...KEYS, accessKeyId: 'AKIANOBODY' } })
    expect(() => verify(world, stranger)).toThrow('The security token included in the request is invalid.')
    const forged = await signed('/', {}, { keys: { ...KEYS, secretAccessKey: 'wrong' } })
    expect(() => verify(world, forged)).toThrow(/^The request signature we calculated does not match/)
    const old = await signed('/', {}, { at: new Date(world.clock.hostNow() - 6 * 60_000) })
    expect(() => verify(world, old)).toThrow(
      /^Signature expired: \d{8}T\d{6}Z is now earlier than .* - 5 min\.\)$/,
    )
    const early = await signed('/', {}, { at: new Date(world.clock.hostNow() + 6 * 60_000) })
    expect(() => verify(world, early)).toThrow(/^Signature not yet current/)
  })
})

describe('sessions', () => {
  const session = (world: World) => {
    const principal = iamIdentity(world, ACCOUNT).administrator()
    const issued = issueSession(world, principal, 900)
    return {
      accessKeyId: issued.AccessKeyId,
      secretAccessKey: issued.SecretAccessKey,
      sessionToken: issued.SessionToken,
    }
  }

  it('accepts them with their token only, until they expire', async () => {
    const world = newWorld()
    const keys = session(world)
    const request = await signed('/', {}, { keys })
    expect(verify(world, request).principal.accessKeyId).toBe(keys.accessKeyId)
    const { 'x-amz-security-token': _dropped, ...headers } = request.headers
    expect(() => verify(world, { ...request, headers })).toThrow(
      expect.objectContaining({ kind: 'unknown-key' }),
    )
    await world.advance(901_000)
    expect(() => verify(world, request)).toThrow('The security token included in the request is expired')
  })

  it('refuses a session of another world', async () => {
    const request = await signed('/', {}, { keys: session(newWorld()) })
    expect(() => verify(newWorld(), request)).toThrow(expect.objectContaining({ kind: 'unknown-key' }))
  })
})

describe('EKS tokens', () => {
  async function token(cluster: string, options: { at?: Date; action?: string; expiresIn?: number } = {}) {
    const { at, action = 'GetCallerIdentity', expiresIn = 60 } = options
    const url = await signer(KEYS, 'sts').presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname: 'sts.us-east-1.amazonaws.com',
        path: '/',
        query: { Action: action, Version: '2011-06-15' },
        headers: { host: 'sts.us-east-1.amazonaws.com', 'x-k8s-aws-id': cluster },
      },
      { expiresIn, signingDate: at, unhoistableHeaders: new Set(['x-k8s-aws-id']) },
    )
    const query = new URLSearchParams(url.query as Record<string, string>).toString().replaceAll('+', '%20')
    return `k8s-aws-v1.${Buffer.from(`https://sts.us-east-1.amazonaws.com/?${query}`).toString('base64url')}`
  }

  it('names the caller of a presigned GetCallerIdentity for this cluster', async () => {
    expect(verifyEksToken(newWorld(), await token('one'), 'one')?.arn).toBe(
      `arn:aws:iam::${ACCOUNT}:user/admin`,
    )
  })

  it('refuses a token for another cluster, another action, or older than 15 minutes', async () => {
    const world = newWorld()
    const other = await token('two')
    expect(() => verifyEksToken(world, other, 'one')).toThrow(
      expect.objectContaining({ kind: 'signature-mismatch' }),
    )
    const wrong = await token('one', { action: 'AssumeRole' })
    expect(() => verifyEksToken(world, wrong, 'one')).toThrow('not a presigned GetCallerIdentity request')
    const at = (minutes: number) => new Date(world.clock.hostNow() - minutes * 60_000)
    expect(verifyEksToken(world, await token('one', { at: at(14) }), 'one')).toBeDefined()
    const stale = await token('one', { at: at(16) })
    expect(() => verifyEksToken(world, stale, 'one')).toThrow(/Signature expired/)
  })

  it('refuses a token that would live for longer', async () => {
    const long = await token('one', { expiresIn: 86_400 })
    expect(() => verifyEksToken(newWorld(), long, 'one')).toThrow(/X-Amz-Expires/)
  })

  it('leaves other tokens to others', () => {
    expect(verifyEksToken(newWorld(), 'eyJhbGciOi', 'one')).toBeUndefined()
  })
})
