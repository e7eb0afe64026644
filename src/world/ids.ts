import { type Cipheriv, createCipheriv, createHash, randomBytes } from 'node:crypto'

/** Bytes that are made at once. */
const BLOCK_BYTES = 4096
const ZEROS = Buffer.alloc(BLOCK_BYTES)

/**
 * Random-looking identifiers. With a seed the same calls give the same ids; without one they are unpredictable.
 * Never use them for secrets.
 */
export class Ids {
  readonly #stream: Cipheriv
  /** Bytes that have been made; those from `#next` on are still to be given out. */
  #block = Buffer.alloc(0)
  #next = 0

  constructor(seed = randomBytes(16).toString('hex')) {
    const key = createHash('sha256').update(seed).digest()
    this.#stream = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16))
  }

  bytes(count: number): Buffer {
    if (this.#next + count > this.#block.length) {
      this.#block = this.#stream.update(count > BLOCK_BYTES ? Buffer.alloc(count) : ZEROS)
      this.#next = 0
    }
    this.#next += count
    return this.#block.subarray(this.#next - count, this.#next)
  }

  /** A whole number in [0, limit). */
  number(limit: number): number {
    return this.bytes(6).readUIntBE(0, 6) % limit
  }

  hex(length: number): string {
    return this.bytes(Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length)
  }

  /** `length` characters of `alphabet`. */
  text(length: number, alphabet: string): string {
    let text = ''
    for (let i = 0; i < length; i++) text += alphabet[this.number(alphabet.length)]
    return text
  }

  /** A version 4 UUID. */
  uuid(): string {
    const bytes = this.bytes(16)
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const hex = bytes.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}
