import type { Duplex } from 'node:stream'
import { hostTime } from '#world/clock.ts'

/** When a world was needed last (host ms), and what needs it now: connections, followers. */
interface Use {
  at: number
  by: Set<object>
}

/** Who needs which world: one that nobody has needed for long may sleep. */
export class WorldUses {
  readonly #uses = new Map<string, Use>()
  readonly #connections = new Map<string, Set<Duplex>>()

  /** A world was needed just now. */
  used(id: string): void {
    this.#use(id).at = hostTime.now()
  }

  /** Whether something needs a world now. */
  inUse(id: string): boolean {
    return (this.#uses.get(id)?.by.size ?? 0) > 0
  }

  /** Whether nobody has needed a world since then (host ms). */
  idleSince(id: string, since: number): boolean {
    const use = this.#uses.get(id)
    return use !== undefined && use.at <= since && use.by.size === 0
  }

  /** Keeps a world awake as long as `by` is there. Gives what ends that. */
  hold(id: string, by: object): () => void {
    const use = this.#use(id)
    use.at = hostTime.now()
    use.by.add(by)
    return () => {
      use.by.delete(by)
      use.at = hostTime.now()
    }
  }

  /** Remembers a client's connection, to close it with its world. */
  connected(id: string, socket: Duplex): void {
    const sockets = this.#connections.get(id) ?? new Set()
    this.#connections.set(id, sockets)
    if (sockets.has(socket) || socket.destroyed) return
    sockets.add(socket)
    const release = this.hold(id, socket)
    socket.once('close', () => {
      sockets.delete(socket)
      release()
    })
  }

  /** Closes the connections to a world. */
  disconnect(id: string): void {
    for (const socket of this.#connections.get(id) ?? []) socket.destroy()
  }

  /** A world is gone. */
  forget(id: string): void {
    this.#uses.delete(id)
    this.#connections.delete(id)
  }

  #use(id: string): Use {
    let use = this.#uses.get(id)
    if (!use) {
      use = { at: 0, by: new Set() }
      this.#uses.set(id, use)
    }
    return use
  }
}
