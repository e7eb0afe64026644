/**
 * How fast a sleeping world wakes, and what it holds awake and asleep: `node --expose-gc bench/world-sleep.ts [pods] [rounds]`. The world
 * has an EKS cluster with that many pods. The limit beside it, in the same run: reading the same entries from the disk into a bare store.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { AppsV1Api } from '@kubernetes/client-node'
import { simulatedTarget } from '../src/checks/target.ts'
import { TargetClients } from '../src/checks/target-clients.ts'
import { Cloud } from '../src/cloud/cloud.ts'
import { WorldFiles } from '../src/world/files.ts'
import { createCluster } from '../test/support/cluster.ts'
import { memoryHeld } from './heap.ts'

const AIM_MS = 1000
const [pods = 20, rounds = 10] = process.argv.slice(2).map(Number)

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

const heap = async () => (await memoryHeld()).heapUsed / 2 ** 20

const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const cloud = await Cloud.start({ directory })
const { world, info } = await cloud.worlds.create({ id: 'w', provisioning: 'instant' })
const clients = new TargetClients(simulatedTarget(info()))
await createCluster(clients, 'lab', 2)
const apps = (await clients.kubernetes('lab')).makeApiClient(AppsV1Api)
const labels = { app: 'web' }
await apps.createNamespacedDeployment({
  namespace: 'default',
  body: {
    metadata: { name: 'web' },
    spec: {
      replicas: pods,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
    },
  },
})
const ready = async () =>
  (await apps.readNamespacedDeployment({ namespace: 'default', name: 'web' })).status?.readyReplicas === pods
while (!(await ready())) await world.advance(1000)
clients.close()

const entries = world.store.list('').entries.length
const awake = await heap()
const wakes: number[] = []
const reads: number[] = []
let asleep = 0
for (let round = 0; round < rounds; round++) {
  while ((await cloud.worlds.list()).some((one) => one.awake)) await cloud.worlds.sleep('w')
  asleep = await heap()
  reads.push(
    await timed(async () => {
      const files = await WorldFiles.open(join(directory, 'worlds/w'))
      await files.close()
    }),
  )
  wakes.push(await timed(() => cloud.worlds.find('w')))
}
const [wake, read] = [median(wakes), median(reads)]
console.log(
  `${entries} entries, ${pods} pods: awake ${awake.toFixed(1)} MB of heap, asleep ${asleep.toFixed(1)} MB`,
)
console.log(
  `wakes in ${wake.toFixed(0)} ms (${(wake / AIM_MS).toFixed(2)} of the aim of ${AIM_MS} ms), worst ${Math.max(...wakes).toFixed(0)} ms; ` +
    `its entries alone are read in ${read.toFixed(0)} ms (${(wake / read).toFixed(1)} times that)`,
)
await cloud.close()
await rm(directory, { recursive: true })
process.exit(wake > AIM_MS ? 1 : 0)
