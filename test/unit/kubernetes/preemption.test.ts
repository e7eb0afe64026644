import { afterEach, describe, expect, it } from 'vitest'
import type { PriorityClass } from '#kubernetes/objects.ts'
import { isReady, podCondition } from '#kubernetes/pods.ts'
import { deployment, pod, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } })
const createClass = (name: string, value: number, more: object = {}) =>
  cluster.api.create<PriorityClass>('priorityclasses.scheduling.k8s.io', {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    ...more,
  } as unknown as PriorityClass)
const run = (name: string, amount: string, priorityClassName?: string, spec: object = {}) =>
  cluster.api.create(
    'pods',
    pod(name, cpu(amount), { ...(priorityClassName && { priorityClassName }), ...spec }),
  )

describe('preemption', () => {
  it('ends the least important pods that make room, and takes their place', async () => {
    cluster = await testCluster()
    // Takes its time to end.
    cluster.runtime.scripts.set('web', () => ({ signal() {} }))
    createClass('high', 1000)
    createClass('low', 10)
    run('a', '3')
    run('b', '3', 'low')
    await cluster.until('up', () => readyPods(cluster).length === 2)
    const node = cluster.pod('a').spec.nodeName
    run('urgent', '2', 'high')
    await cluster.until('nominated', () => cluster.pod('urgent').status.nominatedNodeName)
    expect(cluster.pod('urgent').status.nominatedNodeName).toBe(node)
    expect(podCondition(cluster.pod('a'), 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    })
    const { uid } = cluster.pod('urgent').metadata
    expect(cluster.events('a')).toContain(`Preempted: Preempted by pod ${uid} on node ${node}`)
    expect(cluster.events('urgent')).toEqual([
      'FailedScheduling: 0/2 nodes are available: 2 Insufficient cpu.',
    ])
    await cluster.until('placed', () => isReady(cluster.pod('urgent')))
    expect(cluster.pod('urgent').spec.nodeName).toBe(node)
    expect(cluster.pod('urgent').status.nominatedNodeName).toBeUndefined()
    expect(isReady(cluster.pod('b'))).toBe(true)
  })

  it('keeps the room that it made from less important pods', async () => {
    cluster = await testCluster({ nodes: 1 })
    createClass('high', 1000)
    cluster.api.create('deployments.apps', deployment('web', 3, { container: cpu('1') }))
    await cluster.until('up', () => readyPods(cluster).length === 3)
    run('urgent', '3', 'high')
    await cluster.until('placed', () => isReady(cluster.pod('urgent')))
    const left = readyPods(cluster).filter(({ metadata }) => metadata.name !== 'urgent')
    expect(left).toHaveLength(1)
  })

  it('spares what a disruption budget holds, where it can', async () => {
    cluster = await testCluster()
    createClass('high', 1000)
    run('held', '3')
    run('free', '3')
    await cluster.until('up', () => readyPods(cluster).length === 2)
    cluster.api.create('poddisruptionbudgets.policy', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'held', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'held' } } },
    } as never)
    await cluster.world.advance(0)
    run('urgent', '2', 'high')
    await cluster.until('placed', () => isReady(cluster.pod('urgent')))
    expect(isReady(cluster.pod('held'))).toBe(true)
    expect(cluster.pod('free')).toBeUndefined()
  })

  it('is not for pods that forbid it', async () => {
    cluster = await testCluster({ nodes: 1 })
    createClass('polite', 1000, { preemptionPolicy: 'Never' })
    run('a', '3')
    await cluster.until('up', () => isReady(cluster.pod('a')))
    run('b', '3', 'polite')
    await cluster.until('refused', () => cluster.events('b').length > 0)
    expect(cluster.events('b')).toEqual([
      'FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ])
  })
})

describe('the scheduling queue', () => {
  it('serves the highest priority first when room comes', async () => {
    cluster = await testCluster({ nodes: 0 })
    createClass('high', 1000)
    run('first', '3')
    run('second', '3', 'high')
    await cluster.world.advance(1000)
    cluster.addNode('node-1', { address: '192.168.0.1' })
    await cluster.until('one is up', () => readyPods(cluster).length === 1)
    expect(readyPods(cluster)[0]!.metadata.name).toBe('second')
    expect(cluster.events('first').some((text) => text.startsWith('Preempted'))).toBe(false)
  })
})
