/**
 * What a cloud process costs before any work, and what the first request of a service adds, when its SDK module is loaded:
 * `node bench/cloud-start.ts`. The first start may have to compile the code, the second finds it in the cache. Beside it, the limit:
 * a Node.js process that does nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { simulatedTarget } from '../src/checks/target.ts'
import { TargetClients } from '../src/checks/target-clients.ts'
import { startCloud } from '../src/cloud/supervisor.ts'

/** What a process holds and has used so far. */
async function used(pid: number): Promise<string> {
  const resident = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]
  const times = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  // In ticks of 10 ms.
  const cpuMs = (Number(times[11]) + Number(times[12])) * 10
  return `resident ${(Number(resident) / 1024).toFixed(0)} MB, CPU ${cpuMs} ms so far`
}

async function timed(work: () => Promise<unknown>): Promise<string> {
  const begin = performance.now()
  await work()
  return `${(performance.now() - begin).toFixed(0)} ms`
}

console.log(`load average: ${loadavg()[0]!.toFixed(1)}`)
const nothing = spawn(process.execPath, ['-e', 'process.send(0); process.on("disconnect", process.exit)'], {
  stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
})
await once(nothing, 'message')
console.log(`a process that does nothing: ${await used(nothing.pid!)}`)
nothing.disconnect()

for (const start of ['first', 'second']) {
  const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
  const begin = performance.now()
  const cloud = await startCloud({ directory })
  const ready = (performance.now() - begin).toFixed(0)
  await sleep(1000)
  console.log(`${start} start: ready after ${ready} ms, ${await used(cloud.pid!)}`)
  const world = await cloud.createWorld({ id: 'bench', home: join(directory, 'home') })
  const clients = new TargetClients(simulatedTarget(world))
  for (const [name, ask] of [
    ['STS', () => clients.aws(STSClient).send(new GetCallerIdentityCommand({}))],
    ['EKS', () => clients.aws(EKSClient).send(new ListClustersCommand({}))],
    ['EC2', () => clients.aws(EC2Client).send(new DescribeVpcsCommand({}))],
  ] as const) {
    const [first, second] = [await timed(ask), await timed(ask)]
    console.log(`  ${name}: first answer after ${first}, then ${second}; ${await used(cloud.pid!)}`)
  }
  clients.close()
  await cloud.stop()
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
}
