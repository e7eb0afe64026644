import { writeSync } from 'node:fs'

/** A program that does not read is asked again after so many ms. */
const RETRY = 10

/**
 * Writes input to a pty. A pty takes only some KB that no program has read; the rest waits here in order.
 * (node-pty's own queue asks again without a pause, which costs a whole processor.)
 */
export class PtyWriter {
  readonly #fd: number
  readonly #taken: (bytes: number) => void
  #queue: Buffer[] = []
  #queued = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `taken` hears of every byte that the pty took. */
  constructor(fd: number, taken: (bytes: number) => void) {
    this.#fd = fd
    this.#taken = taken
  }

  /** Bytes that wait. */
  get queued(): number {
    return this.#queued
  }

  write(data: Buffer): void {
    if (this.#closed) return
    this.#queue.push(data)
    this.#queued += data.length
    if (!this.#timer) this.#drain()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#queue = []
    this.#queued = 0
  }

  /** The descriptor does not block, and a synchronous write spares a key the way through the thread pool. */
  #drain(): void {
    this.#timer = undefined
    while (this.#queue.length > 0 && !this.#closed) {
      const data = this.#queue[0]!
      let written: number
      try {
        written = writeSync(this.#fd, data)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN')
          this.#timer = setTimeout(() => this.#drain(), RETRY)
        // Anything else means that the terminal is ending: its exit follows.
        else this.close()
        return
      }
      if (written === data.length) this.#queue.shift()
      else this.#queue[0] = data.subarray(written)
      this.#queued -= written
      this.#taken(written)
    }
  }
}
