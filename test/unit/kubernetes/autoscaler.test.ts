import { afterEach, describe, expect, it } from 'vitest'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import type { Deployment, HorizontalPodAutoscaler } from '#kubernetes/objects.ts'
import { deployment, readyPods, type TestCluster, testCluster } from './test-cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const RESOURCE = 'horizontalpodautoscalers.autoscaling'
const options = { version: 'v0.8.0', registry: 'registry.test', dnsAddress: '10.100.0.10' }
const MiB = 2 ** 20

const installMetricsServer = () => {
  for (const { resource, object } of eksAddon('metrics-server', options)) cluster.api.create(resource, object)
}
const autoscaler = (spec: object = {}) =>
  cluster.api.create<HorizontalPodAutoscaler>(RESOURCE, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
      ...spec,
    },
  } as unknown as HorizontalPodAutoscaler)
const web = (replicas = 1) =>
  cluster.api.create(
    'deployments.apps',
    deployment('web', replicas, { container: { resources: { requests: { cpu: '200m', memory: '64Mi' } } } }),
  )
const use = (cpuMilli: number) => cluster.runtime.usages.set('web', { cpuMilli, memoryBytes: 32 * MiB })
const hpa = () => cluster.api.get<HorizontalPodAutoscaler>(RESOURCE, 'default', 'web')!
const condition = (type: string) => {
  const found = hpa().status?.conditions?.find((candidate) => candidate.type === type)
  return found && `${found.status} ${found.reason}`
}
const size = () => cluster.api.get<Deployment>('deployments.apps', 'default', 'web')!.spec.replicas
const metric = () => hpa().status?.currentMetrics?.[0]?.resource?.current

/** A deployment with load, its metrics and its autoscaler, all settled. */
async function loaded(cpuMilli: number, spec: object = {}, replicas = 1) {
  cluster = await testCluster()
  installMetricsServer()
  use(cpuMilli)
  web(replicas)
  await cluster.until('up', () => readyPods(cluster).length === replicas)
  await cluster.world.advance(40_000)
  autoscaler(spec)
}

describe('the horizontal pod autoscaler', () => {
  it('grows a deployment until its pods are near the target, and says why', async () => {
    await loaded(160)
    await cluster.until('scaled', () => size() === 2)
    expect(hpa().status).toMatchObject({
      currentReplicas: 1,
      desiredReplicas: 2,
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 80, averageValue: '160m' } },
        },
      ],
    })
    expect(hpa().status!.conditions!.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['AbleToScale', 'True', 'SucceededRescale'],
      ['ScalingActive', 'True', 'ValidMetricFound'],
      ['ScalingLimited', 'False', 'DesiredWithinRange'],
    ])
    expect(cluster.events('web')).toContain(
      'SuccessfulRescale: New size: 2; reason: cpu resource utilization (percentage of request) above target',
    )
    use(105)
    await cluster.until('settled', () => condition('AbleToScale') === 'True ReadyForNewScale')
    await cluster.world.advance(120_000)
    expect(size()).toBe(2)
    expect(metric()).toEqual({ averageUtilization: 52, averageValue: '105m' })
  })

  it('at most doubles at once, and stops at its maximum', async () => {
    await loaded(2000, { maxReplicas: 6 })
    await cluster.until('first step', () => size() === 4)
    expect(condition('ScalingLimited')).toBe('True ScaleUpLimit')
    await cluster.until('maximum', () => size() === 6)
    expect(condition('ScalingLimited')).toBe('True TooManyReplicas')
  })

  it('shrinks only when five minutes have passed without need of more', async () => {
    await loaded(160)
    await cluster.until('scaled', () => size() === 2)
    await cluster.until('both ready', () => readyPods(cluster).length === 2)
    use(1)
    await cluster.until('stabilized', () => condition('AbleToScale') === 'True ScaleDownStabilized')
    await cluster.world.advance(120_000)
    expect(size()).toBe(2)
    await cluster.until('shrunk', () => size() === 1, 400_000)
    expect(cluster.events('web')).toContain(
      'SuccessfulRescale: New size: 1; reason: All metrics below target',
    )
    expect(condition('ScalingLimited')).toBe('True TooFewReplicas')
  })

  it('shrinks by the rules of its behavior', async () => {
    const behavior = {
      scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    }
    await loaded(1, { behavior }, 4)
    await cluster.until('one less', () => size() === 3, 31_000)
    expect(condition('ScalingLimited')).toBe('True ScaleDownLimit')
    await cluster.world.advance(40_000)
    expect(size()).toBe(3)
    await cluster.until('two less', () => size() === 2, 40_000)
  })

  it('says that there is no metrics API', async () => {
    cluster = await testCluster()
    web()
    autoscaler()
    await cluster.until('failed', () => condition('ScalingActive'))
    expect(condition('ScalingActive')).toBe('False FailedGetResourceMetric')
    expect(condition('AbleToScale')).toBe('True SucceededGetScale')
    const why =
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'
    expect(cluster.events('web')).toContain(`FailedGetResourceMetric: ${why}`)
    expect(cluster.events('web')).toContain(
      `FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${why}`,
    )
  })

  it('needs requests for a utilization, and a target', async () => {
    cluster = await testCluster()
    installMetricsServer()
    cluster.api.create('deployments.apps', deployment('web', 1))
    await cluster.until('up', () => readyPods(cluster).length === 1)
    await cluster.world.advance(40_000)
    autoscaler()
    await cluster.until('failed', () => condition('ScalingActive') === 'False FailedGetResourceMetric')
    const [{ name }] = cluster.pods().map(({ metadata }) => metadata) as [{ name: string }]
    expect(cluster.events('web')).toContain(
      `FailedGetResourceMetric: failed to get cpu utilization: missing request for cpu in container web of Pod ${name}`,
    )
    cluster.api.delete('deployments.apps', 'default', 'web')
    await cluster.until('no target', () => condition('AbleToScale') === 'False FailedGetScale')
    expect(cluster.events('web')).toContain('FailedGetScale: deployments.apps "web" not found')
  })

  it('brings a deployment within its bounds without any metric, and leaves one at zero alone', async () => {
    cluster = await testCluster()
    web(1)
    autoscaler({ minReplicas: 3 })
    await cluster.until('raised', () => size() === 3)
    expect(cluster.events('web')).toContain(
      'SuccessfulRescale: New size: 3; reason: Current number of replicas below Spec.MinReplicas',
    )
    const found = cluster.api.get<Deployment>('deployments.apps', 'default', 'web')!
    cluster.api.update('deployments.apps', { ...found, spec: { ...found.spec, replicas: 0 } })
    await cluster.until('disabled', () => condition('ScalingActive') === 'False ScalingDisabled')
    expect(size()).toBe(0)
  })

  it('follows memory, by what each pod uses', async () => {
    const target = { type: 'AverageValue', averageValue: '16Mi' }
    await loaded(1, { metrics: [{ type: 'Resource', resource: { name: 'memory', target } }] })
    await cluster.until('scaled', () => size() === 2)
    expect(metric()).toEqual({ averageValue: String(32 * MiB) })
    expect(cluster.events('web')).toContain(
      'SuccessfulRescale: New size: 2; reason: memory resource above target',
    )
  })
})
