import { createHash } from 'node:crypto'

/** The only algorithm in use; OCI allows others, which registries may refuse. */
const DIGEST = /^sha256:[0-9a-f]{64}$/
/** The other algorithm that the image specification registers: nothing is stored by it, but it may be asked for and named. */
const OTHER_DIGEST = /^sha512:[0-9a-f]{128}$/

/** Whether `text` is a digest that the blob store can hold. */
export const isDigest = (text: string): boolean => DIGEST.test(text)

/** Whether `text` is a digest of a registered algorithm, also of one that the blob store does not use. */
export const isRegisteredDigest = (text: string): boolean => DIGEST.test(text) || OTHER_DIGEST.test(text)

/** `sha256:…` of some bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
