import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { BlobStore } from '../blobs/store.ts'
import { changes, nodeTar } from '../files/layers.ts'
import { directory, type TreeNode } from '../files/nodes.ts'
import { tarEnd } from '../files/tar.ts'
import { FileTree } from '../files/tree.ts'
import { filled } from './fill.ts'
import type { LayerRecipe } from './recipe.ts'
import { bytesOf, lengthOf, type Stretch, stretches } from './sparse.ts'
import { sparseGzip } from './sparse-gzip.ts'

/** What has to be reckoned over all bytes of a layer. */
export interface LayerDigests {
  /** Of the plain tar. */
  diffId: string
  crc: number
  /** Of the compressed blob. */
  digest: string
}

/**
 * The digests of the catalogue's layers by what these are made of, so that nobody has to hash hundreds of megabytes of zeros to
 * start a pod. Written by `node scripts/catalogue.ts`; a layer that is not there is hashed.
 */
export const KNOWN_LAYERS: Readonly<Record<string, LayerDigests>> = JSON.parse(
  readFileSync(new URL('files/layers.json', import.meta.url), 'utf8'),
)

/** A layer as it is made, before anything is hashed. */
export interface PlainLayer {
  tar: Stretch[]
  /** Bytes of the blob that are aimed at. */
  packed: number
  /** Says what it is made of. */
  key: string
}

/** The plain tar of a layer with files. `created`: ISO date of the image. */
export async function plainLayer(layer: LayerRecipe, created: string): Promise<PlainLayer> {
  const mtime = Date.parse(layer.created ?? created)
  const files = layer.size ? filled(layer.files ?? {}, layer.size) : (layer.files ?? {})
  const tree = new FileTree()
  for (const [path, node] of Object.entries(files)) {
    tree.makeFolders(path.slice(0, path.lastIndexOf('/')) || '/', { mtime })
    tree.put(path, { ...node, mtime })
  }
  async function* bytes() {
    for (const change of changes(directory(), tree.root))
      yield* nodeTar(change.path.slice(1), change.node as TreeNode)
    yield tarEnd()
  }
  const tar = await stretches(bytes())
  const packed = layer.size?.packed ?? 0
  const hash = createHash('sha256').update(`${packed}`)
  for (const part of tar)
    hash
      .update(typeof part === 'number' ? ` ${part} zeros ` : ` ${part.length} bytes `)
      .update(typeof part === 'number' ? '' : part)
  return { tar, packed, key: hash.digest('hex').slice(0, 24) }
}

/** Hashes a layer, with pauses. */
export async function layerDigests({ tar, packed }: PlainLayer): Promise<LayerDigests> {
  const plainHash = createHash('sha256')
  let crc = 0
  for (const bytes of bytesOf(tar)) {
    plainHash.update(bytes)
    crc = crc32(bytes, crc)
    await setImmediate()
  }
  const hash = createHash('sha256')
  for (const bytes of bytesOf(sparseGzip(tar, packed, crc))) {
    hash.update(bytes)
    await setImmediate()
  }
  return { diffId: `sha256:${plainHash.digest('hex')}`, crc, digest: `sha256:${hash.digest('hex')}` }
}

/** Brings a layer into the blob store. */
export async function buildLayer(
  blobs: BlobStore,
  layer: LayerRecipe,
  created: string,
): Promise<{ diffId: string; digest: string; size: number }> {
  const plain = await plainLayer(layer, created)
  const { diffId, crc, digest } = KNOWN_LAYERS[plain.key] ?? (await layerDigests(plain))
  const packed = sparseGzip(plain.tar, plain.packed, crc)
  await blobs.putLayer(digest, bytesOf(packed), bytesOf(plain.tar))
  return { diffId, digest, size: lengthOf(packed) }
}
