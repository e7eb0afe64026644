import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuditLog } from '#classroom/audit.ts'
import type { Person } from '#database/people.ts'
import { Problem } from '../problem.ts'
import type { Identities } from '../security/identity.ts'

/** Lets people in, by whichever way, and keeps in the audit log who came and who was not let in. */
export class Door {
  readonly #identities: () => Identities
  readonly #audit: AuditLog

  constructor(identities: () => Identities, audit: AuditLog) {
    this.#identities = identities
    this.#audit = audit
  }

  /** Signs a person in. Throws a Problem for one who may not any more. */
  async letIn(request: FastifyRequest, reply: FastifyReply, person: Person, way: string): Promise<void> {
    if (person.disabledAt !== undefined) throw refused('This account may not sign in any more.')
    await this.#identities().signIn(request.headers, reply, person.id)
    const { id } = person
    await this.#audit.add({ actor: id, act: 'sign-in', subject: id, detail: { way }, address: request.ip })
  }

  /** Notes that somebody was not let in. */
  async keptOut(request: FastifyRequest, way: string): Promise<void> {
    await this.#audit.add({
      actor: '',
      act: 'sign-in-refused',
      subject: '',
      detail: { way },
      address: request.ip,
    })
  }
}

export function refused(what: string): Problem {
  return new Problem(401, {
    code: 'sign-in-refused',
    what,
    next: 'Look at it again, or ask your instructor.',
  })
}
