import type { ServerCloud } from './cloud.ts'

/** Somebody who waits to start a lab. */
interface Waiting {
  world: string
  /** Their place in the line is another one. */
  moved(): void
  /** It is their turn: a seat is kept for them. */
  admitted(): void
}

/** Who may start a lab now, where only so many clouds may be awake at once. The line is in memory: pages ask again by themselves. */
export class Admission {
  readonly #capacity: number
  /** Worlds that are awake, as the cloud tells. */
  #awake = new Set<string>()
  /** Those that were let in and are not awake yet. */
  readonly #entering = new Set<string>()
  readonly #line: Waiting[] = []
  #following: { close(): void } | undefined

  constructor(capacity: number | undefined, cloud: ServerCloud) {
    this.#capacity = capacity ?? Number.POSITIVE_INFINITY
    if (capacity === undefined) return
    // Whoever needs a cloud that does not start is told so by it.
    cloud.client.then((client) => {
      this.#following = client.followAwake((worlds) => {
        this.#awake = new Set(worlds)
        for (const world of worlds) this.#entering.delete(world)
        this.#admit()
      })
    }, Object)
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length
  }

  /** Whether a world may be made now: a seat is then kept until it is awake. Else who asks stands in line, at the place they had. */
  ask(waiting: Waiting): boolean {
    const { world } = waiting
    const at = this.#line.findIndex((other) => other.world === world)
    if (at !== -1) this.#line[at] = waiting
    else if (this.#entering.has(world) || (this.#line.length === 0 && this.#free > 0)) {
      this.#entering.add(world)
      return true
    } else this.#line.push(waiting)
    return false
  }

  /** A place in the line, from 1. */
  place(world: string): number | undefined {
    return this.#line.findIndex((waiting) => waiting.world === world) + 1 || undefined
  }

  /** Who stands in line does so no longer, or could not use the seat. */
  leave(world: string): void {
    const at = this.#line.findIndex((waiting) => waiting.world === world)
    if (at !== -1) this.#line.splice(at, 1)
    else if (!this.#entering.delete(world)) return
    this.#admit()
    for (const waiting of this.#line) waiting.moved()
  }

  close(): void {
    this.#following?.close()
  }

  get #free(): number {
    return this.#capacity - this.#awake.union(this.#entering).size
  }

  #admit(): void {
    const before = this.#line.length
    while (this.#line.length > 0 && this.#free > 0) {
      const { world, admitted } = this.#line.shift()!
      this.#entering.add(world)
      admitted()
    }
    if (this.#line.length < before) for (const waiting of this.#line) waiting.moved()
  }
}
