import type { Store, Write } from '#world/store.ts'
import type { Descriptor } from '../image.ts'

/** A manifest as the store knows it; its bytes are in the blob store. Times are ms on the world's clock. */
export interface StoredManifest {
  digest: string
  mediaType: string
  size: number
  pushedAt: number
  /** Media type of the configuration, or `artifactType`. */
  artifactType?: string
  subject?: string
  annotations?: Record<string, string>
  /** Everything that it names: blobs, and for an index manifests. */
  references: string[]
  /** Compressed bytes of configuration and layers. */
  imageSize: number
}

/** A blob that a repository holds. */
export interface StoredBlob {
  size: number
  /** When it came. */
  at: number
}

export interface StoredTag {
  digest: string
  updatedAt: number
}

/**
 * What a registry host's repositories hold, in the world's store under `registry/<host>/<repository>/_…`
 * (a name part cannot start with `_`, so nested repositories do not clash).
 */
export class RegistryMetadata {
  readonly #store: Store
  readonly #host: string

  constructor(store: Store, host: string) {
    this.#store = store
    this.#host = host
  }

  tag(repository: string, tag: string): StoredTag | undefined {
    return this.#store.get<StoredTag>(this.#key(repository, 'tags', tag))?.value
  }

  /** Tags in lexical order. */
  tags(repository: string): { tag: string; digest: string; updatedAt: number }[] {
    const prefix = this.#key(repository, 'tags', '')
    return this.#store
      .list<StoredTag>(prefix)
      .entries.map(({ key, value }) => ({ tag: key.slice(prefix.length), ...value }))
  }

  manifest(repository: string, digest: string): StoredManifest | undefined {
    return this.#store.get<StoredManifest>(this.#key(repository, 'manifests', digest))?.value
  }

  manifests(repository: string): StoredManifest[] {
    return this.#store.values<StoredManifest>(this.#key(repository, 'manifests', ''))
  }

  /** Stores a manifest and, in the same revision, the tag that it was pushed by. */
  putManifest(repository: string, manifest: StoredManifest, tag: string | undefined): void {
    const writes: Write[] = []
    if (!this.manifest(repository, manifest.digest)) {
      writes.push({ key: this.#key(repository, 'manifests', manifest.digest), value: manifest })
    }
    if (tag !== undefined) {
      const value: StoredTag = { digest: manifest.digest, updatedAt: manifest.pushedAt }
      writes.push({ key: this.#key(repository, 'tags', tag), value })
    }
    this.#store.commit(writes)
  }

  putTag(repository: string, tag: string, digest: string, updatedAt: number): void {
    this.#store.put<StoredTag>(this.#key(repository, 'tags', tag), { digest, updatedAt })
  }

  /** Removes a tag; the manifest stays. Gives whether it was there. */
  deleteTag(repository: string, tag: string): boolean {
    return this.#store.delete(this.#key(repository, 'tags', tag)) !== undefined
  }

  /** Removes a manifest and every tag that names it. Gives whether it was there. */
  deleteManifest(repository: string, digest: string): boolean {
    if (!this.manifest(repository, digest)) return false
    const keys = this.tags(repository)
      .filter((tag) => tag.digest === digest)
      .map(({ tag }) => this.#key(repository, 'tags', tag))
    keys.push(this.#key(repository, 'manifests', digest))
    this.#store.commit(keys.map((key) => ({ key, value: undefined })))
    return true
  }

  /** Removes everything that a repository holds. */
  deleteRepository(repository: string): void {
    const { entries } = this.#store.list(`registry/${this.#host}/${repository}/_`)
    this.#store.commit(entries.map(({ key }) => ({ key, value: undefined })))
  }

  /** Size of a blob that the repository holds. */
  blobSize(repository: string, digest: string): number | undefined {
    return this.#store.get<StoredBlob>(this.#key(repository, 'blobs', digest))?.value.size
  }

  putBlob(repository: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>, at: number): void {
    this.#store.put<StoredBlob>(this.#key(repository, 'blobs', digest), { size, at })
  }

  /** The repositories that hold a blob. */
  holders(digest: string): string[] {
    const prefix = `registry/${this.#host}/`
    const suffix = `/_blobs/${digest}`
    return this.#store
      .list(prefix)
      .entries.filter(({ key }) => key.endsWith(suffix))
      .map(({ key }) => key.slice(prefix.length, -suffix.length))
  }

  deleteBlob(repository: string, digest: string): boolean {
    return this.#store.delete(this.#key(repository, 'blobs', digest)) !== undefined
  }

  /** Repositories with at least one manifest, in lexical order. */
  repositories(): string[] {
    const prefix = `registry/${this.#host}/`
    const names = new Set<string>()
    for (const { key } of this.#store.list(prefix).entries) {
      const end = key.indexOf('/_manifests/')
      if (end !== -1) names.add(key.slice(prefix.length, end))
    }
    return [...names]
  }

  startUpload(repository: string, id: string, startedAt: number): void {
    this.#store.put(this.#key(repository, 'uploads', id), { startedAt })
  }

  hasUpload(repository: string, id: string): boolean {
    return this.#store.get(this.#key(repository, 'uploads', id)) !== undefined
  }

  /** Ends an upload; with a blob, records it in the same revision. */
  endUpload(repository: string, id: string, blob?: StoredBlob & { digest: string }): void {
    const writes: Write[] = [{ key: this.#key(repository, 'uploads', id), value: undefined }]
    if (blob) {
      const value: StoredBlob = { size: blob.size, at: blob.at }
      writes.push({ key: this.#key(repository, 'blobs', blob.digest), value })
    }
    this.#store.commit(writes)
  }

  #key(repository: string, type: 'tags' | 'manifests' | 'blobs' | 'uploads', name: string): string {
    return `registry/${this.#host}/${repository}/_${type}/${name}`
  }
}
