import { expect, it } from 'vitest'
import { FairUse } from '#world/fair-use.ts'
import { Store } from '#world/store.ts'

it.each([
  ['an upload, which is measured while it grows', true],
  ['a layer, which is measured when it is whole', false],
])('counts the bytes of %s once', async (_what, seen) => {
  const fairUse = new FairUse({ blobBytes: 100 }, new Store())
  const blobs = { others: 50, growing: 0, whole: 0 }
  fairUse.measure = async () => blobs.others + blobs.whole + (seen ? blobs.growing : 0)
  const write = async (chunks: number) => {
    for await (const chunk of fairUse.metered(Array(chunks).fill(new Uint8Array(10)), { seen })) {
      blobs.growing += chunk.length
      // Others are deleted meanwhile.
      blobs.others = 0
    }
    blobs.whole += blobs.growing
    blobs.growing = 0
  }
  await write(9)
  expect(blobs.whole).toBe(90)
  await expect(write(2)).rejects.toMatchObject({ code: 'ENOSPC' })
})
