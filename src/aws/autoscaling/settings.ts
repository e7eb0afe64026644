import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling'
import { AwsError } from '../wire/service.ts'

const NAMES = [
  'CapacityRebalance',
  'Context',
  'DefaultInstanceWarmup',
  'DesiredCapacityType',
  'InstanceMaintenancePolicy',
  'MaxInstanceLifetime',
] as const

/** Settings of a group that are kept and shown; nothing here acts on them. */
export type GroupSettings = Pick<CreateAutoScalingGroupType, (typeof NAMES)[number]>

/** Seconds: https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html */
const LIFETIME = [86_400, 31_536_000] as const

/** The settings after a request; a value that AWS reads as "none" takes one away. Throws ValidationError. */
export function changedSettings(before: GroupSettings, input: GroupSettings): GroupSettings {
  const { MaxInstanceLifetime: lifetime = 0 } = input
  if (lifetime !== 0 && (lifetime < LIFETIME[0] || lifetime > LIFETIME[1]))
    throw new AwsError(
      'ValidationError',
      `Maximum instance lifetime must be equal to 0 or between ${LIFETIME[0]} and ${LIFETIME[1]} seconds (inclusive).`,
    )
  const entries = NAMES.map((name) => [name, input[name] ?? before[name]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && !isNone(value)))
}

function isNone(value: NonNullable<GroupSettings[keyof GroupSettings]>): boolean {
  if (typeof value === 'object') return value.MinHealthyPercentage === -1
  return value === -1 || value === 0 || value === ''
}
