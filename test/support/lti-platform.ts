import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  createRemoteJWKSet,
  exportJWK,
  generateKeyPair,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { LtiPlatform } from '../../src/server/lti/settings.ts'

const CLAIM = 'https://purl.imsglobal.org/spec/lti/claim/'
const SCORES = 'https://purl.imsglobal.org/spec/lti-ags/scope/score'
const MEMBERSHIP = 'http://purl.imsglobal.org/vocab/lis/v2/membership#'
const CLIENT = 'drydock-at-school'

/** A link that somebody clicks in a course of the platform. */
export interface Click {
  user: string
  name?: string
  role?: 'Learner' | 'Instructor'
  /** Where the link leads. */
  target: string
  course?: { id: string; title: string }
  custom?: Record<string, string>
  /** A column of the gradebook. */
  lineItem?: string
}

export interface SentScore {
  lineItem: string
  userId: string
  scoreGiven: number
  scoreMaximum: number
  activityProgress: string
  gradingProgress: string
  timestamp: string
}

/**
 * A learning platform of a test: it signs launches with `jose`, and as the platforms in schools do it looks at what the tool asks for, and
 * takes scores only with a token that it gave to the tool's own key.
 * https://www.imsglobal.org/spec/lti/v1p3/ and https://www.imsglobal.org/spec/lti-ags/v2p0/
 */
export class TestLtiPlatform {
  readonly scores: SentScore[] = []
  /** What is wrong with what the tool asked for. */
  readonly problems: string[] = []
  /** Scores are answered with this. */
  refuses: number | undefined
  /** What else stands in the next launches, over what would. */
  changes: Record<string, unknown> = {}
  /** Who signs, if not the platform. */
  forger: CryptoKey | undefined
  #keys!: { privateKey: CryptoKey; jwk: JWK; kid: string }
  #server!: Server
  #tool = ''
  readonly #tokens = new Set<string>()
  readonly #clicks = new Map<string, Click>()
  readonly #waiting = new Set<() => void>()

  /** `tool` is the address of the server that is its tool. */
  static async start(tool: string, port = 0): Promise<TestLtiPlatform> {
    const platform = new TestLtiPlatform()
    platform.#tool = tool
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const jwk = await exportJWK(publicKey)
    platform.#keys = { privateKey, jwk, kid: await calculateJwkThumbprint(jwk) }
    platform.#server = createServer((request, response) => {
      platform.#answer(request, response).catch((error: Error) => {
        platform.problems.push(error.message)
        response.writeHead(400).end()
      })
    })
    platform.#server.listen(port, '127.0.0.1')
    await once(platform.#server, 'listening')
    return platform
  }

  get issuer(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`
  }

  get settings(): LtiPlatform {
    return {
      issuer: this.issuer,
      clientId: CLIENT,
      deployments: ['1'],
      authorization: `${this.issuer}/auth`,
      keys: `${this.issuer}/keys`,
      token: `${this.issuer}/token`,
    }
  }

  /** What the platform sends the browser to at a click: the tool's login. */
  click(click: Click): URLSearchParams {
    const hint = `hint-${this.#clicks.size}`
    this.#clicks.set(hint, click)
    return new URLSearchParams({
      iss: this.issuer,
      client_id: CLIENT,
      login_hint: click.user,
      lti_message_hint: hint,
      target_link_uri: click.target,
    })
  }

  /** What the platform's page posts to the tool for a login that the tool asked for. */
  async launch(location: string): Promise<{ action: string; fields: Record<string, string> }> {
    const query = Object.fromEntries(new URL(location).searchParams)
    const wanted = {
      scope: 'openid',
      response_type: 'id_token',
      response_mode: 'form_post',
      prompt: 'none',
      client_id: CLIENT,
      redirect_uri: `${this.#tool}/auth/lti/launch`,
    }
    for (const [name, value] of Object.entries(wanted))
      if (query[name] !== value) throw new Error(`${name} is ${query[name]}`)
    const click = this.#clicks.get(query.lti_message_hint ?? '')
    if (!click || click.user !== query.login_hint || !query.nonce || !query.state)
      throw new Error('the login is not the one that was asked for')
    return {
      action: query.redirect_uri!,
      fields: { state: query.state, id_token: await this.sign(click, query.nonce) },
    }
  }

  async sign(click: Click, nonce: string): Promise<string> {
    const { user, name = `Person ${user}`, role = 'Learner', target, course, custom, lineItem } = click
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: this.issuer,
      aud: CLIENT,
      sub: user,
      name,
      nonce,
      iat: now,
      exp: now + 300,
      [`${CLAIM}message_type`]: 'LtiResourceLinkRequest',
      [`${CLAIM}version`]: '1.3.0',
      [`${CLAIM}deployment_id`]: '1',
      [`${CLAIM}target_link_uri`]: target,
      [`${CLAIM}resource_link`]: { id: `link of ${target}` },
      [`${CLAIM}roles`]: [MEMBERSHIP + role],
      [`${CLAIM}context`]: course ?? { id: 'c1', title: 'Clouds 101' },
      ...(custom && { [`${CLAIM}custom`]: custom }),
      ...(lineItem && {
        'https://purl.imsglobal.org/spec/lti-ags/claim/endpoint': {
          scope: [SCORES],
          lineitem: this.issuer + lineItem,
        },
      }),
      ...this.changes,
    }
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: this.#keys.kid })
      .sign(this.forger ?? this.#keys.privateKey)
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.issuer)
    const json = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    let text = ''
    for await (const piece of request) text += piece
    if (url.pathname === '/keys')
      json({ keys: [{ ...this.#keys.jwk, kid: this.#keys.kid, alg: 'RS256', use: 'sig' }] })
    else if (url.pathname === '/auth') {
      const { action, fields } = await this.launch(url.href)
      const inputs = Object.entries(fields).map(
        ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
      )
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<form method="post" action="${action}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`,
        )
    } else if (url.pathname === '/token') json(await this.#token(new URLSearchParams(text)))
    else if (url.pathname.endsWith('/scores')) {
      const bearer = request.headers.authorization?.replace('Bearer ', '') ?? ''
      const type = request.headers['content-type']
      if (!this.#tokens.has(bearer)) throw new Error('a score without a token')
      if (type !== 'application/vnd.ims.lis.v1.score+json') throw new Error(`a score is ${type}`)
      if (this.refuses === undefined)
        this.scores.push({ lineItem: url.pathname.replace('/scores', '') + url.search, ...JSON.parse(text) })
      json({}, this.refuses ?? 200)
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    } else response.writeHead(404).end()
  }

  async #token(form: URLSearchParams): Promise<object> {
    const keys = createRemoteJWKSet(new URL('/auth/lti/keys', this.#tool))
    const { payload } = await jwtVerify(form.get('client_assertion') ?? '', keys, {
      issuer: CLIENT,
      subject: CLIENT,
      audience: this.settings.token!,
      algorithms: ['RS256'],
      requiredClaims: ['jti', 'exp', 'iat'],
    })
    if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== SCORES)
      throw new Error('the tool asks for a token otherwise')
    const token = `token for ${payload.jti}`.replaceAll(' ', '-')
    this.#tokens.add(token)
    return { access_token: token, token_type: 'Bearer', expires_in: 3600, scope: SCORES }
  }
}
