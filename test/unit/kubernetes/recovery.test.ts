import { afterEach, expect, it } from 'vitest'
import type { Deployment, Endpoints } from '#kubernetes/objects.ts'
import { Ids } from '#world/ids.ts'
import { Store } from '#world/store.ts'
import { deployment, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

/** The store as a journal would give it back after the process was killed now. */
function survivor(store: Store): Store {
  const copy = new Store()
  const { entries, revision } = store.snapshot()
  copy.restore(entries(), revision)
  return copy
}

it('comes through kills at any moment of a busy life', async () => {
  const random = new Ids('kills')
  cluster = await testCluster({ nodes: 3 })
  const { api } = cluster
  api.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  } as never)
  api.create('deployments.apps', deployment('web', 5))
  for (let kill = 0; kill < 50; kill++) {
    const web = structuredClone(cluster.api.get<Deployment>('deployments.apps', 'default', 'web')!)
    const act = random.number(4)
    if (act === 0) web.spec.replicas = 1 + random.number(12)
    if (act === 1) web.spec.template.spec!.containers[0]!.image = `web:${1 + random.number(3)}`
    if (act < 2) cluster.api.update('deployments.apps', web)
    const [victim] = cluster.pods()
    if (act === 2 && victim) cluster.api.delete('pods', 'default', victim.metadata.name)
    await cluster.world.advance(random.number(1500))
    const store = survivor(cluster.world.store)
    const now = cluster.world.clock.now()
    cluster.close()
    cluster = await testCluster({ store, now, seed: `kill-${kill}`, settleMs: random.number(800) })
  }
  const wanted = () => cluster.api.get<Deployment>('deployments.apps', 'default', 'web')!.spec.replicas!
  await cluster.until(
    'ready',
    () => readyPods(cluster).length === wanted() && cluster.pods().length === wanted(),
  )
  await cluster.world.advance(1000)
  const { status, metadata } = cluster.api.get<Deployment>('deployments.apps', 'default', 'web')!
  expect(status).toMatchObject({
    observedGeneration: metadata.generation,
    replicas: wanted(),
    updatedReplicas: wanted(),
    availableReplicas: wanted(),
  })
  const addresses = cluster
    .pods()
    .map((pod) => pod.status.podIP)
    .sort()
  expect(new Set(addresses).size).toBe(wanted())
  const { subsets } = cluster.api.get<Endpoints>('endpoints', 'default', 'web')!
  expect(subsets!.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip)).sort()).toEqual(addresses)
  expect(cluster.world.store.list('addresses/').entries).toHaveLength(wanted())
})
