import type { World } from '#world/world.ts'

export interface EngineEvent {
  Type: string
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
  scope: 'local'
  time: number
  timeNano: number
}

/** The last events, for `docker events --since`. */
const KEPT = 256

/** What happens in the engine, for `docker events`. */
export class Events {
  readonly #world: World
  readonly #past: EngineEvent[] = []
  readonly #listeners = new Set<(event: EngineEvent) => void>()

  constructor(world: World) {
    this.#world = world
  }

  emit(type: string, action: string, id: string, attributes: Record<string, string> = {}): void {
    const now = this.#world.clock.now()
    const event: EngineEvent = {
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Math.floor(now / 1000),
      timeNano: Math.floor(now) * 1_000_000,
    }
    this.#past.push(event)
    if (this.#past.length > KEPT) this.#past.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /** Follows from `since` (seconds) on; without it only what comes. */
  follow(listener: (event: EngineEvent) => void, since: number | undefined): () => void {
    if (since !== undefined) for (const event of this.#past) if (event.time >= since) listener(event)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
