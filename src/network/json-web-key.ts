import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/** The public half of a signing key as a JSON Web Key (RFC 7517), `kid` made from the key itself. */
export interface SigningJwk {
  use: 'sig'
  kty: string
  kid: string
  alg: 'RS256' | 'ES256'
  [member: string]: string
}

/** Takes a private or public key, as PEM or KeyObject. */
export function signingJwk(key: string | KeyObject): SigningJwk {
  // A private KeyObject gives its public half, which the types do not tell.
  const publicKey = typeof key !== 'string' && key.type === 'public' ? key : createPublicKey(key as string)
  const kid = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  const { kty = '', ...members } = publicKey.export({ format: 'jwk' }) as Record<string, string>
  return { use: 'sig', kty, kid, alg: kty === 'EC' ? 'ES256' : 'RS256', ...members }
}

/** The discovery document of an issuer (OpenID Connect Discovery 1.0), as Kubernetes clusters have it. */
export const openIdConfiguration = (issuer: string, keysUrl: string, alg: string) => ({
  issuer,
  jwks_uri: keysUrl,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [alg],
})
