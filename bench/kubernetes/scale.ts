/**
 * How large a cluster one process holds: `node bench/kubernetes/scale.ts [nodes] [pods] [kept nodes] [kept pods]`. The aims are those
 * that kwok sets itself for its simulated nodes, here with real scheduling, image pulls, containers and a durable store.
 */
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { type BenchCluster, benchCluster, inParallel } from './bench-cluster.ts'
import type { Sample } from './measured.ts'

const [nodes = 5000, pods = 10_000, keptNodes = 1000, keptPods = 100_000] = process.argv.slice(2).map(Number)
const IN_FLIGHT = 16
/** A ReplicaSet of a large cluster. */
const PER_SET = 500
const PODS = '/api/v1/namespaces/default/pods'
const SETS = '/apis/apps/v1/namespaces/default/replicasets'

const container = { name: 'main', image: 'registry.k8s.io/pause:3.10' }
const pod = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${index}`, labels: { app: 'bench' } },
  spec: { containers: [container], terminationGracePeriodSeconds: 1 },
})
const replicaSet = (index: number) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: `set-${index}` },
  spec: {
    replicas: PER_SET,
    selector: { matchLabels: { set: `set-${index}` } },
    template: { metadata: { labels: { set: `set-${index}` } }, spec: { containers: [container] } },
  },
})

const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
const ms = (value: number) => value.toFixed(1)

/** Runs one phase and says what it took; gives its sample. */
async function phase(
  cluster: BenchCluster,
  what: string,
  count: number,
  aimSeconds: number | undefined,
  act: () => Promise<unknown>,
): Promise<Sample> {
  await cluster.ask('sample', { collect: true })
  const start = performance.now()
  await act()
  const seconds = (performance.now() - start) / 1000
  const { cpuMs, delay, held: holds } = await cluster.ask('sample', { collect: false })
  const held = await cluster.ask('sample', { collect: true })
  const aim = aimSeconds ? `, ${(seconds / aimSeconds).toFixed(2)} of the aim of ${aimSeconds} s` : ''
  console.log(
    `${what}: ${seconds.toFixed(1)} s${aim}; CPU ${(cpuMs / count).toFixed(2)} ms each; event loop p50 ${ms(delay.p50)}, p99 ${ms(delay.p99)}, max ${ms(delay.max)} ms, of CPU p99 ${ms(holds.p99)}, max ${ms(holds.max)} ms; ` +
      `heap ${mb(held.heap)} MB, resident ${mb(held.resident)} MB, ${held.entries} entries`,
  )
  return held
}

const options = { heapMb: 12_288, nodeOptions: process.env.NODE_OPTIONS_MEASURED?.split(' ') ?? [] }
const load = () =>
  console.log(
    `load average: ${loadavg()
      .map((value) => value.toFixed(1))
      .join(' ')}`,
  )

if (nodes > 0) {
  load()
  const cluster = await benchCluster(options)
  await phase(cluster, `${nodes} nodes Ready`, nodes, 60, () => cluster.ask('nodes', nodes))
  await phase(cluster, `${pods} pods created and Running`, pods, 60, async () => {
    await inParallel(pods, IN_FLIGHT, (index) => cluster.send('POST', PODS, pod(index)))
    await cluster.ask('running', pods)
  })
  await phase(cluster, `${pods} pods deleted`, pods, 90, async () => {
    await cluster.send('DELETE', `${PODS}?labelSelector=app%3Dbench`)
    await cluster.ask('running', 0)
  })
  await cluster.close()
}

if (keptPods > 0) {
  load()
  const cluster = await benchCluster(options)
  const before = await phase(cluster, `${keptNodes} nodes Ready`, keptNodes, undefined, () =>
    cluster.ask('nodes', keptNodes),
  )
  let made = 0
  for (const part of [100, 10, 1]) {
    const wanted = Math.ceil(keptPods / part / PER_SET) * PER_SET
    const from = made
    await phase(cluster, `${from} to ${wanted} pods Running`, wanted - from, undefined, async () => {
      for (; made < wanted; made += PER_SET) await cluster.send('POST', SETS, replicaSet(made / PER_SET))
      await cluster.ask('running', made)
    })
  }
  const held = await phase(
    cluster,
    `${made} pods kept for 60 s`,
    made,
    undefined,
    () => new Promise((resolve) => setTimeout(resolve, 60_000)),
  )
  const kb = (kind: 'heap' | 'resident') => ((held[kind] - before[kind]) / made / 1024).toFixed(1)
  console.log(`a pod: heap ${kb('heap')} KB, resident ${kb('resident')} KB`)
  await cluster.close()
}
load()
