import type { Principal } from '../wire/service.ts'

export type TagMutability = 'MUTABLE' | 'IMMUTABLE' | 'MUTABLE_WITH_EXCLUSION' | 'IMMUTABLE_WITH_EXCLUSION'

export interface Encryption {
  encryptionType: 'AES256' | 'KMS' | 'KMS_DSSE'
  /** ARN of the key, for KMS. */
  kmsKey?: string
}

/** A private repository; what it holds is in the registry (see ImageCatalog). Times are ms since the epoch. */
export interface RepositoryRecord {
  name: string
  arn: string
  uri: string
  createdAt: number
  tagMutability: TagMutability
  /** Patterns of tags that are exempt from the mutability setting; `*` is a wildcard. */
  mutabilityExclusions: string[]
  scanOnPush: boolean
  encryptionType: Encryption['encryptionType']
  kmsKey?: string
  /** JSON text, as given. */
  policy?: string
  lifecyclePolicy?: { text: string; evaluatedAt: number }
  lifecyclePreview?: LifecyclePreview
  tags: Record<string, string>
}

export interface LifecyclePreview {
  text: string
  startedAt: number
  /** What the policy would have done when the preview was made; undefined while it is in progress. */
  results?: LifecycleAction[]
}

/** What a rule does to an image. */
export interface LifecycleAction {
  digest: string
  tags: string[]
  pushedAt: number
  rulePriority: number
  action: 'EXPIRE' | 'TRANSITION'
}

/** What ECR knows of an image beside what the registry holds, under `ecr/images/<repository>/<digest>`. */
export interface ImageState {
  repository: string
  digest: string
  pulledAt?: number
  /** Absent: ACTIVE. `since` is when the restoration began. */
  storage?: { status: 'ARCHIVED' } | { status: 'ACTIVATING'; since: number }
  archivedAt?: number
  activatedAt?: number
  scan?: ImageScan
  replications?: Replication[]
  signings?: Signing[]
}

/** The signature of an image by a profile of AWS Signer, made in the name of who pushed the image. */
export interface Signing {
  profileArn: string
  startedAt: number
  pusher: Principal
  ended?: { status: 'COMPLETE' | 'FAILED'; failureCode?: string; failureReason?: string }
}

export interface ImageScan {
  type: 'BASIC' | 'ENHANCED'
  status: 'PENDING' | 'IN_PROGRESS' | 'COMPLETE' | 'ACTIVE' | 'FAILED' | 'UNSUPPORTED_IMAGE'
  description?: string
  startedAt: number
  completedAt?: number
  /** What was found in the image's files. */
  software?: Software
}

/** The operating system of an image and the packages in its files. */
export interface Software {
  /** `ID`, `VERSION_ID` and `PRETTY_NAME` of `/etc/os-release`. */
  os?: { id: string; version: string; name: string }
  packages: {
    name: string
    version: string
    ecosystem: 'debian' | 'alpine' | 'npm' | 'pypi' | 'program'
    path: string
  }[]
}

export interface Replication {
  region: string
  registryId: string
  startedAt: number
  status: 'IN_PROGRESS' | 'COMPLETE' | 'FAILED'
  failureCode?: string
}

/** A rule that brings images of an upstream registry in at the first pull. */
export interface PullThroughCacheRule {
  prefix: string
  upstreamUrl: string
  upstream: string
  credentialArn?: string
  customRoleArn?: string
  upstreamPrefix?: string
  createdAt: number
  updatedAt: number
}
