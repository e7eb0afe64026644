import type { MetricQuery } from './cloudwatch/index.ts'
import { putAlarm, removeAlarm } from './cloudwatch/index.ts'
import type { Scope } from './ec2/index.ts'

/**
 * The alarms of target tracking: above the target for three minutes, or below nine tenths of it for fifteen.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html (periods as seen in
 * accounts; from knowledge).
 */
const HIGH = { evaluationPeriods: 3, comparison: 'GreaterThanThreshold', share: 1 }
const LOW = { evaluationPeriods: 15, comparison: 'LessThanThreshold', share: 0.9 }

export interface Tracking {
  /** `service/demo/web`, or the name of an Auto Scaling group. */
  subject: string
  policyArn: string
  metric: MetricQuery
  target: number
  scaleIn: boolean
}

/** Makes the alarms of a policy anew; gives their names, the high one first. */
export function trackingAlarms(scope: Scope, tracking: Tracking): string[] {
  const { subject, policyArn, metric, target } = tracking
  const kinds = [['AlarmHigh', HIGH] as const, ...(tracking.scaleIn ? [['AlarmLow', LOW] as const] : [])]
  return kinds.map(([kind, { evaluationPeriods, comparison, share }]) => {
    const name = `TargetTracking-${subject}-${kind}-${scope.world.ids.uuid()}`
    putAlarm(scope, {
      name,
      description: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${policyArn}.`,
      actionsEnabled: true,
      okActions: [],
      alarmActions: [policyArn],
      insufficientActions: [],
      metric,
      evaluationPeriods,
      threshold: target * share,
      comparison,
      treatMissing: 'missing',
      tags: {},
    })
    return name
  })
}

export function dropAlarms(scope: Scope, names: string[]): void {
  for (const name of names) removeAlarm(scope, name)
}

export interface Step {
  MetricIntervalLowerBound?: number
  MetricIntervalUpperBound?: number
  ScalingAdjustment?: number
}

/** The adjustment of the step in which a breach lies: how far the metric is from the alarm's threshold. */
export function stepFor(steps: Step[], difference: number): number | undefined {
  return steps.find(
    ({
      MetricIntervalLowerBound: low = Number.NEGATIVE_INFINITY,
      MetricIntervalUpperBound: high = Number.POSITIVE_INFINITY,
    }) => (difference >= 0 ? low <= difference && difference < high : low < difference && difference <= high),
  )?.ScalingAdjustment
}

/** The capacity after an adjustment. https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html#as-scaling-adjustment */
export function adjusted(current: number, type: string, adjustment: number, atLeast = 1): number {
  if (type === 'ExactCapacity') return adjustment
  if (type === 'ChangeInCapacity') return current + adjustment
  const change = (current * adjustment) / 100
  // Towards zero, but one at least.
  const whole = Math.abs(change) < 1 ? Math.sign(change) : Math.trunc(change)
  return current + Math.sign(whole) * Math.max(Math.abs(whole), atLeast)
}
