import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

/** The key by which this server shows platforms that it is itself. */
export interface ToolKey {
  /** Its id: the thumbprint. https://www.rfc-editor.org/rfc/rfc7638 */
  id: string
  private: Promise<CryptoKey>
  /** As a key set has it. */
  public: Record<string, unknown>
}

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** A new private key, PEM: RS256, the one algorithm that every platform knows. */
export async function newToolKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function toolKey(key: KeyObject): ToolKey {
  const { e, kty, n } = createPublicKey(key).export({ format: 'jwk' })
  const id = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url')
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  return {
    id,
    private: crypto.subtle.importKey('pkcs8', pkcs8, RS256, false, ['sign']),
    public: { e, kty, n, kid: id, alg: 'RS256', use: 'sig' },
  }
}
