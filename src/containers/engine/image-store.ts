import { stat } from 'node:fs/promises'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Descriptor, Image, ImageConfig } from '../image.ts'
import { chainIds } from '../images/chain-ids.ts'
import {
  canonicalName,
  familiarName,
  type ImageReference,
  InvalidReferenceError,
  parseReference,
} from '../images/reference.ts'
import { badRequest, conflict, notFound } from './api.ts'

/** An image of the engine, in the world's store under `docker/images/<id>`. */
export interface ImageRecord extends Image {
  /** The image that the build step started from. */
  parent?: string
  /** Bytes of the plain layers, together and of each. */
  size: number
  layerSizes?: number[]
  /** World's time of tagging, ms. */
  taggedAt?: number
  layers: Descriptor[]
}

/** What a removal did. */
export interface RemovedImages {
  /** What `docker rmi` prints: names, ids of images, and layers by chain. */
  report: { Untagged?: string; Deleted?: string }[]
  /** Ids of the images that went. */
  deleted: string[]
}

const chainsOf = ({ config }: ImageRecord) => chainIds(config.rootfs.diff_ids)

/** Names and images of a Docker Engine. */
export class ImageStore {
  readonly #world: World
  readonly #blobs: BlobStore

  constructor(world: World, blobs: BlobStore) {
    this.#world = world
    this.#blobs = blobs
  }

  all(): ImageRecord[] {
    return this.#world.store.values<ImageRecord>('docker/images/')
  }

  get(id: string): ImageRecord | undefined {
    return this.#world.store.get<ImageRecord>(`docker/images/${id}`)?.value
  }

  /** Adds an image that is in the blob store. */
  async add(image: Image, parent?: string): Promise<ImageRecord> {
    const known = this.get(image.id)
    if (known) return known
    const layerSizes: number[] = []
    for (const { digest } of image.layers)
      layerSizes.push((await stat(await this.#blobs.unpacked(digest))).size)
    const { id, config, layers, manifestDigest } = image
    const size = layerSizes.reduce((sum, bytes) => sum + bytes, 0)
    const record: ImageRecord = { id, config, layers, manifestDigest, parent, size, layerSizes }
    this.#world.store.put(`docker/images/${id}`, record)
    return record
  }

  /** The layers of an image with the bytes of each when unpacked. */
  layerSizes({ layers, layerSizes }: ImageRecord): [digest: string, size: number][] {
    return layers.map(({ digest, size }, index) => [digest, layerSizes?.[index] ?? size])
  }

  /** Names (`docker.io/library/nginx:latest`) of an image, or of all. */
  tags(id?: string): { name: string; id: string }[] {
    return this.#names('docker/tags/', id)
  }

  /** Digest references (`docker.io/library/nginx@sha256:…`) of an image, or of all. */
  digests(id?: string): { name: string; id: string }[] {
    return this.#names('docker/digests/', id)
  }

  #names(prefix: string, id: string | undefined): { name: string; id: string }[] {
    return this.#world.store
      .list<string>(prefix)
      .entries.map(({ key, value }) => ({ name: key.slice(prefix.length), id: value }))
      .filter((entry) => id === undefined || entry.id === id)
  }

  tag(reference: ImageReference & { tag: string }, id: string): void {
    this.#world.store.commit([
      { key: `docker/tags/${canonicalName(reference)}:${reference.tag}`, value: id },
      { key: `docker/images/${id}`, value: { ...this.get(id)!, taggedAt: this.#world.clock.now() } },
    ])
  }

  addDigest(reference: ImageReference, digest: string, id: string): void {
    this.#world.store.put(`docker/digests/${canonicalName(reference)}@${digest}`, id)
  }

  /** Finds by name, id or the beginning of an id; undefined when there is none. Throws EngineError for what is no name. */
  find(text: string): ImageRecord | undefined {
    const bare = text.replace(/^sha256:/, '')
    if (/^[0-9a-f]{64}$/.test(bare)) return this.get(`sha256:${bare}`)
    let reference: ImageReference
    try {
      reference = parseReference(text)
    } catch (error) {
      if (!(error instanceof InvalidReferenceError)) throw error
      throw badRequest(error.message)
    }
    const name = canonicalName(reference)
    const key = reference.digest
      ? `docker/digests/${name}@${reference.digest}`
      : `docker/tags/${name}:${reference.tag ?? 'latest'}`
    const id = this.#world.store.get<string>(key)?.value
    if (id) return this.get(id)
    if (!/^[0-9a-f]{1,64}$/.test(bare)) return undefined
    const matches = this.all().filter((image) => image.id.startsWith(`sha256:${bare}`))
    return matches.length === 1 ? matches[0] : undefined
  }

  /** As `find`. Throws the engine's `No such image`. */
  require(text: string): ImageRecord {
    const image = this.find(text)
    if (image) return image
    const shown =
      /^(?:sha256:)?[0-9a-f]{12,64}$/.test(text) || /[:@]/.test(text.slice(text.lastIndexOf('/') + 1))
        ? text
        : `${text}:latest`
    throw notFound(`No such image: ${shown}`)
  }

  /**
   * Removes a name, and the image when it was the last one, with parents that nobody needs any more.
   * `used`: containers of an image (id, running). Throws EngineError.
   */
  remove(
    text: string,
    options: { force: boolean; prune: boolean; used: (id: string) => { id: string; running: boolean }[] },
  ): RemovedImages {
    const image = this.require(text)
    const byId = !this.#isName(text)
    const tags = this.tags(image.id)
    const report: RemovedImages['report'] = []
    const deleted: string[] = []
    const short = image.id.slice(7, 19)
    if (byId && tags.length > 1 && !options.force) {
      throw conflict(
        `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
      )
    }
    const users = options.used(image.id)
    const last = byId || tags.length <= 1
    if (last && users.length > 0) {
      const running = users.find((user) => user.running)
      const why = running
        ? `cannot be forced) - image is being used by running container ${running.id.slice(0, 12)}`
        : `must be forced) - ${byId ? 'image is being used by stopped container' : 'container'} ${users[0]!.id.slice(0, 12)}${byId ? '' : ' is using its referenced image'}${byId ? '' : ` ${short}`}`
      if (byId && (running || !options.force)) throw conflict(`conflict: unable to delete ${short} (${why}`)
      if (!byId && !options.force) {
        throw conflict(
          `conflict: unable to remove repository reference "${text}" (must be forced) - container ${users[0]!.id.slice(0, 12)} is using its referenced image ${short}`,
        )
      }
    }
    const untag = (name: string, prefix: string) => {
      this.#world.store.delete(`${prefix}${name}`)
      const reference = parseReference(name)
      const suffix = reference.digest ? `@${reference.digest}` : `:${reference.tag}`
      report.push({ Untagged: familiarName(reference) + suffix })
    }
    if (byId) for (const { name } of tags) untag(name, 'docker/tags/')
    else {
      const reference = parseReference(text)
      if (reference.digest) untag(`${canonicalName(reference)}@${reference.digest}`, 'docker/digests/')
      else untag(`${canonicalName(reference)}:${reference.tag ?? 'latest'}`, 'docker/tags/')
    }
    if (this.tags(image.id).length > 0) return { report, deleted }
    for (const { name } of this.digests(image.id)) untag(name, 'docker/digests/')
    if (users.length > 0) return { report, deleted }
    let next: ImageRecord | undefined = image
    while (next && !this.hasChildren(next.id) && this.tags(next.id).length === 0) {
      this.#world.store.delete(`docker/images/${next.id}`)
      deleted.push(next.id)
      for (const gone of [next.id, ...this.#released(next)]) report.push({ Deleted: gone })
      next = options.prune && next.parent ? this.get(next.parent) : undefined
    }
    return { report, deleted }
  }

  /** The layers, by chain, that no image has any more without this one; the topmost first. */
  #released(image: ImageRecord): string[] {
    const kept = new Set(this.all().flatMap(chainsOf))
    return chainsOf(image)
      .filter((chain) => !kept.has(chain))
      .reverse()
  }

  hasChildren(id: string): boolean {
    return this.all().some(({ parent }) => parent === id)
  }

  #isName(text: string): boolean {
    if (/^(?:sha256:)[0-9a-f]{64}$/.test(text)) return false
    const reference = parseReference(text)
    const name = canonicalName(reference)
    const { store } = this.#world
    return reference.digest
      ? store.get(`docker/digests/${name}@${reference.digest}`) !== undefined
      : store.get(`docker/tags/${name}:${reference.tag ?? 'latest'}`) !== undefined
  }
}

/** Writes a configuration as a blob; its digest is the image's id. */
export async function writeConfig(blobs: BlobStore, config: ImageConfig): Promise<string> {
  return (await blobs.put(JSON.stringify(config))).digest
}
