import type { Controller, Result } from '#world/controller.ts'
import type { KubernetesObject } from '../../api.ts'
import { canonicalQuantity } from '../../apiserver/quantity.ts'
import { equal } from '../../equality.ts'
import type { ResourceMetrics } from '../../metrics/resource-metrics.ts'
import type {
  HorizontalPodAutoscaler,
  LabelSelector,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from '../../objects.ts'
import { splitName, withCondition } from '../../pods.ts'
import { parseMilli } from '../../quantity.ts'
import { type ControlPlane, ownKey } from '../control-plane.ts'
import { type History, limit, memoryMs, stabilize } from './limits.ts'
import { proposeReplicas } from './replica-count.ts'

/** How often each autoscaler looks at its metrics (`--horizontal-pod-autoscaler-sync-period`), ms. */
const SYNC_MS = 15_000
const SOURCE = { component: 'horizontal-pod-autoscaler' }
const RESOURCE = 'horizontalpodautoscalers.autoscaling'

interface Scalable extends KubernetesObject {
  spec: { replicas?: number; selector?: LabelSelector }
  status?: { replicas?: number }
}

type Conditions = NonNullable<HorizontalPodAutoscaler['status']['conditions']>

/** What one look at the metrics found. */
interface Wish {
  replicas: number
  metric: string
  statuses: MetricStatus[]
}

/** A metric that could not be read: the reason of the condition and the event. */
class MetricError extends Error {
  override readonly name = 'MetricError'
  readonly reason: string
  /** Around `message` in the error of the whole sync. */
  readonly prefix: string
  constructor(reason: string, message: string, prefix = '') {
    super(message)
    this.reason = reason
    this.prefix = prefix
  }
}

/** Scales workloads by what their pods use. Models pkg/controller/podautoscaler; resource metrics only. */
export function autoscalerController(plane: ControlPlane, metrics: ResourceMetrics): Controller {
  const { api, podsByNamespace } = plane
  const due = new Map<string, number>()
  /** Kept in memory, as by the real controller: after a restart the present size is the only recommendation. */
  const histories = new Map<string, History>()

  function reconcile(key: string): Result | undefined {
    const hpa = api.get<HorizontalPodAutoscaler>(RESOURCE, ...splitName(key))
    if (!hpa) {
      due.delete(key)
      histories.delete(key)
      return
    }
    const now = plane.now()
    const next = due.get(key) ?? now + SYNC_MS
    if (now >= next) sync(key, hpa)
    due.set(key, now >= next ? now + SYNC_MS : next)
    return { requeueAfterMs: due.get(key)! - now }
  }

  function sync(key: string, hpa: HorizontalPodAutoscaler): void {
    let conditions: Conditions = hpa.status?.conditions ?? []
    const tell = (type: string, status: 'True' | 'False', reason: string, message: string) => {
      conditions = withCondition(conditions, { type, status, reason, message }, plane.timestamp())
    }
    const warn = (reason: string, message: string) => api.event(hpa, 'Warning', reason, message, SOURCE)
    const target = targetOf(hpa)
    if (typeof target === 'string') {
      warn('FailedGetScale', target)
      const message = `the HPA controller was unable to get the target's current scale: ${target}`
      tell('AbleToScale', 'False', 'FailedGetScale', message)
      return write(hpa, { ...hpa.status, conditions })
    }
    tell(
      'AbleToScale',
      'True',
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    )
    const { resource, object } = target
    const wanted = object.spec.replicas ?? 1
    const current = object.status?.replicas ?? 0
    const history = histories.get(key) ?? {
      recommendations: [{ replicas: wanted, time: plane.now() }],
      events: [],
    }
    histories.set(key, history)
    forgetOld(history, plane.now() - memoryMs(hpa.spec.behavior))
    const minimum = hpa.spec.minReplicas ?? 1
    const maximum = hpa.spec.maxReplicas
    let desired = wanted
    let reason = ''
    let statuses = hpa.status?.currentMetrics
    if (wanted === 0 && minimum !== 0) {
      tell(
        'ScalingActive',
        'False',
        'ScalingDisabled',
        'scaling is disabled since the replica count of the target is zero',
      )
      desired = 0
    } else if (wanted > maximum) {
      reason = 'Current number of replicas above Spec.MaxReplicas'
      desired = maximum
    } else if (wanted < minimum) {
      reason = 'Current number of replicas below Spec.MinReplicas'
      desired = minimum
    } else {
      const wish = compute(hpa, object, wanted, tell, warn)
      if (!wish) return write(hpa, { ...hpa.status, currentReplicas: current, conditions })
      statuses = wish.statuses
      if (wish.replicas > wanted) reason = `${wish.metric} above target`
      if (wish.replicas < wanted) reason = 'All metrics below target'
      const { behavior } = hpa.spec
      const stable = stabilize(behavior, wanted, wish.replicas, history, plane.now())
      history.recommendations.push({ replicas: wish.replicas, time: plane.now() })
      tell('AbleToScale', 'True', stable.reason, stable.message)
      const bounded = limit(behavior, { minimum, maximum }, wanted, stable.replicas, history, plane.now())
      const limited = bounded.replicas === stable.replicas ? 'False' : 'True'
      tell('ScalingLimited', limited, bounded.reason, bounded.message)
      desired = bounded.replicas
    }
    const rescale = desired !== wanted
    if (rescale) {
      api.update(resource, { ...object, spec: { ...object.spec, replicas: desired } })
      history.events.push({ change: desired - wanted, time: plane.now() })
      const message = `the HPA controller was able to update the target scale to ${desired}`
      tell('AbleToScale', 'True', 'SucceededRescale', message)
      api.event(hpa, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`, SOURCE)
    }
    write(hpa, {
      ...hpa.status,
      currentReplicas: current,
      desiredReplicas: desired,
      ...(statuses && { currentMetrics: statuses }),
      conditions,
      ...(rescale && { lastScaleTime: plane.timestamp() }),
    })
  }

  /** What the metrics ask for together: the most. Undefined when that cannot be told, and nothing may be changed. */
  function compute(
    hpa: HorizontalPodAutoscaler,
    target: Scalable,
    current: number,
    tell: (type: string, status: 'True' | 'False', reason: string, message: string) => void,
    warn: (reason: string, message: string) => void,
  ): Wish | undefined {
    const { namespace } = hpa.metadata
    const pods = podsByNamespace.select(namespace!, target.spec.selector)
    const specs = hpa.spec.metrics ?? []
    const statuses: MetricStatus[] = []
    const errors: MetricError[] = []
    let replicas = 0
    let metric = ''
    for (const spec of specs) {
      try {
        const { proposal, status, name } = evaluate(spec)
        statuses.push(status)
        if (proposal > replicas) [replicas, metric] = [proposal, name]
      } catch (error) {
        if (!(error instanceof MetricError)) throw error
        warn(error.reason, error.message)
        errors.push(error)
      }
    }
    const [first] = errors
    if (first && (errors.length === specs.length || replicas < current)) {
      const message = `the HPA was unable to compute the replica count: ${first.message}`
      tell('ScalingActive', 'False', first.reason, message)
      const why = `invalid metrics (${errors.length} invalid out of ${specs.length}), first error is: ${first.prefix}${first.message}`
      warn('FailedComputeMetricsReplicas', why)
      return
    }
    const message = `the HPA was able to successfully calculate a replica count from ${metric}`
    tell('ScalingActive', 'True', 'ValidMetricFound', message)
    return { replicas, metric, statuses }

    function evaluate(spec: MetricSpec): { proposal: number; status: MetricStatus; name: string } {
      const source = spec.type === 'Resource' ? spec.resource : spec.containerResource
      if (!source) throw otherMetric(spec, namespace!)
      const container = spec.containerResource?.container
      const reason = container ? 'FailedGetContainerResourceMetric' : 'FailedGetResourceMetric'
      const prefix = `failed to get ${source.name} ${container ? 'container ' : ''}resource metric value: `
      const byUse = source.target.averageUtilization !== undefined
      try {
        const result = proposeReplicas(
          { resource: source.name, ...(container && { container }), ...amounts(source.target) },
          current,
          pods,
          metrics,
          plane.now(),
        )
        const now = {
          ...(result.utilization !== undefined && { averageUtilization: result.utilization }),
          averageValue: canonicalQuantity(`${result.averageMilli}m`)!,
        }
        const kind = container ? 'container resource' : 'resource'
        return {
          proposal: result.replicas,
          status: container
            ? {
                type: 'ContainerResource',
                containerResource: { name: source.name, container, current: now },
              }
            : { type: 'Resource', resource: { name: source.name, current: now } },
          name: byUse
            ? `${source.name} ${kind} utilization (percentage of request)`
            : `${source.name} ${kind}`,
        }
      } catch (error) {
        const what = byUse ? 'utilization' : 'usage'
        throw new MetricError(
          reason,
          `failed to get ${source.name} ${what}: ${(error as Error).message}`,
          prefix,
        )
      }
    }
  }

  /** The target of an autoscaler, or why it cannot be had. */
  function targetOf({
    spec,
    metadata,
  }: HorizontalPodAutoscaler): { resource: string; object: Scalable } | string {
    const { apiVersion = 'v1', kind, name } = spec.scaleTargetRef
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
    const found = api.resourceNamed(group, kind)
    if (!found) return `no matches for kind "${kind}" in group "${group}"`
    const object = api.get<Scalable>(found.resource, metadata.namespace!, name)
    if (!object) return `${found.resource} "${name}" not found`
    if (!object.spec?.selector) return 'the server could not find the requested resource'
    return { resource: found.resource, object }
  }

  function write(hpa: HorizontalPodAutoscaler, status: HorizontalPodAutoscaler['status']): void {
    if (!equal(status, hpa.status)) api.updateStatus(RESOURCE, { ...hpa, status })
  }

  return {
    name: 'horizontal-pod-autoscaler',
    sources: [{ prefix: api.prefix(RESOURCE), keys: ownKey }],
    reconcile,
  }
}

function forgetOld(history: History, before: number): void {
  history.recommendations = history.recommendations.filter(({ time }) => time > before)
  history.events = history.events.filter(({ time }) => time > before)
}

function amounts({ averageUtilization, averageValue }: MetricTarget) {
  if (averageUtilization !== undefined) return { utilization: averageUtilization }
  if (averageValue !== undefined) return { averageMilli: parseMilli(averageValue) }
  throw new Error(
    'invalid resource metric source: neither an average utilization nor an average value target was set',
  )
}

/** Metrics of APIs that no cluster has unless somebody installs an adapter. */
function otherMetric({ type, pods, object, external }: MetricSpec, namespace: string): MetricError {
  const custom = 'no custom metrics API (custom.metrics.k8s.io) registered'
  if (pods) {
    const message = `unable to get metric ${pods.metric.name}: unable to fetch metrics from custom metrics API: ${custom}`
    return new MetricError('FailedGetPodsMetric', message, 'failed to get pods metric value: ')
  }
  if (object) {
    const { kind } = object.describedObject
    const message = `unable to get metric ${object.metric.name}: ${kind} on ${namespace} ${object.describedObject.name}/unable to fetch metrics from custom metrics API: ${custom}`
    return new MetricError('FailedGetObjectMetric', message, 'failed to get object metric value: ')
  }
  if (external) {
    const message = `unable to get external metric ${namespace}/${external.metric.name}/nil: unable to fetch metrics from external metrics API: no external metrics API (external.metrics.k8s.io) registered`
    return new MetricError(
      'FailedGetExternalMetric',
      message,
      `failed to get ${external.metric.name} external metric value: `,
    )
  }
  return new MetricError('InvalidMetricSourceType', `unknown metric source type "${type}"`)
}
