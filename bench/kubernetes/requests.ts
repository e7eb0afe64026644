/**
 * Requests to the API server beside the limit of durable writes, in rounds by turns: `node bench/kubernetes/requests.ts [pods] [rounds]`. The limit is
 * Debian's etcd with the same objects by its own HTTP gateway; without TLS, authentication, admission and validation, so more than
 * any kube-apiserver over it can give. 16 requests are in flight.
 */
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { type BenchCluster, benchCluster, inParallel } from './bench-cluster.ts'
import { type Etcd, startEtcd } from './etcd.ts'

const IN_FLIGHT = 16
const [COUNT = 1000, ROUNDS = 5] = process.argv.slice(2).map(Number)
const LISTS = 20
const WATCHED = 100

const object = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench' } },
  // Nobody schedules it: what is measured is the API server alone.
  spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Times a second that `work` is done, so many at a time. */
async function rate(
  count: number,
  inFlight: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  const start = performance.now()
  await inParallel(count, inFlight, work)
  return (count / (performance.now() - start)) * 1000
}

interface Round {
  create: number
  get: number
  list: number
  /** ms from the end of a write's request to its event; from its start for the `write` beside it. */
  watch: { delay: number; write: number }
}

async function askServer(cluster: BenchCluster, round: number): Promise<Round & { text: string }> {
  const namespace = `round-${round}`
  await cluster.send('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  const path = `/api/v1/namespaces/${namespace}`
  // The namespace's own controllers make its service account, which pods need.
  while (!(await cluster.send('GET', `${path}/serviceaccounts`)).includes('"name":"default"'));
  const create = await rate(COUNT, IN_FLIGHT, (n) => cluster.send('POST', `${path}/pods`, object(`pod-${n}`)))
  const get = await rate(COUNT, IN_FLIGHT, (n) => cluster.send('GET', `${path}/pods/pod-${n}`))
  const list = await rate(LISTS, IN_FLIGHT, () => cluster.send('GET', `${path}/pods`))
  const watch = await watchDelay(cluster, path)
  return { create, get, list, watch, text: await cluster.send('GET', `${path}/pods/pod-0`) }
}

/** How long the events of single writes take to a watcher, beside the writes themselves. Medians, ms. */
async function watchDelay(cluster: BenchCluster, path: string): Promise<Round['watch']> {
  const stream = await cluster.open('GET', `${path}/configmaps?watch=true`)
  let text = ''
  let awaited: { name: string; seen(at: number): void } | undefined
  stream.on('data', (chunk: Buffer) => {
    text += chunk
    if (awaited && text.includes(`"name":"${awaited.name}"`)) awaited.seen(performance.now())
    text = text.slice(text.lastIndexOf('\n') + 1)
  })
  const [delays, writes]: [number[], number[]] = [[], []]
  for (let n = 0; n < WATCHED; n++) {
    const name = `map-${n}`
    const event = new Promise<number>((seen) => {
      awaited = { name, seen }
    })
    const start = performance.now()
    await cluster.send('POST', `${path}/configmaps`, { metadata: { name } })
    writes.push(performance.now() - start)
    delays.push((await event) - start)
  }
  stream.destroy()
  return { delay: median(delays), write: median(writes) }
}

async function askEtcd(
  etcd: Etcd,
  round: number,
  text: string,
): Promise<Pick<Round, 'create' | 'get' | 'list'>> {
  const key = (n: number) => base64(`/registry/pods/round-${round}/pod-${n}`)
  const value = base64(text)
  const create = await rate(COUNT, IN_FLIGHT, (n) => etcd.send('kv/put', { key: key(n), value }))
  const get = await rate(COUNT, IN_FLIGHT, (n) => etcd.send('kv/range', { key: key(n) }))
  const range = {
    key: base64(`/registry/pods/round-${round}/`),
    range_end: base64(`/registry/pods/round-${round}0`),
  }
  const list = await rate(LISTS, IN_FLIGHT, () => etcd.send('kv/range', range))
  return { create, get, list }
}

console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
const cluster = await benchCluster({ inFlight: IN_FLIGHT + 1 })
const etcd = await startEtcd(IN_FLIGHT)
if (!etcd) console.log('/usr/bin/etcd is not installed (Debian: etcd-server): no limit beside these figures')
await askServer(cluster, ROUNDS)
const ours: Round[] = []
const limits: Pick<Round, 'create' | 'get' | 'list'>[] = []
for (let round = 0; round < ROUNDS; round++) {
  const { text, ...result } = await askServer(cluster, round)
  ours.push(result)
  if (etcd) limits.push(await askEtcd(etcd, round, text))
}
for (const what of ['create', 'get', 'list'] as const) {
  const each = median(ours.map((round) => round[what]))
  const ratios = limits.map((limit, round) => ours[round]![what] / limit[what])
  const beside = etcd
    ? `, etcd ${median(limits.map((limit) => limit[what])).toFixed(0)}: ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`
    : ''
  const name = what === 'list' ? `list of ${COUNT} pods` : what
  console.log(`${name}, a second, ${IN_FLIGHT} in flight: ${each.toFixed(0)}${beside}`)
}
const delay = median(ours.map(({ watch }) => watch.delay))
const write = median(ours.map(({ watch }) => watch.write))
console.log(
  `watch: an event ${delay.toFixed(2)} ms after its write was sent, the write's own answer after ${write.toFixed(2)} ms: ratio ${(delay / write).toFixed(2)}`,
)
console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
await etcd?.close()
await cluster.close()
