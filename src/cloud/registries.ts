import type { Scope } from '#aws/ec2/index.ts'
import {
  backfillController,
  type ImageCatalog,
  imageController,
  lifecyclePolicyController,
  RegistryAccess,
  type UpstreamCheck,
} from '#aws/ecr/index.ts'
import { PUBLIC_HOST } from '#aws/ecr-public/index.ts'
import type { BlobStore } from '#containers/blobs/store.ts'
import type { Catalogue } from '#containers/catalogue/catalogue.ts'
import type { LayerTrees } from '#containers/files/layers.ts'
import { DockerHub } from '#containers/hub/docker-hub.ts'
import { registryJanitor } from '#containers/registry/janitor.ts'
import { publicPolicy } from '#containers/registry/public-policy.ts'
import { Registry } from '#containers/registry/registry.ts'
import type { Host, HostTable, HttpHost } from '#network/hosts.ts'
import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { ecrPolicy, imageCatalog } from './ecr-registry.ts'
import { PublicGallery } from './public-gallery.ts'
import { UpstreamImages } from './upstream-images.ts'

const ECR_HOST = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$/

interface RegistriesOptions {
  world: World
  accountId: string
  blobs: BlobStore
  catalogue: Catalogue
  /** For scans of images; without it nothing is found in them. */
  trees?: LayerTrees
}

/** The registries that a world can reach: its accounts' own ECR, Docker Hub's stand-in, and the public ones of the catalogue. */
export class Registries implements HostTable {
  readonly #options: RegistriesOptions
  readonly #hub: DockerHub
  readonly #upstream = new UpstreamImages(this)
  readonly #public = new Map<string, HttpHost>()
  readonly #gallery: PublicGallery
  readonly #private = new Map<string, Registry>()

  constructor(options: RegistriesOptions) {
    this.#options = options
    this.#hub = new DockerHub(options)
    this.#gallery = new PublicGallery(options)
    this.#public.set(PUBLIC_HOST, this.#gallery)
    for (const host of options.catalogue.hosts()) {
      if (this.#hub.resolve(host) ?? this.#public.get(host)) continue
      const policy = publicPolicy((repository) => options.catalogue.has(host, repository))
      this.#public.set(host, new Registry({ ...options, host, policy }))
    }
  }

  resolve(host: string, port: number): Host | undefined {
    if (port !== 443) return undefined
    const known = this.#hub.resolve(host) ?? this.#public.get(host)
    if (known) return known
    const [, accountId, region] = ECR_HOST.exec(host) ?? []
    return accountId && region && this.#exists(accountId, region) ? this.#ecr(accountId, region) : undefined
  }

  /** Makes the world's account on Docker Hub, if it is not there yet. */
  async openHubAccount({ username, password }: { username: string; password: string }): Promise<void> {
    if (!this.#hub.accounts.find(username)) await this.#hub.accounts.set(username, password)
  }

  /** What the repositories of an account in a region hold, for ECR's own API. */
  catalog = ({ accountId, region }: Pick<Scope, 'accountId' | 'region'>): ImageCatalog =>
    imageCatalog(this.#ecr(accountId, region).contents, this.#options.trees)

  /** What an account's repositories of ECR Public hold. */
  publicCatalog = (account: Pick<Scope, 'world' | 'accountId'>): ImageCatalog =>
    this.#gallery.catalog(account)

  /** Whether an upstream registry of a pull through cache answers. */
  checkUpstream: UpstreamCheck = (scope, rule) => this.#upstream.check(scope, rule)

  /** What goes on in the registries by itself. */
  controllers(): Controller[] {
    const { world } = this.#options
    return [
      registryJanitor(world),
      imageController(world, this.catalog),
      backfillController(world, this.catalog),
      lifecyclePolicyController(world, this.catalog),
    ]
  }

  /** The world's own account has registries everywhere; another one where it has made something. */
  #exists(accountId: string, region: string): boolean {
    const { world } = this.#options
    if (accountId === this.#options.accountId) return true
    return world.store.list(`aws/${accountId}/${region}/ecr/`, { limit: 1 }).entries.length > 0
  }

  #ecr(accountId: string, region: string): Registry {
    const key = `${accountId}/${region}`
    const known = this.#private.get(key)
    if (known) return known
    const { world, blobs } = this.#options
    const scope: Scope = { world, accountId, region }
    const access = new RegistryAccess(scope)
    const registry: Registry = new Registry({
      host: access.host,
      world,
      blobs,
      policy: ecrPolicy({
        scope,
        access,
        images: () => this.catalog(scope),
        importImage: (caller, repository, reference) =>
          this.#upstream.import(scope, access, registry.contents, caller, repository, reference),
      }),
    })
    this.#private.set(key, registry)
    return registry
  }
}
