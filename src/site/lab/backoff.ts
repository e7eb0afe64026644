/** Waits between attempts, in ms: a quarter of a second, doubling up to eight, each with some chance in it. */
export class Backoff {
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #again: () => void

  constructor(again: () => void) {
    this.#again = again
    // Somebody who comes back to the page, or whose network comes back, should not wait for the timer.
    addEventListener('online', this.#now)
    document.addEventListener('visibilitychange', this.#now)
  }

  /** Tries again after a while. */
  later(): void {
    clearTimeout(this.#timer)
    const wait = Math.min(8000, 250 * 2 ** this.#attempt++)
    this.#timer = setTimeout(this.#fire, wait * (0.75 + Math.random() / 2))
  }

  /** The attempt succeeded. */
  reset(): void {
    this.#attempt = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  close(): void {
    this.reset()
    removeEventListener('online', this.#now)
    document.removeEventListener('visibilitychange', this.#now)
  }

  #now = (): void => {
    if (this.#timer === undefined || document.hidden) return
    clearTimeout(this.#timer)
    this.#fire()
  }

  #fire = (): void => {
    this.#timer = undefined
    this.#again()
  }
}
