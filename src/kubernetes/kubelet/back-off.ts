const FIRST_MS = 10_000
const LONGEST_MS = 300_000

/** The kubelet's back-off: the first failure costs nothing, then 10 s doubling up to 300 s; forgotten after 10 quiet minutes. */
export class BackOff {
  #delay = 0
  #updated = 0

  /** Present delay in ms; 0 before the first failure. */
  get delay(): number {
    return this.#delay
  }

  /** How long (ms) to wait at `now` for something that failed at `failedAt`; 0: go ahead. */
  remaining(now: number, failedAt: number): number {
    if (this.#delay === 0 || failedAt - this.#updated > 2 * LONGEST_MS) return 0
    return Math.max(0, failedAt + this.#delay - now)
  }

  /** Notes another attempt. */
  next(now: number): void {
    const forgotten = now - this.#updated > 2 * LONGEST_MS
    this.#delay = this.#delay === 0 || forgotten ? FIRST_MS : Math.min(2 * this.#delay, LONGEST_MS)
    this.#updated = now
  }
}
