/**
 * The measured process of the Kubernetes benchmarks: one cluster on a durable world behind HTTPS, in a process of its own, so
 * that the load is not measured with it. `fork`ed with the world's folder; answers one question at a time over IPC.
 */
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Pod } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import { WorldFiles } from '#world/files.ts'
import { growHeapInProportion } from '#world/heap.ts'
import { World } from '#world/world.ts'
import { machine, servedCluster } from '../../test/support/served-cluster.ts'

/** What may be asked, and what the answer is. */
export interface Questions {
  /** Registers machines until there are so many; answers when all of their nodes are Ready. */
  nodes: { input: number; answer: null }
  /** Answers when so many pods are Running and ready, and there are no others. */
  running: { input: number; answer: null }
  /** Whether the world's clock goes so fast that nothing waits for it while `running` is asked, or at its own speed. */
  instant: { input: boolean; answer: null }
  /** ms of CPU in so many seconds in which nothing is asked; the event loop is not watched, which would take most of it. */
  idle: { input: number; answer: number }
  sample: { input: { collect: boolean }; answer: Sample }
}

/** What the process took since the last sample, and what it holds. */
export interface Sample {
  /** ms of CPU since the last sample. */
  cpuMs: number
  /** Delay of the event loop since the last sample, ms. */
  delay: { p50: number; p99: number; max: number }
  /** CPU time of the event loop's thread between two rounds of it, ms: the delay without the time in which others had the processor. */
  held: { p50: number; p99: number; max: number }
  /** Bytes. */
  heap: number
  resident: number
  /** Objects and events kept in the world's store. */
  entries: number
}

// As the process of the cloud does.
growHeapInProportion()
const files = await WorldFiles.open(process.argv[2]!)
const world = new World({ id: 'bench', store: files.store, provisioning: 'instant' })
const served = await servedCluster(world, { folder: process.argv[2]! })
const { client, kubelets } = served.cluster

/** Counts objects by a watch; `reached` resolves at once when so many are counted. */
class Counter {
  #count = 0
  #waiting: { count: number; resolve(): void }[] = []

  constructor(prefix: string, counts: (value: never) => boolean) {
    for (const value of world.store.values(prefix)) if (counts(value as never)) this.#count++
    world.store.watch(prefix, ({ type, entry, previous }) => {
      const before = previous !== undefined && counts(previous.value as never)
      const after = type === 'put' && counts(entry.value as never)
      if (before === after) return
      this.#count += after ? 1 : -1
      for (const { count, resolve } of this.#waiting) if (count === this.#count) resolve()
    })
  }

  get count(): number {
    return this.#count
  }

  async reached(count: number): Promise<void> {
    if (this.#count !== count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    this.#waiting = []
  }
}

interface Conditioned {
  status?: { conditions?: { type: string; status: string }[] }
}
const isUp = ({ status }: Conditioned) =>
  Boolean(status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'))
const nodes = new Counter(client.prefix('nodes'), isUp)
const pods = new Counter(client.prefix('pods'), () => true)
const running = new Counter(
  client.prefix('pods'),
  (pod: Pod) => pod.status.phase === 'Running' && isReady(pod) && !pod.metadata.deletionTimestamp,
)

let registered = 0
let instant = false
/** Moves the clock to its next timer whenever no controller works, until `reached` settles. */
async function hurry(reached: Promise<void>): Promise<void> {
  let over = false
  void reached.then(() => {
    over = true
  })
  for (;;) {
    await world.controllers.settled()
    if (over) return
    const due = world.clock.nextDue()
    if (due !== undefined) world.clock.jumpTo(due)
  }
}

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
let cpu = process.cpuUsage()
const held = createHistogram()
const threadMicroseconds = () => {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
let threadAt = threadMicroseconds()
const beat = setInterval(() => {
  const now = threadMicroseconds()
  held.record(Math.max(1, Math.round(now - threadAt)))
  threadAt = now
}, 1)

async function sample(collect: boolean): Promise<Sample> {
  const { user, system } = process.cpuUsage(cpu)
  // The monitor counts its own resolution of a millisecond in.
  const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1)
  const delays = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) }
  for (let n = 0; collect && n < 3; n++) {
    globalThis.gc!()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const holds = { p50: held.percentile(50) / 1000, p99: held.percentile(99) / 1000, max: held.max / 1000 }
  const { heapUsed, external, rss } = process.memoryUsage()
  const answer = {
    cpuMs: (user + system) / 1000,
    delay: delays,
    held: holds,
    heap: heapUsed + external,
    resident: rss,
    entries: world.store.size,
  }
  cpu = process.cpuUsage()
  delay.reset()
  held.reset()
  return answer
}

const answers: { [Name in keyof Questions]: (input: Questions[Name]['input']) => Promise<unknown> } = {
  async nodes(count) {
    for (; registered < count; registered++) {
      kubelets.registerNode(machine(registered + 1))
      if (registered % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await nodes.reached(count)
    return null
  },
  async running(count) {
    const reached = running.reached(count).then(() => pods.reached(count))
    if (instant) await hurry(reached)
    await reached
    return null
  },
  async instant(wanted) {
    instant = wanted
    return null
  },
  async idle(seconds) {
    delay.disable()
    clearInterval(beat)
    const start = process.cpuUsage()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const { user, system } = process.cpuUsage(start)
    delay.enable()
    return (user + system) / 1000
  },
  sample: ({ collect }) => sample(collect),
}

process.on('message', async ({ name, input }: { name: keyof Questions; input: never }) => {
  process.send!({ answer: await answers[name](input) })
})
process.on('disconnect', async () => {
  await served.close()
  await files.close()
  process.exit()
})
process.send!({ url: served.url, authority: served.authority })
