import type { World } from '#world/world.ts'

/** Names Events as upstream: by the nanosecond, in hex. */
export class EventNames {
  readonly #world: World
  #last = 0n

  constructor(world: World) {
    this.#world = world
  }

  /** kubectl sorts events of one second by name, so a later one has the later name. */
  next(about: string): string {
    const { clock, ids } = this.#world
    const now = BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(ids.number(1000))
    this.#last = now > this.#last ? now : this.#last + 1n + BigInt(ids.number(1000))
    return `${about}.${this.#last.toString(16)}`
  }
}
