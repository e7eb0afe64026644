import { afterEach, describe, expect, it } from 'vitest'
import { PullError } from '#containers/image.ts'
import type { Deployment, Pod, ReplicaSet } from '#kubernetes/objects.ts'
import { isReady } from '#kubernetes/pods.ts'
import { deployment, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const get = (name = 'web') => cluster.api.get<Deployment>('deployments.apps', 'default', name)!
const setImage = (image: string) => {
  const old = structuredClone(get())
  old.spec.template.spec!.containers[0]!.image = image
  cluster.api.update('deployments.apps', old)
}
const rolledOut = () => {
  const { spec, status, metadata } = get()
  return (
    status.observedGeneration === metadata.generation &&
    status.updatedReplicas === spec.replicas &&
    status.availableReplicas === spec.replicas &&
    status.replicas === spec.replicas
  )
}
const images = () => cluster.pods().map((pod) => pod.spec.containers[0]!.image)

describe('a Deployment', () => {
  it('runs its replicas and says so', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 3))
    await cluster.until('3 ready pods', () => readyPods(cluster).length === 3)
    await cluster.until('rolled out', rolledOut)
    const [set] = cluster.api.list<ReplicaSet>('replicasets.apps', 'default')
    expect(cluster.events('web')).toEqual([
      `ScalingReplicaSet: Scaled up replica set ${set!.metadata.name} from 0 to 3`,
    ])
    expect(get().metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' })
    expect(get().status.conditions).toMatchObject([
      { type: 'Available', status: 'True', message: 'Deployment has minimum availability.' },
      {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "${set!.metadata.name}" has successfully progressed.`,
      },
    ])
    expect(new Set(cluster.pods().map((pod) => pod.status.podIP)).size).toBe(3)
    expect(new Set(cluster.pods().map((pod) => pod.spec.nodeName)).size).toBe(2)
  })

  it('replaces a deleted pod by one with another address', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('ready', () => readyPods(cluster).length === 2)
    const before = cluster.pods()
    cluster.api.delete('pods', 'default', before[0]!.metadata.name)
    await cluster.until(
      'replaced',
      () => readyPods(cluster).filter((pod) => pod.metadata.uid !== before[0]!.metadata.uid).length === 2,
    )
    await cluster.until('old one gone', () => cluster.pods().length === 2)
    const fresh = cluster
      .pods()
      .find((pod) => !before.some(({ metadata }) => metadata.uid === pod.metadata.uid))!
    expect(before.map((pod) => pod.status.podIP)).not.toContain(fresh.status.podIP)
  })

  it('never goes beyond maxSurge and maxUnavailable while it rolls', async () => {
    cluster = await testCluster()
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
    cluster.api.create('deployments.apps', deployment('web', 4, { spec: { strategy } }))
    await cluster.until('ready', rolledOut)
    // What it asks of its ReplicaSets: they follow in their own time, as in a real cluster.
    const wanted: number[] = []
    const ready: number[] = []
    cluster.world.store.watch(cluster.api.prefix('replicasets.apps'), () => {
      const sets = cluster.api.list<ReplicaSet>('replicasets.apps', 'default')
      wanted.push(sets.reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0))
    })
    cluster.world.store.watch(cluster.api.prefix('pods'), () => {
      const alive = cluster.pods().filter(({ metadata }) => !metadata.deletionTimestamp)
      ready.push(alive.filter(isReady).length)
    })
    setImage('web:2')
    await cluster.until('rolled out', rolledOut)
    await cluster.until('old pods gone', () => cluster.pods().length === 4)
    expect(Math.max(...wanted)).toBe(5)
    expect(Math.min(...ready)).toBe(3)
    expect(images()).toEqual(Array(4).fill('web:2'))
  })

  it('goes back to an old template with its old ReplicaSet and a new revision', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('first', rolledOut)
    const [first] = cluster.api.list<ReplicaSet>('replicasets.apps', 'default')
    setImage('web:2')
    await cluster.until('second', rolledOut)
    setImage('web:1')
    await cluster.until('back', rolledOut)
    const sets = cluster.api.list<ReplicaSet>('replicasets.apps', 'default')
    expect(sets).toHaveLength(2)
    const again = sets.find(({ metadata }) => metadata.name === first!.metadata.name)!
    expect(again.spec.replicas).toBe(2)
    expect(again.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
    expect(get().metadata.annotations!['deployment.kubernetes.io/revision']).toBe('3')
  })

  it('says that it is stuck when its deadline has passed', async () => {
    cluster = await testCluster()
    const missing = new PullError('not-found', 'docker.io/library/nope:1: not found')
    cluster.runtime.failures.set('docker.io/library/nope:1', missing)
    cluster.api.create(
      'deployments.apps',
      deployment('web', 1, { image: 'nope:1', spec: { progressDeadlineSeconds: 60 } }),
    )
    const progressing = () => get().status.conditions?.find(({ type }) => type === 'Progressing')
    await cluster.until('deadline', () => progressing()?.reason === 'ProgressDeadlineExceeded')
    expect(progressing()).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/^ReplicaSet "web-\w+" has timed out progressing\.$/),
    })
  })

  it('ends all old pods before the first new one when it recreates', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2, { spec: { strategy: { type: 'Recreate' } } }))
    await cluster.until('ready', rolledOut)
    let mixed = false
    cluster.world.store.watch(cluster.api.prefix('pods'), () => {
      mixed ||= new Set(images()).size > 1
    })
    setImage('web:2')
    await cluster.until('rolled out', rolledOut)
    expect(mixed).toBe(false)
    expect(images()).toEqual(['web:2', 'web:2'])
  })

  it('scales, and does not roll while it is paused', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 1))
    await cluster.until('ready', rolledOut)
    cluster.api.update('deployments.apps', { ...get(), spec: { ...get().spec, paused: true } })
    setImage('web:2')
    cluster.api.update('deployments.apps', { ...get(), spec: { ...get().spec, replicas: 3 } })
    await cluster.until('scaled', () => readyPods(cluster).length === 3)
    expect(images()).toEqual(Array(3).fill('web:1'))
    cluster.api.update('deployments.apps', { ...get(), spec: { ...get().spec, paused: false } })
    await cluster.until('rolled', rolledOut)
    expect(images()).toEqual(Array(3).fill('web:2'))
  })

  it('takes its ReplicaSets and pods with it', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('ready', rolledOut)
    cluster.api.delete('deployments.apps', 'default', 'web')
    await cluster.until('gone', () => cluster.pods().length === 0)
    expect(cluster.api.list('replicasets.apps')).toEqual([])
  })

  it('leaves them when it is deleted as an orphan maker, and adopts them again', async () => {
    cluster = await testCluster()
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('ready', rolledOut)
    const before = cluster.pods().map((pod: Pod) => pod.metadata.uid)
    cluster.api.delete('deployments.apps', 'default', 'web', { propagationPolicy: 'Orphan' })
    await cluster.until('gone', () => !get())
    cluster.api.create('deployments.apps', deployment('web', 2))
    await cluster.until('ready', rolledOut)
    expect(cluster.pods().map((pod) => pod.metadata.uid)).toEqual(before)
  })
})
