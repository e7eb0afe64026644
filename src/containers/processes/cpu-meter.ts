/** Seconds over which present use is averaged: the resolution of metrics-server. */
const WINDOW_S = 15

/** What one core can do in a second, ms of CPU time. */
const CORE_MS = 1000

/**
 * The CPU time that a container's processes use, on the world's clock. Simulated programs say what their work would cost;
 * nothing is measured on the host.
 */
export class CpuMeter {
  readonly #now: () => number
  readonly #startedAt: number
  /** CPU time (ms) of each of the latest seconds, by second modulo the length. */
  readonly #spent = new Float64Array(WINDOW_S + 1)
  #second: number
  #total = 0

  constructor(now: () => number) {
    this.#now = now
    this.#startedAt = now()
    this.#second = Math.floor(now() / 1000)
  }

  /** Adds CPU time, ms; `cores` is how many processes could run beside each other. */
  spend(ms: number, cores = 1): void {
    const slot = this.#turn()
    const before = this.#spent[slot]!
    this.#spent[slot] = Math.min(before + ms, cores * CORE_MS)
    this.#total += this.#spent[slot]! - before
  }

  /** CPU time since the container came up, ms. */
  get total(): number {
    return this.#total
  }

  /** Average use over the latest seconds, milli-CPU. */
  rate(): number {
    const current = this.#turn()
    let total = 0
    for (const [slot, spent] of this.#spent.entries()) if (slot !== current) total += spent
    const seconds = Math.min(WINDOW_S, (this.#now() - this.#startedAt) / 1000)
    return seconds < 1 ? 0 : total / seconds
  }

  /** Empties the slots of the seconds that have begun since the last call; gives the present one. */
  #turn(): number {
    const second = Math.floor(this.#now() / 1000)
    for (let passed = Math.max(this.#second + 1, second - WINDOW_S); passed <= second; passed++) {
      this.#spent[passed % this.#spent.length] = 0
    }
    this.#second = Math.max(this.#second, second)
    return this.#second % this.#spent.length
  }
}
