// Durable writes of the world's store beside the bare limit: the same bytes appended to a file and synced.
// node bench/store.ts
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { WorldFiles } from '#world/files.ts'

const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const value = { kind: 'Pod', metadata: { name: 'web-1', labels: { app: 'web' } }, text: 'x'.repeat(1000) }
const line = Buffer.from(`${JSON.stringify(value)}\n`)
const IN_FLIGHT = 16
const MS = 2000

/** Runs `write` from 16 callers for two seconds; gives writes a second. */
async function rate(write: (i: number) => Promise<void>): Promise<number> {
  const end = performance.now() + MS
  let count = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < end) await write(count++)
    }),
  )
  return (count / (performance.now() - start)) * 1000
}

const files = await WorldFiles.open(directory)
const raw = await open(join(directory, 'raw'), 'a')
// The limit: one write and one sync for all callers of a turn, as a group commit can at best do.
let batch: Buffer[] = []
let group: Promise<void> | undefined
const limit = async () => {
  batch.push(line)
  group ??= (async () => {
    await Promise.resolve()
    const lines = batch
    batch = []
    await raw.appendFile(Buffer.concat(lines))
    await raw.datasync()
    group = undefined
  })()
  await group
}
const store = async (i: number) => {
  files.store.put(`bench/${i % 1000}`, value)
  await files.store.flushed()
}
await rate(store)
const rounds: { store: number; limit: number }[] = []
for (let i = 0; i < 3; i++) rounds.push({ limit: await rate(limit), store: await rate(store) })
const ratios = rounds.map((round) => round.store / round.limit).sort((a, b) => a - b)
for (const round of rounds) {
  console.log(
    `durable writes a second, ${IN_FLIGHT} in flight: store ${round.store.toFixed(0)}, bare append+sync ${round.limit.toFixed(0)}`,
  )
}
console.log(`ratio store/limit, median: ${ratios[1]!.toFixed(2)}`)

await raw.close()
await files.close()
await rm(directory, { recursive: true })
