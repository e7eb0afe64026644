import type { IncomingHttpHeaders } from 'node:http'
import * as client from 'openid-client'
import type { Role } from '../api.ts'
import { isLoopback } from '../security/address.ts'
import type { Settings } from '../settings.ts'
import { displayName } from './display-name.ts'
import { PendingSignIns } from './pending.ts'

interface Attempt {
  nonce: string
  verifier: string
  to: string
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
  readonly #attempts: PendingSignIns<Attempt>
  #configuration: Promise<client.Configuration> | undefined

  /** `url`: this server's address as people see it. */
  constructor(settings: OidcSettings, url: URL) {
    this.#settings = settings
    this.#callback = new URL('/auth/oidc/callback', url)
    this.#attempts = new PendingSignIns({
      cookie: 'drydock-oidc',
      path: '/auth/oidc',
      secure: url.protocol === 'https:',
    })
  }

  /** Begins: where to send the browser, and the cookie that binds the answer to it. `to` is the page to end at. */
  async begin(to: string): Promise<{ location: string; cookie: string }> {
    const configuration = await this.#discover()
    const verifier = client.randomPKCECodeVerifier()
    const nonce = client.randomNonce()
    const { state, cookie } = this.#attempts.begin({ nonce, verifier, to })
    const location = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#callback.href,
      scope: 'openid profile email',
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return { location: location.href, cookie }
  }

  /**
   * Ends: whom the provider's answer names, and where to go then. Undefined for an answer that this browser did not ask
   * for; rejects when the provider refuses.
   */
  async finish(
    headers: IncomingHttpHeaders,
    path: string,
  ): Promise<{ person: OidcPerson; to: string; cookie: string } | undefined> {
    const answer = new URL(this.#callback)
    answer.search = new URL(path, this.#callback).search
    const state = answer.searchParams.get('state') ?? ''
    const attempt = this.#attempts.take(state, headers)
    if (!attempt) return undefined
    const configuration = await this.#discover()
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
      expectedState: state,
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
    return { person: this.#person(claims.iss, info), to: attempt.to, cookie: this.#attempts.done }
  }

  #person(issuer: string, info: client.UserInfoResponse): OidcPerson {
    const email = info.email_verified === true ? info.email?.toLowerCase() : undefined
    const has = (list: string[]) => email !== undefined && list.some((one) => one.toLowerCase() === email)
    const { administrators, instructors } = this.#settings
    return {
      subject: `${issuer}|${info.sub}`,
      name: displayName(info.name ?? info.preferred_username ?? email) ?? info.sub,
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
}
