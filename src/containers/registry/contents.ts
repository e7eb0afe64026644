import type { World } from '#world/world.ts'
import { digestOf, isDigest } from '../blobs/digest.ts'
import type { BlobInfo, BlobStore, ByteSource } from '../blobs/store.ts'
import type { AppendOptions } from '../blobs/uploads.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { parseManifest, requiredParts } from './manifest.ts'
import { RegistryMetadata, type StoredManifest } from './metadata.ts'
import { RegistryError, type RegistryIdentity, type RegistryPolicy } from './policy.ts'

/** What a registry is made of. */
export interface RegistryOptions {
  /** Host name that it is served under; also its name in the store and the catalogue. */
  host: string
  world: World
  blobs: BlobStore
  policy: RegistryPolicy
  /** Images that are there without having been pushed. */
  catalogue?: Catalogue
}

const MISSING = { image: 'blob unknown to registry', index: 'manifest unknown' }

/** What the repositories of a registry hold: pushed manifests and blobs, and those of the catalogue. */
export class RepositoryContents {
  readonly host: string
  readonly world: World
  readonly blobs: BlobStore
  readonly policy: RegistryPolicy
  readonly catalogue: Catalogue | undefined
  readonly metadata: RegistryMetadata

  constructor({ host, world, blobs, policy, catalogue }: RegistryOptions) {
    this.host = host
    this.world = world
    this.blobs = blobs
    this.policy = policy
    this.catalogue = catalogue
    this.metadata = new RegistryMetadata(world.store, host)
  }

  /** A manifest by tag or digest, pushed or of the catalogue. */
  async readManifest(
    repository: string,
    reference: string,
  ): Promise<{ mediaType: string; digest: string; bytes: Buffer } | undefined> {
    const digest = isDigest(reference) ? reference : this.metadata.tag(repository, reference)?.digest
    const stored = digest && this.metadata.manifest(repository, digest)
    if (stored) return { ...stored, bytes: await this.blobs.read(stored.digest) }
    return this.catalogue?.manifest(this.host, repository, reference)
  }

  /**
   * Stores a manifest whose blobs the repository already holds, as `PUT …/manifests/<reference>` does.
   * Throws RegistryError (MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, or the policy's).
   */
  async storeManifest(
    repository: string,
    bytes: Buffer,
    contentType: string | undefined,
    tag: string | undefined,
    identity: RegistryIdentity,
  ): Promise<StoredManifest> {
    const manifest = parseManifest(bytes, contentType)
    const digest = digestOf(bytes)
    const parts = requiredParts(manifest)
    for (const part of parts) {
      const known =
        manifest.kind === 'image'
          ? await this.blobSize(repository, part.digest)
          : await this.readManifest(repository, part.digest)
      if (known !== undefined) continue
      throw new RegistryError(404, 'MANIFEST_BLOB_UNKNOWN', MISSING[manifest.kind], { detail: part.digest })
    }
    await this.blobs.put(bytes, digest)
    if (tag !== undefined) {
      const previous = this.metadata.tag(repository, tag)?.digest
      // Between the question and the write nobody else may write the tag: no await unless the policy needs one.
      const asked = this.policy.beforeTag?.({ repository, tag, digest, previous, identity })
      if (asked) await asked
    }
    const { value } = manifest
    const stored: StoredManifest = {
      digest,
      mediaType: manifest.mediaType,
      size: bytes.length,
      pushedAt: this.world.clock.now(),
      artifactType:
        value.artifactType || (manifest.kind === 'image' ? manifest.value.config.mediaType : undefined),
      subject: value.subject?.digest,
      annotations: value.annotations,
      references: parts.map((part) => part.digest),
      imageSize: manifest.kind === 'image' ? parts.reduce((sum, part) => sum + part.size, 0) : 0,
    }
    this.metadata.putManifest(repository, stored, tag)
    await this.world.store.flushed()
    await this.policy.manifestPushed?.({ repository, digest, mediaType: manifest.mediaType, tag, identity })
    return stored
  }

  // --- blobs and uploads, for the API here and for ECR's own

  putBlob(repository: string, blob: BlobInfo): void {
    this.metadata.putBlob(repository, blob, this.world.clock.now())
  }

  async startUpload(repository: string): Promise<string> {
    const id = await this.blobs.uploads.create()
    this.metadata.startUpload(repository, id, this.world.clock.now())
    return id
  }

  /** Appends to an upload, within what the world may use; gives its new size. Throws as `Uploads.append`, and ENOSPC. */
  append(id: string, source: ByteSource, options: AppendOptions = {}): Promise<number> {
    return this.blobs.uploads.append(id, this.world.fairUse.metered(source, { seen: true }), options)
  }

  /** How many bytes of an upload to this repository are here; undefined when there is no such upload. */
  async uploadSize(repository: string, id: string): Promise<number | undefined> {
    return this.metadata.hasUpload(repository, id) ? this.blobs.uploads.size(id) : undefined
  }

  /** Makes an upload a blob of the repository. Throws DigestMismatchError (the upload stays). */
  async finishUpload(repository: string, id: string, digest: string): Promise<BlobInfo> {
    const blob = await this.blobs.uploads.finish(id, digest)
    this.metadata.endUpload(repository, id, { ...blob, at: this.world.clock.now() })
    return blob
  }

  async abortUpload(repository: string, id: string): Promise<void> {
    await this.blobs.uploads.abort(id)
    this.metadata.endUpload(repository, id)
  }

  /** Size of a blob that a repository holds, bytes; undefined when it does not. */
  async blobSize(repository: string, digest: string): Promise<number | undefined> {
    const size = this.metadata.blobSize(repository, digest)
    if (size !== undefined) return size
    if (!(await this.catalogue?.hasBlob(this.host, repository, digest))) return undefined
    return (await this.blobs.stat(digest))?.size
  }
}
