import { randomBytes } from 'node:crypto'

/** How long a ticket is good for, ms. */
export const TICKET_LIFETIME = 30_000
/** Tickets that may be out at once; the oldest goes first. */
const LIMIT = 1_000

interface Ticket {
  session: string
  terminal: string
  until: number
}

/** Single-use tickets that let a session's page attach to one terminal. */
export class Tickets {
  readonly #tickets = new Map<string, Ticket>()
  readonly #now: () => number

  /** `now` in ms, of any clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  issue(session: string, terminal: string): string {
    for (const [id, { until }] of this.#tickets) {
      if (until > this.#now() && this.#tickets.size < LIMIT) break
      this.#tickets.delete(id)
    }
    const id = randomBytes(16).toString('base64url')
    this.#tickets.set(id, { session, terminal, until: this.#now() + TICKET_LIFETIME })
    return id
  }

  /** Whether the ticket lets this session have this terminal now. It is spent either way. */
  redeem(id: string, session: string, terminal: string): boolean {
    const ticket = this.#tickets.get(id)
    this.#tickets.delete(id)
    return (
      ticket !== undefined &&
      ticket.until > this.#now() &&
      ticket.session === session &&
      ticket.terminal === terminal
    )
  }
}
