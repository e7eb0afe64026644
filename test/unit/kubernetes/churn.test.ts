import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BlobStore } from '#containers/blobs/store.ts'
import { churn, rest } from '../../support/churn/churn.ts'
import { soakedCluster } from '../../support/churn/soaked-cluster.ts'

let folder: string
let blobs: BlobStore
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'churn-'))
  blobs = await BlobStore.open(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it.each(['one', 'two', 'three'])('comes to rest with every invariant true (%s)', async (seed) => {
  const soak = await soakedCluster(blobs, seed)
  try {
    for (let round = 0; round < 3; round++) {
      const happened = await churn(soak, 40)
      expect(await rest(soak), happened.join('\n')).toEqual([])
    }
  } finally {
    soak.close()
  }
})
