import type { SessionContainer } from '../ecs/exec-target.ts'

export type Tags = Record<string, string>

export interface ParameterVersion {
  version: number
  type: 'String' | 'StringList' | 'SecureString'
  value: string
  /** As the caller named it, of a SecureString. */
  keyId?: string
  /** ARN of the key that it was encrypted with, which stays when an alias moves on. */
  keyArn?: string
  description?: string
  allowedPattern?: string
  tier: 'Standard' | 'Advanced'
  dataType: string
  labels: string[]
  /** Policies as their JSON text. */
  policies?: string
  user: string
  /** ms since the epoch. */
  modified: number
}

export interface ParameterRecord {
  name: string
  /** Oldest first. */
  versions: ParameterVersion[]
  tags: Tags
}

export interface ActivationRecord {
  id: string
  /** The code that a machine brings with the id; shown once. */
  code: string
  description?: string
  instanceName?: string
  /** The role's name, with its path. */
  role: string
  limit: number
  registered: number
  expires: number
  created: number
  tags: Tags
}

/** A machine that is not of EC2, registered through an activation. */
export interface ManagedInstanceRecord {
  id: string
  activationId: string
  name?: string
  computerName: string
  address: string
  role: string
  registered: number
  tags: Tags
}

/** A shell or a command of Session Manager in a container of a task. */
export interface SessionRecord {
  id: string
  /** `ecs:<cluster>_<task>_<runtime id>` */
  target: string
  container: SessionContainer
  command: string
  /** ARN of who opened it. */
  owner: string
  document?: string
  reason?: string
  /** Where its output is kept, in CloudWatch Logs. */
  logGroup?: string
  /** Opens its data channel. */
  token: string
  /** ms since the epoch. */
  started: number
  ended?: number
}
