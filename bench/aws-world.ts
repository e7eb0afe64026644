/**
 * The memory of a cloud process whose one world holds 3 EKS clusters with 2 nodes each and 30 ECS services, before and after, and what the
 * processor does while nothing happens: `node bench/aws-world.ts`. Beside it, the limit: the process with an empty world.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { simulatedTarget } from '../src/checks/target.ts'
import { TargetClients } from '../src/checks/target-clients.ts'
import { startCloud } from '../src/cloud/supervisor.ts'
import { createCluster } from '../test/support/cluster.ts'

const CLUSTERS = 3
const SERVICES = 30
const IDLE_MS = 10_000

const directory = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const cloud = await startCloud({ directory })
const pid = cloud.pid!
const resident = async () =>
  Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
/** Ticks of 10 ms. */
const cpuMs = async () => {
  const times = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  return (Number(times[11]) + Number(times[12])) * 10
}

const world = await cloud.createWorld({ id: 'bench', provisioning: 'instant' })
const clients = new TargetClients(simulatedTarget(world))
const { Subnets } = await clients.aws(EC2Client).send(new DescribeSubnetsCommand({}))
console.log(`load average ${loadavg()[0]!.toFixed(1)}; an empty world: ${(await resident()).toFixed(0)} MB`)

const begun = await cpuMs()
for (let index = 0; index < CLUSTERS; index++) await createCluster(clients, `cluster-${index}`, 2)
console.log(
  `with ${CLUSTERS} clusters: ${(await resident()).toFixed(0)} MB, ${(await cpuMs()) - begun} ms CPU`,
)

const ecs = clients.aws(ECSClient)
await ecs.send(new CreateClusterCommand({ clusterName: 'services' }))
await ecs.send(
  new RegisterTaskDefinitionCommand({
    family: 'web',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [{ name: 'web', image: 'public.ecr.aws/nginx/nginx:1.28' }],
  }),
)
const names = Array.from({ length: SERVICES }, (_, index) => `web-${index}`)
const awsvpcConfiguration = { subnets: [Subnets![0]!.SubnetId!], assignPublicIp: 'ENABLED' as const }
for (const serviceName of names)
  await ecs.send(
    new CreateServiceCommand({
      cluster: 'services',
      serviceName,
      taskDefinition: 'web',
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration },
    }),
  )
const running = async () => {
  const groups = [names.slice(0, 10), names.slice(10, 20), names.slice(20)]
  const answers = await Promise.all(
    groups.map((services) => ecs.send(new DescribeServicesCommand({ cluster: 'services', services }))),
  )
  return answers
    .flatMap(({ services = [] }) => services)
    .reduce((sum, one) => sum + (one.runningCount ?? 0), 0)
}
const limit = performance.now() + 120_000
while ((await running()) < SERVICES && performance.now() < limit) await sleep(500)
console.log(`with ${await running()} of ${SERVICES} services running: ${(await resident()).toFixed(0)} MB`)
const before = await cpuMs()
await sleep(IDLE_MS)
console.log(`idle: ${(((await cpuMs()) - before) / (IDLE_MS / 1000)).toFixed(0)} ms CPU a second`)
await cloud.stop()
await rm(directory, { recursive: true })
