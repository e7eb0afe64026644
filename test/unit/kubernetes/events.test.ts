import { afterEach, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '#kubernetes/api.ts'
import { Correlator } from '#kubernetes/apiserver/events/correlator.ts'
import { isReady } from '#kubernetes/pods.ts'
import { deployment, pod, type TestCluster, testCluster } from './test-cluster.ts'

// Constants of client-go tools/record/events_cache.go.

const MINUTE = 60_000

function correlator() {
  const events = new Correlator()
  let names = 0
  return (message: string, at = 0, { reason = 'Failed', subject = 'web' } = {}) =>
    events.correlate({ subject, type: 'Warning', reason, message }, at, () => `event-${++names}`)
}

describe('a correlator of events', () => {
  it('counts up an event that repeats', () => {
    const tell = correlator()
    expect(tell('out of memory', 1000)).toEqual({
      name: 'event-1',
      count: 1,
      first: 1000,
      message: 'out of memory',
    })
    expect(tell('out of memory', 5000)).toMatchObject({ name: 'event-1', count: 2, first: 1000 })
    expect(tell('out of disk', 6000)).toMatchObject({ name: 'event-2', count: 1 })
    expect(tell('out of memory', 6000, { subject: 'api' })).toMatchObject({ name: 'event-3', count: 1 })
  })

  it('forgets of what nothing was told for so long that its bucket is full again', () => {
    const tell = correlator()
    tell('out of memory')
    expect(tell('out of memory', 124 * MINUTE)).toMatchObject({ name: 'event-1', count: 2 })
    tell('out of memory', 250 * MINUTE, { subject: 'api' })
    expect(tell('out of memory', 250 * MINUTE)).toMatchObject({ name: 'event-3', count: 1 })
  })

  it('combines what differs by its message alone, from the tenth on', () => {
    const tell = correlator()
    for (let n = 1; n <= 9; n++) expect(tell(`attempt ${n}`)).toMatchObject({ message: `attempt ${n}` })
    const combined = { name: 'event-10', message: '(combined from similar events): attempt 10' }
    expect(tell('attempt 10')).toMatchObject({ ...combined, count: 1 })
    expect(tell('attempt 11')).toMatchObject({
      name: 'event-10',
      count: 2,
      message: '(combined from similar events): attempt 11',
    })
    // Another reason is another thing.
    expect(tell('attempt 12', 0, { reason: 'BackOff' })).toMatchObject({ message: 'attempt 12' })
    // After ten quiet minutes it begins anew.
    expect(tell('attempt 13', 10 * MINUTE + 1)).toMatchObject({ message: 'attempt 13' })
  })

  it('lets 25 events about an object through, then one every five minutes, and counts the others', () => {
    const tell = correlator()
    for (let n = 1; n <= 25; n++) expect(tell('again', n)).toMatchObject({ count: n })
    expect(tell('again', 30)).toBeUndefined()
    expect(tell('again', 4 * MINUTE)).toBeUndefined()
    expect(tell('again', 5 * MINUTE + 30)).toMatchObject({ name: 'event-1', count: 28 })
    expect(tell('again', 5 * MINUTE + 40)).toBeUndefined()
    expect(tell('again', 0, { subject: 'api' })).toMatchObject({ count: 1 })
  })
})

describe('events of a cluster', () => {
  let cluster: TestCluster
  afterEach(() => cluster.close())

  // biome-ignore lint/suspicious/noExplicitAny: events of both APIs.
  type Told = KubernetesObject & Record<string, any>
  const told = (name: string, reason: string) =>
    cluster.api
      .list<Told>('events', 'default')
      .filter((event) => event.involvedObject.name === name && event.reason === reason)

  it('of the scheduler are series: the second is written, the others when it ends', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', pod('a', {}, { nodeSelector: { disk: 'ssd' } }))
    await cluster.until('refused', () => told('a', 'FailedScheduling').length > 0)
    expect(told('a', 'FailedScheduling')[0]).toMatchObject({
      action: 'Scheduling',
      eventTime: expect.stringMatching(/\.\d{6}Z$/),
      firstTimestamp: null,
      lastTimestamp: null,
      source: {},
      reportingComponent: 'default-scheduler',
    })
    // Nothing happens, and it is looked at again every five minutes. The first refusal gave the pod a new version.
    await cluster.world.advance(16 * MINUTE)
    const last = told('a', 'FailedScheduling').at(-1)!
    expect(last.series).toMatchObject({ count: 2 })
    cluster.addNode('node-3', { address: '192.168.0.3' })
    const { metadata, spec } = cluster.api.get<Told>('nodes', '', 'node-1')!
    cluster.api.update('nodes', { metadata: { ...metadata, labels: { disk: 'ssd' } }, spec } as never)
    await cluster.until('placed', () => isReady(cluster.pod('a')))
    await cluster.world.advance(13 * MINUTE)
    expect(told('a', 'FailedScheduling').at(-1)!.series).toMatchObject({ count: 3 })
  })

  it('tell again and again that a container backs off', async () => {
    cluster = await testCluster()
    cluster.runtime.scripts.set('crash', ({ exit }) => void exit(1) as undefined)
    cluster.api.create('pods', pod('a', { image: 'crash:1' }))
    await cluster.until('backs off', () => told('a', 'BackOff').length > 0)
    const [first] = told('a', 'BackOff')
    await cluster.world.advance(2 * MINUTE)
    const [last, ...others] = told('a', 'BackOff')
    expect(others).toEqual([])
    expect(last!.metadata.name).toBe(first!.metadata.name)
    expect(Number(last!.count)).toBeGreaterThan(5)
  })
})

describe('who writes', () => {
  let cluster: TestCluster
  afterEach(() => cluster.close())

  it('stands in managedFields of what components make and of statuses', async () => {
    cluster = await testCluster()
    cluster.api.as('kubectl-create').create('deployments.apps', deployment('web', 1))
    await cluster.until('ready', () => cluster.pods().some(isReady))
    const managers = (object: KubernetesObject | undefined) =>
      (object!.metadata.managedFields as { manager: string; subresource?: string; fieldsV1: object }[]).map(
        ({ manager, subresource }) => (subresource ? `${manager} ${subresource}` : manager),
      )
    const [made] = cluster.pods()
    expect(managers(made)).toEqual(['kube-controller-manager', 'kubelet status'])
    expect(managers(cluster.api.get('deployments.apps', 'default', 'web'))).toEqual([
      'kubectl-create',
      'kube-controller-manager status',
    ])
    expect(made!.metadata.managedFields).toMatchObject([
      {
        apiVersion: 'v1',
        operation: 'Update',
        fieldsV1: {
          'f:metadata': { 'f:generateName': {}, 'f:labels': { '.': {} } },
          // What admission adds is nobody's: the volume of the token, the tolerations.
          'f:spec': expect.not.objectContaining({ 'f:volumes': expect.anything() }),
        },
      },
      {
        fieldsV1: {
          'f:status': {
            'f:phase': {},
            'f:conditions': { 'k:{"type":"Ready"}': { 'f:lastProbeTime': {}, 'f:status': {} } },
          },
        },
      },
    ])
    // Objects of one kind share the sets of their fields.
    const [node, other] = cluster.api
      .list('nodes')
      .map((one) => one.metadata.managedFields as { subresource?: string; fieldsV1: object }[])
      .map((entries) => entries.find(({ subresource }) => subresource === 'status')?.fieldsV1)
    expect(node).toBe(other)
  })
})
