import type { Result } from '#world/controller.ts'
import type { TaskSetRecord } from './records.ts'
import { backOff, PLACEMENT_RETRY_MS, startTasks } from './service-starts.ts'
import type { ServiceWork } from './service-work.ts'
import { computedCount } from './task-sets.ts'

/** Holds each task set of a service at its share of the desired count; who steers them is not ECS. */
export function rollTaskSets(work: ServiceWork): Result | undefined {
  const waits = (work.service.taskSets ?? []).map((set) => hold(work, set)).filter((ms) => ms > 0)
  const ids = new Set(work.service.taskSets?.map(({ id }) => id))
  work.stop(work.active().filter(({ startedBy }) => !ids.has(startedBy ?? '')))
  return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined
}

/** Starts or ends tasks of one set; gives how long to wait before more can be started, ms. */
function hold(work: ServiceWork, set: TaskSetRecord): number {
  const desired = computedCount(work.service, set)
  const all = work.active().filter(({ startedBy }) => startedBy === set.id)
  work.stop(all.filter(({ unwell }) => unwell !== undefined))
  const own = all.filter(({ unwell }) => unwell === undefined)
  work.stop(own.slice(desired).filter((task) => set.status === 'DRAINING' || !work.isProtected(task)))
  let wait = 0
  if (own.length < desired) {
    wait = backOff(work)
    if (wait <= 0 && !startTasks(work, set, Array(desired - own.length).fill(undefined)))
      wait = PLACEMENT_RETRY_MS
  }
  const alive = work
    .all()
    .filter(({ startedBy, lastStatus }) => startedBy === set.id && lastStatus !== 'STOPPED')
  if (set.status === 'DRAINING') {
    if (alive.length === 0) work.set({ taskSets: work.service.taskSets!.filter(({ id }) => id !== set.id) })
    return wait
  }
  const steady = alive.length === desired && alive.every((task) => work.isHealthy(task))
  if (steady === set.steady) return wait
  const changed = { ...set, steady, steadyAt: work.now }
  work.set({ taskSets: work.service.taskSets!.map((one) => (one.id === set.id ? changed : one)) })
  if (steady) work.set({ failures: 0, failedAt: 0 })
  return wait
}
