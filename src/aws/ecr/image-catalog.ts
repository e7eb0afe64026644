/** A manifest that a repository holds. */
export interface CatalogedManifest {
  digest: string
  mediaType: string
  /** Compressed bytes of configuration and layers. */
  imageSize: number
  /** ms since the epoch. */
  pushedAt: number
  /** Media type of the configuration, or the artifact type. */
  artifactType?: string
  subject?: string
}

/** What a registry's repositories hold. The registry host of the same account and region implements it. */
export interface ImageCatalog {
  tags(repository: string): { tag: string; digest: string }[]
  manifests(repository: string): CatalogedManifest[]
  /** `reference` is a tag or a digest. */
  readManifest(
    repository: string,
    reference: string,
  ): Promise<{ mediaType: string; digest: string; bytes: Buffer } | undefined>
  /** Stores a manifest whose layers are there. Throws an error whose `code` is the distribution specification's. */
  storeManifest(
    repository: string,
    bytes: Buffer,
    mediaType: string | undefined,
    tag: string | undefined,
  ): Promise<{ digest: string; mediaType: string }>
  /** Removes a tag; the manifest stays. */
  deleteTag(repository: string, tag: string): void
  /** Removes a manifest and its tags. */
  deleteManifest(repository: string, digest: string): void
  /** Removes everything that a repository holds. */
  deleteRepository(repository: string): void
  /** Size of a layer that the repository holds, bytes. */
  blobSize(repository: string, digest: string): number | undefined
  startUpload(repository: string): Promise<string>
  /** Appends to an upload; gives its size. undefined: no such upload. */
  appendUpload(repository: string, id: string, bytes: Uint8Array, offset: number): Promise<number | undefined>
  /** Ends an upload. Gives false when the bytes do not have this digest, undefined when there is no such upload. */
  finishUpload(repository: string, id: string, digest: string): Promise<boolean | undefined>
}
