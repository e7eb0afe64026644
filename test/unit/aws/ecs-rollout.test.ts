import { describe, expect, it } from 'vitest'
import type { TaskRecord } from '../../../src/aws/ecs/records.ts'
import { circuitThreshold, planOf } from '../../../src/aws/ecs/rollout.ts'

let made = 0
/** A task of which only its age and health matter. */
const task = (health: 'healthy' | 'starting') =>
  ({ id: `${health}-${++made}`, createdAt: made }) as unknown as TaskRecord
const isHealthy = ({ id }: TaskRecord) => id.startsWith('healthy')
const many = (count: number, health: 'healthy' | 'starting') =>
  Array.from({ length: count }, () => task(health))

const plan = (
  desired: number,
  [minimumHealthyPercent, maximumPercent]: [number, number],
  primary: TaskRecord[],
  others: TaskRecord[],
) => {
  const { start, stop } = planOf({
    desired,
    minimumHealthyPercent,
    maximumPercent,
    primary,
    others,
    isHealthy,
  })
  return { start, stop: stop.length }
}

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
// https://aws.amazon.com/blogs/containers/a-deep-dive-into-amazon-ecs-task-health-and-task-replacement/ (from knowledge, 2026-11)
describe('an unwell task', () => {
  const state = (maximumPercent: number, primary: TaskRecord[]) => ({
    desired: 2,
    minimumHealthyPercent: 50,
    maximumPercent,
    primary,
    others: [],
    unwell: many(1, 'starting'),
    isHealthy,
  })

  it('stays until its replacement is healthy where the maximum leaves room', () => {
    expect(planOf(state(200, many(1, 'healthy')))).toEqual({ start: 1, stop: [] })
    expect(planOf(state(200, [task('healthy'), task('starting')]))).toEqual({ start: 0, stop: [] })
    expect(planOf(state(200, many(2, 'healthy'))).stop.length).toBe(1)
  })

  it('makes room for its replacement where there is none', () => {
    const { start, stop } = planOf(state(100, many(1, 'healthy')))
    expect({ start, stop: stop.length }).toEqual({ start: 1, stop: 1 })
  })
})

describe('a rolling update', () => {
  it('starts all the new tasks beside the old ones when the maximum is 200 %', () => {
    expect(plan(2, [100, 200], [], many(2, 'healthy'))).toEqual({ start: 2, stop: 0 })
  })

  it('stops an old task for each new one that is healthy', () => {
    const half = [task('healthy'), task('starting')]
    expect(plan(2, [100, 200], half, many(2, 'healthy'))).toEqual({ start: 0, stop: 1 })
  })

  it('stops first where the maximum leaves no room', () => {
    expect(plan(4, [50, 100], [], many(4, 'healthy'))).toEqual({ start: 2, stop: 2 })
  })

  it('waits where neither a start nor a stop is allowed', () => {
    expect(plan(2, [100, 100], [], many(2, 'healthy'))).toEqual({ start: 0, stop: 0 })
  })

  it('ends old tasks that do no work at once', () => {
    expect(plan(1, [100, 200], [], [task('starting')])).toEqual({ start: 1, stop: 1 })
  })

  it('stops the newest tasks when scaled in', () => {
    const running = many(3, 'healthy')
    const { stop } = planOf({
      desired: 1,
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      primary: running,
      others: [],
      isHealthy,
    })
    expect(stop).toEqual([running[2], running[1]])
  })
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
it.each([
  [1, 3],
  [10, 5],
  [25, 13],
  [1000, 200],
])('gives up a deployment of %i tasks after %i failures', (desired, failures) => {
  expect(circuitThreshold(desired)).toBe(failures)
})
