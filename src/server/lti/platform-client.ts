import * as client from 'openid-client'
import { SCORE_SCOPE } from './claims.ts'
import type { ToolKey } from './key.ts'
import { LaunchRefused } from './refused.ts'
import type { LtiPlatform } from './settings.ts'

/** A token of a platform's is used until so long (ms) before its end. */
const TOKEN_MARGIN = 30_000
/** Until a platform that does not answer is given up, ms. */
const TIMEOUT = 20_000

/** A result of a lab. */
export interface Score {
  user: string
  given: number
  of: number
  complete: boolean
  /** ms since the epoch */
  at: number
}

/** What this server says to a learning platform, and believes of it. */
export class PlatformClient {
  readonly settings: LtiPlatform
  readonly #key: ToolKey
  #known: Promise<client.Configuration> | undefined
  #token: { value: string; until: number } | undefined

  constructor(settings: LtiPlatform, key: ToolKey) {
    this.settings = settings
    this.#key = key
  }

  /** Its id here: two registrations at one platform are two. */
  get id(): string {
    return `${this.settings.issuer}|${this.settings.clientId}`
  }

  /** Whether results may be sent there: the settings name a token service, and nobody on the way reads the token. */
  takesScores(lineItem: string): boolean {
    const { token } = this.settings
    if (token === undefined) return false
    const { protocol, origin } = new URL(lineItem)
    return protocol === 'https:' || origin === new URL(token).origin
  }

  /** Where the platform says who is in front of the browser. */
  authorizationUrl(parameters: Record<string, string>): string {
    const url = new URL(this.settings.authorization)
    const all = {
      scope: 'openid',
      response_type: 'id_token',
      response_mode: 'form_post',
      prompt: 'none',
      client_id: this.settings.clientId,
      ...parameters,
    }
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
    return url.href
  }

  /** The claims of the platform's answer: signed by one of its keys, for us, now, and for this login. Throws LaunchRefused else. */
  async verify(
    answer: URL,
    { state, nonce }: { state: string; nonce: string },
  ): Promise<Record<string, unknown>> {
    const configuration = await this.#configuration()
    return client
      .implicitAuthentication(configuration, answer, nonce, { expectedState: state })
      .catch((error: Error) => {
        const reason =
          error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
        throw new LaunchRefused(`the platform's token is not valid: ${reason}`)
      })
  }

  /**
   * Sends a result to a column of the platform's gradebook. Rejects when the platform does not take it.
   * https://www.imsglobal.org/spec/lti-ags/v2p0/#score-publish-service
   */
  async sendScore(lineItem: string, { user, given, of, complete, at }: Score): Promise<void> {
    const url = new URL(lineItem)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/scores`
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
      headers: {
        authorization: `Bearer ${await this.#accessToken()}`,
        'content-type': 'application/vnd.ims.lis.v1.score+json',
      },
      body: JSON.stringify({
        userId: user,
        scoreGiven: given,
        scoreMaximum: of,
        timestamp: new Date(at).toISOString(),
        activityProgress: complete ? 'Completed' : 'InProgress',
        // Platforms leave out of the gradebook what is not graded in full; what is done so far is.
        gradingProgress: 'FullyGraded',
      }),
    })
    await response.body?.cancel()
    if (response.ok) return
    if (response.status === 401) this.#token = undefined
    throw new Error(`The learning platform ${this.settings.issuer} answers a score with ${response.status}.`)
  }

  async #accessToken(): Promise<string> {
    const now = performance.now()
    if (this.#token && this.#token.until > now) return this.#token.value
    const configuration = await this.#configuration()
    const tokens = await client.clientCredentialsGrant(configuration, { scope: SCORE_SCOPE })
    const lifetime = (tokens.expires_in ?? 0) * 1000
    this.#token = { value: tokens.access_token, until: now + lifetime - TOKEN_MARGIN }
    return tokens.access_token
  }

  #configuration(): Promise<client.Configuration> {
    this.#known ??= this.#configure()
    return this.#known
  }

  async #configure(): Promise<client.Configuration> {
    const { issuer, clientId, authorization, keys, token, tokenAudience } = this.settings
    const key = { key: await this.#key.private, kid: this.#key.id }
    const configuration = new client.Configuration(
      {
        issuer,
        authorization_endpoint: authorization,
        jwks_uri: keys,
        ...(token !== undefined && { token_endpoint: token }),
      },
      clientId,
      { id_token_signed_response_alg: 'RS256' },
      client.PrivateKeyJwt(key, {
        // The audience that platforms ask for is their token service, not their issuer.
        [client.modifyAssertion]: (_header, payload) => {
          payload.aud = tokenAudience ?? token!
        },
      }),
    )
    client.useIdTokenResponseType(configuration)
    // The settings allow this for platforms of this machine only.
    if ([keys, token].some((address) => address?.startsWith('http:')))
      client.allowInsecureRequests(configuration)
    return configuration
  }
}
