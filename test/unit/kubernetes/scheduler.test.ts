import { afterEach, describe, expect, it } from 'vitest'
import type { Node } from '#kubernetes/objects.ts'
import { isReady, podCondition } from '#kubernetes/pods.ts'
import { pod, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const requests = (cpu: string) => ({ resources: { requests: { cpu } } })
const refusal = (name: string) => {
  const condition = podCondition(cluster.pod(name), 'PodScheduled')
  return condition?.status === 'False' ? condition.message : undefined
}
const node = (name: string) => cluster.api.get<Node>('nodes', '', name)!

describe('the scheduler', () => {
  it('says why a pod fits nowhere, and places it when a node comes that can take it', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', pod('a', requests('3')))
    cluster.api.create('pods', pod('b', requests('3')))
    cluster.api.create('pods', pod('c', requests('2')))
    cluster.api.create('pods', pod('huge', requests('64')))
    await cluster.until('refused', () => refusal('c') && refusal('huge'))
    const text =
      '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.'
    expect(refusal('c')).toBe(text)
    expect(refusal('huge')).toBe(
      text.replace(
        'No preemption victims found for incoming pod',
        'Preemption is not helpful for scheduling',
      ),
    )
    expect(cluster.events('c')).toEqual([`FailedScheduling: ${text}`])
    cluster.addNode('node-3', { address: '192.168.0.3' })
    await cluster.until('placed', () => isReady(cluster.pod('c')))
    expect(cluster.pod('c').spec.nodeName).toBe('node-3')
  })

  it('uses the room that a finished pod leaves', async () => {
    cluster = await testCluster({ nodes: 1 })
    cluster.api.create('pods', pod('a', requests('3')))
    cluster.api.create('pods', pod('b', requests('3')))
    await cluster.until('refused', () => refusal('b'))
    cluster.api.delete('pods', 'default', 'a')
    await cluster.until('placed', () => isReady(cluster.pod('b')))
  })

  it('obeys node selectors, taints and cordons', async () => {
    cluster = await testCluster()
    cluster.api.update('nodes', { ...node('node-1'), spec: { ...node('node-1').spec, unschedulable: true } })
    const taints = [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }]
    cluster.api.update('nodes', { ...node('node-2'), spec: { ...node('node-2').spec, taints } })
    await cluster.world.advance(0)
    cluster.api.create('pods', pod('a'))
    cluster.api.create(
      'pods',
      pod('b', {}, { nodeSelector: { disk: 'ssd' }, tolerations: [{ operator: 'Exists' }] }),
    )
    await cluster.until('refused', () => refusal('a') && refusal('b'))
    expect(refusal('a')).toMatch(
      /^0\/2 nodes are available: 1 node\(s\) had untolerated taint\(s\), 1 node\(s\) were unschedulable\. /,
    )
    expect(refusal('b')).toMatch(
      /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector\. /,
    )
    const tolerations = [{ key: 'dedicated', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' }]
    cluster.api.create('pods', pod('c', {}, { tolerations }))
    await cluster.until('placed', () => isReady(cluster.pod('c')))
    expect(cluster.pod('c').spec.nodeName).toBe('node-2')
  })

  it('keeps pods apart that do not want to be together', async () => {
    cluster = await testCluster()
    const affinity = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
            topologyKey: 'kubernetes.io/hostname',
          },
        ],
      },
    }
    for (const name of ['a', 'b', 'c']) cluster.api.create('pods', pod(name, {}, { affinity }))
    await cluster.until(
      'two placed',
      () => ['a', 'b', 'c'].filter((name) => cluster.pod(name).spec.nodeName).length === 2,
    )
    const [left] = ['a', 'b', 'c'].filter((name) => !cluster.pod(name).spec.nodeName)
    expect(refusal(left!)).toMatch(
      /^0\/2 nodes are available: 2 node\(s\) didn't match pod anti-affinity rules\. /,
    )
  })

  it('has no nodes to offer in an empty cluster', async () => {
    cluster = await testCluster({ nodes: 0 })
    cluster.api.create('pods', pod('a'))
    await cluster.until('refused', () => refusal('a'))
    expect(refusal('a')).toBe('no nodes available to schedule pods')
  })
})
