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

/** A text that only this world can open, as letters of a URL. `kind` keeps texts for one purpose from serving another. */
export function sealed(world: World, kind: string, text: string): string {
  const body = Buffer.from(text).toString('base64url')
  return `${mark(world, kind, body)}${body}`
}

/** The text that was sealed, or undefined when this world did not seal it. */
export function openSealed(world: World, kind: string, given: string): string | undefined {
  const expected = Buffer.from(mark(world, kind, given.slice(MARK_LENGTH)))
  const found = Buffer.from(given.slice(0, MARK_LENGTH))
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined
  return Buffer.from(given.slice(MARK_LENGTH), 'base64url').toString('utf8')
}

/** Length of a SHA-256 in base64 without padding. */
const MARK_LENGTH = 43

const mark = (world: World, kind: string, body: string) =>
  createHmac('sha256', worldSecret(world)).update(`${kind}:${body}`).digest('base64url')

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
