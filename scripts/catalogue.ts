// Writes the digests of the large layers of the images that the project makes: `node scripts/catalogue.ts`.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CATALOGUE } from '#containers/catalogue/catalogue.ts'
import { type LayerDigests, layerDigests, plainLayer } from '#containers/catalogue/layer.ts'

const file = fileURLToPath(new URL('../src/containers/catalogue/files/layers.json', import.meta.url))
const known = new Map<string, LayerDigests>()
for (const { images } of CATALOGUE)
  for (const { recipe } of images) {
    const { created, layers } = recipe()
    for (const layer of layers.filter(({ size }) => size)) {
      const plain = await plainLayer(layer, created)
      if (!known.has(plain.key)) known.set(plain.key, await layerDigests(plain))
    }
  }
const sorted = Object.fromEntries([...known].sort(([a], [b]) => (a < b ? -1 : 1)))
await writeFile(file, `${JSON.stringify(sorted, undefined, 2)}\n`)
