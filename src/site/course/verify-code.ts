import type { Certificate, CertificateState } from '#server/api.ts'
import { request } from '../api.ts'

/** The code in what somebody pasted: itself, or a link that ends with it. */
export const codeIn = (text: string) => text.trim().replace(/^.*#/s, '')

/** The certificate of a code; undefined when this server did not issue it. Throws a ProblemError. */
export async function verifyCode(code: string): Promise<Certificate | undefined> {
  const { certificate } = await request<CertificateState>('POST', '/api/certificates/verify', { code })
  return certificate
}
