import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { World } from '#world/world.ts'
import type { RepositoryContents } from '../registry/contents.ts'
import { type Account, type HubAccounts, TOKEN_SCOPES } from './accounts.ts'
import { type HubRepositories, PrivateLimitError } from './repositories.ts'
import type { SealedTokens } from './sealed-tokens.ts'
import { searchV2 } from './search.ts'
import { hubViews } from './views.ts'

interface HubApiOptions {
  world: World
  accounts: HubAccounts
  repositories: HubRepositories
  tokens: SealedTokens
  contents: RepositoryContents
}

/** A refusal of the API. */
class HubError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const AUDIENCE = 'hub.docker.com'
/** Lifetime of a login, seconds: a month. */
const LOGIN_SECONDS = 30 * 24 * 3600
const BODY_LIMIT = 256 * 1024

const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const login = z.object({ username: z.string(), password: z.string() })
const authToken = z.object({ identifier: z.string(), secret: z.string() })
const signUp = z.object({
  username: z.string().regex(/^[a-z0-9]{4,30}$/),
  email: z.email(),
  password: z.string().min(9),
})
const repository = z.object({
  name: z.string().min(2).max(255).regex(NAME),
  namespace: z.string().optional(),
  description: z.string().max(100).optional(),
  full_description: z.string().max(25_000).optional(),
  is_private: z.boolean().optional(),
})
const repositoryChange = repository.omit({ name: true, namespace: true }).partial()
const tokenBody = z.object({
  token_label: z.string().min(1).max(100),
  scopes: z.array(z.enum(TOKEN_SCOPES)).min(1),
})
const tokenChange = z.object({
  token_label: z.string().min(1).max(100).optional(),
  is_active: z.boolean().optional(),
})

/**
 * hub.docker.com's API (https://docs.docker.com/reference/api/hub/latest/) as far as accounts, access tokens, repositories and tags go,
 * with the older paths under `/v2/repositories/` that scripts use.
 */
export class HubApi {
  readonly #options: HubApiOptions
  readonly #views: ReturnType<typeof hubViews>

  constructor(options: HubApiOptions) {
    this.#options = options
    this.#views = hubViews(options)
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    this.#answer(req).then(
      async ({ status, value }) => {
        await this.#options.world.store.flushed()
        send(res, status, value)
      },
      (error: Error) => {
        const [status, message] = refusal(error)
        send(res, status, { message, detail: message, errinfo: {} })
      },
    )
  }

  async #answer(req: IncomingMessage): Promise<{ status: number; value?: unknown }> {
    const url = new URL(req.url ?? '/', `https://${AUDIENCE}`)
    const path = url.pathname.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent)
    if (path[0] !== 'v2')
      throw new HubError(404, 'the web pages of Docker Hub are not simulated: use the API under /v2')
    const body = await readJson(req)
    // Who asks with HEAD gets the head of what GET gives: Node.js leaves the body out.
    const method = req.method === 'HEAD' ? 'GET' : (req.method ?? 'GET')
    const [, kind, ...rest] = path
    switch (`${method} ${kind}`) {
      case 'POST users':
        return rest[0] === 'login' ? this.#login(login.parse(body)) : this.#signUp(signUp.parse(body))
      case 'POST auth': {
        const { identifier, secret } = authToken.parse(body)
        const { value } = await this.#login({ username: identifier, password: secret })
        return ok({ access_token: value.token })
      }
      case 'GET users':
        return ok(this.#views.account(found(this.#options.accounts.find(rest[0] ?? ''))))
      case 'GET user':
        return rest[0] === 'orgs' ? this.#organizations(req) : ok(this.#views.account(this.#caller(req)))
      case 'GET orgs':
        return ok(this.#views.organization(found(this.#options.accounts.organization(rest[0] ?? ''))))
      case 'POST orgs':
        throw new HubError(
          403,
          'An organization needs a Docker Team or Business subscription, and subscriptions are not simulated.',
        )
    }
    if (kind === 'search' && rest[0] === 'repositories') {
      const results = searchV2(this.#options.repositories, url.searchParams.get('query') ?? '')
      return ok(this.#views.page(results, url, (one) => one))
    }
    if (kind === 'access-tokens') return this.#accessTokens(method, rest[0], this.#caller(req), body)
    if (kind === 'namespaces' && rest[1] === 'repositories')
      return this.#repositories(method, [rest[0]!, ...rest.slice(2)], req, body, url)
    if (kind === 'repositories') return this.#repositories(method, rest, req, body, url)
    throw new HubError(404, `${method} ${url.pathname} is not part of the simulated Docker Hub`)
  }

  async #login({ username, password }: z.infer<typeof login>) {
    const credentials = await this.#options.accounts.verify(username, password)
    if (!credentials) throw new HubError(401, 'Incorrect authentication credentials')
    const claims = { iss: AUDIENCE, aud: AUDIENCE, sub: credentials.name, scope: credentials.scope }
    return ok({ token: this.#options.tokens.sign(claims, LOGIN_SECONDS) })
  }

  async #signUp({ username, email, password }: z.infer<typeof signUp>) {
    const { accounts } = this.#options
    if (accounts.find(username) || accounts.organization(username))
      throw new HubError(409, 'This username is already taken.')
    await accounts.set(username, password, email)
    return { status: 201, value: this.#views.account(found(accounts.find(username))) }
  }

  #organizations(req: IncomingMessage) {
    const { name } = this.#caller(req)
    return ok(this.#views.list(this.#options.accounts.organizationsOf(name).map(this.#views.organization)))
  }

  #accessTokens(method: string, uuid: string | undefined, { name }: Account, body: unknown) {
    const { accounts } = this.#options
    const token = () => found(accounts.tokens(name).find((one) => one.uuid === uuid))
    switch (method) {
      case 'GET':
        return ok(
          uuid
            ? this.#views.token(token())
            : this.#views.list(accounts.tokens(name).map((one) => this.#views.token(one))),
        )
      case 'POST': {
        const { token_label: label, scopes } = tokenBody.parse(body)
        const made = accounts.createToken(name, label, scopes)
        return { status: 201, value: { ...this.#views.token(made.token), token: made.text } }
      }
      case 'PATCH': {
        const { token_label: label, is_active: active } = tokenChange.parse(body)
        token()
        return ok(this.#views.token(found(accounts.changeToken(name, uuid!, { label, active }))))
      }
      case 'DELETE':
        token()
        accounts.deleteToken(name, uuid!)
        return { status: 204 }
      default:
        throw new HubError(405, 'Method not allowed')
    }
  }

  #repositories(method: string, path: string[], req: IncomingMessage, body: unknown, url: URL) {
    const { repositories, accounts } = this.#options
    const [namespace, short, part, tag] = path
    if (method === 'POST' && !short) {
      const { namespace: given, name, ...settings } = repository.parse(body)
      const owner = namespace ?? given ?? ''
      if (!accounts.owns(this.#caller(req).name, owner)) throw new HubError(403, 'permission denied')
      if (repositories.get(`${owner}/${name}`))
        throw new HubError(409, 'repository with this name already exists')
      repositories.set(`${owner}/${name}`, changes(settings))
      return { status: 201, value: this.#views.repository(`${owner}/${name}`) }
    }
    if (!namespace) throw new HubError(404, 'object not found')
    if (!short) {
      const visible = repositories.list(namespace).filter((name) => this.#sees(req, name))
      return ok(this.#views.page(visible, url, (name) => this.#views.repository(name)))
    }
    const name = `${namespace}/${short}`
    if (!repositories.get(name) || !this.#sees(req, name)) throw new HubError(404, 'object not found')
    if (method === 'GET' && !part) return ok(this.#views.repository(name))
    if (method === 'GET' && part === 'tags') {
      const tags = this.#views.tags(name)
      return tag
        ? Promise.all([found(tags.find((one) => one === tag))]).then(async ([one]) =>
            ok(await this.#views.tag(name, one)),
          )
        : this.#views.tagPage(name, url).then(ok)
    }
    if (!accounts.owns(this.#caller(req).name, namespace)) throw new HubError(403, 'permission denied')
    return this.#change(method, name, part, tag, body)
  }

  #change(method: string, name: string, part: string | undefined, tag: string | undefined, body: unknown) {
    const { repositories, contents } = this.#options
    if ((method === 'PATCH' && !part) || (method === 'POST' && part === 'privacy')) {
      repositories.set(name, changes(repositoryChange.parse(body)))
      return ok(this.#views.repository(name))
    }
    if (method === 'DELETE' && !part) {
      if (!repositories.delete(name)) throw new HubError(403, 'official repositories cannot be deleted')
      return { status: 202 }
    }
    if (method === 'DELETE' && part === 'tags' && tag) {
      if (!contents.metadata.deleteTag(name, tag)) throw new HubError(404, 'object not found')
      return { status: 204 }
    }
    throw new HubError(405, 'Method not allowed')
  }

  /** The account that is logged in. Throws 401. */
  #caller(req: IncomingMessage): Account {
    const token = /^(?:Bearer|JWT) (.+)$/i.exec(req.headers.authorization ?? '')?.[1]
    const claims = token === undefined ? undefined : this.#options.tokens.verify(token)
    const account = claims?.aud === AUDIENCE ? this.#options.accounts.find(claims.sub) : undefined
    if (!account) throw new HubError(401, 'authentication required')
    return account
  }

  #sees(req: IncomingMessage, name: string): boolean {
    if (!this.#options.repositories.get(name)?.private) return true
    try {
      return this.#options.accounts.owns(this.#caller(req).name, name.slice(0, name.indexOf('/')))
    } catch {
      return false
    }
  }
}

const ok = <T>(value: T) => ({ status: 200, value })

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new HubError(404, 'object not found')
  return value
}

const changes = (body: z.infer<typeof repositoryChange>) => ({
  ...(body.is_private !== undefined && { private: body.is_private }),
  ...(body.description !== undefined && { description: body.description }),
  ...(body.full_description !== undefined && { fullDescription: body.full_description }),
})

function refusal(error: Error): [number, string] {
  if (error instanceof HubError) return [error.status, error.message]
  if (error instanceof PrivateLimitError) return [403, error.message]
  if (error instanceof z.ZodError)
    return [400, error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')]
  if (error instanceof SyntaxError) return [400, 'invalid JSON']
  return [500, 'internal server error']
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk
    if (text.length > BODY_LIMIT) throw new HubError(413, 'request body too large')
  }
  return text === '' ? {} : JSON.parse(text)
}

function send(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(value === undefined ? undefined : JSON.stringify(value))
}
