import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import type { Host, HostTable, HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { type RegistryAction, RegistryError, type RegistryPolicy } from './policy.ts'
import { Registry } from './registry.ts'

/** A person on Docker Hub. */
interface Account {
  name: string
  salt: string
  hash: string
  createdAt: number
}

export interface HubRepository {
  private: boolean
  createdAt: number
}

interface Access {
  /** Account name; empty for anonymous. */
  subject: string
  access: { repository: string; actions: string[] }[]
}

const REGISTRY = 'registry-1.docker.io'
const AUTH = 'auth.docker.io'
/** Lifetime of a pull or push token, seconds (https://docs.docker.com/reference/api/registry/auth/). */
const TOKEN_SECONDS = 300

const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>

/** The Docker Hub of a world: its registry, its token service, its accounts and repositories. */
export class DockerHub implements HostTable {
  readonly registry: Registry
  readonly #world: World
  readonly #catalogue: Catalogue
  readonly #auth: HttpHost

  constructor(options: { world: World; blobs: BlobStore; catalogue: Catalogue }) {
    this.#world = options.world
    this.#catalogue = options.catalogue
    this.registry = new Registry({ ...options, host: REGISTRY, policy: this.#policy() })
    this.#auth = {
      kind: 'http',
      request: (req, res) => void this.#token(req, res).catch(() => res.destroy()),
    }
  }

  resolve(host: string): Host | undefined {
    if (host === REGISTRY || host === 'index.docker.io') return this.registry
    if (host === AUTH) return this.#auth
    return undefined
  }

  /** Makes an account, or gives an existing one a new password. */
  async setAccount(name: string, password: string): Promise<void> {
    const salt = randomBytes(16)
    const hash = await derive(password, salt, 32)
    this.#world.store.put<Account>(`docker-hub/accounts/${name}`, {
      name,
      salt: salt.toString('hex'),
      hash: hash.toString('hex'),
      createdAt: this.#world.clock.now(),
    })
  }

  /** Makes or changes a repository; pushing to a name of one's own makes a public one. */
  setRepository(name: string, options: { private: boolean }): void {
    this.#world.store.update<HubRepository>(`docker-hub/repositories/${name}`, (known) => ({
      createdAt: known?.createdAt ?? this.#world.clock.now(),
      private: options.private,
    }))
  }

  repository(name: string): HubRepository | undefined {
    return this.#world.store.get<HubRepository>(`docker-hub/repositories/${name}`)?.value
  }

  #policy(): RegistryPolicy {
    return {
      authenticate: (req, needed) => this.#authenticate(req, needed),
      authorize: (identity, action, repository) => {
        const actions = (identity as Access).access.find(
          (access) => access.repository === repository,
        )?.actions
        if (actions?.includes(action)) return
        throw this.#unauthorized({ action, repository }, 'insufficient_scope')
      },
      requireRepository: (_identity, action, repository) => {
        if (action === 'push') {
          if (!this.repository(repository)) this.setRepository(repository, { private: false })
        } else if (!this.repository(repository) && !this.#catalogue.has(REGISTRY, repository)) {
          throw new RegistryError(404, 'NAME_UNKNOWN', 'repository name not known to registry')
        }
      },
    }
  }

  #authenticate(
    req: IncomingMessage,
    needed: { action: RegistryAction; repository: string } | undefined,
  ): Access {
    const token = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1]
    const access = token && this.#verify(token)
    if (!access) throw this.#unauthorized(needed)
    return access
  }

  #unauthorized(
    needed: { action: RegistryAction; repository: string } | undefined,
    error?: string,
  ): RegistryError {
    const actions = needed?.action === 'push' ? 'pull,push' : needed?.action
    const scope = needed ? `,scope="repository:${needed.repository}:${actions}"` : ''
    const reason = error ? `,error="${error}"` : ''
    const challenge = `Bearer realm="https://${AUTH}/token",service="registry.docker.io"${scope}${reason}`
    const detail = needed
      ? [{ Type: 'repository', Class: '', Name: needed.repository, Action: needed.action }]
      : null
    return new RegistryError(401, 'UNAUTHORIZED', 'authentication required', {
      detail,
      headers: { 'www-authenticate': challenge },
    })
  }

  // --- the token service

  async #token(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', `https://${AUTH}`)
    let parameters = url.searchParams
    let credentials = basicCredentials(req.headers.authorization)
    if (url.pathname !== '/token') return sendJson(res, 404, { details: 'not found' })
    if (req.method === 'POST') {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk)
      parameters = new URLSearchParams(Buffer.concat(chunks).toString())
      const username = parameters.get('username')
      if (username) credentials = { username, password: parameters.get('password') ?? '' }
    }
    if (credentials && !(await this.#passwordMatches(credentials.username, credentials.password))) {
      return sendJson(res, 401, { details: 'incorrect username or password' })
    }
    const subject = credentials?.username ?? ''
    const access = parameters
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .map((scope) => /^repository:(.+):([a-z,*]+)$/.exec(scope))
      .filter((match) => match !== null)
      .map(([, repository, actions]) => ({
        repository: repository!,
        actions: actions!.split(',').filter((action) => this.#may(subject, action, repository!)),
      }))
    const token = this.#sign({ subject, access })
    const issued = new Date(this.#world.clock.now()).toISOString()
    sendJson(res, 200, { token, access_token: token, expires_in: TOKEN_SECONDS, issued_at: issued })
  }

  #may(subject: string, action: string, repository: string): boolean {
    const owner = repository.slice(0, repository.indexOf('/'))
    if (subject !== '' && owner === subject) return true
    if (action !== 'pull') return false
    if (this.#catalogue.has(REGISTRY, repository)) return true
    return this.repository(repository)?.private === false
  }

  async #passwordMatches(name: string, password: string): Promise<boolean> {
    const account = this.#world.store.get<Account>(`docker-hub/accounts/${name}`)?.value
    if (!account) return false
    const hash = await derive(password, Buffer.from(account.salt, 'hex'), 32)
    return timingSafeEqual(hash, Buffer.from(account.hash, 'hex'))
  }

  // --- tokens

  #sign(access: Access): string {
    const expires = Math.floor(this.#world.clock.now() / 1000) + TOKEN_SECONDS
    const payload = {
      iss: AUTH,
      aud: 'registry.docker.io',
      sub: access.subject,
      exp: expires,
      access: access.access,
    }
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`
    return `${text}.${this.#mac(text)}`
  }

  #verify(token: string): Access | undefined {
    const [header, payload, signature] = token.split('.')
    if (!header || !payload || !signature) return undefined
    const expected = Buffer.from(this.#mac(`${header}.${payload}`))
    const given = Buffer.from(signature)
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (claims.exp * 1000 < this.#world.clock.now()) return undefined
    return { subject: claims.sub, access: claims.access }
  }

  #mac(text: string): string {
    const secret = this.#world.store.update<string>(
      'docker-hub/secret',
      (known) => known ?? randomBytes(32).toString('hex'),
    )!
    return createHmac('sha256', secret).update(text).digest('base64url')
  }
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** User name and password of a Basic authorization header. */
export function basicCredentials(
  header: string | undefined,
): { username: string; password: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1]
  if (!encoded) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function sendJson(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(JSON.stringify(value))
}
