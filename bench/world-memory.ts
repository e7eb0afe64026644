/**
 * The memory of idle worlds in one cloud process: `node bench/world-memory.ts [worlds]`. Exits with 1 if the aim is missed.
 * Beside each kind of world, in the same run, its limit: the same entries in a bare store.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppsV1Api } from '@kubernetes/client-node'
import { simulatedTarget } from '../src/checks/target.ts'
import { TargetClients } from '../src/checks/target-clients.ts'
import type { WorldInfo } from '../src/cloud/api.ts'
import { connectCloud } from '../src/cloud/client.ts'
import { Cloud } from '../src/cloud/cloud.ts'
import { cloudSocket } from '../src/cloud/runtime-directory.ts'
import { Store } from '../src/world/store.ts'
import { createCluster } from '../test/support/cluster.ts'
import { memoryHeld } from './heap.ts'

const AIM_MB = 5
const FRESH = Number(process.argv[2] ?? 200)
const WITH_CLUSTER = FRESH / 10
/** Worlds of each kind before the first measurement: code is compiled then, and what worlds share is made. */
const WARM_UP = 2

interface Sample {
  heap: number
  rss: number
}

if (process.argv[2] === 'measured') await serve(process.argv[3]!)
else await compare()

/** The measured process: a cloud that also says what it takes, and puts copies of a world's entries into bare stores. */
async function serve(directory: string): Promise<void> {
  const cloud = await Cloud.start({ directory })
  const copies: Store[] = []
  process.on('message', async ({ copy, times = 0 }: { copy?: string; times?: number }) => {
    if (copy) {
      const { store } = (await cloud.worlds.find(copy))!.world
      for (let n = 0; n < times; n++) {
        const bare = new Store()
        bare.restore(structuredClone(store.list('').entries), store.revision)
        copies.push(bare)
      }
    }
    process.send!(await memory())
  })
  process.on('disconnect', async () => {
    await cloud.close()
    process.exit()
  })
  process.send!('ready')
}

/** Heap and resident set in bytes, when everything that is garbage has gone. */
async function memory(): Promise<Sample> {
  const { heapUsed, external } = await memoryHeld()
  const status = await readFile('/proc/self/status', 'utf8')
  return { heap: heapUsed + external, rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) * 1024 }
}

async function ask(child: ChildProcess, question: object = {}): Promise<Sample> {
  child.send(question)
  const [answer] = await once(child, 'message')
  return answer as Sample
}

async function compare(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
  const child = fork(import.meta.filename, ['measured', directory], { execArgv: ['--expose-gc'] })
  await once(child, 'message')
  const cloud = connectCloud(await cloudSocket(directory))
  const fresh = () => cloud.createWorld({ provisioning: 'instant' })

  /** A world as the lab has it before its clean-up: a cluster of two nodes with its add-ons, a Deployment of two. */
  const withCluster = async (): Promise<WorldInfo> => {
    const world = await fresh()
    const clients = new TargetClients(simulatedTarget(world))
    await createCluster(clients, 'lab', 2)
    const apps = (await clients.kubernetes('lab')).makeApiClient(AppsV1Api)
    const labels = { app: 'web' }
    await apps.createNamespacedDeployment({
      namespace: 'default',
      body: {
        metadata: { name: 'web' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
        },
      },
    })
    const available = async () => {
      const { status } = await apps.readNamespacedDeployment({ namespace: 'default', name: 'web' })
      return status?.availableReplicas === 2
    }
    while (!(await available())) await new Promise((resolve) => setTimeout(resolve, 50))
    clients.close()
    return world
  }

  const mb = (bytes: number) => (bytes / 1e6).toFixed(2)
  const measure = async (what: string, make: () => Promise<WorldInfo>, count: number) => {
    for (let n = 0; n < WARM_UP; n++) await make()
    const start = await ask(child)
    let world: WorldInfo | undefined
    for (let n = 0; n < count; n++) world = await make()
    const end = await ask(child)
    const bare = await ask(child, { copy: world!.id, times: count })
    const each = (from: Sample, to: Sample, kind: keyof Sample) => (to[kind] - from[kind]) / count
    console.log(
      `${what} (${count} of them): heap ${mb(each(start, end, 'heap'))} MB, resident ${mb(each(start, end, 'rss'))} MB each; ` +
        `its entries in a bare store: heap ${mb(each(end, bare, 'heap'))} MB; the whole process: resident ${mb(end.rss)} MB`,
    )
    return Math.max(each(start, end, 'heap'), each(start, end, 'rss'))
  }
  const idle = await measure('a fresh world', fresh, FRESH)
  const lab = await measure("a world with the lab's cluster running", withCluster, WITH_CLUSTER)
  console.log(`aim for an idle world: ${AIM_MB} MB`)

  cloud.close()
  child.disconnect()
  await once(child, 'exit')
  await rm(directory, { recursive: true, force: true })
  process.exitCode = Math.max(idle, lab) / 1e6 < AIM_MB ? 0 : 1
}
