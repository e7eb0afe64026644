import { crc32 } from 'node:zlib'
import { digestOf } from '../blobs/digest.ts'
import type { BlobStore } from '../blobs/store.ts'
import { changes, nodeTar } from '../files/layers.ts'
import { directory, type TreeNode } from '../files/nodes.ts'
import { tarEnd } from '../files/tar.ts'
import { FileTree } from '../files/tree.ts'
import type { ImageConfig } from '../image.ts'
import type { ImageRecipe, LayerRecipe } from './recipe.ts'

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** A manifest or index as it is served. */
export interface BuiltManifest {
  mediaType: string
  digest: string
  bytes: Buffer
}

/** One image of the catalogue in the blob store: its index, the manifests in it, and every blob that they name. */
export interface BuiltImage {
  index: BuiltManifest
  manifests: BuiltManifest[]
  blobs: Map<string, number>
}

const ARCHITECTURES = [
  { architecture: 'amd64', os: 'linux' },
  { architecture: 'arm64', os: 'linux', variant: 'v8' },
]

/** Builds an image into the blob store. The same recipe gives the same digests on every machine. */
export async function buildImage(blobs: BlobStore, recipe: ImageRecipe): Promise<BuiltImage> {
  const known = new Map<string, number>()
  const layers = []
  for (const layer of recipe.layers) {
    if (!layer.files) continue
    const tar = await layerBytes(layer, recipe.created)
    const { digest, size } = await blobs.put(storedGzip(tar))
    known.set(digest, size)
    layers.push({ diffId: digestOf(tar), descriptor: { mediaType: OCI_LAYER, digest, size } })
  }
  const manifests: BuiltManifest[] = []
  const entries = []
  for (const platform of ARCHITECTURES) {
    const config = Buffer.from(
      JSON.stringify(
        imageConfig(
          recipe,
          platform,
          layers.map(({ diffId }) => diffId),
        ),
      ),
    )
    const { digest, size } = await blobs.put(config)
    known.set(digest, size)
    const manifest = document({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest, size },
      layers: layers.map(({ descriptor }) => descriptor),
    })
    manifests.push(manifest)
    entries.push({ mediaType: OCI_MANIFEST, digest: manifest.digest, size: manifest.bytes.length, platform })
  }
  const index = document({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries })
  for (const manifest of [...manifests, index]) await blobs.put(manifest.bytes)
  // No world's state names them before somebody pulls.
  blobs.pin([...known.keys(), index.digest, ...manifests.map(({ digest }) => digest)])
  return { index, manifests, blobs: known }
}

function document(value: { mediaType: string } & Record<string, unknown>): BuiltManifest {
  const bytes = Buffer.from(JSON.stringify(value, null, 2))
  return { mediaType: value.mediaType, digest: digestOf(bytes), bytes }
}

function imageConfig(
  recipe: ImageRecipe,
  platform: { architecture: string; os: string; variant?: string },
  diffIds: string[],
): ImageConfig {
  return {
    ...platform,
    created: recipe.created,
    config: recipe.config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: recipe.layers.map(({ createdBy, files }) => ({
      created: recipe.created,
      created_by: createdBy,
      comment: 'buildkit.dockerfile.v0',
      ...(files ? {} : { empty_layer: true }),
    })),
  }
}

async function layerBytes(layer: LayerRecipe, created: string): Promise<Buffer> {
  const mtime = Date.parse(created)
  const tree = new FileTree()
  for (const [path, node] of Object.entries(layer.files ?? {})) {
    tree.makeFolders(path.slice(0, path.lastIndexOf('/')) || '/', { mtime })
    tree.put(path, { ...node, mtime })
  }
  const chunks: Uint8Array[] = []
  for (const change of changes(directory(), tree.root)) {
    for await (const chunk of nodeTar(change.path.slice(1), change.node as TreeNode)) chunks.push(chunk)
  }
  return Buffer.concat([...chunks, tarEnd()])
}

/**
 * Gzip with stored blocks only: what a compressor makes of the same input differs between zlib builds, and the
 * catalogue's digests must not.
 */
function storedGzip(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])]
  for (let offset = 0; offset < bytes.length; offset += 0xffff) {
    const block = bytes.subarray(offset, offset + 0xffff)
    const header = Buffer.alloc(5)
    header[0] = offset + 0xffff >= bytes.length ? 1 : 0
    header.writeUInt16LE(block.length, 1)
    header.writeUInt16LE(~block.length & 0xffff, 3)
    parts.push(header, block)
  }
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(bytes), 0)
  trailer.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([...parts, trailer])
}
