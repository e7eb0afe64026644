import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '#kubernetes/api.ts'
import { loadSchema } from '#kubernetes/apiserver/schema/schema.ts'
import { EventBacklog } from '#kubernetes/kubelet/event-backlog.ts'
import { MIRROR } from '#kubernetes/kubelet/kubelet.ts'
import type { Manifest } from '#kubernetes/kubelet/manifest.ts'
import { NodeImages } from '#kubernetes/kubelet/node-images.ts'
import { type NodeRecord, nodeRecordPrefix } from '#kubernetes/kubelet/node-record.ts'
import { StaticPods } from '#kubernetes/kubelet/static-pods.ts'
import { uplinkApi } from '#kubernetes/kubelet/uplink.ts'
import type { Pod } from '#kubernetes/objects.ts'
import { VolumeStore } from '#kubernetes/volumes/files.ts'
import { type TestCluster, testCluster } from './test-cluster.ts'

const GENERATED = fileURLToPath(new URL('../../../generated/kubernetes', import.meta.url))

const manifest = (image: string): Manifest => ({
  path: '/etc/kubernetes/manifests/web.yaml',
  text: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 5
  containers:
  - name: web
    image: ${image}
`,
})

describe('static pods', () => {
  let cluster: TestCluster
  let pods: StaticPods
  let files: Manifest[]
  let reachable = false
  const journal: string[] = []

  const running = () =>
    pods.workers().filter((worker) => worker.containers.every((container) => container.running))
  const image = () => running()[0]?.containers[0]?.spec.image
  const mirror = () => cluster.api.get<Pod & KubernetesObject>('pods', 'default', 'web-node-1')

  beforeAll(async () => {
    cluster = await testCluster({ nodes: 1 })
    const { world, api, network, runtime } = cluster
    const node = world.store.get<NodeRecord>(`${nodeRecordPrefix('c1')}node-1`)!.value
    const provider = {
      allocatePodAddress: () => '10.9.9.9',
      releasePodAddress: () => {},
      keepPodAddresses: () => {},
      registryCredentials: async () => undefined,
      ensureLoadBalancer: async () => undefined,
      deleteLoadBalancer: async () => {},
    }
    const backlog = new EventBacklog(
      world.clock,
      () => reachable,
      (...event) => api.event(...event),
    )
    const uplink = uplinkApi(api, () => reachable, backlog)
    files = [manifest('web:1')]
    pods = new StaticPods({
      world,
      node,
      schema: await loadSchema(GENERATED),
      resumed: false,
      services: {
        plane: {
          world,
          now: () => world.clock.now(),
          podAddresses: new Map(),
          options: { network, runtime, provider, gitVersion: 'v1.35.0' },
        },
        apiOf: () => uplink,
        podsOn: () => [],
        podsWith: () => [],
        images: new NodeImages({ uid: 'machines', world, images: runtime, provider }),
        volumes: new VolumeStore(world, 'machine'),
        issueToken: () => () => '',
        resolve: () => [],
        records: () => undefined,
        networks: {
          brings: () => true,
          isReady: () => true,
          trouble: () => undefined,
          takesBack: () => true,
        },
        resolver: () => '',
      },
      manifests: async () => files,
      log: (_severity, text) => journal.push(text),
    })
    pods.changed()
    await cluster.until('the pod runs', () => running().length === 1)
  })
  afterAll(() => {
    pods.stop()
    cluster.close()
  })

  it('run from files, without an API server', () => {
    expect(pods.workers().map(({ key }) => key)).toEqual(['default/web-node-1'])
    expect(image()).toBe('web:1')
    expect(mirror()).toBeUndefined()
  })

  it('are started again when they end', async () => {
    const before = running()[0]!.containers[0]!.instance!
    before.process!.kill('SIGKILL')
    await cluster.until('another instance runs', () => {
      const instance = running()[0]?.containers[0]?.instance
      return instance && instance !== before
    })
    expect(running()[0]!.containers[0]!.restarts).toBe(1)
  })

  it('have a mirror with their status once an API server answers', async () => {
    reachable = true
    pods.connect(cluster.api, () => reachable)
    await cluster.until('the mirror runs', () => mirror()?.status.phase === 'Running')
    expect(mirror()!.metadata.annotations![MIRROR]).toBe(pods.workers()[0]!.uid)
    expect(mirror()!.status.containerStatuses![0]!.restartCount).toBe(1)
    expect(mirror()!.metadata.ownerReferences).toMatchObject([
      { kind: 'Node', name: 'node-1', controller: true },
    ])
  })

  // Source: client-go tools/record/event.go (recordToSink): tried twelve times, ten seconds apart.
  it('tell what happened meanwhile within ten seconds, with the times at which it did', async () => {
    const told = () =>
      cluster.api
        .list<KubernetesObject & Record<string, string>>('events', 'default')
        .filter(({ reason }) => reason === 'Started')
    expect(told()).toEqual([])
    await cluster.world.advance(10_000)
    await cluster.until('they are told', () => told().length === 1)
    const [started] = told()
    expect(started).toMatchObject({ count: 2, message: 'Container started' })
    expect(Date.parse(started!.lastTimestamp!)).toBeLessThanOrEqual(
      Date.parse(mirror()!.metadata.creationTimestamp!),
    )
  })

  it('do not go when somebody deletes the mirror, which comes back', async () => {
    const { uid } = mirror()!.metadata
    const instance = running()[0]!.containers[0]!.instance
    cluster.api.delete('pods', 'default', 'web-node-1')
    await cluster.until('another mirror is there', () => mirror() && mirror()!.metadata.uid !== uid)
    expect(running()[0]!.containers[0]!.instance).toBe(instance)
  })

  it('are replaced when their file changes', async () => {
    files = [manifest('web:2')]
    pods.changed()
    await cluster.until('the new one runs', () => image() === 'web:2' && pods.workers().length === 1)
    await cluster.until(
      'its mirror is there',
      () => mirror()?.metadata.annotations?.[MIRROR] === pods.workers()[0]!.uid,
    )
  })

  it('live on while the file cannot be read as a pod of its own, and say so', async () => {
    files = [
      manifest('web:2'),
      { path: '/etc/kubernetes/manifests/bad.yaml', text: 'kind: Deployment\napiVersion: apps/v1\n' },
    ]
    pods.changed()
    await cluster.until('the journal tells', () => journal.some((line) => line.includes('bad.yaml')))
    expect(running()).toHaveLength(1)
  })

  it('end with their file, and their mirror with them', async () => {
    files = []
    pods.changed()
    await cluster.until('nothing is left', () => pods.workers().length === 0 && mirror() === undefined)
  })
})
