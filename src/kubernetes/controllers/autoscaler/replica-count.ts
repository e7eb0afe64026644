import type { PodMetrics, ResourceMetrics } from '../../metrics/resource-metrics.ts'
import type { ContainerSpecification, Pod } from '../../objects.ts'
import { podCondition } from '../../pods.ts'
import { parseMilli } from '../../quantity.ts'
import { parseTime } from '../../time.ts'

/** A ratio this near to 1 changes nothing (`--horizontal-pod-autoscaler-tolerance`). */
const TOLERANCE = 0.1
/** Through this time after its start a pod's CPU use counts only while it is ready, ms. */
const CPU_INITIALIZATION_MS = 300_000
/** Readiness that comes later than this after the start was lost and not awaited, ms. */
const INITIAL_READINESS_MS = 30_000

/** What a metric asks for; amounts in thousandths of the resource's unit. */
export interface ResourceTarget {
  resource: string
  /** Only this container's use. */
  container?: string
  /** Percent of the pods' requests. */
  utilization?: number
  /** Of each pod, on average. */
  averageMilli?: number
}

/** How many replicas a metric asks for, and what it is now. */
export interface Proposal {
  replicas: number
  averageMilli: number
  utilization?: number
}

interface Ratio extends Omit<Proposal, 'replicas'> {
  ratio: number
}

/** Models pkg/controller/podautoscaler ReplicaCalculator. Throws an Error with its text. */
export function proposeReplicas(
  target: ResourceTarget,
  current: number,
  pods: Pod[],
  metrics: ResourceMetrics,
  now: number,
): Proposal {
  const { resource } = target
  const usage = usageOf(target, pods, metrics)
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
  const groups = groupPods(pods, usage, resource, now)
  const seen = new Map(
    [...usage].filter(([name]) => groups.ready.has(name)).map(([name, { milli }]) => [name, milli]),
  )
  if (seen.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  const requests =
    target.utilization === undefined
      ? undefined
      : new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, target)]))
  const measure = () => ratioOf(target, seen, requests)
  const first = measure()
  const answer = (replicas: number): Proposal => ({
    replicas,
    averageMilli: first.averageMilli,
    ...(first.utilization !== undefined && { utilization: first.utilization }),
  })
  const withUnready = groups.unready.length > 0 && first.ratio > 1
  if (!withUnready && groups.missing.length === 0) {
    return answer(isNear(first.ratio) ? current : Math.ceil(first.ratio * groups.ready.size))
  }
  // What is not known is taken so that it slows the change down.
  for (const name of first.ratio === 1 ? [] : groups.missing) {
    const full = requests
      ? Math.floor((requests.get(name)! * Math.max(100, target.utilization!)) / 100)
      : target.averageMilli!
    seen.set(name, first.ratio < 1 ? full : 0)
  }
  if (withUnready) for (const name of groups.unready) seen.set(name, 0)
  const second = measure()
  const turned = (first.ratio < 1 && second.ratio > 1) || (first.ratio > 1 && second.ratio < 1)
  if (isNear(second.ratio) || turned) return answer(current)
  const replicas = Math.ceil(second.ratio * seen.size)
  const against = (second.ratio < 1 && replicas > current) || (second.ratio > 1 && replicas < current)
  return answer(against ? current : replicas)
}

const isNear = (ratio: number): boolean => Math.abs(1 - ratio) <= TOLERANCE

type UsageByPod = Map<string, { milli: number; timestamp: number; windowMs: number }>

function usageOf({ resource, container }: ResourceTarget, pods: Pod[], metrics: ResourceMetrics): UsageByPod {
  const prefix = `unable to get metrics for resource ${resource}:`
  try {
    metrics.check('pods')
  } catch (error) {
    throw new Error(
      `${prefix} unable to fetch metrics from resource metrics API: ${(error as Error).message}`,
    )
  }
  const found = pods.flatMap((pod) => {
    const measured = pod.status.phase === 'Running' ? metrics.ofPod(pod) : undefined
    return measured ? [measured] : []
  })
  if (found.length === 0) throw new Error(`${prefix} no metrics returned from resource metrics API`)
  return new Map(
    found.map((pod) => [
      pod.metadata.name,
      {
        milli: milliOf(pod, resource, container),
        timestamp: parseTime(pod.timestamp),
        windowMs: Number.parseInt(pod.window, 10) * 1000,
      },
    ]),
  )
}

const milliOf = ({ containers }: PodMetrics, resource: string, container: string | undefined): number =>
  containers
    .filter(({ name }) => container === undefined || name === container)
    .reduce((sum, { usage }) => sum + parseMilli(usage[resource as 'cpu' | 'memory']), 0)

/** Ready pods with metrics, pods too young to count, pods without metrics; pods that go are left out. */
function groupPods(pods: Pod[], usage: UsageByPod, resource: string, now: number) {
  const ready = new Set<string>()
  const unready: string[] = []
  const missing: string[] = []
  for (const pod of pods) {
    const { name } = pod.metadata
    if (pod.metadata.deletionTimestamp || pod.status.phase === 'Failed') continue
    const measured = usage.get(name)
    if (pod.status.phase === 'Pending') unready.push(name)
    else if (!measured) missing.push(name)
    else if (resource === 'cpu' && isUnready(pod, measured, now)) unready.push(name)
    else ready.add(name)
  }
  return { ready, unready, missing }
}

function isUnready(
  pod: Pod,
  { timestamp, windowMs }: { timestamp: number; windowMs: number },
  now: number,
): boolean {
  const condition = podCondition(pod, 'Ready')
  if (!condition || !pod.status.startTime) return true
  const started = parseTime(pod.status.startTime)
  const changed = parseTime(condition.lastTransitionTime)
  // A sample that reaches back before the pod was ready holds the work of its start.
  if (started + CPU_INITIALIZATION_MS > now)
    return condition.status === 'False' || timestamp < changed + windowMs
  return condition.status === 'False' && started + INITIAL_READINESS_MS > changed
}

function requestOf(pod: Pod, { resource, container }: ResourceTarget): number {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const request = (spec: ContainerSpecification): number => {
    const amount = spec.resources?.requests?.[resource]
    if (amount !== undefined) return parseMilli(amount)
    throw new Error(`missing request for ${resource} in container ${spec.name} of Pod ${pod.metadata.name}`)
  }
  return [...pod.spec.containers, ...sidecars]
    .filter(({ name }) => container === undefined || name === container)
    .reduce((sum, spec) => sum + request(spec), 0)
}

function ratioOf(
  target: ResourceTarget,
  usage: Map<string, number>,
  requests: Map<string, number> | undefined,
): Ratio {
  const total = [...usage.values()].reduce((sum, milli) => sum + milli, 0)
  const averageMilli = Math.trunc(total / usage.size)
  if (!requests) return { ratio: averageMilli / target.averageMilli!, averageMilli }
  const requested = [...usage.keys()].reduce((sum, name) => sum + requests.get(name)!, 0)
  if (requested === 0) throw new Error('no metrics returned matched known pods')
  const utilization = Math.trunc((total * 100) / requested)
  return { ratio: utilization / target.utilization!, utilization, averageMilli }
}
