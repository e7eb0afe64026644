/** Work that may begin before what else waits. */
export type Urgency = 'first' | 'later'

/** A number of places for work: who finds none waits, in order, the urgent before the others. */
export class Slots {
  #free: number
  readonly #waiting: Record<Urgency, (() => void)[]> = { first: [], later: [] }

  constructor(count: number) {
    this.#free = count
  }

  /** Runs work in a place of its own. */
  async run<T>(urgency: Urgency, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting[urgency].push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.first.shift() ?? this.#waiting.later.shift()
      if (next) next()
      else this.#free++
    }
  }
}
