import type { BlobStore } from '../blobs/store.ts'
import type { Descriptor, Image, ImageConfig } from '../image.ts'
import { type ImageManifest, type IndexManifest, isIndexType } from '../registry/manifest.ts'
import type { RegistryClient } from './registry-client.ts'

/** What the image's progress is about. */
export interface FetchProgress {
  /** Tells the layers before anything is fetched; the function says which are already here. */
  layers?(layers: Descriptor[], config: ImageConfig): void
  layerDone?(layer: Descriptor): void
}

/** The index has no image for linux/amd64. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'
}

/** What a machine runs, and what an image is made for. */
export interface Platform {
  os: string
  architecture: string
  /** `v8` */
  variant?: string | undefined
}

/** What the engine's machine runs itself; other Linux platforms run as by emulation (binfmt). */
export const HERE: Platform = { os: 'linux', architecture: 'amd64' }

/** Brings an image (by default that of linux/amd64) into the blob store. Throws RegistryRequestError, PlatformError, DigestMismatchError. */
export async function fetchImage(
  client: RegistryClient,
  blobs: BlobStore,
  repository: string,
  reference: string,
  progress: FetchProgress = {},
  wanted: Platform = HERE,
): Promise<Image & { manifestDigest: string; sizeBytes: number }> {
  const top = await client.manifest(repository, reference)
  let manifest = top
  await keep(blobs, top)
  if (isIndexType(top.mediaType)) {
    const index = JSON.parse(top.bytes.toString()) as IndexManifest
    const entry = index.manifests.find(
      ({ platform }) =>
        platform?.os === wanted.os &&
        platform.architecture === wanted.architecture &&
        (!wanted.variant || platform.variant === wanted.variant),
    )
    if (!entry) throw new PlatformError('no match for platform in manifest')
    manifest = await client.manifest(repository, entry.digest)
    await keep(blobs, { bytes: manifest.bytes, digest: entry.digest })
  }
  const { config, layers } = JSON.parse(manifest.bytes.toString()) as ImageManifest
  await fetchBlob(client, blobs, repository, config)
  const imageConfig = await blobs.readJson<ImageConfig>(config.digest)
  progress.layers?.(layers, imageConfig)
  for (const layer of layers) {
    await fetchBlob(client, blobs, repository, layer)
    progress.layerDone?.(layer)
  }
  return {
    id: config.digest,
    config: imageConfig,
    layers,
    manifestDigest: top.digest,
    sizeBytes: layers.reduce((sum, { size }) => sum + size, config.size),
  }
}

/** A manifest is stored once; every later pull asks for it again only to learn that it is the same. */
async function keep(blobs: BlobStore, { bytes, digest }: { bytes: Buffer; digest: string }) {
  if (!(await blobs.stat(digest))) await blobs.put(bytes, digest)
}

async function fetchBlob(client: RegistryClient, blobs: BlobStore, repository: string, blob: Descriptor) {
  if (await blobs.stat(blob.digest)) return
  await blobs.put(await client.blob(repository, blob.digest), blob.digest)
}
