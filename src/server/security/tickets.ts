import { randomBytes } from 'node:crypto'

/** How long a ticket is good for, ms. */
export const TICKET_LIFETIME = 30_000
/** Tickets that may be out at once; the oldest goes first. */
const LIMIT = 1_000

interface Ticket {
  session: string
  terminal: string
  /** The look by which somebody else than its owner comes; see classroom/looks.ts. */
  look: string | undefined
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

  issue(session: string, terminal: string, look?: string): string {
    for (const [id, { until }] of this.#tickets) {
      if (until > this.#now() && this.#tickets.size < LIMIT) break
      this.#tickets.delete(id)
    }
    const id = randomBytes(16).toString('base64url')
    this.#tickets.set(id, { session, terminal, look, until: this.#now() + TICKET_LIFETIME })
    return id
  }

  /** How the ticket lets this session have this terminal now: as its own, or by a look; undefined: not at all. It is spent either way. */
  redeem(id: string, session: string, terminal: string): { look: string | undefined } | undefined {
    const ticket = this.#tickets.get(id)
    this.#tickets.delete(id)
    return ticket && ticket.until > this.#now() && ticket.session === session && ticket.terminal === terminal
      ? { look: ticket.look }
      : undefined
  }
}
