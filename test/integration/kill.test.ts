import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import { IAMClient, paginateListRoles } from '@aws-sdk/client-iam'
import { CoreV1Api } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud, WorldInfo } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster, createRole } from '../support/cluster.ts'
import { killCloud } from '../support/kill-cloud.ts'

const KILLS = 50

let directory: string
let cloud: OwnedCloud
let world: WorldInfo
let clients: TargetClients

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-kill-'))
  cloud = await startCloud({ directory })
  world = await cloud.createWorld({ provisioning: 'instant' })
  clients = new TargetClients(simulatedTarget(world))
})
afterAll(async () => {
  await cloud.stop()
  await rm(directory, { recursive: true })
})

it(`keeps every acknowledged write through ${KILLS} kills of the cloud process at random moments`, async () => {
  const iam = clients.aws(IAMClient)
  const ecr = clients.aws(ECRClient)
  const eks = clients.aws(EKSClient)
  await createCluster(clients, 'lab')
  const core = (await clients.kubernetes('lab')).makeApiClient(CoreV1Api)

  /** What each kind of write had acknowledged. */
  const acknowledged = { roles: [] as string[], repositories: [] as string[], configMaps: [] as string[] }
  let counter = 0
  const writers = {
    roles: (name: string) => createRole(clients, name, 'ec2.amazonaws.com'),
    repositories: (name: string) => ecr.send(new CreateRepositoryCommand({ repositoryName: name })),
    configMaps: (name: string) =>
      core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name }, data: { name } } }),
  }
  for (let kill = 0; kill < KILLS; kill++) {
    let killed = false
    const begun = Promise.withResolvers<void>()
    const write = async (kind: keyof typeof writers) => {
      while (!killed) {
        const name = `n-${counter++}`
        // A write that a kill cut off was not acknowledged: it may be there or not.
        await writers[kind](name).then(
          () => {
            acknowledged[kind].push(name)
            begun.resolve()
          },
          (error) => {
            if (!killed) throw error
          },
        )
      }
    }
    const writing = Promise.all([write('roles'), write('repositories'), write('configMaps')])
    // A random moment while there are writes is what is tested.
    await Promise.race([begun.promise, writing])
    await new Promise((resolve) => setTimeout(resolve, randomInt(0, 200)))
    killed = true
    await killCloud(cloud)
    await writing
  }

  const roles: string[] = []
  for await (const page of paginateListRoles({ client: iam }, {}))
    roles.push(...page.Roles!.map(({ RoleName }) => RoleName!))
  const { repositories } = await ecr.send(new DescribeRepositoriesCommand({ maxResults: 1000 }))
  const configMaps = await core.listNamespacedConfigMap({ namespace: 'default' })
  expect(Object.values(acknowledged).flat().length).toBeGreaterThan(KILLS)
  expect(roles).toEqual(expect.arrayContaining(acknowledged.roles))
  expect(repositories!.map(({ repositoryName }) => repositoryName)).toEqual(
    expect.arrayContaining(acknowledged.repositories),
  )
  expect(configMaps.items.map(({ metadata }) => metadata!.name)).toEqual(
    expect.arrayContaining(acknowledged.configMaps),
  )
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: 'lab' }))
  expect(cluster!.status).toBe('ACTIVE')
}, 600_000)
