import type { Identity } from './identity.ts'

/** Node's timers go no further, ms; what is open so long is opened again by its page. */
const LONGEST = 2 ** 31 - 1

interface Connection {
  learner: string
  close(): void
}

/**
 * What browsers keep open: streams of events, WebSockets. Who sends a request is asked once, when it comes, so each of
 * these ends with the session that it was opened in.
 */
export class Connections {
  readonly #open = new Map<string, Set<Connection>>()

  /** Calls `close` when the session is signed out, taken from its person, or over; gives what forgets that. */
  add(
    { session, learner, until }: Pick<Identity, 'session' | 'learner' | 'until'>,
    close: () => void,
  ): () => void {
    const connection = { learner, close }
    const connections = this.#open.get(session) ?? new Set()
    this.#open.set(session, connections.add(connection))
    const over = setTimeout(close, Math.min(Math.max(0, until - Date.now()), LONGEST))
    over.unref()
    return () => {
      clearTimeout(over)
      connections.delete(connection)
      if (connections.size === 0 && this.#open.get(session) === connections) this.#open.delete(session)
    }
  }

  /** How many a session has open. */
  count(session: string): number {
    return this.#open.get(session)?.size ?? 0
  }

  /** A browser has signed out. */
  endSession(session: string): void {
    for (const { close } of [...(this.#open.get(session) ?? [])]) close()
  }

  /** A person has lost a right, or is forgotten. */
  endPerson(learner: string): void {
    for (const connections of this.#open.values())
      for (const connection of [...connections]) if (connection.learner === learner) connection.close()
  }
}
