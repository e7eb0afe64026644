/** What is no CBOR. */
export class CborError extends Error {}

/** Nobody's request lies deeper. */
const DEEPEST = 128
const BREAK = Symbol('break')

/**
 * The one value that a request's body holds, as JSON would have it: bytes as base64, a tagged value without its tag, whole numbers of
 * 64 bits as the nearest ones there are. https://www.rfc-editor.org/rfc/rfc8949. Throws CborError.
 *
 * Own code, because no library reads it so: cborg (6.1) and cbor-x (1.6) refuse strings of indefinite length, which Smithy's protocol
 * tests hold a reader of RPC v2 CBOR to, and run out of stack in a deep value; `@smithy/core/cbor` prints what it refuses.
 */
export function readCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (value === BREAK) throw new CborError('a break outside of anything')
  if (!reader.ended) throw new CborError('more than one value')
  return value
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): unknown {
    if (depth > DEEPEST) throw new CborError('too deep')
    const head = this.#take(1)[0]!
    const [major, minor] = [head >> 5, head & 31]
    switch (major) {
      case 0:
        return this.#argument(minor)
      case 1:
        return -1 - this.#argument(minor)
      case 2:
        return this.#string(major, minor).toString('base64')
      case 3:
        return this.#string(major, minor).toString()
      case 4:
        return this.#list(minor, depth)
      case 5:
        return this.#map(minor, depth)
      case 6:
        this.#argument(minor)
        return this.#item(depth + 1)
      default:
        return this.#simple(minor)
    }
  }

  #item(depth: number): unknown {
    const value = this.value(depth)
    if (value === BREAK) throw new CborError('a break in place of a value')
    return value
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new CborError('it ends too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  #argument(minor: number): number {
    if (minor < 24) return minor
    if (minor > 27) throw new CborError(`unknown length ${minor}`)
    const bytes = this.#take(2 ** (minor - 24))
    return minor === 27 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, bytes.length)
  }

  #string(major: number, minor: number): Buffer {
    if (minor !== 31) return this.#take(this.#argument(minor))
    const parts: Buffer[] = []
    for (;;) {
      const head = this.#take(1)[0]!
      if (head === 0xff) return Buffer.concat(parts)
      if (head >> 5 !== major) throw new CborError('a part of a string that is none')
      parts.push(this.#take(this.#argument(head & 31)))
    }
  }

  #list(minor: number, depth: number): unknown[] {
    const list: unknown[] = []
    if (minor === 31) {
      for (let value = this.value(depth + 1); value !== BREAK; value = this.value(depth + 1)) list.push(value)
      return list
    }
    for (let left = this.#argument(minor); left > 0; left--) list.push(this.#item(depth + 1))
    return list
  }

  #map(minor: number, depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = []
    const open = minor === 31
    for (let left = open ? 1 : this.#argument(minor); left > 0; left -= open ? 0 : 1) {
      const key = this.value(depth + 1)
      if (open && key === BREAK) break
      if (typeof key !== 'string') throw new CborError('a key that is no text')
      entries.push([key, this.#item(depth + 1)])
    }
    return Object.fromEntries(entries)
  }

  #simple(minor: number): unknown {
    switch (minor) {
      case 20:
        return false
      case 21:
        return true
      case 22:
      case 23:
        return null
      case 25:
        return halfFloat(this.#take(2).readUInt16BE())
      case 26:
        return this.#take(4).readFloatBE()
      case 27:
        return this.#take(8).readDoubleBE()
      case 31:
        return BREAK
      default:
        throw new CborError(`unknown simple value ${minor}`)
    }
  }
}

/** RFC 8949, appendix D. */
function halfFloat(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (1024 + fraction) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -size : size
}
