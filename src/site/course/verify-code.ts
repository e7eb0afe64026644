import type { Certificate, CertificateState } from '#server/api.ts'
import { request } from '../api.ts'

/** The certificate of a code or of a link that ends with one; undefined when this server did not issue it. */
export async function verifyCode(text: string): Promise<Certificate | undefined> {
  const code = text.trim().replace(/^.*#/s, '')
  const { certificate } = await request<CertificateState>('POST', '/api/certificates/verify', { code })
  return certificate
}
