import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Credentials, HubAccounts } from './accounts.ts'
import { basicCredentials } from './credentials.ts'
import type { HubRepositories } from './repositories.ts'
import type { SealedTokens } from './sealed-tokens.ts'

export const AUTH_HOST = 'auth.docker.io'
/** Lifetime of a pull or push token, seconds (https://docs.docker.com/reference/api/registry/auth/). */
const TOKEN_SECONDS = 300

/** What a registry token allows. */
export interface Access {
  /** Account name; empty for anonymous. */
  subject: string
  access: { repository: string; actions: string[] }[]
  tokenId: string
}

/** auth.docker.io: gives tokens of scopes for the registry, to accounts by password or access token and to anybody for public images. */
export class TokenService {
  readonly #accounts: HubAccounts
  readonly #repositories: HubRepositories
  readonly #tokens: SealedTokens
  readonly #now: () => number

  constructor(options: {
    accounts: HubAccounts
    repositories: HubRepositories
    tokens: SealedTokens
    now: () => number
  }) {
    this.#accounts = options.accounts
    this.#repositories = options.repositories
    this.#tokens = options.tokens
    this.#now = options.now
  }

  /** What a token of this service allows; undefined when it is none, or expired. */
  access(token: string): Access | undefined {
    const claims = this.#tokens.verify(token)
    if (claims?.aud !== 'registry.docker.io') return undefined
    return { subject: claims.sub, access: claims.access, tokenId: claims.jti }
  }

  async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', `https://${AUTH_HOST}`)
    if (url.pathname !== '/token') return sendJson(res, 404, { details: 'not found' })
    let parameters = url.searchParams
    let shown = basicCredentials(req.headers.authorization)
    if (req.method === 'POST') {
      parameters = new URLSearchParams(await bodyOf(req))
      shown = credentialsOf(parameters) ?? shown
      const refresh = parameters.get('refresh_token')
      const claims = refresh === null ? undefined : this.#tokens.verify(refresh)
      if (claims?.aud === AUTH_HOST)
        return this.#give(res, { name: claims.sub, scope: claims.scope }, parameters)
    } else if (req.method !== 'GET') return sendJson(res, 405, { details: 'method not allowed' })
    const credentials = shown && (await this.#accounts.verify(shown.username, shown.password))
    if (shown && !credentials) return sendJson(res, 401, { details: 'incorrect username or password' })
    this.#give(res, credentials, parameters)
  }

  #give(res: ServerResponse, credentials: Credentials | undefined, parameters: URLSearchParams): void {
    const access = parameters
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .map((scope) => /^repository:(.+):([a-z,*]+)$/.exec(scope))
      .filter((match) => match !== null)
      .map(([, repository, actions]) => ({
        repository: repository!,
        actions: this.#allowed(
          credentials,
          repository!,
          actions!.split(',').flatMap((action) => (action === '*' ? ['pull', 'push', 'delete'] : [action])),
        ),
      }))
    const subject = credentials?.name ?? ''
    const token = this.#tokens.sign(
      { iss: AUTH_HOST, aud: 'registry.docker.io', sub: subject, access },
      TOKEN_SECONDS,
    )
    const offline = parameters.get('access_type') === 'offline' || parameters.get('offline_token') === 'true'
    const refresh =
      offline && credentials
        ? {
            refresh_token: this.#tokens.sign(
              { iss: AUTH_HOST, aud: AUTH_HOST, sub: subject, scope: credentials.scope },
              YEAR,
            ),
          }
        : {}
    const issued = new Date(this.#now()).toISOString()
    sendJson(res, 200, {
      token,
      access_token: token,
      expires_in: TOKEN_SECONDS,
      issued_at: issued,
      ...refresh,
    })
  }

  /** Of these actions, those that somebody may do. Nobody may pull what does not exist, unless it is about to be pushed. */
  #allowed(credentials: Credentials | undefined, repository: string, actions: string[]): string[] {
    const allowed = actions.filter((action) => this.#may(credentials, action, repository))
    return this.#repositories.get(repository) || allowed.includes('push') ? allowed : []
  }

  #may(credentials: Credentials | undefined, action: string, repository: string): boolean {
    const known = this.#repositories.get(repository)
    if (action === 'pull' && known?.private === false) return true
    if (!credentials || credentials.scope === 'repo:public_read') return false
    if (!this.#accounts.owns(credentials.name, repository.slice(0, repository.indexOf('/')))) return false
    if (action === 'pull') return true
    return action === 'push' ? credentials.scope !== 'repo:read' : credentials.scope === 'repo:admin'
  }
}

const YEAR = 365 * 24 * 3600
const BODY_LIMIT = 64 * 1024

async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk
    if (text.length > BODY_LIMIT) break
  }
  return text
}

function credentialsOf(parameters: URLSearchParams): { username: string; password: string } | undefined {
  const username = parameters.get('username')
  return username === null ? undefined : { username, password: parameters.get('password') ?? '' }
}

function sendJson(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(JSON.stringify(value))
}
