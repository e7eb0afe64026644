import type {
  StepScalingPolicyConfiguration,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling'

/** What scales: only the desired count of ECS services here. */
export interface TargetRecord {
  /** `service/<cluster>/<service>` */
  resourceId: string
  arn: string
  min: number
  max: number
  roleArn: string
  suspended: { in: boolean; out: boolean; scheduled: boolean }
  created: number
  tags: Record<string, string>
}

export interface PolicyRecord {
  name: string
  arn: string
  resourceId: string
  /** Its alarms' names: those of target tracking are its own. */
  alarms: string[]
  tracking?: TargetTrackingScalingPolicyConfiguration
  step?: StepScalingPolicyConfiguration
  created: number
  /** When it last scaled out and in, ms: its cooldowns count from there. */
  scaledOut?: number
  scaledIn?: number
}

export interface ScheduledActionRecord {
  name: string
  arn: string
  resourceId: string
  schedule: string
  timezone: string
  start?: number
  end?: number
  min?: number
  max?: number
  created: number
  /** The latest occurrence that was seen to, ms. */
  done: number
}

export interface ActivityRecord {
  id: string
  resourceId: string
  description: string
  cause: string
  started: number
  ended?: number
  status: 'InProgress' | 'Successful' | 'Failed'
  message: string
}
