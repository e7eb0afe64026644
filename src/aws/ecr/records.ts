/** A private repository; what it holds is in the registry (see ImageCatalog). Times are ms since the epoch. */
export interface RepositoryRecord {
  name: string
  arn: string
  uri: string
  createdAt: number
  tagMutability: 'MUTABLE' | 'IMMUTABLE' | 'MUTABLE_WITH_EXCLUSION' | 'IMMUTABLE_WITH_EXCLUSION'
  /** Patterns of tags that are exempt from the mutability setting; `*` is a wildcard. */
  mutabilityExclusions: string[]
  scanOnPush: boolean
  encryptionType: 'AES256' | 'KMS'
  /** JSON text, as given. */
  policy?: string
  lifecyclePolicy?: { text: string; setAt: number }
  tags: Record<string, string>
}
