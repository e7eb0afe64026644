import type { PasswordPolicy } from '@aws-sdk/client-iam'

/** A tag as IAM keeps it. */
export interface Tag {
  Key: string
  Value: string
}

interface Entity {
  name: string
  path: string
  /** `AIDA…`, `AROA…`, `AGPA…`, `AIPA…`, `ANPA…` */
  id: string
  arn: string
  /** ms since the epoch. */
  created: number
}

interface PolicyHolder extends Entity {
  /** ARNs of attached managed policies, oldest first. */
  attached: string[]
  /** Inline policies by name, as their authors wrote them. */
  inline: Record<string, string>
}

export interface UserRecord extends PolicyHolder {
  /** There is a password for the console. */
  login?: { created: number; changed: number; resetRequired: boolean }
  tags: Tag[]
  boundary?: string
  groups: string[]
  accessKeys: string[]
}

export interface GroupRecord extends PolicyHolder {}

export interface RoleRecord extends PolicyHolder {
  tags: Tag[]
  boundary?: string
  trustPolicy: string
  description?: string
  /** Seconds. */
  maxSessionDuration: number
  /** Service that owns a service-linked role: `eks.amazonaws.com`. */
  linkedService?: string
}

export interface InstanceProfileRecord extends Entity {
  roles: string[]
  tags: Tag[]
}

export interface PolicyVersionRecord {
  /** `v1` */
  id: string
  document: string
  created: number
}

export interface PolicyRecord extends Entity {
  description?: string
  versions: PolicyVersionRecord[]
  defaultVersion: string
  /** Number of the next version; numbers are never used twice. */
  nextVersion: number
  updated: number
  tags: Tag[]
}

export interface OidcProviderRecord {
  arn: string
  url: string
  clientIds: string[]
  thumbprints: string[]
  created: number
  tags: Tag[]
}

/** A user's key. Kept outside the account's folder, because a signature names only the key. */
export interface AccessKeyRecord {
  id: string
  secret: string
  accountId: string
  /** `undefined`: a key of the root user. */
  userName: string | undefined
  active: boolean
  created: number
}

export interface AccountRecord {
  id: string
  alias?: string
  created: number
  passwordPolicy?: Omit<PasswordPolicy, 'ExpirePasswords'>
  /** The last credential report, CSV, and when it was made. */
  report?: string
  reportedAt?: number
}
