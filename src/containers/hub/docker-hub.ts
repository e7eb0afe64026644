import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Host, HostTable, HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { json } from '../registry/call.ts'
import { isIndexType } from '../registry/manifest.ts'
import { type RegistryAction, RegistryError, type RegistryPolicy } from '../registry/policy.ts'
import { Registry } from '../registry/registry.ts'
import { HubAccounts } from './accounts.ts'
import { HubApi } from './api.ts'
import { PullLimits } from './pull-limits.ts'
import { HubRepositories } from './repositories.ts'
import { SealedTokens } from './sealed-tokens.ts'
import { searchV1 } from './search.ts'
import { OWN_ADDRESS } from './source.ts'
import { type Access, AUTH_HOST, TokenService } from './token-service.ts'

const REGISTRY = 'registry-1.docker.io'
const API = 'hub.docker.com'
/** The address by which Docker Hub knows a world's shells and its Docker Engine: they are behind one (RFC 5737). */
const WORLD_ADDRESS = '203.0.113.7'

/** A request's caller: what its token allows, and whether it has an address of its own. */
interface Caller extends Access {
  ownAddress: boolean
}

/** The Docker Hub of a world: its registry, its token service, its API, its accounts and repositories. */
export class DockerHub implements HostTable {
  readonly registry: Registry
  readonly accounts: HubAccounts
  readonly repositories: HubRepositories
  readonly #limits: PullLimits
  readonly #tokens: TokenService
  readonly #hosts: Record<string, HttpHost>

  constructor(options: { world: World; blobs: BlobStore; catalogue: Catalogue }) {
    const { world } = options
    const seals = new SealedTokens(world)
    this.accounts = new HubAccounts(world)
    this.repositories = new HubRepositories({
      ...options,
      host: REGISTRY,
      contents: () => this.registry.contents,
    })
    this.registry = new Registry({ ...options, host: REGISTRY, policy: this.#policy() })
    this.#limits = new PullLimits(world)
    const { accounts, repositories } = this
    this.#tokens = new TokenService({ accounts, repositories, tokens: seals, now: () => world.clock.now() })
    const api = new HubApi({ world, accounts, repositories, tokens: seals, contents: this.registry.contents })
    this.#hosts = {
      [REGISTRY]: this.registry,
      'index.docker.io': { kind: 'http', request: (req, res) => this.#index(req, res) },
      [AUTH_HOST]: {
        kind: 'http',
        request: (req, res) => void this.#tokens.answer(req, res).catch(() => res.destroy()),
      },
      [API]: { kind: 'http', request: (req, res) => api.request(req, res) },
    }
  }

  resolve(host: string): Host | undefined {
    return this.#hosts[host]
  }

  /** The registry by its older name, which answers searches too. */
  #index(req: IncomingMessage, res: ServerResponse): void {
    const url = new URL(req.url ?? '/', `https://${REGISTRY}`)
    if (url.pathname !== '/v1/search') return this.registry.request(req, res)
    json(res, 200, searchV1(this.repositories, url.searchParams))
  }

  #policy(): RegistryPolicy {
    return {
      authenticate: (req, needed) => this.#authenticate(req, needed),
      authorize: (identity, action, repository) => {
        const actions = (identity as Access).access.find(
          (access) => access.repository === repository,
        )?.actions
        if (actions?.includes(action)) return
        throw unauthorized({ action, repository }, 'insufficient_scope')
      },
      requireRepository: (_identity, action, repository) => {
        if (this.repositories.get(repository)) return
        // Pushing to a name of one's own makes a public repository.
        if (action === 'push') this.repositories.set(repository, { private: false })
        else throw new RegistryError(404, 'NAME_UNKNOWN', 'repository name not known to registry')
      },
      beforePull: ({ repository, digest, method, identity }) =>
        this.#limit(identity as Caller, repository, digest, method),
      manifestPulled: ({ repository }) => this.repositories.countPull(repository),
    }
  }

  /** Counts a pull for each image that is fetched; an index on the way to it is looked at for nothing. */
  async #limit({ subject, ownAddress, tokenId }: Caller, repository: string, digest: string, method: string) {
    const account = subject === '' ? undefined : this.accounts.find(subject)
    if (!account && ownAddress) return undefined
    const manifest = await this.registry.contents.readManifest(repository, digest)
    const counts = method === 'GET' && manifest !== undefined && !isIndexType(manifest.mediaType)
    return this.#limits.check(
      { name: account?.name, source: account?.uuid ?? WORLD_ADDRESS, tokenId },
      counts,
    )
  }

  #authenticate(
    req: IncomingMessage,
    needed: { action: RegistryAction; repository: string } | undefined,
  ): Caller {
    const token = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1]
    const access = token && this.#tokens.access(token)
    if (!access) throw unauthorized(needed)
    return { ...access, ownAddress: req.headers['x-own-address'] === OWN_ADDRESS['x-own-address'] }
  }
}

function unauthorized(
  needed: { action: RegistryAction; repository: string } | undefined,
  error?: string,
): RegistryError {
  const actions = { pull: 'pull', push: 'pull,push', delete: 'delete' }
  const scope = needed ? `,scope="repository:${needed.repository}:${actions[needed.action]}"` : ''
  const reason = error ? `,error="${error}"` : ''
  const challenge = `Bearer realm="https://${AUTH_HOST}/token",service="registry.docker.io"${scope}${reason}`
  const detail = needed
    ? [{ Type: 'repository', Class: '', Name: needed.repository, Action: needed.action }]
    : null
  return new RegistryError(401, 'UNAUTHORIZED', 'authentication required', {
    detail,
    headers: { 'www-authenticate': challenge },
  })
}
