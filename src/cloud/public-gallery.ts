import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '#aws/ec2/index.ts'
import type { ImageCatalog } from '#aws/ecr/index.ts'
import { PUBLIC_HOST, type PublicCaller, PublicRegistryAccess, registryOf } from '#aws/ecr-public/index.ts'
import type { BlobStore } from '#containers/blobs/store.ts'
import type { Catalogue } from '#containers/catalogue/catalogue.ts'
import type { RegistryPolicy } from '#containers/registry/policy.ts'
import { Registry } from '#containers/registry/registry.ts'
import type { HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'
import { imageCatalog, refusing } from './ecr-registry.ts'

/** public.ecr.aws: the public repositories of the world's accounts under their aliases, beside those of the catalogue. */
export class PublicGallery implements HttpHost {
  readonly kind = 'http'
  readonly #registry: Registry
  readonly #access: PublicRegistryAccess

  constructor(options: { world: World; blobs: BlobStore; catalogue: Catalogue }) {
    const access = new PublicRegistryAccess(options)
    this.#access = access
    const exists = (repository: string) => options.catalogue.has(PUBLIC_HOST, repository)
    const caller = (identity: unknown) => identity as PublicCaller
    const policy: RegistryPolicy = {
      authenticate: (request) => refusing(() => access.authenticate(request)),
      authorize: (identity, action, repository) =>
        refusing(() => access.authorize(caller(identity), action, repository)),
      requireRepository: (_identity, _action, repository) =>
        refusing(() => access.requireRepository(repository, exists)),
      blobPulled({ identity, size, method }) {
        if (method === 'GET') refusing(() => access.blobPulled(caller(identity), size))
      },
    }
    this.#registry = new Registry({ ...options, host: PUBLIC_HOST, policy })
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    if (/^\/token\/?(\?|$)/.test(req.url ?? '')) this.#access.token(req, res)
    else this.#registry.request(req, res)
  }

  /** What an account's repositories hold, by their names without the alias. */
  catalog(account: Pick<Scope, 'world' | 'accountId'>): ImageCatalog {
    const { alias } = registryOf(account)
    const all = imageCatalog(this.#registry.contents, undefined)
    // Every function of a catalog takes the repository first.
    const named = Object.entries(all).map(([name, act]) => [
      name,
      (repository: string, ...rest: unknown[]) =>
        (act as (...all: unknown[]) => unknown)(`${alias}/${repository}`, ...rest),
    ])
    return Object.fromEntries(named) as ImageCatalog
  }
}
