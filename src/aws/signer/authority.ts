import { createAuthority, type KeyAndCertificate, signCertificate } from '#network/authority.ts'
import type { World } from '#world/world.ts'
import type { Scope } from '../ec2/index.ts'
import { awsKey } from '../keys.ts'

interface SigningIdentity extends KeyAndCertificate {
  /** PEM */
  root: string
}

const YEARS = 365 * 86_400_000

const keyOf = ({ accountId, region }: Scope) => awsKey(accountId, region, 'signer', 'identity', 'code')

/** Made once, however many ask at the same time. */
const making = new WeakMap<World, Map<string, Promise<SigningIdentity>>>()

/** The key by which AWS Signer signs for an account, with its certificate and that of its root: the customer sees neither key. */
export function signingIdentity(scope: Scope): Promise<SigningIdentity> {
  const key = keyOf(scope)
  const known = scope.world.store.get<SigningIdentity>(key)?.value
  if (known) return Promise.resolve(known)
  const pending = making.get(scope.world) ?? new Map<string, Promise<SigningIdentity>>()
  making.set(scope.world, pending)
  let identity = pending.get(key)
  if (!identity) {
    identity = makeIdentity(scope).finally(() => pending.delete(key))
    pending.set(key, identity)
  }
  return identity
}

async function makeIdentity(scope: Scope): Promise<SigningIdentity> {
  const now = scope.world.clock.now()
  const root = await createAuthority('AWS Signer Code Signing Root CA (Drydock)', now)
  const leaf = await signCertificate(root, {
    commonName: 'AWS Signer',
    organizations: ['AWS Signer'],
    usages: ['code'],
    curve: 'P-384',
    notBefore: now - 86_400_000,
    notAfter: now + 9 * YEARS,
  })
  return scope.world.store.put<SigningIdentity>(keyOf(scope), { ...leaf, root: root.certificate }).value
}
