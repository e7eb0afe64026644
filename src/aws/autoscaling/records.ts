import type {
  MixedInstancesPolicy,
  RefreshPreferences,
  StepAdjustment,
  TargetTrackingConfiguration,
} from '@aws-sdk/client-auto-scaling'
import type { LaunchFields } from '../ec2/index.ts'
import type { GroupSettings } from './settings.ts'

/** What to launch, worked out. */
export interface LaunchSpec extends LaunchFields {
  imageId: string
  type: string
  profile?: { arn: string; id: string }
}

/** Where a group gets what it launches. */
export type LaunchSource =
  | { kind: 'configuration'; name: string }
  | { kind: 'template'; id: string; name: string; version?: string }
  /** Given whole by a service of AWS (EKS), which shows it as a launch template. */
  | { kind: 'spec'; spec: LaunchSpec; template?: { id: string; name: string; version: string } }

export interface GroupTag {
  key: string
  value: string
  propagate: boolean
}

export interface GroupInstance {
  id: string
  zone: string
  type: string
  lifecycle:
    | 'Pending'
    | 'Pending:Wait'
    | 'InService'
    | 'EnteringStandby'
    | 'Standby'
    | 'Terminating'
    | 'Terminating:Wait'
  /** While it waits for a lifecycle hook. */
  hook?: { name: string; token: string; until: number; result: 'CONTINUE' | 'ABANDON' }
  /** What it was launched from, told apart by instance refreshes. */
  launched?: string
  /** The version of the launch template that it was launched from. */
  version?: string
  healthy: boolean
  protected: boolean
  /** ms since the epoch. */
  added: number
  activityId: string
}

export interface GroupRecord {
  name: string
  arn: string
  minSize: number
  maxSize: number
  desired: number
  cooldown: number
  subnetIds: string[]
  launch: LaunchSource
  healthCheckType: string
  healthCheckGracePeriod: number
  loadBalancerNames: string[]
  targetGroupArns?: string[]
  hooks?: HookRecord[]
  /** Several instance types or both purchase options. */
  mixed?: MixedInstancesPolicy
  /** Metrics that are collected. */
  metrics?: string[]
  terminationPolicies: string[]
  suspended: string[]
  protectFromScaleIn: boolean
  settings?: GroupSettings
  tags: GroupTag[]
  instances: GroupInstance[]
  /** Why the next change of size happens, for its activity. */
  cause: string
  deleting: boolean
  created: number
}

export interface ActivityRecord {
  id: string
  group: string
  description: string
  cause: string
  started: number
  ended?: number
  status: 'InProgress' | 'Successful' | 'Failed'
  message?: string
  subnetId?: string
  zone?: string
}

export interface LaunchConfigurationRecord {
  name: string
  arn: string
  spec: LaunchSpec
  created: number
}

export interface HookRecord {
  name: string
  transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING'
  /** Seconds. */
  heartbeat: number
  result: 'CONTINUE' | 'ABANDON'
  metadata?: string
}

export interface PolicyRecord {
  name: string
  arn: string
  group: string
  kind: 'SimpleScaling' | 'StepScaling' | 'TargetTrackingScaling'
  enabled: boolean
  adjustmentType?: string
  adjustment?: number
  minMagnitude?: number
  /** Seconds. */
  cooldown?: number
  steps?: StepAdjustment[]
  /** How datapoints are aggregated; Average where it is left out. */
  aggregation?: string
  tracking?: TargetTrackingConfiguration
  /** Its own alarms, of target tracking. */
  alarms: string[]
  /** When it last changed the group, ms. */
  acted?: number
}

export interface ScheduledActionRecord {
  name: string
  arn: string
  group: string
  start?: number
  end?: number
  /** Five fields of Unix. */
  recurrence?: string
  timezone: string
  minSize?: number
  maxSize?: number
  desired?: number
  /** The latest occurrence that was seen to, ms. */
  done: number
}

export interface RefreshRecord {
  id: string
  group: string
  status: 'Pending' | 'InProgress' | 'Successful' | 'Cancelling' | 'Cancelled' | 'Failed'
  started: number
  ended?: number
  minHealthyPercentage: number
  skipMatching: boolean
  /** Those that are kept and not acted on. */
  preferences?: Pick<RefreshPreferences, 'InstanceWarmup' | 'ScaleInProtectedInstances' | 'StandbyInstances'>
  /** The instances that it is to replace. */
  old: string[]
  total: number
}
