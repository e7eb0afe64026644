import type { Duplex } from 'node:stream'

/** The worlds that a process has, by the gate's grants. */
export class Grants {
  readonly #held = new Map<string, { number: number; connections: number }>()
  /** The last grant of each world that was given back: it holds no more, whoever still comes with it. */
  readonly #over = new Map<string, number>()
  readonly #isOpen: (world: string) => boolean
  readonly #giveBack: (world: string, number: number) => void

  /** `isOpen`: whether a world's files are in use here. */
  constructor(isOpen: (world: string) => boolean, giveBack: (world: string, number: number) => void) {
    this.#isOpen = isOpen
    this.#giveBack = giveBack
  }

  has(world: string): boolean {
    return this.#held.has(world)
  }

  /** Somebody comes with a grant: whether it holds. It is kept at least as long as their connection. */
  enter(world: string, number: number, connection: Duplex): boolean {
    let held = this.#held.get(world)
    if (!held) {
      if (number <= (this.#over.get(world) ?? 0)) return false
      held = { number, connections: 0 }
      this.#held.set(world, held)
    }
    held.connections++
    connection.once('close', () => {
      held.connections--
      this.#review(world)
    })
    return true
  }

  /** Gives back the worlds that are not needed here any more. */
  review(): void {
    for (const world of this.#held.keys()) this.#review(world)
  }

  #review(world: string): void {
    const held = this.#held.get(world)
    if (!held || held.connections > 0 || this.#isOpen(world)) return
    this.#held.delete(world)
    this.#over.set(world, held.number)
    this.#giveBack(world, held.number)
  }
}
