/**
 * What a cluster costs when nothing happens: `node bench/kubernetes/idle.ts [nodes] [pods] [seconds]`: CPU and memory of a process with one
 * cluster, after a minute, beside the same process before its nodes joined.
 */
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { benchCluster } from './bench-cluster.ts'

const [nodes = 3, pods = 10, seconds = 60] = process.argv.slice(2).map(Number)
const SETTLING_MS = 60_000
const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0)

console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
const cluster = await benchCluster()
const empty = await cluster.ask('sample', { collect: true })
await cluster.ask('nodes', nodes)
const labels = { app: 'idle' }
await cluster.send('POST', '/apis/apps/v1/namespaces/default/deployments', {
  metadata: { name: 'idle' },
  spec: {
    replicas: pods,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] } },
  },
})
await cluster.ask('running', pods)
await sleep(SETTLING_MS)
await cluster.ask('sample', { collect: true })
const cpuMs = await cluster.ask('idle', seconds)
const idle = await cluster.ask('sample', { collect: true })
console.log(
  `idle cluster, ${nodes} nodes, ${pods} pods: CPU ${(cpuMs / seconds).toFixed(1)} ms a second; ` +
    `heap ${mb(idle.heap)} MB (${mb(empty.heap)} without nodes), resident ${mb(idle.resident)} MB (${mb(empty.resident)})`,
)
console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
await cluster.close()
