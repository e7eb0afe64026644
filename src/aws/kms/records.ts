export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion'

/** A KMS key; times are ms since the epoch. */
export interface KeyRecord {
  id: string
  arn: string
  description: string
  usage: 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC' | 'KEY_AGREEMENT'
  /** `SYMMETRIC_DEFAULT`, `RSA_2048`, `ECC_NIST_P256`, `HMAC_256`, … */
  spec: string
  state: KeyState
  createdAt: number
  deletionAt?: number
  /** AWS's own keys, such as `aws/ebs`, cannot be changed. */
  manager: 'CUSTOMER' | 'AWS'
  policy: string
  rotationDays?: number
  /** Since when it is rotated by itself; default: since its creation. */
  rotatesFrom?: number
  rotations?: RotationRecord[]
  grants: GrantRecord[]
  tags: Record<string, string>
}

/** When a key was given new material. */
export interface RotationRecord {
  at: number
  type: 'AUTOMATIC' | 'ON_DEMAND'
}

export interface GrantRecord {
  id: string
  token: string
  name?: string
  granteePrincipal: string
  retiringPrincipal?: string
  operations: string[]
  constraints?: {
    EncryptionContextEquals?: Record<string, string>
    EncryptionContextSubset?: Record<string, string>
  }
  issuingAccount: string
  createdAt: number
}

export interface AliasRecord {
  /** `alias/name` */
  name: string
  keyId: string
  createdAt: number
  updatedAt: number
}
