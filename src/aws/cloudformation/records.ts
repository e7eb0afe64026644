import type { Principal } from '../wire/service.ts'

export type StackStatus =
  | 'REVIEW_IN_PROGRESS'
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_FAILED'
  | 'CREATE_COMPLETE'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_FAILED'
  | 'ROLLBACK_COMPLETE'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_FAILED'
  | 'DELETE_COMPLETE'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_FAILED'
  | 'UPDATE_ROLLBACK_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE'

export type ResourceStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_FAILED'
  | 'CREATE_COMPLETE'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_FAILED'
  | 'UPDATE_COMPLETE'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_FAILED'
  | 'DELETE_SKIPPED'
  | 'DELETE_COMPLETE'

/** What a stack is to be made of: a template with the values of its parameters and its tags. */
export interface Wanted {
  template: string
  /** By name; lists joined by commas, as CloudFormation keeps them. */
  parameters: Record<string, string>
  tags: Record<string, string>
  capabilities: string[]
}

/** A stack; times in ms since the epoch. */
export interface StackRecord {
  name: string
  /** `arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>` */
  arn: string
  description?: string
  status: StackStatus
  reason?: string
  wanted: Wanted
  /** What it was before the update that runs, to go back to. */
  previous?: Wanted
  /** What the parameters that name others in Parameter Store stand for, in the operation that runs. */
  stored?: { operation: string; values: Record<string, unknown> }
  /** Names the operation that runs; resources that it has finished carry it. */
  operation: string
  clientToken?: string
  /** Who acts: the caller, or the service role given. */
  principal: Principal
  roleArn?: string
  onFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING'
  /** What a deletion leaves alone, by logical id. */
  retain: string[]
  outputs: { key: string; value: string; description?: string; exportName?: string }[]
  /** Names of other stacks' exports that it uses. */
  imports: string[]
  terminationProtection: boolean
  policy?: string
  notificationArns: string[]
  timeoutMinutes?: number
  changeSetArn?: string
  /** What the last drift detection of the whole stack has found. */
  drift?: { status: 'IN_SYNC' | 'DRIFTED'; at: number }
  created: number
  updated?: number
  /** When the operation that runs began. */
  began: number
  deleted?: number
}

/** A resource of a stack; `properties` are those it was last made with, intrinsic functions resolved. */
export interface ResourceRecord {
  stackArn: string
  logicalId: string
  type: string
  physicalId?: string
  status: ResourceStatus
  reason?: string
  properties: Properties
  attributes: Record<string, unknown>
  /** Logical ids that it was made after. */
  dependsOn: string[]
  deletionPolicy: DeletionPolicy
  /** The operation that brought it where it is. */
  operation: string
  /** Physical ids that replacements left behind, with the properties they had. */
  replaced: Replaced[]
  /** It is new, and takes some of its properties only once it is ready. */
  settling?: boolean
  updated: number
  /** What drift detection last found; gone with the next change by the stack. */
  drift?: ResourceDrift
}

/** How a resource differs from what its stack made it. */
export interface ResourceDrift {
  /** When it was looked at, ms since the epoch. */
  at: number
  status: 'IN_SYNC' | 'MODIFIED' | 'DELETED'
  /** The properties that were compared, as they are. */
  actual?: Properties
  differences: PropertyDifference[]
}

export interface PropertyDifference {
  /** JSON pointer: `/SecurityGroupIngress/0` */
  path: string
  expected: string
  actual: string
  type: 'ADD' | 'REMOVE' | 'NOT_EQUAL'
}

/** A look for drift that somebody has asked for. */
export interface DriftDetectionRecord {
  id: string
  stackArn: string
  status: 'DETECTION_IN_PROGRESS' | 'DETECTION_COMPLETE' | 'DETECTION_FAILED'
  principal: Principal
  /** Default: all resources. */
  logicalIds?: string[]
  at: number
  reason?: string
  result?: 'IN_SYNC' | 'DRIFTED'
  drifted?: number
}

export interface Replaced {
  physicalId: string
  type: string
  properties: Properties
  /** Its removal has begun. */
  removing?: boolean
}

export type Properties = Record<string, unknown>
export type DeletionPolicy = 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot'

export interface EventRecord {
  id: string
  stackArn: string
  stackName: string
  logicalId: string
  physicalId: string
  type: string
  time: number
  status: string
  reason?: string
  properties?: string
  clientToken?: string
}

export interface ChangeSetRecord {
  name: string
  arn: string
  stackArn: string
  stackName: string
  kind: 'CREATE' | 'UPDATE'
  description?: string
  status: 'CREATE_COMPLETE' | 'FAILED'
  reason?: string
  execution: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE' | 'OBSOLETE'
  wanted: Wanted
  principal: Principal
  roleArn?: string
  onFailure: StackRecord['onFailure']
  notificationArns: string[]
  changes: ResourceChangeRecord[]
  created: number
}

export interface ResourceChangeRecord {
  action: 'Add' | 'Modify' | 'Remove'
  logicalId: string
  physicalId?: string
  type: string
  replacement?: 'True' | 'False' | 'Conditional'
  /** Names of properties that change, with what each change asks for. */
  details: { name: string; recreation: 'Always' | 'Never' }[]
}
