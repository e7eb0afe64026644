import type { BoardCell } from './board.ts'
import type { Broadcast } from './broadcasts.ts'
import type { Cohort } from './cohorts.ts'
import type { Hand } from './hands.ts'
import type { Look } from './looks.ts'

/** What an instructor's board follows. */
export type CohortEvent =
  | { type: 'cell'; person: string; cell: BoardCell }
  /** How many pages of a lab somebody has open; `pages` 0: none any more. */
  | { type: 'presence'; person: string; lab: string; pages: number }
  | { type: 'hand'; hand: Hand }
  /** How many hints of a step somebody has opened. */
  | { type: 'hints'; person: string; lab: string; step: string; opened: number }
  /** A step was done for somebody. */
  | { type: 'skipped'; person: string; lab: string; step: string }
  | { type: 'member'; person: string; name: string }
  | { type: 'left'; person: string }
  /** Somebody's lab was started over: its cells are void. */
  | { type: 'reset'; person: string; lab: string }
  | { type: 'cohort'; cohort: Cohort }

/** What a learner's page follows. */
export type LearnerEvent =
  | { type: 'broadcast'; broadcast: Broadcast }
  | { type: 'hand'; hand: Hand }
  /** All who look at the learner's work now. */
  | { type: 'looks'; looks: Look[] }
  /** Labs were opened or closed. */
  | { type: 'gate' }
  /** An instructor did a step for the learner. */
  | { type: 'skipped'; lab: string; step: string; by: string }

type Listener<Event> = (event: Event) => void

/** Hands on what happens in a classroom to the pages that look. Nothing is kept: who comes later reads the stores. */
export class Topic<Event> {
  readonly #listeners = new Map<string, Set<Listener<Event>>>()

  /** Follows a key until closed. */
  follow(key: string, listener: Listener<Event>): { close(): void } {
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return {
      close: () => {
        listeners.delete(listener)
        if (listeners.size === 0) this.#listeners.delete(key)
      },
    }
  }

  tell(key: string, event: Event): void {
    for (const listener of this.#listeners.get(key) ?? []) listener(event)
  }
}
