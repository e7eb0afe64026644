import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** How the ciphertexts of KMS begin, whatever the key. */
const MAGIC = Buffer.from([0x01, 0x02, 0x02, 0x00, 0x78])
const ID_BYTES = 16
const IV_BYTES = 12
const TAG_BYTES = 16
const HEADER = MAGIC.length + ID_BYTES + IV_BYTES + TAG_BYTES

/** The encryption context in a form that does not depend on the order of its pairs. */
const authenticated = (context: Record<string, string> | undefined) =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))))

/** Encrypts with AES-256-GCM; `material` is the key's secret in base64. */
export function seal(
  keyId: string,
  material: string,
  plaintext: Uint8Array,
  context: Record<string, string> | undefined,
): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(material, 'base64'), iv)
  cipher.setAAD(authenticated(context))
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const id = Buffer.from(keyId.replaceAll('-', ''), 'hex')
  return Buffer.concat([MAGIC, id, iv, cipher.getAuthTag(), sealed])
}

/** Id of the key that a ciphertext names; undefined when it is none of KMS's. */
export function keyIdOf(blob: Uint8Array): string | undefined {
  const bytes = Buffer.from(blob)
  if (bytes.length < HEADER || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const hex = bytes.subarray(MAGIC.length, MAGIC.length + ID_BYTES).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Decrypts; undefined when the ciphertext was changed, or made with another context or key. */
export function unseal(
  material: string,
  blob: Uint8Array,
  context: Record<string, string> | undefined,
): Buffer | undefined {
  const bytes = Buffer.from(blob)
  const iv = bytes.subarray(MAGIC.length + ID_BYTES, HEADER - TAG_BYTES)
  const cipher = createDecipheriv('aes-256-gcm', Buffer.from(material, 'base64'), iv)
  cipher.setAAD(authenticated(context))
  cipher.setAuthTag(bytes.subarray(HEADER - TAG_BYTES, HEADER))
  try {
    return Buffer.concat([cipher.update(bytes.subarray(HEADER)), cipher.final()])
  } catch {
    return undefined
  }
}
