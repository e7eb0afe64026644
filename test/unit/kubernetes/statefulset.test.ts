import { afterEach, describe, expect, it } from 'vitest'
import type { Pod, StatefulSet } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import { readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const set = (replicas: number): StatefulSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'db', image: 'web:1' }] },
      },
    },
  }) as unknown as StatefulSet
const get = () => cluster.api.get<StatefulSet>('statefulsets.apps', 'default', 'db')!
const names = () => cluster.pods().map(({ metadata }) => metadata.name)

describe('a StatefulSet', () => {
  it('starts its pods in order, each when the one before is ready', async () => {
    cluster = await testCluster()
    let together = false
    cluster.world.store.watch<Pod>(cluster.api.prefix('pods'), () => {
      together ||= cluster.pods().filter((pod) => !isReady(pod)).length > 1
    })
    cluster.api.create('statefulsets.apps', set(3))
    await cluster.until('ready', () => readyPods(cluster).length === 3)
    expect(together).toBe(false)
    expect(names()).toEqual(['db-0', 'db-1', 'db-2'])
    await cluster.world.advance(0)
    expect(get().status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
    })
  })

  it('replaces a pod under its own name, and shrinks from the end', async () => {
    cluster = await testCluster()
    cluster.api.create('statefulsets.apps', set(3))
    await cluster.until('ready', () => readyPods(cluster).length === 3)
    const { uid } = cluster.pod('db-1').metadata
    cluster.api.delete('pods', 'default', 'db-1')
    await cluster.until(
      'replaced',
      () => readyPods(cluster).length === 3 && cluster.pod('db-1').metadata.uid !== uid,
    )
    cluster.api.update('statefulsets.apps', { ...get(), spec: { ...get().spec, replicas: 1 } })
    await cluster.until('shrunk', () => cluster.pods().length === 1)
    expect(names()).toEqual(['db-0'])
  })

  it('rolls from the last to the first, down to its partition', async () => {
    cluster = await testCluster()
    cluster.api.create('statefulsets.apps', set(3))
    await cluster.until('ready', () => readyPods(cluster).length === 3)
    const changed = structuredClone(get())
    changed.spec.template.spec!.containers[0]!.image = 'web:2'
    changed.spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }
    cluster.api.update('statefulsets.apps', changed)
    const images = () => cluster.pods().map(({ spec }) => spec.containers[0]!.image)
    await cluster.until(
      'rolled',
      () => images().join() === 'web:1,web:2,web:2' && readyPods(cluster).length === 3,
    )
    await cluster.world.advance(30_000)
    expect(images()).toEqual(['web:1', 'web:2', 'web:2'])
    expect(get().status.updateRevision).not.toBe(get().status.currentRevision)
  })
})
