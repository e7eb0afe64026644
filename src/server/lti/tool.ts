import type { KeyObject } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import * as client from 'openid-client'
import { z } from 'zod'
import { PendingSignIns } from '../sign-in/pending.ts'
import { type LaunchClaims, launchClaims } from './claims.ts'
import { type ToolKey, toolKey } from './key.ts'
import { PlatformClient } from './platform-client.ts'
import { LaunchRefused } from './refused.ts'
import type { LtiPlatform } from './settings.ts'

/** How a platform asks for a login. https://www.imsglobal.org/spec/lti/v1p3/#additional-login-parameters */
const loginParameters = z.object({
  iss: z.string().max(500),
  login_hint: z.string().max(4_000),
  target_link_uri: z.string().max(2_000),
  lti_message_hint: z.string().max(8_000).optional(),
  client_id: z.string().max(500).optional(),
  lti_deployment_id: z.string().max(500).optional(),
})

interface Attempt {
  platform: PlatformClient
  nonce: string
  /** What the platform answered, once it has. */
  idToken?: string
}

/** A launch that was verified, and whose it is. */
export interface Launch extends LaunchClaims {
  platform: PlatformClient
}

export const LTI_PATHS = {
  login: '/auth/lti/login',
  launch: '/auth/lti/launch',
  keys: '/auth/lti/keys',
} as const

/**
 * This server as a tool of learning platforms: the OpenID Connect login that a platform begins, ended by a form that the platform's page
 * posts here. That POST comes from another site, so no cookie of ours is with it, and none is made for it (that would need SameSite=None):
 * what it brings is kept, and the redirect after it, a GET, has the cookie that says that this browser began.
 * https://www.imsglobal.org/spec/security/v1p0/#openid_connect_launch_flow
 */
export class LtiTool {
  readonly #platforms: PlatformClient[]
  readonly #attempts: PendingSignIns<Attempt>
  readonly #key: ToolKey
  readonly #launchUrl: string

  /** `url`: this server's address as people see it. */
  constructor(platforms: LtiPlatform[], url: URL, privateKey: KeyObject) {
    this.#key = toolKey(privateKey)
    this.#platforms = platforms.map((settings) => new PlatformClient(settings, this.#key))
    this.#launchUrl = new URL(LTI_PATHS.launch, url).href
    this.#attempts = new PendingSignIns({
      cookie: 'drydock-lti',
      path: LTI_PATHS.launch,
      secure: url.protocol === 'https:',
    })
  }

  /** The key set by which platforms verify what this server signs. */
  get keys(): { keys: object[] } {
    return { keys: [this.#key.public] }
  }

  /** A platform by its id here. */
  platform(id: string): PlatformClient | undefined {
    return this.#platforms.find((platform) => platform.id === id)
  }

  /** A platform asks for a login: where to send the browser, and the cookie that binds the answer to it. Throws LaunchRefused for a platform that is not known. */
  async begin(parameters: unknown): Promise<{ location: string; cookie: string }> {
    const { success, data } = loginParameters.safeParse(parameters)
    if (!success) throw new LaunchRefused('the login request is not one of LTI 1.3')
    const named = this.#platforms.filter(
      ({ settings: { issuer, clientId } }) =>
        issuer === data.iss && (data.client_id === undefined || clientId === data.client_id),
    )
    if (named.length !== 1)
      throw new LaunchRefused('no single platform of the settings has this issuer and client id')
    const [platform] = named as [PlatformClient]
    const nonce = client.randomNonce()
    const { state, cookie } = this.#attempts.begin({ platform, nonce })
    const { login_hint, lti_message_hint } = data
    const location = platform.authorizationUrl({
      redirect_uri: this.#launchUrl,
      state,
      nonce,
      login_hint,
      ...(lti_message_hint !== undefined && { lti_message_hint }),
    })
    return { location, cookie }
  }

  /** Keeps what the platform's page has posted until the browser that began comes for it. Throws LaunchRefused for what nobody waits for. */
  answer(state: string, idToken: string): void {
    const attempt = this.#attempts.find(state)
    if (!attempt || attempt.idToken !== undefined)
      throw new LaunchRefused('no login waits for this answer, or it was answered')
    attempt.idToken = idToken
  }

  /** Ends a login in the browser that began it. Throws LaunchRefused for any other, and for a token that is not as it must be. */
  async finish(state: string, headers: IncomingHttpHeaders): Promise<Launch> {
    const attempt = this.#attempts.take(state, headers)
    if (!attempt) throw new LaunchRefused('this browser began no such login, or too long ago')
    const { platform, nonce, idToken } = attempt
    if (idToken === undefined) throw new LaunchRefused('the platform has not answered')
    const answer = new URL(this.#launchUrl)
    answer.hash = new URLSearchParams({ state, id_token: idToken }).toString()
    const launch = launchClaims(await platform.verify(answer, { state, nonce }))
    if (!platform.settings.deployments.includes(launch.deployment))
      throw new LaunchRefused('the deployment is not one of the settings')
    return { ...launch, platform }
  }

  /** The header that takes the login's cookie away. */
  get done(): string {
    return this.#attempts.done
  }
}
