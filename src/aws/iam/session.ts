import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { World } from '#world/world.ts'
import type { Principal } from '../wire/service.ts'
import { uniqueId } from './ids.ts'

/** What a session token carries, sealed by the world. */
export interface Session {
  /** The temporary access key id. */
  keyId: string
  principal: Principal
  /** The world's time, ms. */
  expires: number
}

export interface TemporaryCredentials {
  AccessKeyId: string
  SecretAccessKey: string
  SessionToken: string
  Expiration: Date
}

const SECRET_KEY = 'aws/session-secret'

/**
 * Makes temporary credentials that need no record: the token carries the session, sealed with the world's secret,
 * and the secret key follows from the key id. So they cost no storage and survive a restart.
 */
export function issueSession(
  world: World,
  principal: Principal,
  durationSeconds: number,
): TemporaryCredentials {
  const keyId = uniqueId(world, 'ASIA')
  // AWS gives whole seconds.
  const expires = Math.floor((world.clock.now() + durationSeconds * 1000) / 1000) * 1000
  const session: Session = { keyId, principal: { ...principal, accessKeyId: keyId }, expires }
  const body = Buffer.from(JSON.stringify(session)).toString('base64')
  return {
    AccessKeyId: keyId,
    SecretAccessKey: sessionSecret(world, keyId),
    SessionToken: `${seal(world, body)}${body}`,
    Expiration: new Date(expires),
  }
}

/** The session of a token, or undefined when this world did not seal it. */
export function openSession(world: World, token: string): Session | undefined {
  const given = token.slice(0, SEAL_LENGTH)
  const body = token.slice(SEAL_LENGTH)
  const expected = seal(world, body)
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected)))
    return undefined
  return JSON.parse(Buffer.from(body, 'base64').toString('utf8'))
}

/** The secret access key of a temporary key id. */
export function sessionSecret(world: World, keyId: string): string {
  return createHmac('sha256', worldSecret(world)).update(`key:${keyId}`).digest('base64').slice(0, 40)
}

/** Length of a SHA-256 in base64. */
const SEAL_LENGTH = 44

function seal(world: World, body: string): string {
  return createHmac('sha256', worldSecret(world)).update(`token:${body}`).digest('base64')
}

/** The secrets as key objects, by world: a key given as text costs an HMAC eight times as much. */
const keys = new WeakMap<World, { secret: string; key: KeyObject }>()

function worldSecret(world: World): KeyObject {
  const secret = world.store.get<string>(SECRET_KEY)?.value ?? newSecret(world)
  const known = keys.get(world)
  if (known?.secret === secret) return known.key
  const key = createSecretKey(secret, 'utf8')
  keys.set(world, { secret, key })
  return key
}

function newSecret(world: World): string {
  const secret = randomBytes(32).toString('base64')
  world.store.put(SECRET_KEY, secret, 0)
  return secret
}
