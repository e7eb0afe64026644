/**
 * From `kubectl apply` of a Deployment of three replicas to all of them Running, with the real kubectl and a clock that waits for nobody:
 * `node bench/kubernetes/apply.ts [rounds]`. Beside it, in the same rounds, what kubectl itself takes: `kubectl get --raw /readyz`.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { tool } from '../../test/support/tools.ts'
import { benchCluster } from './bench-cluster.ts'

const [ROUNDS = 20] = process.argv.slice(2).map(Number)
const REPLICAS = 3
/** Rounds before the first that counts. */
const WARM_UP = 2
const run = promisify(execFile)
const quantile = (values: number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!
const show = (values: number[]) =>
  `p50 ${quantile(values, 0.5).toFixed(0)} ms, p90 ${quantile(values, 0.9).toFixed(0)} ms`

console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
const kubectl = await tool('kubectl')
const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const cluster = await benchCluster()
await cluster.ask('nodes', 3)
await cluster.ask('instant', true)
const kubeconfig = join(folder, 'config')
const named = (name: string, value: object) => ({ name, ...value })
await writeFile(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    contexts: [named('bench', { context: { cluster: 'bench', user: 'admin' } })],
    users: [named('admin', { user: { token: 'admin' } })],
    clusters: [
      named('bench', {
        cluster: {
          server: cluster.url,
          'certificate-authority-data': Buffer.from(cluster.authority).toString('base64'),
        },
      }),
    ],
  }),
)
const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig }

const times = { applied: [] as number[], running: [] as number[], alone: [] as number[] }
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  const file = join(folder, `web-${round}.yaml`)
  await writeFile(
    file,
    `apiVersion: apps/v1
kind: Deployment
metadata: {name: web-${round}}
spec:
  replicas: ${REPLICAS}
  selector: {matchLabels: {app: web-${round}}}
  template:
    metadata: {labels: {app: web-${round}}}
    spec: {containers: [{name: web, image: 'nginx:1.27'}]}
`,
  )
  const begin = performance.now()
  const running = cluster.ask('running', (round + 1) * REPLICAS).then(() => performance.now() - begin)
  await run(kubectl, ['apply', '-f', file], { env })
  const applied = performance.now() - begin
  const all = await running
  const before = performance.now()
  await run(kubectl, ['get', '--raw', '/readyz'], { env })
  const alone = performance.now() - before
  if (round < WARM_UP) continue
  times.applied.push(applied)
  times.running.push(all)
  times.alone.push(alone)
}
const ratio = quantile(
  times.running.map((time, round) => time / times.alone[round]!),
  0.5,
)
console.log(
  `kubectl apply of ${REPLICAS} replicas to all Running: ${show(times.running)}; to the end of kubectl: ${show(times.applied)}; kubectl get --raw /readyz: ${show(times.alone)}; Running beside that: ${ratio.toFixed(2)}`,
)
console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
await cluster.close()
await rm(folder, { recursive: true, force: true })
