/** How much of a terminal's latest output is kept, in bytes. */
export const RING_SIZE = 256 * 1024
const FIRST_SIZE = 4 * 1024
/** Old output is let go in pieces of this size, so that a flood does not pay for it at every write. */
const DROP_SIZE = 32 * 1024

/** The latest output of a terminal, addressed by the count of bytes since its start. Grows as it is used. */
export class OutputRing {
  #bytes = Buffer.allocUnsafe(FIRST_SIZE)
  #start = 0
  #end = 0
  readonly #dropped: (piece: Buffer) => void

  /** `dropped` sees what falls out, in order: a view of bytes that are overwritten next. */
  constructor(dropped: (piece: Buffer) => void = () => {}) {
    this.#dropped = dropped
  }

  /** The count of the oldest byte still here. */
  get start(): number {
    return this.#start
  }

  /** The count of all bytes ever written. */
  get end(): number {
    return this.#end
  }

  write(data: Buffer): void {
    for (let from = 0; from < data.length; from += DROP_SIZE)
      this.#append(data.subarray(from, from + DROP_SIZE))
  }

  /** The bytes from `from` to `to`; what is no longer here is left out. */
  slice(from: number, to = this.#end): Buffer {
    const first = Math.max(from, this.#start)
    if (to <= first) return Buffer.alloc(0)
    const size = this.#bytes.length
    const begin = first % size
    const length = to - first
    const head = this.#bytes.subarray(begin, Math.min(begin + length, size))
    return head.length === length
      ? Buffer.from(head)
      : Buffer.concat([head, this.#bytes.subarray(0, length - head.length)])
  }

  #append(data: Buffer): void {
    const kept = this.#end - this.#start
    if (kept + data.length > this.#bytes.length) {
      if (this.#bytes.length < RING_SIZE) this.#grow(kept + data.length)
      if (kept + data.length > this.#bytes.length) {
        const oldest = this.#start % RING_SIZE
        this.#dropped(this.#bytes.subarray(oldest, oldest + DROP_SIZE))
        this.#start += DROP_SIZE
      }
    }
    const begin = this.#end % this.#bytes.length
    const head = Math.min(data.length, this.#bytes.length - begin)
    data.copy(this.#bytes, begin, 0, head)
    data.copy(this.#bytes, 0, head)
    this.#end += data.length
  }

  #grow(needed: number): void {
    let size = this.#bytes.length
    while (size < needed && size < RING_SIZE) size *= 2
    const grown = Buffer.allocUnsafeSlow(size)
    const kept = this.slice(this.#start)
    const begin = this.#start % size
    const head = Math.min(kept.length, size - begin)
    kept.copy(grown, begin, 0, head)
    kept.copy(grown, 0, head)
    this.#bytes = grown
  }
}
