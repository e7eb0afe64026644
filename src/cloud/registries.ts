import type { Scope } from '#aws/ec2/index.ts'
import {
  type CatalogedManifest,
  type ImageCatalog,
  RegistryAccess,
  type RegistryCaller,
  RegistryRefusal,
} from '#aws/ecr/index.ts'
import { type BlobStore, DigestMismatchError } from '#containers/blobs/store.ts'
import type { Catalogue } from '#containers/catalogue/catalogue.ts'
import { DockerHub } from '#containers/registry/docker-hub.ts'
import { registryJanitor } from '#containers/registry/janitor.ts'
import { RegistryError, type RegistryPolicy } from '#containers/registry/policy.ts'
import { publicPolicy } from '#containers/registry/public-policy.ts'
import { Registry } from '#containers/registry/registry.ts'
import type { Host, HostTable } from '#network/hosts.ts'
import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'

const ECR_HOST = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$/

/** The registries that a world can reach: the account's own ECR, Docker Hub's stand-in, and the public ones of the catalogue. */
export class Registries implements HostTable {
  readonly #world: World
  readonly #accountId: string
  readonly #blobs: BlobStore
  readonly #hub: DockerHub
  readonly #public = new Map<string, Registry>()
  readonly #private = new Map<string, Registry>()

  constructor(options: { world: World; accountId: string; blobs: BlobStore; catalogue: Catalogue }) {
    this.#world = options.world
    this.#accountId = options.accountId
    this.#blobs = options.blobs
    this.#hub = new DockerHub(options)
    for (const host of options.catalogue.hosts()) {
      if (this.#hub.resolve(host)) continue
      const policy = publicPolicy((repository) => options.catalogue.has(host, repository))
      this.#public.set(host, new Registry({ ...options, host, policy }))
    }
  }

  resolve(host: string, port: number): Host | undefined {
    if (port !== 443) return undefined
    const [, account, region] = ECR_HOST.exec(host) ?? []
    if (account === this.#accountId && region) return this.#ecr(region)
    return this.#hub.resolve(host) ?? this.#public.get(host)
  }

  /** What the account's repositories in a region hold, for ECR's own API. */
  catalog = ({ region }: Pick<Scope, 'region'>): ImageCatalog => imageCatalog(this.#ecr(region), this.#blobs)

  /** What goes on in the registries by itself. */
  controllers(): Controller[] {
    return [registryJanitor(this.#world)]
  }

  #ecr(region: string): Registry {
    const known = this.#private.get(region)
    if (known) return known
    const access = new RegistryAccess({ world: this.#world, accountId: this.#accountId, region })
    const registry = new Registry({
      host: access.host,
      world: this.#world,
      blobs: this.#blobs,
      policy: ecrPolicy(access),
    })
    this.#private.set(region, registry)
    return registry
  }
}

/** ECR's rules in the registry's terms. */
function ecrPolicy(access: RegistryAccess): RegistryPolicy {
  return {
    authenticate: (request) => refusing(() => access.authenticate(request)),
    authorize: (identity, action, repository) =>
      refusing(() => access.authorize(identity as RegistryCaller, action, repository)),
    requireRepository: (_identity, _action, repository) =>
      refusing(() => access.requireRepository(repository)),
    beforeTag: (write) => refusing(() => access.beforeTag(write)),
    manifestPulled: (event) => access.manifestPulled(event),
  }
}

function refusing<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof RegistryRefusal)) throw error
    throw new RegistryError(error.status, error.code, error.message, { headers: error.headers })
  }
}

/** A registry as ECR's API sees it. */
function imageCatalog({ contents }: Registry, blobs: BlobStore): ImageCatalog {
  const { metadata } = contents
  return {
    tags: (repository) => metadata.tags(repository),
    manifests: (repository): CatalogedManifest[] => metadata.manifests(repository),
    readManifest: (repository, reference) => contents.readManifest(repository, reference),
    // IAM has already judged the call; the registry's own policy has no say in it.
    storeManifest: (repository, bytes, mediaType, tag) =>
      contents.storeManifest(repository, bytes, mediaType, tag, undefined),
    deleteTag: (repository, tag) => void metadata.deleteTag(repository, tag),
    deleteManifest: (repository, digest) => void metadata.deleteManifest(repository, digest),
    deleteRepository: (repository) => metadata.deleteRepository(repository),
    blobSize: (repository, digest) => metadata.blobSize(repository, digest),
    startUpload: (repository) => contents.startUpload(repository),
    async appendUpload(repository, id, bytes, offset) {
      if ((await contents.uploadSize(repository, id)) === undefined) return undefined
      return blobs.uploads.append(id, [bytes], offset)
    },
    async finishUpload(repository, id, digest) {
      if ((await contents.uploadSize(repository, id)) === undefined) return undefined
      try {
        await contents.finishUpload(repository, id, digest)
        return true
      } catch (error) {
        if (error instanceof DigestMismatchError) return false
        throw error
      }
    },
  }
}
