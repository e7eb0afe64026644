/**
 * Many watches of one resource: `node bench/kubernetes/watchers.ts [watchers] [writes]`. How long an event takes to the first, the middle
 * and the last of them, beside the write's own answer; and what becomes of one that does not read: it is cut off before it holds much.
 */
import type { IncomingMessage } from 'node:http'
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { benchCluster, inParallel } from './bench-cluster.ts'

const [WATCHERS = 1000, WRITES = 50] = process.argv.slice(2).map(Number)
const MAPS = '/api/v1/namespaces/default/configmaps'
/** Watchers that do not read, and what is written under their eyes: bytes of a write, and how many. */
const SLOW = 20
const LARGE = 500_000
const LARGE_WRITES = 100

const quantile = (values: number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!
const ms = (value: number) => `${value.toFixed(1)} ms`
const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`

console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
const cluster = await benchCluster({ inFlight: WATCHERS + SLOW + 20 })
/** Watch from now on. */
const version: string = JSON.parse(await cluster.send('GET', `${MAPS}?limit=1`)).metadata.resourceVersion
const before = await cluster.ask('sample', { collect: true })

/** Calls back with each object's name, as soon as its event is there. */
function read(stream: IncomingMessage, seen: (name: string) => void): void {
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop()!
    for (const line of lines) seen(/"metadata":\{"name":"([^"]+)"/.exec(line)![1]!)
  })
}

const arrivals = new Map<string, number[]>()
let complete: () => void = () => {}
const streams: IncomingMessage[] = []
await inParallel(WATCHERS, 16, async () => {
  const stream = await cluster.open(
    'GET',
    `${MAPS}?watch=true&resourceVersion=${version}&labelSelector=bench`,
  )
  read(stream, (name) => {
    const times = arrivals.get(name)
    if (times?.push(performance.now()) === WATCHERS) complete()
  })
  streams.push(stream)
})
const open = await cluster.ask('sample', { collect: true })
console.log(
  `${WATCHERS} watches opened: CPU ${(open.cpuMs / WATCHERS).toFixed(2)} ms, resident ${((open.resident - before.resident) / WATCHERS / 1024).toFixed(1)} KB each`,
)

const delays: Record<'answer' | 'first' | 'middle' | 'last', number[]> = {
  answer: [],
  first: [],
  middle: [],
  last: [],
}
for (let n = 0; n < WRITES; n++) {
  const name = `map-${n}`
  arrivals.set(name, [])
  const all = new Promise<void>((resolve) => {
    complete = resolve
  })
  const start = performance.now()
  await cluster.send('POST', MAPS, {
    metadata: { name, labels: { bench: 'yes' } },
    data: { text: 'x'.repeat(1000) },
  })
  delays.answer.push(performance.now() - start)
  await all
  const times = arrivals.get(name)!
  delays.first.push(times[0]! - start)
  delays.middle.push(quantile(times, 0.5) - start)
  delays.last.push(times.at(-1)! - start)
}
const watched = await cluster.ask('sample', { collect: true })
const both = (kind: keyof typeof delays) =>
  `${ms(quantile(delays[kind], 0.5))} (p99 ${ms(quantile(delays[kind], 0.99))})`
console.log(
  `an event after its write was sent: first watcher ${both('first')}, middle ${both('middle')}, last ${both('last')}; the write's own answer ${both('answer')}`,
)
console.log(
  `an event to one watcher: CPU ${((watched.cpuMs * 1000) / WRITES / WATCHERS).toFixed(0)} µs; event loop p99 ${ms(watched.delay.p99)}, max ${ms(watched.delay.max)}`,
)
for (const stream of streams) stream.destroy()
await sleep(500)

const slow: IncomingMessage[] = []
for (let n = 0; n < SLOW; n++) {
  const stream = await cluster.open('GET', `${MAPS}?watch=true&resourceVersion=${version}&labelSelector=slow`)
  stream.pause()
  slow.push(stream)
}
const start = await cluster.ask('sample', { collect: true })
let most = 0
for (let n = 0; n < LARGE_WRITES; n++) {
  const [method, path] = n === 0 ? (['POST', MAPS] as const) : (['PUT', `${MAPS}/slow`] as const)
  const metadata = { name: 'slow', labels: { slow: 'yes' } }
  await cluster.send(method, path, { metadata, data: { text: String(n).padEnd(LARGE, 'x') } })
  const { resident } = await cluster.ask('sample', { collect: false })
  most = Math.max(most, resident - start.resident)
}
// A connection that was cut off says so as soon as it is read.
const cut = await Promise.all(
  slow.map(async (stream) => {
    const ended = new Promise<boolean>((resolve) => {
      stream.on('error', () => resolve(true)).on('close', () => resolve(true))
    })
    stream.resume()
    const wasCut = await Promise.race([ended, sleep(3000, false)])
    stream.destroy()
    return wasCut
  }),
)
console.log(
  `${SLOW} watchers that do not read, of ${mb(LARGE * LARGE_WRITES)} of events each: ${cut.filter(Boolean).length} cut off; resident memory at most ${mb(most)} more, the history of the writes included`,
)
console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
await cluster.close()
