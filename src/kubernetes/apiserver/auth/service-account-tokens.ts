import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { openIdConfiguration, type SigningJwk, signingJwk } from '#network/json-web-key.ts'
import type { ClusterOptions, UserInfo } from '../../provider.ts'
import type { Json, Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects } from '../storage/objects.ts'

/** What a token is made for. */
export interface TokenRequest {
  namespace: string
  name: string
  uid: string
  audiences: string[]
  expirationSeconds: number
  /** The object that ends the token when it goes. */
  bound?: { kind: 'Pod' | 'Secret' | 'Node'; name: string; uid: string }
  node?: { name: string; uid: string }
}

/** For whom a token is when it names nobody: the API server itself. */
export const defaultAudience = ({ tokenIssuer, endpoint }: ClusterOptions): string =>
  tokenIssuer ? 'https://kubernetes.default.svc' : endpoint

const encode = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Service-account tokens: JWTs signed with the key of the cluster's authority. */
export class ServiceAccountTokens {
  readonly #cluster: ClusterOptions
  readonly #objects: Objects
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #jwk: SigningJwk

  constructor(cluster: ClusterOptions, objects: Objects) {
    this.#cluster = cluster
    this.#objects = objects
    this.#privateKey = createPrivateKey(cluster.serviceAccountKey ?? cluster.certificateAuthority.privateKey)
    this.#publicKey = createPublicKey(this.#privateKey)
    this.#jwk = signingJwk(this.#publicKey)
  }

  get #issuer(): string {
    return this.#cluster.tokenIssuer ?? this.#cluster.endpoint
  }

  /** `/.well-known/openid-configuration`: how others may verify these tokens. */
  get discovery(): Obj {
    return openIdConfiguration(this.#issuer, `${this.#cluster.endpoint}/openid/v1/jwks`, this.#jwk.alg)
  }

  /** `/openid/v1/jwks` */
  get keys(): Obj {
    return { keys: [this.#jwk] }
  }

  issue(request: TokenRequest): string {
    return this.issueUnsigned(request)()
  }

  /** A token from now on that is signed when it is first asked for: most pods never read theirs. */
  issueUnsigned(request: TokenRequest): () => string {
    const seconds = Math.floor(this.#cluster.world.clock.now() / 1000)
    const account = { name: request.name, uid: request.uid }
    const bound = request.bound && {
      [request.bound.kind.toLowerCase()]: { name: request.bound.name, uid: request.bound.uid },
    }
    const claims = {
      aud: request.audiences.length > 0 ? request.audiences : [defaultAudience(this.#cluster)],
      exp: seconds + request.expirationSeconds,
      iat: seconds,
      iss: this.#issuer,
      jti: this.#cluster.world.ids.uuid(),
      'kubernetes.io': {
        namespace: request.namespace,
        ...(request.node && { node: request.node }),
        ...bound,
        serviceaccount: account,
      },
      nbf: seconds,
      sub: `system:serviceaccount:${request.namespace}:${request.name}`,
    }
    return () => this.#sign(claims)
  }

  #sign(claims: Json): string {
    const body = `${encode({ alg: this.#jwk.alg, kid: this.#jwk.kid })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(body), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
    return `${body}.${signature.toString('base64url')}`
  }

  /** The service account of a token that is ours, in time, and whose account and pod still exist. */
  authenticate(token: string): { user: UserInfo; audiences: string[] } | undefined {
    const claims = this.#verify(token)
    if (!claims) return undefined
    const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'] ?? {}
    if (!serviceaccount || !this.#isAlive('serviceaccounts', namespace, serviceaccount)) return undefined
    if (pod && !this.#isAlive('pods', namespace, pod)) return undefined
    return {
      audiences: claims.aud,
      user: {
        username: claims.sub,
        uid: serviceaccount.uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
        extra: {
          'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
          ...(pod && {
            'authentication.kubernetes.io/pod-name': [pod.name],
            'authentication.kubernetes.io/pod-uid': [pod.uid],
          }),
          ...(node && { 'authentication.kubernetes.io/node-name': [node.name] }),
        },
      },
    }
  }

  #verify(token: string): Obj | undefined {
    const [header, payload, signature] = token.split('.')
    if (!header || !payload || !signature) return undefined
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const }
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
      return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const seconds = this.#cluster.world.clock.now() / 1000
    const good = claims.iss === this.#issuer && claims.nbf <= seconds + 60 && seconds < claims.exp
    return good ? claims : undefined
  }

  #isAlive(resource: string, namespace: string, { name, uid }: { name: string; uid: string }): boolean {
    const value = this.#objects.get(kindOf(resource), namespace, name)?.value as Obj | undefined
    return value?.metadata.uid === uid
  }
}
