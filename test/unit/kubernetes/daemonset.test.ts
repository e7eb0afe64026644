import { afterEach, describe, expect, it } from 'vitest'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import type { DaemonSet, Pod } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import { readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const daemon = (spec: object = {}): DaemonSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { containers: [{ name: 'agent', image: 'web:1' }], ...spec },
      },
    },
  }) as unknown as DaemonSet
const get = () => cluster.api.get<DaemonSet>('daemonsets.apps', 'default', 'agent')!

describe('a DaemonSet', () => {
  it('has one pod on every node, also on one that comes later', async () => {
    cluster = await testCluster()
    cluster.api.create('daemonsets.apps', daemon())
    await cluster.until('2', () => readyPods(cluster).length === 2)
    cluster.addNode('node-3', { address: '192.168.0.3' })
    await cluster.until('3', () => readyPods(cluster).length === 3)
    expect(
      cluster
        .pods()
        .map((pod) => pod.spec.nodeName)
        .sort(),
    ).toEqual(['node-1', 'node-2', 'node-3'])
    expect(get().status).toMatchObject({
      desiredNumberScheduled: 3,
      numberReady: 3,
      numberAvailable: 3,
      updatedNumberScheduled: 3,
    })
  })

  it('keeps to the nodes that it selects', async () => {
    cluster = await testCluster()
    cluster.api.create('daemonsets.apps', daemon({ nodeSelector: { 'kubernetes.io/hostname': 'node-2' } }))
    await cluster.until('1', () => readyPods(cluster).length === 1)
    expect(cluster.pods().map((pod) => pod.spec.nodeName)).toEqual(['node-2'])
  })

  it('takes over what one of its name has left behind, beside a StatefulSet of that name', async () => {
    cluster = await testCluster()
    const { spec, ...set } = daemon()
    cluster.api.create('statefulsets.apps', {
      ...set,
      kind: 'StatefulSet',
      spec: { ...spec, serviceName: 'agent', replicas: 0 },
    } as unknown as DaemonSet)
    cluster.api.create('daemonsets.apps', daemon())
    await cluster.until('2', () => get().status?.numberReady === 2)
    const pods = () => cluster.pods().map(({ metadata }) => metadata.uid)
    const before = pods()
    cluster.api.delete('daemonsets.apps', 'default', 'agent', { propagationPolicy: 'Orphan' })
    await cluster.until('gone', () => get() === undefined)
    cluster.api.create('daemonsets.apps', daemon())
    await cluster.until('2 again', () => get().status?.numberReady === 2)
    expect(pods()).toEqual(before)
  })

  it('rolls over one node after another', async () => {
    cluster = await testCluster()
    cluster.api.create('daemonsets.apps', daemon())
    await cluster.until('2', () => readyPods(cluster).length === 2)
    let least = 2
    cluster.world.store.watch(cluster.api.prefix('pods'), () => {
      least = Math.min(least, readyPods(cluster).filter(({ metadata }) => !metadata.deletionTimestamp).length)
    })
    const changed = structuredClone(get())
    changed.spec.template.spec!.containers[0]!.image = 'web:2'
    cluster.api.update('daemonsets.apps', changed)
    await cluster.until(
      'rolled',
      () =>
        cluster.pods().every((pod) => pod.spec.containers[0]!.image === 'web:2' && isReady(pod)) &&
        cluster.pods().length === 2,
    )
    expect(least).toBe(1)
    expect(cluster.api.list('controllerrevisions.apps', 'default')).toHaveLength(2)
  })

  it('runs the add-ons of an EKS cluster', async () => {
    cluster = await testCluster()
    const registry = '602401143452.dkr.ecr.us-east-1.amazonaws.com'
    cluster.runtime.scripts.set('amazon-k8s-cni-init', ({ exit }) => {
      exit(0)
      return undefined
    })
    cluster.runtime.scripts.set('coredns', ({ serve }) => {
      serve(8181, () => ({ status: 200, body: 'OK' }))
      return undefined
    })
    for (const name of ['vpc-cni', 'kube-proxy', 'coredns'] as const) {
      for (const { resource, object } of eksAddon(name, {
        version: 'v1',
        registry,
        dnsAddress: '10.100.0.10',
      })) {
        cluster.api.create(resource, object)
      }
    }
    // Here nothing runs that answers the probe of aws-node.
    const runs = ({ status }: Pod) => status.phase === 'Running'
    await cluster.until('6 pods', () => cluster.pods('kube-system').filter(runs).length === 6)
    expect(
      cluster
        .pods('kube-system')
        .map((pod) => pod.metadata.name.replace(/-[^-]+$/, ''))
        .sort(),
    ).toEqual([
      'aws-node',
      'aws-node',
      expect.stringMatching(/^coredns-\w+$/),
      expect.stringMatching(/^coredns-\w+$/),
      'kube-proxy',
      'kube-proxy',
    ])
  })
})
