import type { Json, Obj } from '../json.ts'
import { humanDuration } from './duration.ts'

// Models printers.printPod.

const isSidecar = (container: Obj | undefined) => container?.restartPolicy === 'Always'

interface Summary {
  reason: string
  ready: number
  total: number
  restarts: number
  /** Latest time at which a container ended, ms; 0 when none has. */
  lastRestart: number
}

const finished = (state: Obj | undefined): number => Date.parse(state?.terminated?.finishedAt ?? '') || 0

const exitText = ({ signal, exitCode, reason }: Obj): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`)

function summary(pod: Obj): Summary {
  const { spec, status = {}, metadata } = pod
  const specs = new Map<string, Obj>(
    (spec.initContainers ?? []).map((container: Obj) => [container.name, container]),
  )
  const result: Summary = {
    reason: status.reason || status.phase || '',
    ready: 0,
    total: spec.containers.length + [...specs.values()].filter(isSidecar).length,
    restarts: 0,
    lastRestart: 0,
  }
  if (condition(status, 'PodScheduled')?.reason === 'SchedulingGated') result.reason = 'SchedulingGated'
  const initializing = initContainers(pod, specs, result)
  if (!initializing || condition(status, 'Initialized')?.status === 'True') containers(pod, result)
  if (metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') result.reason = 'Unknown'
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') result.reason = 'Terminating'
  }
  return result
}

const condition = (status: Obj, type: string): Obj | undefined =>
  status.conditions?.find((item: Json) => item.type === type)

/** Counts init containers; true when one of them is what the pod waits for. */
function initContainers({ spec, status = {} }: Obj, specs: Map<string, Obj>, result: Summary): boolean {
  let sidecarRestarts = 0
  for (const [index, container] of ((status.initContainerStatuses ?? []) as Obj[]).entries()) {
    const own = specs.get(container.name)
    result.restarts += container.restartCount ?? 0
    result.lastRestart = Math.max(result.lastRestart, finished(container.lastState))
    if (isSidecar(own)) sidecarRestarts += container.restartCount ?? 0
    const { terminated, waiting } = container.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (isSidecar(own) && container.started) {
      if (container.ready) result.ready++
      continue
    }
    if (terminated) result.reason = `Init:${exitText(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') result.reason = `Init:${waiting.reason}`
    else result.reason = `Init:${index}/${spec.initContainers.length}`
    return true
  }
  result.restarts = sidecarRestarts
  return false
}

function containers({ status = {} }: Obj, result: Summary): void {
  let running = false
  const statuses: Obj[] = status.containerStatuses ?? []
  for (const container of statuses.toReversed()) {
    result.restarts += container.restartCount ?? 0
    result.lastRestart = Math.max(result.lastRestart, finished(container.lastState))
    const { waiting, terminated } = container.state ?? {}
    if (waiting?.reason) result.reason = waiting.reason
    else if (terminated) result.reason = exitText(terminated)
    else if (container.ready && container.state?.running) {
      running = true
      result.ready++
    }
  }
  if (result.reason === 'Completed' && running) {
    result.reason = condition(status, 'Ready')?.status === 'True' ? 'Running' : 'NotReady'
  }
}

/** STATUS of `kubectl get pods`. */
export const podStatus = (pod: Obj): string => summary(pod).reason

/** READY: `1/2`. */
export function readyContainers(pod: Obj): string {
  const { ready, total } = summary(pod)
  return `${ready}/${total}`
}

/** RESTARTS: `3 (2m ago)`. */
export function restarts(pod: Obj, now: number): string {
  const { restarts: count, lastRestart } = summary(pod)
  return count > 0 && lastRestart > 0 ? `${count} (${humanDuration(now - lastRestart)} ago)` : String(count)
}
