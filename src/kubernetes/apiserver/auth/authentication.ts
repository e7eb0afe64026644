import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { ClusterOptions, UserInfo } from '../../provider.ts'
import { unauthorized } from '../errors.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

export const ANONYMOUS: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** Finds out who makes a request: bearer token, client certificate, or nobody. */
export class Authentication {
  readonly #cluster: ClusterOptions
  readonly #accounts: ServiceAccountTokens
  readonly #authority: X509Certificate

  constructor(cluster: ClusterOptions, accounts: ServiceAccountTokens) {
    this.#cluster = cluster
    this.#accounts = accounts
    this.#authority = new X509Certificate(cluster.certificateAuthority.certificate)
  }

  /** Throws Unauthorized when credentials are given and not good. */
  async authenticate(req: IncomingMessage): Promise<UserInfo> {
    const token = bearerToken(req)
    if (token !== undefined) {
      const user = (await this.tokenUser(token))?.user
      if (!user) throw unauthorized()
      return authenticated(user)
    }
    const user = this.#certificateUser(req)
    return user ? authenticated(user) : ANONYMOUS
  }

  /** The user of a bearer token; undefined: nobody's. */
  async tokenUser(token: string): Promise<{ user: UserInfo; audiences: string[] } | undefined> {
    for (const authenticator of this.#cluster.tokens) {
      const user = await authenticator.authenticate(token)
      if (user) return { user, audiences: [this.#cluster.endpoint] }
    }
    return this.#accounts.authenticate(token)
  }

  #certificateUser(req: IncomingMessage): UserInfo | undefined {
    const raw = (req.socket as Partial<TLSSocket>).getPeerCertificate?.()?.raw
    if (!raw) return undefined
    const certificate = new X509Certificate(raw)
    const now = this.#cluster.world.clock.now()
    const valid =
      certificate.checkIssued(this.#authority) &&
      certificate.verify(this.#authority.publicKey) &&
      Date.parse(certificate.validFrom) <= now &&
      now < Date.parse(certificate.validTo) &&
      isForClients(certificate)
    if (!valid) throw unauthorized()
    const parts = certificate.subject.split('\n').map((line) => line.split('=') as [string, string])
    const named = (name: string) => parts.filter(([key]) => key === name).map(([, value]) => value)
    const username = named('CN')[0]
    if (!username) return undefined
    const id = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
    return {
      username,
      groups: named('O'),
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${id}`] },
    }
  }
}

/** `clientAuth` or any usage. */
const CLIENT_USAGES = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']

const isForClients = ({ keyUsage }: X509Certificate): boolean =>
  !keyUsage || keyUsage.some((usage) => CLIENT_USAGES.includes(usage))

const authenticated = (user: UserInfo): UserInfo =>
  user.groups.includes('system:authenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] }

function bearerToken(req: IncomingMessage): string | undefined {
  const header = req.headers.authorization?.match(/^Bearer\s+(\S+)\s*$/i)?.[1]
  if (header) return header
  const protocol = (req.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .find((part) => part.startsWith(BEARER_PROTOCOL))
  return protocol && Buffer.from(protocol.slice(BEARER_PROTOCOL.length), 'base64url').toString()
}
