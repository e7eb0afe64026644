import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import {
  adoptsAndReleases,
  condition,
  labelled,
  listAndDelete,
  podsOf,
  ready,
  scale,
  server,
  statusEndpoints,
  web,
  workload,
} from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)

describe('ReplicaSet', () => {
  it('ReplicaSet, is created, Replaced and Patched (1.21)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/replicasets/replaced`
    await bench.post(`${space.in('apps/v1')}/replicasets`, workload('ReplicaSet', 'replaced', 1))
    await bench.until(path, ready(1))
    await bench.change(path, ({ spec }) => {
      spec.replicas = 2
    })
    await bench.until(path, ready(2))
    await bench.patch(
      path,
      {
        metadata: { labels: { patched: 'yes' } },
        spec: { replicas: 3, template: { spec: web('nginx:1.28') } },
      },
      'strategic',
    )
    await bench.until(path, ready(3))
    const images = (await podsOf(bench, space.core, 'replaced'))
      .map(({ spec }) => spec.containers[0].image)
      .sort()
    // Pods that were there stay as they are.
    expect(images).toEqual(['nginx:1.28', 'nginx:1.29', 'nginx:1.29'])
  })

  it('ReplicaSet, completes the scaling of a ReplicaSet subresource (1.21)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/replicasets`, workload('ReplicaSet', 'scaled', 1))
    await scale(bench, `${space.in('apps/v1')}/replicasets/scaled`)
  })

  it('Replica Set, adopt matching pods and release non matching pods (1.13)', async () => {
    const space = await bench.namespace()
    await adoptsAndReleases(bench, 'ReplicaSet', `${space.in('apps/v1')}/replicasets`, space.core)
  })

  it('ReplicaSet, list and delete a collection of ReplicaSets (1.22)', async () => {
    const space = await bench.namespace()
    await listAndDelete(bench, `${space.in('apps/v1')}/replicasets`, [
      labelled(workload('ReplicaSet', 'listed', 3)),
    ])
    await bench.until(`${space.core}/pods`, ({ items }) => items.length === 0)
  })

  it('Replica Set, run basic image (1.9)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/replicasets`, workload('ReplicaSet', 'named', 2, server))
    await bench.until(`${space.in('apps/v1')}/replicasets/named`, ready(2))
    for (const { metadata } of await podsOf(bench, space.core, 'named'))
      expect(await bench.get(`${space.core}/pods/${metadata.name}:9376/proxy/`)).toBe(metadata.name)
  })

  it('ReplicaSet, status sub-resource (1.22)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/replicasets`, workload('ReplicaSet', 'told', 1))
    await bench.until(`${space.in('apps/v1')}/replicasets/told`, ready(1))
    await statusEndpoints(bench, `${space.in('apps/v1')}/replicasets/told`)
  })
})

describe('ReplicationController', () => {
  it('Replication Controller, adopt matching pods; release pods (1.13)', async () => {
    const space = await bench.namespace()
    await adoptsAndReleases(
      bench,
      'ReplicationController',
      `${space.core}/replicationcontrollers`,
      space.core,
    )
  })

  it('Replication Controller, get and update ReplicationController scale (1.26)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.core}/replicationcontrollers`, workload('ReplicationController', 'scaled', 1))
    await scale(bench, `${space.core}/replicationcontrollers/scaled`)
  })

  it('Replication Controller, run basic image (1.9)', async () => {
    const space = await bench.namespace()
    await bench.post(
      `${space.core}/replicationcontrollers`,
      workload('ReplicationController', 'named', 1, server),
    )
    await bench.until(`${space.core}/replicationcontrollers/named`, ready(1))
    const [pod] = await podsOf(bench, space.core, 'named')
    expect(await bench.get(`${space.core}/pods/${pod.metadata.name}:9376/proxy/`)).toBe(pod.metadata.name)
  })

  it('Replication Controller, check for issues like exceeding allocated quota (1.15)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.core}/resourcequotas`, {
      metadata: { name: 'two' },
      spec: { hard: { pods: '2' } },
    })
    await bench.until(`${space.core}/resourcequotas/two`, ({ status }) => status.hard?.pods === '2')
    await bench.post(`${space.core}/replicationcontrollers`, workload('ReplicationController', 'many', 3))
    const path = `${space.core}/replicationcontrollers/many`
    const failing = await bench.until(path, (object) => condition(object, 'ReplicaFailure'))
    expect(condition(failing, 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate' })
    expect(condition(failing, 'ReplicaFailure').message).toMatch(
      /^pods "many-\w{5}" is forbidden: exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2$/,
    )
    await bench.change(path, ({ spec }) => {
      spec.replicas = 2
    })
    await bench.until(path, (object) => !condition(object, 'ReplicaFailure'))
  })

  it('Replication Controller, lifecycle (1.20)', async () => {
    const space = await bench.namespace()
    const collection = `${space.core}/replicationcontrollers`
    const path = `${collection}/living`
    const watch = await bench.watch(collection)
    await bench.post(collection, workload('ReplicationController', 'living', 1))
    await bench.until(path, ready(1))
    await bench.patch(path, { metadata: { labels: { patched: 'yes' } } })
    await bench.patch(`${path}/status`, { status: { readyReplicas: 0, availableReplicas: 0 } })
    await bench.until(path, ready(1))
    expect((await bench.get(`${path}/status`)).status.readyReplicas).toBe(1)
    await bench.patch(`${path}/scale`, { spec: { replicas: 2 } })
    await bench.until(path, ready(2))
    await bench.change(path, ({ metadata }) => {
      metadata.labels.updated = 'yes'
    })
    expect(
      await bench.items('/api/v1/replicationcontrollers?labelSelector=patched=yes,updated=yes'),
    ).toHaveLength(1)
    await bench.delete(`${collection}?labelSelector=updated=yes`)
    await bench.gone(path)
    await bench.advance(500)
    watch.close()
    expect(watch.seen.at(-1)).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'living' } } })
  })
})

describe('DaemonSet', () => {
  const running =
    (count: number) =>
    ({ metadata, status }: Json) =>
      status.desiredNumberScheduled === count &&
      status.numberReady === count &&
      status.observedGeneration === metadata.generation
  const nodesOf = (pods: Json[]) => pods.map(({ spec }) => spec.nodeName).sort()

  it('DaemonSet-Creation; DaemonSet-FailedPodCreation (1.10)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/daemonsets/each`
    await bench.post(`${space.in('apps/v1')}/daemonsets`, workload('DaemonSet', 'each', 0))
    await bench.until(path, running(2))
    const [first, second] = await podsOf(bench, space.core, 'each')
    expect(nodesOf([first, second])).toEqual(['node-1', 'node-2'])
    await bench.delete(`${space.core}/pods/${first.metadata.name}`)
    await bench.gone(`${space.core}/pods/${first.metadata.name}`)
    await bench.until(path, running(2))
    // A pod that failed is replaced, too.
    await bench.patch(`${space.core}/pods/${second.metadata.name}/status`, { status: { phase: 'Failed' } })
    await bench.gone(`${space.core}/pods/${second.metadata.name}`)
    await bench.until(path, running(2))
    expect(nodesOf(await podsOf(bench, space.core, 'each'))).toEqual(['node-1', 'node-2'])
  })

  it('DaemonSet-NodeSelection (1.10)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/daemonsets/some`
    await bench.post(
      `${space.in('apps/v1')}/daemonsets`,
      workload('DaemonSet', 'some', 0, { ...web(), nodeSelector: { colour: 'blue' } }),
    )
    await bench.until(path, running(0))
    await bench.patch('/api/v1/nodes/node-2', { metadata: { labels: { colour: 'blue' } } })
    await bench.until(path, running(1))
    expect(nodesOf(await podsOf(bench, space.core, 'some'))).toEqual(['node-2'])
    await bench.patch('/api/v1/nodes/node-2', { metadata: { labels: { colour: 'green' } } })
    await bench.until(`${space.core}/pods`, ({ items }) => items.length === 0)
    await bench.patch(path, {
      spec: {
        template: { spec: { nodeSelector: { colour: 'green' } } },
        updateStrategy: { type: 'RollingUpdate' },
      },
    })
    await bench.until(path, running(1))
  })

  it('DaemonSet-RollingUpdate; DaemonSet-Rollback (1.10)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/daemonsets/rolled`
    await bench.post(
      `${space.in('apps/v1')}/daemonsets`,
      workload('DaemonSet', 'rolled', 0, web('nginx:1.28')),
    )
    await bench.until(path, running(2))
    await bench.patch(path, { spec: { template: { spec: web('nginx:1.29') } } }, 'strategic')
    await bench.until(path, (object) => running(2)(object) && object.status.updatedNumberScheduled === 2)
    const hashes = new Set(
      (await podsOf(bench, space.core, 'rolled')).map(
        ({ metadata }) => metadata.labels['controller-revision-hash'],
      ),
    )
    expect(hashes.size).toBe(1)
    const revisions = await bench.items(`${space.in('apps/v1')}/controllerrevisions`)
    expect(revisions.map(({ revision }) => revision).sort()).toEqual([1, 2])
    // An update that cannot start is taken back while one pod has it: the other is the one that it was.
    await bench.patch(path, { spec: { template: { spec: web('nginx:no-such-tag') } } }, 'strategic')
    await bench.until(`${space.core}/pods`, ({ items }) =>
      items.some(({ spec }: Json) => spec.containers[0].image.endsWith('no-such-tag')),
    )
    const kept = (await podsOf(bench, space.core, 'rolled')).find(
      ({ spec }) => spec.containers[0].image === 'nginx:1.29',
    )
    await bench.patch(path, { spec: { template: { spec: web('nginx:1.29') } } }, 'strategic')
    await bench.until(path, (object) => running(2)(object) && object.status.updatedNumberScheduled === 2)
    expect((await podsOf(bench, space.core, 'rolled')).map(({ metadata }) => metadata.uid)).toContain(
      kept.metadata.uid,
    )
  })

  it('DaemonSet, list and delete a collection of DaemonSets; DaemonSet, status sub-resource (1.22)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/daemonsets`, workload('DaemonSet', 'told', 0))
    await bench.until(`${space.in('apps/v1')}/daemonsets/told`, running(2))
    await statusEndpoints(bench, `${space.in('apps/v1')}/daemonsets/told`)
    await listAndDelete(bench, `${space.in('apps/v1')}/daemonsets`, [
      labelled(workload('DaemonSet', 'listed', 0)),
    ])
  })

  it('ControllerRevision, resource lifecycle (1.25)', async () => {
    const space = await bench.namespace()
    const apps = space.in('apps/v1')
    await bench.post(`${apps}/daemonsets`, workload('DaemonSet', 'revised', 0))
    await bench.until(`${apps}/daemonsets/revised`, running(2))
    const labelled = `${apps}/controllerrevisions?labelSelector=app=revised`
    const [first] = await bench.items(labelled)
    const path = `${apps}/controllerrevisions/${first.metadata.name}`
    const patched = await bench.patch(path, { metadata: { labels: { [first.metadata.name]: 'patched' } } })
    expect(patched.metadata.labels[first.metadata.name]).toBe('patched')
    const made = await bench.post(`${apps}/controllerrevisions`, {
      metadata: {
        generateName: 'revised-',
        labels: patched.metadata.labels,
        ownerReferences: first.metadata.ownerReferences,
      },
      data: first.data,
      revision: first.revision + 1,
    })
    expect(await bench.items(labelled)).toHaveLength(2)
    await bench.delete(path)
    expect(await bench.items(labelled)).toHaveLength(1)
    const updated = await bench.change(
      `${apps}/controllerrevisions/${made.metadata.name}`,
      ({ metadata }) => {
        metadata.labels[made.metadata.name] = 'updated'
      },
    )
    expect(updated.metadata.labels[made.metadata.name]).toBe('updated')
    await bench.patch(`${apps}/daemonsets/revised`, {
      spec: {
        template: { spec: { terminationGracePeriodSeconds: 2 } },
        updateStrategy: { type: 'RollingUpdate' },
      },
    })
    await bench.until(labelled, ({ items }) => items.length === 2)
    await bench.delete(`${apps}/controllerrevisions?labelSelector=${made.metadata.name}=updated`)
    const left = await bench.until(labelled, ({ items }) => items.length === 1)
    expect(left.items[0].revision).toBe(3)
  })
})
