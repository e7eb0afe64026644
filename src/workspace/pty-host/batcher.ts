/** Output within this many ms is one window. */
const WINDOW = 4
/** Sent at once in each window, in bytes: an echoed key never waits. */
const AT_ONCE = 4 * 1024
/** Sent together when so many bytes wait: with the next piece of a pty (4 KB at most) still one read of a socket. */
const TOGETHER = 56 * 1024
const ROOM = TOGETHER + 4 * 1024

/** Sends small output at once and gathers what follows closely, so that neither latency nor throughput suffers. */
export class Batcher {
  readonly #send: (data: Buffer) => boolean
  #pending: Buffer | undefined
  #size = 0
  #windowStart = -WINDOW
  #budget = 0
  #timer: NodeJS.Timeout | undefined

  /** `send` gives whether the bytes have gone and may be overwritten. */
  constructor(send: (data: Buffer) => boolean) {
    this.#send = send
  }

  push(data: Buffer): void {
    if (this.#size === 0) {
      const now = performance.now()
      if (now - this.#windowStart >= WINDOW) this.#open(now)
      if (data.length <= this.#budget) {
        this.#budget -= data.length
        this.#send(data)
        return
      }
    }
    if (this.#size + data.length > ROOM) this.flush()
    // What a page missed comes in one piece.
    if (data.length > ROOM) {
      this.#send(data)
      return
    }
    this.#pending ??= Buffer.allocUnsafeSlow(ROOM)
    data.copy(this.#pending, this.#size)
    this.#size += data.length
    if (this.#size >= TOGETHER) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), WINDOW)
  }

  /** Sends what waits. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#size === 0) return
    const data = this.#pending!.subarray(0, this.#size)
    this.#size = 0
    this.#open(performance.now())
    if (!this.#send(data)) this.#pending = undefined
  }

  /** Forgets what waits. */
  close(): void {
    clearTimeout(this.#timer)
    this.#pending = undefined
    this.#size = 0
  }

  #open(now: number): void {
    this.#windowStart = now
    this.#budget = AT_ONCE
  }
}
