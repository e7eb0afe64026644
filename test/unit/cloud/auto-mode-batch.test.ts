import { expect, it } from 'vitest'
import { PodBatch } from '#cloud/auto-mode/batch.ts'
import type { Pod } from '#kubernetes/objects.ts'

const pods = (...uids: string[]) => uids.map((uid) => ({ metadata: { name: uid, uid } }) as Pod)

it('gathers pods until none has come for a second, or for ten seconds', () => {
  const batch = new PodBatch()
  expect(batch.waitFor([], 0)).toBe(0)
  // Whenever in a second the first comes, a whole second is left for the others.
  expect(batch.waitFor(pods('a'), 5_990)).toBe(1000)
  expect(batch.waitFor(pods('a'), 6_490)).toBe(500)
  expect(batch.waitFor(pods('a', 'b'), 6_500)).toBe(1000)
  expect(batch.waitFor(pods('a', 'b'), 7_500)).toBe(0)
  for (let n = 0; n <= 10; n++) {
    const uids = Array.from({ length: n + 1 }, (_, index) => `c${index}`)
    expect(batch.waitFor(pods('a', 'b', ...uids), 8_000 + n * 900)).toBe(1000)
  }
  expect(batch.waitFor(pods('a', 'b', 'c9', 'd'), 17_500)).toBe(500)
  expect(batch.waitFor(pods('a', 'b', 'c9', 'd', 'e'), 17_999)).toBe(1)
  expect(batch.waitFor(pods('a', 'b', 'c9', 'd', 'e'), 18_000)).toBe(0)
})
