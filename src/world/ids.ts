import { createHash, randomBytes } from 'node:crypto'

/**
 * Random-looking identifiers. With a seed the same calls give the same ids; without one they are unpredictable.
 * Never use them for secrets.
 */
export class Ids {
  readonly #seed: string
  #block = Buffer.alloc(0)
  #counter = 0

  constructor(seed?: string) {
    this.#seed = seed ?? randomBytes(16).toString('hex')
  }

  bytes(count: number): Buffer {
    while (this.#block.length < count) {
      const next = createHash('sha256')
        .update(`${this.#seed}:${this.#counter++}`)
        .digest()
      this.#block = Buffer.concat([this.#block, next])
    }
    const bytes = this.#block.subarray(0, count)
    this.#block = this.#block.subarray(count)
    return bytes
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
    const bytes = Buffer.from(this.bytes(16))
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const hex = bytes.toString('hex')
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  }
}
