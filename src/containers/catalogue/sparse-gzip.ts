import type { Stretch } from './sparse.ts'

/** The longest copy that deflate has a code for. */
const COPY = 258
/** Zeros below this are not worth a block of their own. */
const SHORT = 4096

/**
 * A gzip file (RFC 1952) of about `size` bytes. Everything but long zeros is stored as it is: what a compressor makes of the same
 * input differs between zlib builds, and the catalogue's digests must not. Of the zeros as many are written one by one as it
 * takes to reach the size, in a code in which they are zeros again, so that the file is as sparse as its contents.
 */
export function sparseGzip(plain: readonly Stretch[], size: number, crc: number): Stretch[] {
  const output = new BitWriter()
  output.bytes(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]))
  let real = 0
  let zeros = 0
  for (const part of plain) {
    if (isLong(part)) zeros += part
    else real += lengthOf(part)
  }
  // A copy takes 10 bits.
  const share = zeros === 0 ? 0 : Math.min(1, Math.max(0, (size - real - zeros / 206) / zeros))
  for (const part of plain) {
    if (isLong(part)) zerosBlock(output, part, Math.round(part * share))
    else storedBlocks(output, typeof part === 'number' ? Buffer.alloc(part) : part)
  }
  // An empty last block, then what the plain bytes were.
  output.bits(1, 1)
  output.bits(0, 2)
  output.align()
  output.bytes(Buffer.from([0, 0, 0xff, 0xff]))
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc, 0)
  trailer.writeUInt32LE((real + zeros) % 2 ** 32, 4)
  output.bytes(trailer)
  return output.stretches
}

const isLong = (part: Stretch): part is number => typeof part === 'number' && part >= SHORT
const lengthOf = (part: Stretch): number => (typeof part === 'number' ? part : part.length)

function storedBlocks(output: BitWriter, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; offset += 0xffff) {
    const block = bytes.subarray(offset, offset + 0xffff)
    output.bits(0, 3)
    output.align()
    const header = Buffer.alloc(4)
    header.writeUInt16LE(block.length, 0)
    header.writeUInt16LE(~block.length & 0xffff, 2)
    output.bytes(header)
    output.bytes(block)
  }
}

/**
 * One block of zeros with a code of its own (RFC 1951, 3.2.7): a zero byte has the code 00000000, the end of the block and
 * a copy of 258 bytes have nine bits each.
 */
function zerosBlock(output: BitWriter, count: number, oneByOne: number): void {
  const copies = Math.floor((count - Math.max(1, oneByOne)) / COPY)
  for (const [value, length] of BLOCK_HEADER) output.bits(value, length)
  for (const code of CODE_LENGTHS) output.code(code)
  output.zeros(count - copies * COPY)
  output.repeated('1111111110', copies)
  output.code('111111110')
}

/** A dynamic block with codes for 286 lengths and one distance; then the lengths of the codes of lengths, in their order. */
const BLOCK_HEADER: [value: number, bits: number][] = [
  [0, 1],
  [2, 2],
  [286 - 257, 5],
  [0, 5],
  [18 - 4, 4],
  // Of 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1.
  ...[1, 0, 4, 3, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4].map((bits): [number, number] => [bits, 3]),
]
/** Those codes: of the lengths 0, 1, 8 and 9, of "as before" 3 to 6 times (16), and of 11 to 138 zeros (18). */
const LENGTH = { 0: '100', 1: '1110', 8: '101', 9: '110', again: '0', none: '1111' }
/** 255 bytes with 8 bits, one without; the end with 9; no copies but the longest, with 9; one distance, 1, with 1 bit. */
const CODE_LENGTHS = [
  LENGTH[8],
  ...Array.from({ length: 42 }, () => `${LENGTH.again}11`),
  LENGTH[8],
  LENGTH[8],
  LENGTH[0],
  LENGTH[9],
  // 28 - 11 in seven bits, lowest first.
  `${LENGTH.none}1000100`,
  LENGTH[9],
  LENGTH[1],
]

/** Bits from the lowest of each byte on, as deflate has them. */
class BitWriter {
  readonly stretches: Stretch[] = []
  #bytes: number[] = []
  #current = 0
  #used = 0

  /** The lowest `count` bits of a number, lowest first. */
  bits(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) this.#bit((value >> bit) & 1)
  }

  /** A code as it is written on paper. */
  code(bits: string): void {
    for (const bit of bits) this.#bit(bit === '1' ? 1 : 0)
  }

  /** `count` bytes of zero bits. */
  zeros(count: number): void {
    if (count === 0) return
    this.bits(0, 8)
    this.#flush()
    if (count > 1) this.stretches.push(count - 1)
  }

  /** A code of ten bits many times: four of them end where they began in a byte. */
  repeated(code: string, times: number): void {
    const rounds = Math.floor(times / 4) - 1
    if (rounds > 0) {
      for (let index = 0; index < 4; index++) this.code(code)
      this.#flush()
      const pattern = Buffer.from(this.#round(code))
      this.stretches.push(Buffer.alloc(rounds * pattern.length, pattern))
    }
    for (let index = Math.max(0, rounds + 1) * 4; index < times; index++) this.code(code)
  }

  align(): void {
    while (this.#used > 0) this.#bit(0)
  }

  /** Whole bytes; the bits before must be aligned. */
  bytes(bytes: Uint8Array): void {
    this.#flush()
    this.stretches.push(bytes)
  }

  /** The bytes of four codes from here on; what is left over is as before. */
  #round(code: string): number[] {
    for (let index = 0; index < 4; index++) this.code(code)
    const bytes = this.#bytes
    this.#bytes = []
    return bytes
  }

  #flush(): void {
    if (this.#bytes.length > 0) this.stretches.push(Buffer.from(this.#bytes))
    this.#bytes = []
  }

  #bit(bit: number): void {
    this.#current |= bit << this.#used++
    if (this.#used < 8) return
    this.#bytes.push(this.#current)
    this.#current = 0
    this.#used = 0
  }
}
