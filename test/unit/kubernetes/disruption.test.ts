import { afterEach, describe, expect, it } from 'vitest'
import type { PodDisruptionBudget } from '#kubernetes/objects.ts'
import { deployment, pod, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const RESOURCE = 'poddisruptionbudgets.policy'
const budget = (spec: object, name = 'web') =>
  cluster.api.create<PodDisruptionBudget>(RESOURCE, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  } as unknown as PodDisruptionBudget)
const status = (name = 'web') => cluster.api.get<PodDisruptionBudget>(RESOURCE, 'default', name)?.status
const evict = (name: string) => cluster.api.evict('default', name)
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."

async function web(replicas: number) {
  cluster = await testCluster()
  cluster.api.create('deployments.apps', deployment('web', replicas))
  await cluster.until('up', () => readyPods(cluster).length === replicas)
}

describe('a pod disruption budget', () => {
  it('lets as many pods go as are spare, and more when new ones are ready', async () => {
    await web(3)
    budget({ minAvailable: 2 })
    await cluster.world.advance(0)
    expect(status()).toMatchObject({
      currentHealthy: 3,
      desiredHealthy: 2,
      expectedPods: 3,
      disruptionsAllowed: 1,
      observedGeneration: 1,
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }],
    })
    const [a, b] = cluster.pods().map(({ metadata }) => metadata.name) as [string, string]
    evict(a)
    expect(() => evict(b)).toThrow(REFUSED)
    await cluster.world.advance(0)
    expect(status()).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 2 })
    await cluster.until('replaced', () => status()?.disruptionsAllowed === 1)
    evict(b)
  })

  it('says how many it needs and has', async () => {
    await web(2)
    budget({ maxUnavailable: 0 })
    await cluster.world.advance(0)
    const [name] = cluster.pods().map(({ metadata }) => metadata.name) as [string]
    try {
      evict(name)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({
        code: 429,
        reason: 'TooManyRequests',
        message: REFUSED,
        details: {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
            },
          ],
        },
      })
    }
  })

  it('counts percentages of the wanted size, rounded up', async () => {
    await web(3)
    budget({ minAvailable: '50%' })
    budget({ maxUnavailable: '50%' }, 'other')
    await cluster.world.advance(0)
    expect(status()).toMatchObject({ desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 1 })
    expect(status('other')).toMatchObject({ desiredHealthy: 1, disruptionsAllowed: 2 })
    const [name] = cluster.pods().map(({ metadata }) => metadata.name) as [string]
    expect(() => evict(name)).toThrow('This pod has more than one PodDisruptionBudget')
  })

  it('counts on no pod that does not serve, and lets unready ones go only while it is healthy', async () => {
    cluster = await testCluster()
    const probe = { readinessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1 } }
    cluster.api.create('deployments.apps', deployment('web', 1, { container: probe }))
    cluster.api.create('pods', pod('stuck', { resources: { requests: { cpu: '64' } } }))
    await cluster.until('running', () => cluster.pods().some(({ status }) => status.phase === 'Running'))
    budget({ minAvailable: 1 })
    await cluster.world.advance(0)
    const [web] = cluster.pods().filter(({ status }) => status.phase === 'Running')
    expect(status()).toMatchObject({ currentHealthy: 0, disruptionsAllowed: 0 })
    expect(() => evict(web!.metadata.name)).toThrow(REFUSED)
    evict('stuck')
    const found = cluster.api.get<PodDisruptionBudget>(RESOURCE, 'default', 'web')!
    cluster.api.update(RESOURCE, {
      ...found,
      spec: { ...found.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    })
    evict(web!.metadata.name)
  })

  it('cannot count pods that nothing with replicas owns', async () => {
    cluster = await testCluster()
    cluster.api.create('pods', pod('web'))
    await cluster.until('up', () => readyPods(cluster).length === 1)
    budget({ maxUnavailable: 1 })
    await cluster.world.advance(0)
    expect(status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 })
    expect(cluster.events('web').some((text) => text.startsWith('UnmanagedPods: Pods selected by'))).toBe(
      true,
    )
    budget({ minAvailable: 1, selector: { matchLabels: { app: 'none' } } }, 'empty')
    await cluster.world.advance(0)
    expect(cluster.events('empty')).toEqual(['NoPods: No matching pods found'])
  })
})
