import type { TaskRecord } from './records.ts'

/** What to do next for a service. */
export interface Plan {
  start: number
  stop: TaskRecord[]
}

export interface RolloutState {
  desired: number
  maximumPercent: number
  minimumHealthyPercent: number
  /** The tasks that are wanted still, of the primary deployment and of those before it. */
  primary: TaskRecord[]
  others: TaskRecord[]
  /** Tasks of the primary deployment that are to be replaced because they are unwell; not among `primary`. */
  unwell?: TaskRecord[]
  isHealthy(task: TaskRecord): boolean
  /** Whether a task asked not to be ended by scaling in or a deployment. */
  isProtected?(task: TaskRecord): boolean
}

/**
 * A rolling update's next step: no more tasks than the maximum, no fewer healthy ones than the minimum. What is unwell goes when its
 * replacement does its work, or at once when there is no room for both.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
 */
export function planOf(state: RolloutState): Plan {
  const { desired, primary, others, unwell = [], isHealthy, isProtected = () => false } = state
  const upper = Math.max(desired, Math.floor((desired * state.maximumPercent) / 100))
  const lower = Math.ceil((desired * state.minimumHealthyPercent) / 100)
  const surplus = newestFirst(primary)
    .filter((task) => !isProtected(task))
    .slice(0, Math.max(0, primary.length - desired))
  const kept = primary.filter((task) => !surplus.includes(task))
  const healthy = [...kept, ...others].filter(isHealthy).length
  let spare = Math.max(0, healthy - lower)
  const stop = [...surplus]
  for (const task of oldestFirst(others).filter((one) => !isProtected(one))) {
    // What does no work may go at once.
    if (!isHealthy(task)) stop.push(task)
    else if (spare > 0) {
      spare--
      stop.push(task)
    }
  }
  const left = kept.length + others.filter((task) => !stop.includes(task)).length
  const missing = Math.max(0, desired - kept.length)
  const replaced = kept.filter(isHealthy).length >= desired
  // Without room above the desired count the unwell ones make it.
  const crowding = Math.max(0, left + unwell.length + missing - upper)
  const leaving = replaced ? unwell : oldestFirst(unwell).slice(0, crowding)
  const room = upper - left - (unwell.length - leaving.length)
  return { start: Math.max(0, Math.min(missing, room)), stop: [...stop, ...leaving] }
}

const oldestFirst = (tasks: TaskRecord[]) => [...tasks].sort((a, b) => a.createdAt - b.createdAt)
const newestFirst = (tasks: TaskRecord[]) => oldestFirst(tasks).reverse()

/**
 * After how many failed tasks the circuit breaker gives up.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
 */
export function circuitThreshold(desired: number): number {
  return Math.min(200, Math.max(3, Math.ceil(desired * 0.5)))
}
