/** What to launch, worked out. */
export interface LaunchSpec {
  imageId: string
  type: string
  groupIds?: string[]
  keyName?: string
  profile?: { arn: string; id: string }
  userData?: string
  volumeSizeGiB?: number
  lifecycle?: 'spot'
  publicIp?: boolean
  tags?: Record<string, string>
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
  lifecycle: 'Pending' | 'InService' | 'Terminating'
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
  terminationPolicies: string[]
  suspended: string[]
  protectFromScaleIn: boolean
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
