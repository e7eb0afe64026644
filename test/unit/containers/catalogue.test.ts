import { stat } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#containers/blobs/digest.ts'
import { CATALOGUE, Catalogue } from '#containers/catalogue/catalogue.ts'
import { KNOWN_LAYERS, plainLayer } from '#containers/catalogue/layer.ts'
import { type Lab, openLab } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

// Where they are named: kubernetes.io/docs/concepts/workloads/controllers/deployment (1.14.2, 1.16.1), the chart of `helm create` (1.16.0),
// kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes (busybox 1.27.2).
it.each([
  ['registry-1.docker.io', 'library/nginx', '1.14.2'],
  ['registry-1.docker.io', 'library/nginx', '1.16.1'],
  ['registry-1.docker.io', 'library/nginx', '1.16.0'],
  ['registry.k8s.io', 'busybox', '1.27.2'],
])('has what tutorials run: %s/%s:%s', async (host, repository, tag) => {
  const catalogue = new Catalogue(lab.blobs)
  const index = await catalogue.manifest(host, repository, tag)
  expect(await catalogue.manifest(host, repository, index!.digest)).toEqual(index)
})

describe('layers as large as the real ones', () => {
  const layersOf = async (repository: string, tag: string) => {
    const catalogue = new Catalogue(lab.blobs)
    const { bytes } = (await catalogue.manifest('registry-1.docker.io', repository, tag))!
    const [{ digest }] = JSON.parse(bytes.toString()).manifests
    const manifest = (await catalogue.manifest('registry-1.docker.io', repository, digest))!
    const { config, layers } = JSON.parse(manifest.bytes.toString())
    const { rootfs } = JSON.parse((await lab.blobs.read(config.digest)).toString())
    return (layers as { digest: string; size: number }[]).map((layer, index) => ({
      ...layer,
      diffId: rootfs.diff_ids[index] as string,
    }))
  }

  it('have the digests that they say, packed and unpacked', async () => {
    for (const { digest, size, diffId } of await layersOf('library/nginx', 'alpine')) {
      const blob = await lab.blobs.read(digest)
      expect([blob.length, digestOf(blob)]).toEqual([size, digest])
      const plain = gunzipSync(blob)
      expect(digestOf(plain)).toBe(diffId)
      expect((await stat(await lab.blobs.unpacked(digest))).size).toBe(plain.length)
    }
  })

  it('take next to no room on the disk', async () => {
    const layers = await layersOf('library/node', '24')
    expect(layers.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(400e6)
    let bytes = 0
    for (const { digest } of layers)
      for (const path of [lab.blobs.path(digest), await lab.blobs.unpacked(digest)])
        bytes += (await stat(path)).blocks * 512
    expect(bytes).toBeLessThan(10e6)
  })

  it('stand on the same systems, so that they are pulled and kept once', async () => {
    const [[nginx], [httpd]] = [
      await layersOf('library/nginx', '1.29'),
      await layersOf('library/httpd', '2.4'),
    ]
    expect(nginx).toEqual(httpd)
  })

  it('need not be hashed: run `node scripts/catalogue.ts` after a change', async () => {
    const keys = new Set<string>()
    for (const { images } of CATALOGUE)
      for (const { recipe } of images) {
        const { created, layers } = recipe()
        for (const layer of layers.filter(({ size }) => size))
          keys.add((await plainLayer(layer, created)).key)
      }
    expect([...keys].sort()).toEqual(Object.keys(KNOWN_LAYERS))
  })
})
