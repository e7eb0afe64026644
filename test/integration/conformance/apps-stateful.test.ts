import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import {
  condition,
  labelled,
  listAndDelete,
  podsOf,
  ready,
  scale,
  statusEndpoints,
  web,
  workload,
} from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)

/** nginx, which is ready while it has its page. */
const probed = (image = 'nginx:1.29') => ({
  terminationGracePeriodSeconds: 1,
  containers: [
    {
      name: 'web',
      image,
      readinessProbe: {
        httpGet: { path: '/index.html', port: 80 },
        periodSeconds: 1,
        successThreshold: 1,
        failureThreshold: 1,
      },
    },
  ],
})
const set = (name: string, replicas: number, more: object = {}, spec: object = probed()) =>
  workload('StatefulSet', name, replicas, spec, { serviceName: 'test', ...more })

const PAGE = '/usr/share/nginx/html/index.html'
const shell = (space: { name: string }, pod: string, command: string) =>
  bench.cluster.kubectl(`-n ${space.name} exec ${pod} -- sh -c '${command}'`)
/** Makes the pod's probe fail, and well again. */
const spoil = (space: { name: string }, pod: string) => shell(space, pod, `mv ${PAGE} /tmp/`)
const mend = (space: { name: string }, pod: string) => shell(space, pod, `mv /tmp/index.html ${PAGE}`)

const names = (pods: Json[]) => pods.map(({ metadata }) => metadata.name).sort()
const isReady = (pod: Json) => condition(pod, 'Ready')?.status === 'True'
const imageOf = (pod: Json) => pod.spec.containers[0].image

describe('StatefulSet', () => {
  it('StatefulSet, Scaling (1.9)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/statefulsets/ordered`
    const watch = await bench.watch(`${space.core}/pods`)
    await bench.post(`${space.in('apps/v1')}/statefulsets`, set('ordered', 1))
    await bench.until(path, ready(1))
    // With an unhealthy pod nothing is added.
    await spoil(space, 'ordered-0')
    await bench.until(`${space.core}/pods/ordered-0`, (pod) => !isReady(pod))
    await bench.patch(`${path}/scale`, { spec: { replicas: 3 } })
    await bench.advance(10_000)
    expect(names(await podsOf(bench, space.core, 'ordered'))).toEqual(['ordered-0'])
    await mend(space, 'ordered-0')
    await bench.until(path, ready(3))
    // Nor is anything taken away.
    for (const name of ['ordered-0', 'ordered-1', 'ordered-2']) await spoil(space, name)
    await bench.until(path, ({ status }) => !status.readyReplicas)
    await bench.patch(`${path}/scale`, { spec: { replicas: 0 } })
    await bench.advance(10_000)
    expect(names(await podsOf(bench, space.core, 'ordered'))).toHaveLength(3)
    // The last is then the first that is unhealthy, and goes as it is.
    for (const name of ['ordered-0', 'ordered-1']) await mend(space, name)
    await bench.until(`${space.core}/pods`, ({ items }) => items.length === 0)
    watch.close()
    const order = (type: string) =>
      watch.seen.filter((event) => event.type === type).map(({ object }) => object.metadata.name)
    expect(order('ADDED')).toEqual(['ordered-0', 'ordered-1', 'ordered-2'])
    expect(order('DELETED')).toEqual(['ordered-2', 'ordered-1', 'ordered-0'])
  })

  it('StatefulSet, Burst Scaling (1.9)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/statefulsets/burst`
    await bench.post(
      `${space.in('apps/v1')}/statefulsets`,
      set('burst', 1, { podManagementPolicy: 'Parallel' }),
    )
    await bench.until(path, ready(1))
    await spoil(space, 'burst-0')
    await bench.until(`${space.core}/pods/burst-0`, (pod) => !isReady(pod))
    await bench.patch(`${path}/scale`, { spec: { replicas: 3 } })
    await bench.until(path, ({ status }) => status.replicas === 3 && status.readyReplicas === 2)
    await bench.patch(`${path}/scale`, { spec: { replicas: 0 } })
    await bench.until(`${space.core}/pods`, ({ items }) => items.length === 0)
  })

  it('StatefulSet, Recreate Failed Pod (1.9)', async () => {
    const space = await bench.namespace()
    const port = { ports: [{ containerPort: 21017, hostPort: 21017 }] }
    const spec = {
      terminationGracePeriodSeconds: 1,
      nodeName: 'node-1',
      containers: [{ name: 'web', image: 'nginx:1.29', ...port }],
    }
    await bench.post(`${space.core}/pods`, { metadata: { name: 'first' }, spec })
    await bench.until(`${space.core}/pods/first`, isReady)
    // The node has no place for the port: the kubelet refuses the pod, and the set makes it anew.
    const watch = await bench.watch(`${space.core}/pods?labelSelector=app=evicted`)
    await bench.post(`${space.in('apps/v1')}/statefulsets`, set('evicted', 1, {}, spec))
    const seen = () => new Set(watch.seen.map(({ object }) => object.metadata.uid))
    await bench.until(`${space.core}/pods`, () => seen().size > 1)
    expect(watch.seen.some(({ object }) => object.status.phase === 'Failed')).toBe(true)
    expect(watch.seen.some(({ type }) => type === 'DELETED')).toBe(true)
    await bench.delete(`${space.core}/pods/first`)
    await bench.until(`${space.core}/pods/evicted-0`, (pod) => pod && isReady(pod))
    watch.close()
  })

  it('StatefulSet resource Replica scaling (1.16, 1.21)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/statefulsets`, set('scaled', 1))
    await scale(bench, `${space.in('apps/v1')}/statefulsets/scaled`)
  })

  it('StatefulSet, list, patch and delete a collection of StatefulSets (1.22)', async () => {
    const space = await bench.namespace()
    const collection = `${space.in('apps/v1')}/statefulsets`
    await bench.post(collection, set('listed', 1))
    await bench.until(`${collection}/listed`, ready(1))
    const patch = {
      metadata: { labels: { suite: 'collection' } },
      spec: { replicas: 2, template: { spec: probed('nginx:1.28') } },
    }
    const patched = await bench.patch(`${collection}/listed`, patch, 'strategic')
    expect(patched).toMatchObject({ metadata: { labels: { suite: 'collection' } }, spec: { replicas: 2 } })
    await bench.until(
      `${collection}/listed`,
      (object) => ready(2)(object) && object.status.updatedReplicas === 2,
    )
    await listAndDelete(bench, collection, [labelled(set('other', 0))], 2)
  })

  it('StatefulSet, Rolling Update (1.9)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/statefulsets/rolling`
    await bench.post(`${space.in('apps/v1')}/statefulsets`, set('rolling', 3))
    const { status: before } = await bench.until(path, ready(3))
    expect(before.currentRevision).toBe(before.updateRevision)
    await spoil(space, 'rolling-1')
    await bench.until(`${space.core}/pods/rolling-1`, (pod) => !isReady(pod))
    const watch = await bench.watch(`${space.core}/pods`)
    await bench.patch(path, { spec: { template: { spec: probed('nginx:1.28') } } }, 'strategic')
    const updating = await bench.until(path, ({ status }) => status.updateRevision !== status.currentRevision)
    expect(updating.status.currentRevision).toBe(before.currentRevision)
    await mend(space, 'rolling-1')
    const done = await bench.until(
      path,
      ({ status }) => status.updateRevision === status.currentRevision && status.readyReplicas === 3,
    )
    expect((await podsOf(bench, space.core, 'rolling')).map(imageOf)).toEqual([
      'nginx:1.28',
      'nginx:1.28',
      'nginx:1.28',
    ])
    expect(
      watch.seen.filter(({ type }) => type === 'DELETED').map(({ object }) => object.metadata.name),
    ).toEqual(['rolling-2', 'rolling-1', 'rolling-0'])
    watch.close()
    // The template of before is the revision of before.
    await bench.patch(path, { spec: { template: { spec: probed('nginx:1.29') } } }, 'strategic')
    const back = await bench.until(path, ({ status }) => status.updateRevision === before.updateRevision)
    expect(back.status.currentRevision).toBe(done.status.updateRevision)
    await bench.until(
      path,
      ({ status }) => status.currentRevision === before.currentRevision && status.readyReplicas === 3,
    )
    expect(await bench.items(`${space.in('apps/v1')}/controllerrevisions`)).toHaveLength(2)
  })

  it('StatefulSet, Rolling Update with Partition (1.9)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/statefulsets/canary`
    const strategy = (partition: number) => ({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
    })
    await bench.post(`${space.in('apps/v1')}/statefulsets`, set('canary', 3, strategy(3)))
    const { status: before } = await bench.until(path, ready(3))
    await bench.patch(path, { spec: { template: { spec: probed('nginx:1.28') } } }, 'strategic')
    await bench.until(path, ({ status }) => status.updateRevision !== before.updateRevision)
    const images = async () =>
      (await podsOf(bench, space.core, 'canary'))
        .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
        .map((pod) => imageOf(pod).slice(-4))
    await bench.advance(5000)
    expect(await images()).toEqual(['1.29', '1.29', '1.29'])
    await bench.patch(path, { spec: strategy(2) })
    await bench.until(path, (object) => ready(3)(object) && object.status.updatedReplicas === 1)
    expect(await images()).toEqual(['1.29', '1.29', '1.28'])
    // What is deleted meanwhile comes back as it was on its side of the partition.
    for (const name of ['canary-0', 'canary-2']) await bench.delete(`${space.core}/pods/${name}`)
    await bench.until(
      path,
      ({ status }) => status.replicas < 3 || !status.readyReplicas || status.readyReplicas < 3,
    )
    await bench.until(path, ready(3))
    expect(await images()).toEqual(['1.29', '1.29', '1.28'])
    await bench.patch(path, { spec: strategy(0) })
    await bench.until(
      path,
      ({ status }) => status.currentRevision === status.updateRevision && status.readyReplicas === 3,
    )
    expect(await images()).toEqual(['1.28', '1.28', '1.28'])
  })

  it('StatefulSet, status sub-resource (1.22)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/statefulsets`, set('told', 1))
    await bench.until(`${space.in('apps/v1')}/statefulsets/told`, ready(1))
    await statusEndpoints(bench, `${space.in('apps/v1')}/statefulsets/told`)
  })
})

describe('PodDisruptionBudget', () => {
  const budget = (name: string, spec: object) => ({
    metadata: { name, labels: { suite: 'collection' } },
    spec: { selector: { matchLabels: { app: 'guarded' } }, ...spec },
  })

  it('PodDisruptionBudget: create, update, patch, and delete object; Status updates (1.21)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('policy/v1')}/poddisruptionbudgets/guard`
    await bench.post(`${space.in('policy/v1')}/poddisruptionbudgets`, budget('guard', { minAvailable: 1 }))
    await bench.until(path, ({ status }) => status?.observedGeneration === 1)
    await bench.change(path, ({ spec }) => {
      spec.minAvailable = '2%'
    })
    expect((await bench.get(path)).spec.minAvailable).toBe('2%')
    await bench.patch(path, { spec: { minAvailable: '3%' } }, 'strategic')
    expect((await bench.get(path)).spec.minAvailable).toBe('3%')
    await bench.post(`${space.in('apps/v1')}/replicasets`, workload('ReplicaSet', 'guarded', 3))
    await bench.until(
      path,
      ({ status }) =>
        status.disruptionsAllowed > 0 && status.currentHealthy === 3 && status.expectedPods === 3,
    )
    await bench.delete(path)
    await bench.gone(path)
  })

  it('PodDisruptionBudget: update and patch status (1.21)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('policy/v1')}/poddisruptionbudgets/guard`
    await bench.post(`${space.in('policy/v1')}/poddisruptionbudgets`, budget('guard', { minAvailable: 1 }))
    await bench.post(`${space.in('apps/v1')}/replicasets`, workload('ReplicaSet', 'guarded', 1))
    await bench.until(path, ({ status }) => status?.currentHealthy === 1)
    const [{ metadata }] = await podsOf(bench, space.core, 'guarded')
    // A disrupted pod is kept in mind for a while.
    await bench.change(`${path}/status`, ({ status }) => {
      status.disruptedPods = {
        [metadata.name]: new Date(bench.cluster.world.clock.now()).toISOString().slice(0, 19).concat('Z'),
      }
    })
    expect(Object.keys((await bench.get(path)).status.disruptedPods)).toEqual([metadata.name])
    await bench.patch(`${path}/status`, { status: { disruptedPods: null } })
    expect((await bench.get(`${path}/status`)).status.disruptedPods).toBeUndefined()
  })

  it('PodDisruptionBudget: block an eviction until the PDB is updated to allow it (1.22)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('policy/v1')}/poddisruptionbudgets/guard`
    await bench.post(`${space.core}/pods`, {
      metadata: { name: 'guarded', labels: { app: 'guarded' } },
      spec: web(),
    })
    await bench.until(`${space.core}/pods/guarded`, isReady)
    await bench.post(`${space.in('policy/v1')}/poddisruptionbudgets`, budget('guard', { minAvailable: 1 }))
    await bench.until(path, ({ status }) => status?.currentHealthy === 1)
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'guarded', namespace: space.name },
    }
    const refused = await bench.ask('POST', `${space.core}/pods/guarded/eviction`, eviction)
    expect(refused).toMatchObject({
      status: 429,
      body: {
        reason: 'TooManyRequests',
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        details: {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget guard needs 1 healthy pods and has 1 currently',
            },
          ],
        },
      },
    })
    await bench.patch(path, { spec: { minAvailable: 0 } })
    await bench.until(path, ({ status }) => status.disruptionsAllowed === 1)
    expect((await bench.ask('POST', `${space.core}/pods/guarded/eviction`, eviction)).status).toBe(201)
    await bench.gone(`${space.core}/pods/guarded`)
  })

  it('PodDisruptionBudget: list and delete collection (1.21)', async () => {
    const space = await bench.namespace()
    await bench.post(`${(await bench.namespace()).in('policy/v1')}/poddisruptionbudgets`, {
      ...budget('far', {}),
      metadata: { name: 'far', labels: { suite: 'elsewhere' } },
    })
    const every = await bench.items('/apis/policy/v1/poddisruptionbudgets?labelSelector=suite=elsewhere')
    expect(names(every)).toEqual(['far'])
    await listAndDelete(bench, `${space.in('policy/v1')}/poddisruptionbudgets`, [
      budget('one', {}),
      budget('two', {}),
    ])
    expect(
      await bench.items('/apis/policy/v1/poddisruptionbudgets?labelSelector=suite=elsewhere'),
    ).toHaveLength(1)
  })
})
