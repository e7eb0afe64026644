import type { Scope } from '../ec2/index.ts'
import type { Software } from './records.ts'

/** A manifest that a repository holds. */
export interface CatalogedManifest {
  digest: string
  mediaType: string
  /** Bytes of the manifest itself. */
  size: number
  /** Compressed bytes of configuration and layers. */
  imageSize: number
  /** ms since the epoch. */
  pushedAt: number
  /** Media type of the configuration, or the artifact type. */
  artifactType?: string
  subject?: string
  annotations?: Record<string, string>
  /** The blobs of an image, the manifests of an index. */
  references: string[]
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
  putTag(repository: string, tag: string, digest: string): void
  /** Removes a tag; the manifest stays. */
  deleteTag(repository: string, tag: string): void
  /** Removes a manifest and its tags. */
  deleteManifest(repository: string, digest: string): void
  /** Removes everything that a repository holds. */
  deleteRepository(repository: string): void
  /** Size of a layer that the repository holds, bytes. */
  blobSize(repository: string, digest: string): number | undefined
  /** Makes a layer that another repository holds one of this repository too. */
  putBlob(repository: string, blob: { digest: string; size: number }): void
  startUpload(repository: string): Promise<string>
  /** Appends to an upload; gives its size. undefined: no such upload. */
  appendUpload(repository: string, id: string, bytes: Uint8Array, offset: number): Promise<number | undefined>
  uploadSize(repository: string, id: string): Promise<number | undefined>
  /** Ends an upload. Gives false when the bytes do not have this digest, undefined when there is no such upload. */
  finishUpload(repository: string, id: string, digest: string): Promise<boolean | undefined>
  /** What is in the files of an image; undefined when it is none for a machine (an artifact, an index). */
  software(repository: string, digest: string): Promise<Software | undefined>
}

/** The catalog of a registry, by account and region. */
export type ImageCatalogs = (scope: Scope) => ImageCatalog

/** The tags of an image. */
export const tagsOf = (images: ImageCatalog, repository: string, digest: string): string[] =>
  images
    .tags(repository)
    .filter((tag) => tag.digest === digest)
    .map(({ tag }) => tag)

/** Whether a manifest is that of an image, not an index or an artifact. */
export const isImage = ({ mediaType, artifactType }: Pick<CatalogedManifest, 'mediaType' | 'artifactType'>) =>
  /image\.manifest\.v1|distribution\.manifest\.v2/.test(mediaType) &&
  /oci\.image\.config|docker\.container\.image/.test(artifactType ?? '')
