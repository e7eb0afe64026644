import { createHash } from 'node:crypto'

/** The only algorithm in use; OCI allows others, which registries may refuse. */
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Whether `text` is a digest that the blob store can hold. */
export const isDigest = (text: string): boolean => DIGEST.test(text)

/** `sha256:…` of some bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
