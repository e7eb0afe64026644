/**
 * Random churn on many clusters of one process: `node --expose-gc bench/kubernetes/churn.ts [minutes] [clusters] [seed]`. Each is churned
 * and comes to rest in turns; at rest every invariant must hold. Exits with 1 at the first that does not, or when memory grows.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { BlobStore } from '#containers/blobs/store.ts'
import { churn, rest } from '../../test/support/churn/churn.ts'
import { soakedCluster } from '../../test/support/churn/soaked-cluster.ts'

const [minutes = 30, clusters = 10] = process.argv.slice(2, 4).map(Number)
const seed = process.argv[4] ?? 'churn'
const ACTS = 30
/** After so many rounds all workloads are deleted: memory is compared between these states. */
const EMPTY_EVERY = 4
/** How many of them there are until code is compiled, and events and caches are what they will be. */
const WARM_UP = 2

const folder = await mkdtemp(join(tmpdir(), 'drydock-churn-'))
const blobs = await BlobStore.open(folder)
const soaks = await Promise.all(
  Array.from({ length: clusters }, (_, index) => soakedCluster(blobs, `${seed}-${index}`)),
)
const began = soaks[0]!.world.clock.now()

async function heapMb(): Promise<number> {
  for (const { world } of soaks) world.store.compact(world.store.revision)
  for (let n = 0; n < 4; n++) {
    globalThis.gc!()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

const end = performance.now() + minutes * 60_000
const start = performance.now()
const memory: number[] = []
let acts = 0
let problems: string[] = []
for (let round = 1; problems.length === 0 && performance.now() < end; round++) {
  const results = await Promise.all(
    soaks.map(async (soak, index) => {
      const happened = await churn(soak, ACTS)
      const broken = await rest(soak, { empty: round % EMPTY_EVERY === 0 })
      if (broken.length > 0) console.log(`cluster ${index}, after:\n  ${happened.join('\n  ')}`)
      return broken.map((problem) => `cluster ${index}: ${problem}`)
    }),
  )
  problems = results.flat()
  acts += ACTS * clusters
  const heap = await heapMb()
  if (round % EMPTY_EVERY === 0) memory.push(heap)
  const objects = soaks.reduce((sum, { world }) => sum + world.store.size, 0)
  const hours = (soaks[0]!.world.clock.now() - began) / 3_600_000
  console.log(
    `${((performance.now() - start) / 60_000).toFixed(1)} min: round ${round}, ${acts} acts, ${hours.toFixed(1)} h of each cluster, ` +
      `${objects} entries, heap ${heap.toFixed(0)} MB, broken invariants: ${problems.length}`,
  )
}
for (const problem of problems) console.log(problem)
const warm = memory.slice(WARM_UP)
const half = Math.floor(warm.length / 2)
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const growth = warm.length >= 6 ? mean(warm.slice(half)) / mean(warm.slice(0, half)) : 1
console.log(`memory of the second half beside the first, at rest and compacted: ${growth.toFixed(3)}`)

for (const soak of soaks) soak.close()
await rm(folder, { recursive: true, force: true })
process.exit(problems.length > 0 || growth > 1.1 ? 1 : 0)
