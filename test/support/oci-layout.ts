import { createHash, randomFillSync } from 'node:crypto'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tarHeader } from '../../src/containers/files/tar.ts'

const MIB = 1024 * 1024

/**
 * Writes an OCI layout with one image, `latest`, of so many layers: plain tars of one file of random bytes each.
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 */
export async function ociLayout(folder: string, layers: number, layerBytes: number): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  const put = async (value: object, mediaType: string) => {
    const text = JSON.stringify(value)
    const hex = createHash('sha256').update(text).digest('hex')
    await writeFile(join(blobs, hex), text)
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) }
  }
  const descriptors = []
  for (let index = 0; index < layers; index++) {
    const { hex, size } = await writeLayer(blobs, index, layerBytes)
    descriptors.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${hex}`, size })
  }
  const config = await put(
    {
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
    },
    'application/vnd.oci.image.config.v1+json',
  )
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = await put({ schemaVersion: 2, mediaType, config, layers: descriptors }, mediaType)
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' }
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  )
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

async function writeLayer(
  blobs: string,
  index: number,
  bytes: number,
): Promise<{ hex: string; size: number }> {
  const hash = createHash('sha256')
  const file = join(blobs, `layer-${index}`)
  const handle = await open(file, 'w')
  let size = 0
  const write = async (chunk: Uint8Array) => {
    hash.update(chunk)
    size += chunk.length
    await handle.writeFile(chunk)
  }
  await write(
    tarHeader({ name: `file-${index}`, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: bytes }),
  )
  for (let left = bytes; left > 0; left -= MIB) await write(randomFillSync(Buffer.alloc(Math.min(MIB, left))))
  await write(Buffer.alloc(((512 - (bytes % 512)) % 512) + 1024))
  await handle.close()
  const hex = hash.digest('hex')
  await rename(file, join(blobs, hex))
  return { hex, size }
}
