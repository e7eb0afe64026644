import type { LifecyclePolicy, PosixUser, RootDirectory } from '@aws-sdk/client-efs'

/** What file systems, mount targets and access points go through. */
export type LifeCycleState = 'creating' | 'available' | 'updating' | 'deleting'

export interface FileSystemRecord {
  /** `fs-0…` */
  id: string
  creationToken: string
  state: LifeCycleState
  /** When the state began, ms since the epoch. */
  since: number
  createdAt: number
  performanceMode: 'generalPurpose' | 'maxIO'
  throughputMode: 'bursting' | 'provisioned' | 'elastic'
  /** With `provisioned` only, MiB/s. */
  provisionedMibps?: number
  encrypted: boolean
  kmsKeyArn?: string
  /** A One Zone file system has its mount target there only. */
  zone?: { name: string; id: string }
  protection: 'ENABLED' | 'DISABLED'
  lifecyclePolicies: LifecyclePolicy[]
  backup: boolean
  /** JSON text; without one every client of the network may mount. */
  policy?: string
  tags: Record<string, string>
}

export interface MountTargetRecord {
  /** `fsmt-0…` */
  id: string
  fileSystemId: string
  state: LifeCycleState
  since: number
  subnetId: string
  vpcId: string
  zone: string
  zoneId: string
  networkInterfaceId: string
  address: string
}

export interface AccessPointRecord {
  /** `fsap-0…` */
  id: string
  fileSystemId: string
  clientToken: string
  state: LifeCycleState
  since: number
  posixUser?: PosixUser
  rootDirectory: RootDirectory & { Path: string }
  tags: Record<string, string>
}
