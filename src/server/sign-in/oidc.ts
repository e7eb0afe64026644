import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import * as client from 'openid-client'
import type { Role } from '../api.ts'
import { isLoopback } from '../security/address.ts'
import { cookieValue } from '../security/identity.ts'
import type { Settings } from '../settings.ts'

/** How long a person may take at the provider, ms. */
const PATIENCE = 10 * 60_000
/** Sign-ins that may be under way at once; the oldest goes first. */
const LIMIT = 1_000
const COOKIE = 'drydock-oidc'

interface Attempt {
  state: string
  nonce: string
  verifier: string
  to: string
  until: number
}

/** Whom the provider names. */
export interface OidcPerson {
  /** `<issuer>|<sub>` */
  subject: string
  name: string
  /** A verified one. */
  email?: string
  role: Role
}

type OidcSettings = NonNullable<Settings['signIn']['oidc']>

/** Sign-in at an OpenID provider: the authorization code flow with PKCE. https://openid.net/specs/openid-connect-core-1_0.html */
export class OidcSignIn {
  readonly #settings: OidcSettings
  readonly #callback: URL
  readonly #attempts = new Map<string, Attempt>()
  #configuration: Promise<client.Configuration> | undefined

  /** `url`: this server's address as people see it. */
  constructor(settings: OidcSettings, url: URL) {
    this.#settings = settings
    this.#callback = new URL('/auth/oidc/callback', url)
  }

  /** Begins: where to send the browser, and the cookie that binds the answer to it. `to` is the page to end at. */
  async begin(to: string): Promise<{ location: string; cookie: string }> {
    const configuration = await this.#discover()
    const id = randomBytes(16).toString('base64url')
    const verifier = client.randomPKCECodeVerifier()
    const attempt: Attempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier,
      to,
      until: performance.now() + PATIENCE,
    }
    this.#forget()
    this.#attempts.set(id, attempt)
    const location = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#callback.href,
      scope: 'openid profile email',
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return { location: location.href, cookie: this.#cookie(id, PATIENCE / 1000) }
  }

  /**
   * Ends: whom the provider's answer names, and where to go then. Undefined for an answer that this browser did not ask
   * for; rejects when the provider refuses.
   */
  async finish(
    headers: IncomingHttpHeaders,
    path: string,
  ): Promise<{ person: OidcPerson; to: string; cookie: string } | undefined> {
    const id = cookieValue(headers.cookie, COOKIE)
    const attempt = id === undefined ? undefined : this.#attempts.get(id)
    if (!attempt || attempt.until < performance.now()) return undefined
    this.#attempts.delete(id!)
    const configuration = await this.#discover()
    const answer = new URL(this.#callback)
    answer.search = new URL(path, this.#callback).search
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()!
    // Providers may keep name and address out of the token.
    const info = {
      ...claims,
      ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)),
    }
    return { person: this.#person(claims.iss, info), to: attempt.to, cookie: this.#cookie('', 0) }
  }

  #person(issuer: string, info: client.UserInfoResponse): OidcPerson {
    const email = info.email_verified === true ? info.email?.toLowerCase() : undefined
    const has = (list: string[]) => email !== undefined && list.some((one) => one.toLowerCase() === email)
    const { administrators, instructors } = this.#settings
    return {
      subject: `${issuer}|${info.sub}`,
      name: info.name ?? info.preferred_username ?? email ?? info.sub,
      ...(email !== undefined && { email }),
      role: has(administrators) ? 'admin' : has(instructors) ? 'instructor' : 'learner',
    }
  }

  /** The provider's document, fetched at first use; a failure is tried again at the next. */
  #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    const url = new URL(issuer)
    // A provider without TLS can only be one of this machine.
    const execute = url.protocol === 'http:' && isLoopback(url.hostname) ? [client.allowInsecureRequests] : []
    this.#configuration ??= client
      .discovery(url, clientId, clientSecret, undefined, { execute })
      .catch((error) => {
        this.#configuration = undefined
        throw error
      })
    return this.#configuration
  }

  #forget(): void {
    for (const [id, { until }] of this.#attempts) {
      if (until > performance.now() && this.#attempts.size < LIMIT) break
      this.#attempts.delete(id)
    }
  }

  /** Lax, unlike the session's: the browser comes back from another site. */
  #cookie(value: string, age: number): string {
    const secure = this.#callback.protocol === 'https:' ? '; Secure' : ''
    return `${COOKIE}=${value}; Path=/auth/oidc; HttpOnly; SameSite=Lax; Max-Age=${age}${secure}`
  }
}
