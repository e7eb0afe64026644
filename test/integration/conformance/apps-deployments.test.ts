import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'
import { ownersOf, podsOf, ready, scale, server, statusEndpoints, web, workload } from './workloads.ts'

// Each test is named by its Testname in Kubernetes' conformance list (test/conformance/testdata/conformance.yaml, up to 1.35, read 2026-11),
// and asks for what that entry's description demands.

const bench = workbench(2)

describe('Deployment', () => {
  it('Deployment, completes the scaling of a Deployment subresource (1.21)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/deployments`, workload('Deployment', 'scaled', 1))
    await scale(bench, `${space.in('apps/v1')}/deployments/scaled`)
  })

  it('Deployment Recreate (1.12)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/deployments/recreated`
    await bench.post(
      `${space.in('apps/v1')}/deployments`,
      workload('Deployment', 'recreated', 2, web(), { strategy: { type: 'Recreate' } }),
    )
    await bench.until(path, ready(2))
    const watch = await bench.watch(`${space.core}/pods`)
    await bench.patch(path, {
      spec: { template: { metadata: { labels: { app: 'recreated', version: 'new' } } } },
    })
    await bench.until(path, (object) => ready(2)(object) && object.status.updatedReplicas === 2)
    watch.close()
    const happened = watch.seen.filter(
      ({ type, object }) => type === 'DELETED' || (type === 'ADDED' && object.metadata.labels.version),
    )
    // No new pod is there before the last old one is gone.
    expect(happened.map(({ type }) => type)).toEqual(['DELETED', 'DELETED', 'ADDED', 'ADDED'])
  })

  it('Deployment RollingUpdate (1.12)', async () => {
    const space = await bench.namespace()
    const apps = space.in('apps/v1')
    await bench.post(`${apps}/replicasets`, {
      ...workload('ReplicaSet', 'rolling', 1),
      metadata: {
        name: 'rolling-before',
        labels: { app: 'rolling' },
        annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' },
      },
    })
    await bench.until(`${apps}/replicasets/rolling-before`, ready(1))
    await bench.post(`${apps}/deployments`, workload('Deployment', 'rolling', 1, server))
    await bench.until(
      `${apps}/deployments/rolling`,
      (object) => ready(1)(object) && object.status.updatedReplicas === 1 && object.status.replicas === 1,
    )
    const sets = await bench.items(`${apps}/replicasets`)
    const old = sets.find(({ metadata }) => metadata.name === 'rolling-before')
    const current = sets.find(({ metadata }) => metadata.name !== 'rolling-before')
    expect(ownersOf(old)).toEqual(['Deployment/rolling'])
    expect(old.spec.replicas).toBe(0)
    expect(current.metadata.annotations['deployment.kubernetes.io/revision']).toBe('3546343826724305833')
    expect((await podsOf(bench, space.core, 'rolling')).map(ownersOf)).toEqual([
      [`ReplicaSet/${current.metadata.name}`],
    ])
  })

  it('Deployment RevisionHistoryLimit (1.12)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/deployments/cleaned`
    await bench.post(
      `${space.in('apps/v1')}/deployments`,
      workload('Deployment', 'cleaned', 1, web(), { revisionHistoryLimit: 0 }),
    )
    await bench.until(path, ready(1))
    await bench.patch(path, { spec: { template: { metadata: { annotations: { version: 'new' } } } } })
    await bench.until(
      path,
      (object) => ready(1)(object) && object.status.updatedReplicas === 1 && object.status.replicas === 1,
    )
    await bench.until(
      `${space.in('apps/v1')}/replicasets`,
      ({ items }) => items.length === 1 && items[0].spec.template.metadata.annotations?.version,
    )
  })

  it('Deployment Proportional Scaling (1.12)', async () => {
    const space = await bench.namespace()
    const path = `${space.in('apps/v1')}/deployments/shared`
    const strategy = { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } }
    await bench.post(
      `${space.in('apps/v1')}/deployments`,
      workload('Deployment', 'shared', 10, web(), { strategy }),
    )
    await bench.until(path, ready(10))
    const [first] = await bench.items(`${space.in('apps/v1')}/replicasets`)
    await bench.patch(path, { spec: { template: { spec: web('nginx:no-such-tag') } } }, 'strategic')
    const sizes = (first: Json, items: Json[]) => [
      items.find(({ metadata }) => metadata.name === first.metadata.name).spec.replicas,
      items.find(({ metadata }) => metadata.name !== first.metadata.name)?.spec.replicas,
    ]
    await bench.until(`${space.in('apps/v1')}/replicasets`, ({ items }) => `${sizes(first, items)}` === '8,5')
    // 30 and 3 of surge are shared between the two as 8 and 5 are.
    await bench.patch(path, { spec: { replicas: 30 } })
    await bench.until(
      `${space.in('apps/v1')}/replicasets`,
      ({ items }) => `${sizes(first, items)}` === '20,13',
    )
    await bench.delete(path)
  })

  it('Deployment Rollover (1.12)', async () => {
    const space = await bench.namespace()
    const apps = space.in('apps/v1')
    await bench.post(
      `${apps}/deployments`,
      workload('Deployment', 'rollover', 1, web('nginx:no-such-tag'), {
        minReadySeconds: 10,
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      }),
    )
    await bench.until(`${apps}/replicasets`, ({ items }) => items[0]?.status.replicas === 1)
    await bench.patch(
      `${apps}/deployments/rollover`,
      { spec: { template: { spec: web('nginx:1.28') } } },
      'strategic',
    )
    await bench.until(`${apps}/replicasets`, ({ items }) => items.length === 2)
    // Changed once more before that is over.
    await bench.patch(
      `${apps}/deployments/rollover`,
      { spec: { template: { spec: web('nginx:1.29') } } },
      'strategic',
    )
    await bench.until(
      `${apps}/deployments/rollover`,
      ({ status }) => status.availableReplicas === 1 && status.updatedReplicas === 1 && status.replicas === 1,
    )
    const sets = await bench.items(`${apps}/replicasets`)
    expect(sets.map(({ spec }) => [spec.template.spec.containers[0].image, spec.replicas]).sort()).toEqual([
      ['nginx:1.28', 0],
      ['nginx:1.29', 1],
      ['nginx:no-such-tag', 0],
    ])
    const byRevision = sets
      .map(({ metadata }) => metadata.annotations['deployment.kubernetes.io/revision'])
      .sort()
    expect(byRevision).toEqual(['1', '2', '3'])
  })

  it('Deployment, completes the lifecycle of a Deployment (1.20)', async () => {
    const space = await bench.namespace()
    const collection = `${space.in('apps/v1')}/deployments`
    const watch = await bench.watch(collection)
    await bench.post(collection, workload('Deployment', 'living', 1))
    await bench.until(`${collection}/living`, ready(1))
    await bench.patch(
      `${collection}/living`,
      {
        metadata: { labels: { patched: 'yes' } },
        spec: { replicas: 2, template: { spec: web('nginx:1.28') } },
      },
      'strategic',
    )
    await bench.until(
      `${collection}/living`,
      (object) => ready(2)(object) && object.status.updatedReplicas === 2,
    )
    expect(await bench.items('/apis/apps/v1/deployments?labelSelector=patched=yes')).toHaveLength(1)
    await bench.patch(`${collection}/living/status`, { status: { readyReplicas: 0 } })
    await bench.until(`${collection}/living`, ready(2))
    await bench.delete(`${collection}?labelSelector=patched=yes`)
    await bench.gone(`${collection}/living`)
    await bench.advance(500)
    watch.close()
    expect(watch.seen.at(0)?.type).toBe('ADDED')
    expect(watch.seen.at(-1)?.type).toBe('DELETED')
  })

  it('Deployment, status sub-resource (1.22)', async () => {
    const space = await bench.namespace()
    await bench.post(`${space.in('apps/v1')}/deployments`, workload('Deployment', 'told', 1))
    await bench.until(`${space.in('apps/v1')}/deployments/told`, ready(1))
    await statusEndpoints(bench, `${space.in('apps/v1')}/deployments/told`)
  })
})
