import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { simulatedTarget } from '../../src/checks/target.ts'
import { TargetClients } from '../../src/checks/target-clients.ts'
import type { CloudClient } from '../../src/cloud/api.ts'
import { connectCloud } from '../../src/cloud/client.ts'
import { Cloud } from '../../src/cloud/cloud.ts'
import { CLOCK_KEY } from '../../src/cloud/config.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { LabShell } from '../support/lab-shell.ts'

const HOUR = 3_600_000

let directory: string
let cloud: Cloud
let client: CloudClient
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-sleep-'))
  cloud = await Cloud.start({ directory })
  client = connectCloud(cloud.socketPath)
  const world = await client.createWorld({ id: 'ann', provisioning: 'instant' })
  shell = await LabShell.open(world)
  const clients = new TargetClients(simulatedTarget(world))
  await createCluster(clients, 'lab', 1)
  await useCluster(shell, clients, 'lab')
  clients.close()
  await shell.ok(`
    kubectl create deployment web --image nginx
    kubectl expose deployment web --port 80
    kubectl rollout status deployment web
    docker run --detach --name page --restart always --publish 8080:80 nginx`)
})
afterAll(async () => {
  client.close()
  await cloud.close()
  await shell.close()
  await rm(directory, { recursive: true })
})

/** Lets the world sleep as soon as the last connection to it is gone. */
const asleep = () =>
  expect
    .poll(async () => {
      await cloud.worlds.sleep('ann')
      return awake()
    })
    .toEqual([])
/** Lets it sleep, and so long (ms) pass meanwhile. */
async function asleepFor(duration: number) {
  const { store, clock } = (await cloud.worlds.find('ann'))!.world
  store.put(CLOCK_KEY, { virtual: clock.now(), host: clock.hostNow() - duration, speed: clock.speed })
  await asleep()
}
const awake = async () => (await client.worlds()).filter((world) => world.awake).map(({ id }) => id)

it.each([
  ['aws', 'aws eks list-clusters --query clusters --output text', 'lab'],
  ['kubectl', `kubectl get deployment web -o jsonpath='{.status.readyReplicas}'`, '1'],
  ['docker', `docker ps --format '{{.Names}} {{.State}}'`, 'page running'],
  [
    'a published port',
    'curl -sf localhost:8080 | grep -o "Welcome to nginx" | head -n 1',
    'Welcome to nginx',
  ],
])('wakes for %s, and is as it was', async (_, command, output) => {
  await asleep()
  await expect.poll(() => shell.ok(command), { timeout: 30_000 }).toBe(output)
  expect(await awake()).toEqual(['ann'])
})

it('lives on in its sleep: time has passed, and its machines have started anew', async () => {
  const before = (await client.world('ann'))!.clock.now
  await asleepFor(8 * HOUR)
  await shell.ok('kubectl wait --for=condition=ready node --all')
  expect((await client.world('ann'))!.clock.now - before).toBeGreaterThanOrEqual(8 * HOUR)
  await shell.ok('kubectl wait --for=condition=available deployment web')
  expect(await shell.ok('kubectl get pods --no-headers')).toMatch(/^web-\S+ +1\/1 +Running/)
})

it('does not sleep under whoever uses it', async () => {
  const followed = Promise.withResolvers<void>()
  const watch = client.watch('ann', {}, () => followed.resolve())
  await client.setSpeed('ann', 2)
  await followed.promise
  await cloud.worlds.sleep('ann')
  expect(await awake()).toEqual(['ann'])
  watch.close()

  // A client that holds a connection open, as `kubectl get --watch` does.
  const socket = connect((await client.world('ann'))!.dockerHost.slice('unix://'.length))
  await new Promise((resolve) => socket.once('connect', resolve))
  await shell.ok('docker ps')
  await cloud.worlds.sleep('ann')
  expect(await awake()).toEqual(['ann'])
  socket.destroy()
})

it('goes to sleep by itself, and many who wake it at once find one world', async () => {
  await client.save('ann', 'kept')
  client.close()
  await cloud.close()
  cloud = await Cloud.start({ directory, sleepAfterMs: 50 })
  client = connectCloud(cloud.socketPath)
  // At the start nobody has needed it yet.
  expect(await awake()).toEqual([])
  expect(await client.savePoints('ann')).toEqual(['kept'])
  expect(await client.createWorld({ id: 'bob', from: { world: 'ann', save: 'kept' } })).toMatchObject({
    id: 'bob',
  })
  await expect.poll(awake).toEqual([])
  const found = await Promise.all(Array.from({ length: 5 }, () => cloud.worlds.find('ann')))
  expect(new Set(found).size).toBe(1)
  expect(found[0]).toBeDefined()
})

it('does not come back once it is deleted', async () => {
  await cloud.worlds.sleep('bob')
  await client.deleteWorld('bob')
  expect(await client.world('bob')).toBeUndefined()
  expect((await client.worlds()).map(({ id }) => id)).toEqual(['ann'])
})

it('is told to whoever follows which worlds are awake', async () => {
  const seen: boolean[] = []
  let told = () => {}
  const first = new Promise<void>((resolve) => {
    told = resolve
  })
  const following = client.followAwake((awake) => {
    const is = awake.includes('bea')
    if (seen.at(-1) !== is) seen.push(is)
    told()
  })
  await first
  await client.createWorld({ id: 'bea' })
  // It goes to sleep by itself.
  await expect.poll(() => seen).toEqual([false, true, false])
  following.close()
})
