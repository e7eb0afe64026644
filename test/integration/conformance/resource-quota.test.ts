import { describe, expect, it } from 'vitest'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-api-machinery: ResourceQuota. Each `it` is named after the testname of test/conformance/testdata/conformance.yaml
// (kubernetes/kubernetes, 1.35).

const bench = workbench(1)

let count = 0
async function space() {
  const name = `quota-${++count}`
  await bench.post('/api/v1/namespaces', { metadata: { name } })
  const core = `/api/v1/namespaces/${name}`
  await bench.until(`${core}/configmaps/kube-root-ca.crt`, (map) => map)
  const quotas = `${core}/resourcequotas`
  const quota = async (hard: object, name = 'test-quota', scopes?: string[]) => {
    await bench.post(quotas, { metadata: { name }, spec: { hard, ...(scopes && { scopes }) } })
    return bench.until(
      `${quotas}/${name}`,
      ({ status }) => status?.used && Object.keys(status.used).length === Object.keys(hard).length,
    )
  }
  const used = (expected: object, name = 'test-quota') =>
    bench.until(`${quotas}/${name}`, ({ status }) =>
      Object.entries(expected).every(([key, value]) => status.used[key] === value),
    )
  return { name, core, quotas, quota, used }
}
const HARD = {
  pods: '5',
  services: '10',
  'services.nodeports': '1',
  'services.loadbalancers': '1',
  replicationcontrollers: '10',
  resourcequotas: '1',
  cpu: '1',
  memory: '500Mi',
  configmaps: '10',
  secrets: '10',
  persistentvolumeclaims: '10',
  'requests.storage': '10Gi',
  'requests.ephemeral-storage': '50Gi',
  'requests.example.com/dongle': '3',
  'count/replicasets.apps': '5',
}
const pod = (name: string, requests?: object, spec: object = {}, limits?: object) => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: 'registry.k8s.io/pause:3.10',
        resources: { ...(requests && { requests }), ...(limits && { limits }) },
      },
    ],
    ...spec,
  },
})
const template = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
}

describe('ResourceQuota', () => {
  it('ResourceQuota, object count quota, resourcequotas', async () => {
    const { quota } = await space()
    const { status } = await quota(HARD)
    expect(status.hard).toEqual(HARD)
    expect(status.used).toMatchObject({
      resourcequotas: '1',
      pods: '0',
      memory: '0',
      configmaps: '1',
      'count/replicasets.apps': '0',
    })
  })

  const life = (
    testname: string,
    resource: string,
    make: (core: string) => [collection: string, object: object],
    key = resource,
    start = 0,
  ) =>
    it(testname, async () => {
      const { core, quota, used } = await space()
      await quota(HARD)
      await used({ [key]: String(start) })
      const [collection, object] = make(core)
      const made = await bench.post(collection, object)
      await used({ [key]: String(start + 1) })
      await bench.delete(`${collection}/${made.metadata.name}`)
      await used({ [key]: String(start) })
    })
  life(
    'ResourceQuota, object count quota, configmap',
    'configmaps',
    (core) => [`${core}/configmaps`, { metadata: { name: 'a' } }],
    'configmaps',
    1,
  )
  life('ResourceQuota, object count quota, secret', 'secrets', (core) => [
    `${core}/secrets`,
    { metadata: { name: 'a' } },
  ])
  life('ResourceQuota, object count quota, replicationController', 'replicationcontrollers', (core) => [
    `${core}/replicationcontrollers`,
    { metadata: { name: 'a' }, spec: { replicas: 0, selector: { app: 'a' }, template } },
  ])
  life(
    'ResourceQuota, object count quota, replicaSet',
    'replicasets',
    (core) => [
      `${core.replace('/api/v1', '/apis/apps/v1')}/replicasets`,
      { metadata: { name: 'a' }, spec: { replicas: 0, selector: { matchLabels: { app: 'a' } }, template } },
    ],
    'count/replicasets.apps',
  )

  it('ResourceQuota, object count quota, service', async () => {
    const { core, quota, used } = await space()
    await quota(HARD)
    const service = (name: string, type: string) => ({
      metadata: { name },
      spec: { type, ports: [{ port: 80 }], selector: { a: 'b' } },
    })
    await bench.post(`${core}/services`, service('cluster', 'ClusterIP'))
    await bench.post(`${core}/services`, service('node', 'NodePort'))
    await used({ services: '2', 'services.nodeports': '1', 'services.loadbalancers': '0' })
    expect(
      (await bench.refused('POST', `${core}/services`, service('balanced', 'LoadBalancer'))).message,
    ).toContain(
      'exceeded quota: test-quota, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    )
    await bench.delete(`${core}/services/cluster`)
    await bench.delete(`${core}/services/node`)
    await used({ services: '0', 'services.nodeports': '0', 'services.loadbalancers': '0' })
  })

  it('ResourceQuota, object count quota, pod', async () => {
    const { core, quota, used } = await space()
    await quota(HARD)
    const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': '2' }
    const limits = { 'example.com/dongle': '2' }
    await bench.post(`${core}/pods`, pod('first', requests, {}, limits))
    const counted = {
      pods: '1',
      cpu: '500m',
      memory: '252Mi',
      'requests.ephemeral-storage': '30Gi',
      'requests.example.com/dongle': '2',
    }
    await used(counted)
    expect(
      (await bench.refused('POST', `${core}/pods`, pod('second', { cpu: '600m', memory: '100Mi' }))).message,
    ).toContain('exceeded quota: test-quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1')
    const dongles = { cpu: '500m', memory: '100Mi', 'ephemeral-storage': '10Gi', 'example.com/dongle': '2' }
    expect(
      (await bench.refused('POST', `${core}/pods`, pod('third', dongles, {}, limits))).message,
    ).toContain('requested: requests.example.com/dongle=2')
    const changed = await bench.get(`${core}/pods/first`)
    changed.spec.containers[0].resources.requests.cpu = '100m'
    expect((await bench.refused('PUT', `${core}/pods/first`, changed)).code).toBe(422)
    await used(counted)
    await bench.delete(`${core}/pods/first`)
    await used({
      pods: '0',
      cpu: '0',
      memory: '0',
      'requests.ephemeral-storage': '0',
      'requests.example.com/dongle': '0',
    })
  })

  it('ResourceQuota, quota scope, Terminating and NotTerminating scope', async () => {
    const { core, quota, used } = await space()
    const hard = {
      pods: '5',
      'requests.cpu': '1',
      'requests.memory': '500Mi',
      'limits.cpu': '2',
      'limits.memory': '1Gi',
    }
    await quota(hard, 'terminating', ['Terminating'])
    await quota(hard, 'not-terminating', ['NotTerminating'])
    const requests = { cpu: '500m', memory: '200Mi' }
    const limits = { cpu: '1', memory: '400Mi' }
    const counted = {
      pods: '1',
      'requests.cpu': '500m',
      'requests.memory': '200Mi',
      'limits.cpu': '1',
      'limits.memory': '400Mi',
    }
    const none = {
      pods: '0',
      'requests.cpu': '0',
      'requests.memory': '0',
      'limits.cpu': '0',
      'limits.memory': '0',
    }
    await bench.post(`${core}/pods`, pod('long', requests, {}, limits))
    await used(counted, 'not-terminating')
    await used(none, 'terminating')
    await bench.delete(`${core}/pods/long`)
    await used(none, 'not-terminating')
    await bench.post(`${core}/pods`, pod('short', requests, { activeDeadlineSeconds: 3600 }, limits))
    await used(counted, 'terminating')
    await used(none, 'not-terminating')
    await bench.delete(`${core}/pods/short`)
    await used(none, 'terminating')
  })

  it('ResourceQuota, quota scope, BestEffort and NotBestEffort scope', async () => {
    const { core, quota, used } = await space()
    await quota({ pods: '5' }, 'best', ['BestEffort'])
    await quota({ pods: '5' }, 'not-best', ['NotBestEffort'])
    await bench.post(`${core}/pods`, pod('best'))
    await used({ pods: '1' }, 'best')
    await used({ pods: '0' }, 'not-best')
    await bench.delete(`${core}/pods/best`)
    await used({ pods: '0' }, 'best')
    await bench.post(`${core}/pods`, pod('burstable', { cpu: '100m' }))
    await used({ pods: '1' }, 'not-best')
    await used({ pods: '0' }, 'best')
    await bench.delete(`${core}/pods/burstable`)
    await used({ pods: '0' }, 'not-best')
  })

  it('ResourceQuota, update and delete', async () => {
    const { quotas, quota } = await space()
    const made = await quota({ cpu: '1', memory: '500Mi' })
    made.spec.hard = { cpu: '2', memory: '1Gi' }
    expect((await bench.put(`${quotas}/test-quota`, made)).spec.hard).toEqual({ cpu: '2', memory: '1Gi' })
    await bench.until(`${quotas}/test-quota`, ({ status }) => status.hard.cpu === '2')
    await bench.delete(`${quotas}/test-quota`)
    expect((await bench.refused('GET', `${quotas}/test-quota`)).reason).toBe('NotFound')
  })

  it('ResourceQuota, manage lifecycle of a ResourceQuota', async () => {
    const { quotas, quota } = await space()
    await quota({ cpu: '1', memory: '500Mi' })
    const patched = await bench.patch(
      `${quotas}/test-quota`,
      { metadata: { labels: { walk: 'quota' } }, spec: { hard: { memory: '750Mi' } } },
      'strategic',
    )
    expect(patched.spec.hard).toEqual({ cpu: '1', memory: '750Mi' })
    expect((await bench.get('/api/v1/resourcequotas?labelSelector=walk%3Dquota')).items).toHaveLength(1)
    await bench.delete(`${quotas}?labelSelector=walk%3Dquota`)
    expect((await bench.get(quotas)).items).toEqual([])
  })

  it('ResourceQuota, apply changes to a ResourceQuota status', async () => {
    const { quotas, quota } = await space()
    const made = await quota({ cpu: '500m', memory: '500Mi' })
    const path = `${quotas}/test-quota`
    const updated = await bench.put(`${path}/status`, {
      ...made,
      status: { ...made.status, hard: { cpu: '700m', memory: '750Mi' } },
    })
    expect(updated.status.hard).toEqual({ cpu: '700m', memory: '750Mi' })
    // The controller makes the status that of the spec again.
    await bench.until(path, ({ status }) => status.hard.cpu === '500m')
    await bench.patch(path, { spec: { hard: { cpu: '1', memory: '1Gi' } } })
    await bench.until(path, ({ status }) => status.hard.cpu === '1' && status.hard.memory === '1Gi')
    const patched = await bench.patch(`${path}/status`, {
      metadata: { annotations: { patched: 'true' } },
      status: { hard: { cpu: '1', memory: '2Gi' } },
    })
    expect(patched.status.hard).toEqual({ cpu: '1', memory: '2Gi' })
    const again: Json = await bench.until(`${path}/status`, ({ status }) => status.hard.memory === '1Gi')
    expect(again.spec.hard).toEqual({ cpu: '1', memory: '1Gi' })
  })
})
