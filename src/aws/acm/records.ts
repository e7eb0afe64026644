export interface CertificateRecord {
  arn: string
  domain: string
  /** Other names that it is good for. */
  names: string[]
  type: 'IMPORTED' | 'AMAZON_ISSUED'
  status: 'ISSUED' | 'PENDING_VALIDATION'
  /** PEM, of imported ones. */
  certificate?: string
  privateKey?: string
  chain?: string
  validation?: 'DNS' | 'EMAIL'
  created: number
  token?: string
  tags: Record<string, string>
}
