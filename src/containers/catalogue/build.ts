import { digestOf } from '../blobs/digest.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { ImageConfig } from '../image.ts'
import { buildLayer } from './layer.ts'
import type { ImageRecipe } from './recipe.ts'

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
    const { diffId, digest, size } = await buildLayer(blobs, layer, recipe.created)
    known.set(digest, size)
    layers.push({ diffId, descriptor: { mediaType: OCI_LAYER, digest, size } })
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
    history: recipe.layers.map(({ createdBy, files, created }) => ({
      created: created ?? recipe.created,
      created_by: createdBy,
      comment: 'buildkit.dockerfile.v0',
      ...(files ? {} : { empty_layer: true }),
    })),
  }
}
