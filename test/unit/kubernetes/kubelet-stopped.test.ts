import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '#kubernetes/api.ts'
import type { Node } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import { deployment, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

const readyOf = (cluster: TestCluster, name: string) =>
  cluster.api.get<Node>('nodes', '', name)?.status?.conditions?.find(({ type }) => type === 'Ready')

const timesTold = (cluster: TestCluster, reason: string) =>
  cluster.api
    .list<KubernetesObject & { reason: string; count: number }>('events', 'default')
    .filter((event) => event.reason === reason)
    .reduce((sum, { count }) => sum + count, 0)

describe('a node whose kubelet is stopped', () => {
  let cluster: TestCluster
  let container: string | undefined

  const only = () => cluster.pods()[0]!
  const idOf = (pod = only()) => pod.status.containerStatuses?.[0]?.containerID

  beforeAll(async () => {
    cluster = await testCluster({ nodes: 1 })
    cluster.runtime.scripts.set('web', ({ serve }) => {
      serve(80, () => ({ status: 200, body: 'here' }))
      return undefined
    })
    cluster.api.create('deployments.apps', deployment('web', 1))
    await cluster.until('the pod is ready', () => readyPods(cluster).length === 1)
    container = idOf()
    cluster.kubernetes.kubelets.attendNode('node-1', false)
  })
  afterAll(() => cluster.close())

  it('goes on running its containers', () => {
    expect(cluster.network.listening(only().status.podIP!, 80)).toBe(true)
  })

  it('answers nothing on its own port', async () => {
    await expect(cluster.kubernetes.kubelets.logs('default', only().metadata.name, {})).rejects.toMatchObject(
      {
        message: `Get "https://192.168.0.1:10250/containerLogs/default/${only().metadata.name}/web": dial tcp 192.168.0.1:10250: connect: connection refused`,
        reason: '',
      },
    )
  })

  it('is unknown after the grace period', async () => {
    await cluster.until('the node is unknown', () => readyOf(cluster, 'node-1')?.status === 'Unknown', 60_000)
    expect(isReady(only())).toBe(false)
  })

  it('keeps pods that are deleted until the kubelet is back', async () => {
    cluster.api.create('deployments.apps', deployment('late', 1))
    const doomed = only()
    cluster.api.delete('pods', 'default', doomed.metadata.name)
    await cluster.world.advance(60_000)
    expect(cluster.network.listening(doomed.status.podIP!, 80)).toBe(true)
    expect(idOf(cluster.pod(doomed.metadata.name))).toBe(container)
  })

  it('is ready again at once with its kubelet, and does what was left undone', async () => {
    cluster.kubernetes.kubelets.attendNode('node-1', true)
    await cluster.until('the node is ready', () => readyOf(cluster, 'node-1')?.status === 'True', 5_000)
    await cluster.until('both deployments run', () => readyPods(cluster).length === 2, 60_000)
    expect(readyPods(cluster).map((pod) => pod.status.containerStatuses![0]!.restartCount)).toEqual([0, 0])
  })
})

describe('a node that comes up again', () => {
  let cluster: TestCluster
  afterAll(() => cluster.close())

  const toldReady = () => timesTold(cluster, 'NodeReady')

  it('is ready as it was when the file of its network plugin is there, and tells nothing', async () => {
    let bringsNetwork = false
    cluster = await testCluster({ nodes: 0, bringsNetwork: () => bringsNetwork })
    const { kubelets } = cluster.kubernetes
    const up = () => cluster.addNode('node-1', { address: '192.168.0.1' })
    up()
    await cluster.world.advance(60_000)
    expect(readyOf(cluster, 'node-1')?.status).toBe('False')
    const conflist = JSON.stringify({ name: 'lab', plugins: [{ type: 'ptp' }] })
    kubelets.filesOf('node-1').writeSync('/etc/cni/net.d/10-lab.conflist', Buffer.from(conflist))
    await cluster.until('the node is ready', () => readyOf(cluster, 'node-1')?.status === 'True', 1_000)
    const before = toldReady()
    kubelets.stopNode('node-1')
    up()
    await cluster.world.advance(60_000)
    expect(readyOf(cluster, 'node-1')?.status).toBe('True')
    expect(toldReady()).toBe(before)
    // A network that comes with the machine is waited for each time.
    bringsNetwork = true
    kubelets.stopNode('node-1')
    up()
    await cluster.world.advance(60_000)
    expect(toldReady()).toBe(before + 1)
  })
})

describe('a node that is closed for new pods', () => {
  let cluster: TestCluster
  const close = (unschedulable: boolean) =>
    cluster.api.update('nodes', {
      ...cluster.api.get<Node>('nodes', '', 'node-1')!,
      spec: { unschedulable },
    })

  beforeAll(async () => {
    cluster = await testCluster({ nodes: 1 })
  })
  afterAll(() => cluster.close())

  it('is told of by its kubelet, once', async () => {
    close(true)
    await cluster.world.advance(60_000)
    expect(timesTold(cluster, 'NodeNotSchedulable')).toBe(1)
  })

  it('is told of again by a kubelet that starts anew', async () => {
    cluster.kubernetes.kubelets.attendNode('node-1', false)
    cluster.kubernetes.kubelets.attendNode('node-1', true)
    await cluster.world.advance(60_000)
    expect(timesTold(cluster, 'NodeNotSchedulable')).toBe(2)
  })

  it('is told of when it is opened', async () => {
    expect(timesTold(cluster, 'NodeSchedulable')).toBe(0)
    close(false)
    await cluster.world.advance(60_000)
    expect(timesTold(cluster, 'NodeSchedulable')).toBe(1)
  })
})
