import type { BlobStore } from '../blobs/store.ts'
import { type BuiltImage, type BuiltManifest, buildImage } from './build.ts'
import { databases } from './databases.ts'
import { demos } from './demos.ts'
import { documentation } from './documentation.ts'
import { kind } from './kind.ts'
import { languages } from './languages.ts'
import { KNOWN_LAYERS } from './layer.ts'
import { nginx, nginxSlim } from './nginx.ts'
import { others } from './others.ts'
import type { CatalogueRepository } from './recipe.ts'
import { services } from './services.ts'

/** All images that the project makes itself. */
export const CATALOGUE: readonly CatalogueRepository[] = [
  nginx,
  nginxSlim,
  ...others,
  ...languages,
  ...databases,
  ...services,
  ...demos,
  ...documentation,
  ...kind,
]

/**
 * The images that exist without anyone having pushed them. They are built into the blob store at first need and are in no
 * world's state: every world sees the same ones.
 */
export class Catalogue {
  readonly #blobs: BlobStore
  readonly #repositories = new Map<string, CatalogueRepository>()
  readonly #built = new Map<CatalogueRepository['images'][number], Promise<BuiltImage>>()

  constructor(blobs: BlobStore, repositories: readonly CatalogueRepository[] = CATALOGUE) {
    this.#blobs = blobs
    // Also before it is built again after a restart a layer of the catalogue is nobody's own.
    blobs.pin(Object.values(KNOWN_LAYERS).map(({ digest }) => digest))
    for (const repository of repositories) {
      for (const name of repository.names)
        this.#repositories.set(`${name.host}/${name.repository}`, repository)
    }
  }

  /** Registry hosts that have something in the catalogue. */
  hosts(): string[] {
    return [...new Set([...this.#repositories.keys()].map((name) => name.slice(0, name.indexOf('/'))))]
  }

  has(host: string, repository: string): boolean {
    return this.#repositories.has(`${host}/${repository}`)
  }

  repositories(host: string): string[] {
    const prefix = `${host}/`
    return [...this.#repositories.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
  }

  tags(host: string, repository: string): string[] {
    return (this.#repositories.get(`${host}/${repository}`)?.images ?? []).flatMap(({ tags }) => tags)
  }

  /** The manifest or index that a tag or digest names. */
  async manifest(host: string, repository: string, reference: string): Promise<BuiltManifest | undefined> {
    const images = this.#repositories.get(`${host}/${repository}`)?.images ?? []
    const tagged = images.find(({ tags }) => tags.includes(reference))
    if (tagged) return (await this.#image(tagged)).index
    if (!reference.startsWith('sha256:')) return undefined
    for (const image of this.#likelyFirst(images)) {
      const built = await this.#image(image)
      const found = [built.index, ...built.manifests].find(({ digest }) => digest === reference)
      if (found) return found
    }
    return undefined
  }

  /** Whether a repository of the catalogue holds a blob (layer or configuration). */
  async hasBlob(host: string, repository: string, digest: string): Promise<boolean> {
    for (const image of this.#likelyFirst(this.#repositories.get(`${host}/${repository}`)?.images ?? [])) {
      if ((await this.#image(image)).blobs.has(digest)) return true
    }
    return false
  }

  /** A digest is asked for after its tag: what was built already comes before what would have to be built. */
  #likelyFirst(images: CatalogueRepository['images']): CatalogueRepository['images'] {
    return [
      ...images.filter((image) => this.#built.has(image)),
      ...images.filter((image) => !this.#built.has(image)),
    ]
  }

  #image(image: CatalogueRepository['images'][number]): Promise<BuiltImage> {
    let built = this.#built.get(image)
    if (!built) {
      built = buildImage(this.#blobs, image.recipe())
      this.#built.set(image, built)
      built.catch(() => this.#built.delete(image))
    }
    return built
  }
}
