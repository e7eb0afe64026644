// Durable writes of the world's store beside the bare limit, the same bytes appended to a file and synced; and how long a snapshot of
// 100,000 objects holds the event loop while writes go on, beside the same process without one: node bench/store.ts [objects]
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
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

const [OBJECTS = 100_000] = process.argv.slice(2).map(Number)
for (let i = 0; i < OBJECTS; i++) {
  files.store.put(`objects/${i}`, { ...value, metadata: { ...value.metadata, name: `web-${i}` } })
  if (i % 1000 === 999) await files.store.flushed()
}
await files.save('warm-up')

/** Writes while `work` is under way; gives what the event loop was held, ms. */
async function held(work: () => Promise<unknown>): Promise<{ p99: number; max: number; ms: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let done = false
  const writing = (async () => {
    for (let i = 0; !done; i++) {
      files.store.put(`objects/${(i * 7919) % OBJECTS}`, value)
      if (i % 4 === 3) await files.store.flushed()
    }
  })()
  delay.enable()
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  delay.disable()
  done = true
  await writing
  // The monitor counts its own resolution of a millisecond in.
  const of = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1)
  return { p99: of(delay.percentile(99)), max: of(delay.max), ms }
}
const during = await held(() => files.save('save'))
const without = await held(() => new Promise((resolve) => setTimeout(resolve, during.ms)))
const show = ({ p99, max }: { p99: number; max: number }) =>
  `p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`
console.log(
  `snapshot of ${OBJECTS} objects while writes go on: ${during.ms.toFixed(0)} ms; event loop ${show(during)}; without a snapshot ${show(without)}`,
)

await raw.close()
await files.close()
await rm(directory, { recursive: true })
