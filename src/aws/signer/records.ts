import { Table } from '../table.ts'

/** A signing profile; times are ms since the epoch. */
export interface ProfileRecord {
  name: string
  arn: string
  /** Ten letters and digits. */
  version: string
  platformId: string
  /** How long signatures hold. */
  validity: { value: number; type: 'DAYS' | 'MONTHS' | 'YEARS' }
  signingParameters?: Record<string, string>
  status: 'Active' | 'Canceled' | 'Revoked'
  statusReason?: string
  revocation?: { effectiveAt: number; revokedAt: number; by: string }
  tags: Record<string, string>
}

export const profiles = new Table<ProfileRecord>('signer', 'profiles', ({ name }) => name)
