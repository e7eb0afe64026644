/**
 * Churns a cluster on a durable world until it is killed: `node durable-churn.ts <folder> <folder of blobs> <seed>`. Tells on file
 * descriptor 3, a line of JSON each, every commit before it can be on disk, and every revision once it is.
 */
import { writeSync } from 'node:fs'
import { BlobStore } from '#containers/blobs/store.ts'
import { WorldFiles } from '#world/files.ts'
import { churn } from './churn.ts'
import { soakedCluster } from './soaked-cluster.ts'

/** `value` is missing when the key was deleted. */
export type Told = { revision: number; key: string; value?: unknown } | { durable: number }

const [folder, blobs, seed] = process.argv.slice(2)
const tell = (told: Told) => writeSync(3, `${JSON.stringify(told)}\n`)

const files = await WorldFiles.open(folder!, { snapshotBytes: 256 * 1024 })
files.store.watch('', ({ type, revision, key, entry: { value } }) => {
  tell({ revision, key, ...(type === 'put' && { value }) })
})
const soak = await soakedCluster(await BlobStore.open(blobs!), seed!, files.store)
for (;;) {
  await churn(soak, 1)
  const { revision } = files.store
  await files.store.flushed()
  tell({ durable: revision })
}
