import { describe, expect, it } from 'vitest'
import { parseSchedule, parseUnixCron } from '../../../src/aws/schedule.ts'
import { adjusted, stepFor } from '../../../src/aws/target-tracking.ts'

const at = (text: string) => Date.parse(text)

// https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
describe('a schedule', () => {
  const next = (text: string, time: string, timezone = 'UTC') => {
    const found = parseSchedule(text, timezone, at('2026-11-28T08:00:00Z'))?.next(at(time))
    return found === undefined ? undefined : new Date(found).toISOString()
  }
  it('is due once, at a rate, or by a cron expression of AWS', () => {
    expect(next('at(2026-11-28T10:00:00)', '2026-11-28T09:00:00Z')).toBe('2026-11-28T10:00:00.000Z')
    expect(next('at(2026-11-28T10:00:00)', '2026-11-28T11:00:00Z')).toBeUndefined()
    expect(next('rate(5 minutes)', '2026-11-28T08:07:00Z')).toBe('2026-11-28T08:10:00.000Z')
    expect(next('cron(0 8 * * ? *)', '2026-11-28T09:00:00Z')).toBe('2026-11-29T08:00:00.000Z')
    // Days of the week count from Sunday, 1; the 28th is a Saturday.
    expect(next('cron(30 6 ? * 2 *)', '2026-11-28T09:00:00Z')).toBe('2026-11-30T06:30:00.000Z')
    expect(next('cron(30 6 ? * MON-FRI *)', '2026-11-28T09:00:00Z')).toBe('2026-11-30T06:30:00.000Z')
    expect(next('cron(0 8 * * ? *)', '2026-11-28T09:00:00Z', 'Europe/Berlin')).toBe(
      '2026-11-29T07:00:00.000Z',
    )
  })
  it.each(['cron(0 8 * * *)', 'rate(0 minutes)', 'rate(5 seconds)', 'at(tomorrow)', '0 8 * * *'])(
    'is not %s',
    (text) => {
      expect(parseSchedule(text, 'UTC', 0)).toBeUndefined()
    },
  )
  it('of an Auto Scaling group has the five fields of Unix', () => {
    expect(parseUnixCron('0 8 * * 1', 'UTC')!.next(at('2026-11-28T09:00:00Z'))).toBe(
      at('2026-11-30T08:00:00Z'),
    )
    expect(parseUnixCron('nonsense', 'UTC')).toBeUndefined()
  })
})

// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
describe('step scaling', () => {
  const steps = [
    { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
    { MetricIntervalLowerBound: 10, ScalingAdjustment: 3 },
    { MetricIntervalUpperBound: 0, ScalingAdjustment: -1 },
  ]
  it.each([
    [0, 1],
    [9.9, 1],
    [10, 3],
    [500, 3],
    [-2, -1],
  ])('%d from the threshold changes the capacity by %d', (difference, expected) => {
    expect(stepFor(steps, difference)).toBe(expected)
  })
  it.each<[string, number, number, number | undefined, number]>([
    ['ChangeInCapacity', 4, 2, undefined, 6],
    ['ExactCapacity', 4, 2, undefined, 2],
    ['PercentChangeInCapacity', 10, 30, undefined, 13],
    ['PercentChangeInCapacity', 10, -25, undefined, 8],
    ['PercentChangeInCapacity', 4, 10, undefined, 5],
    ['PercentChangeInCapacity', 4, 25, 2, 6],
  ])('%s of %d by %d (at least %s) gives %d', (type, current, adjustment, atLeast, expected) => {
    expect(adjusted(current, type, adjustment, atLeast)).toBe(expected)
  })
})
