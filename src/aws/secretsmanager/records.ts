export type Tags = Record<string, string>

export interface SecretVersion {
  id: string
  string?: string
  /** Base64. */
  binary?: string
  /** ARN of the key that it is encrypted with. */
  keyArn: string
  stages: string[]
  /** ms since the epoch. */
  created: number
  accessed?: number
}

export interface SecretRecord {
  name: string
  arn: string
  description?: string
  keyId?: string
  versions: SecretVersion[]
  /** The resource policy's JSON text. */
  policy?: string
  tags: Tags
  created: number
  changed: number
  accessed?: number
  /** When it was marked for deletion, and when it goes. */
  deleted?: number
  goes?: number
}
