import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sessions } from '#database/sessions.ts'

/** The one person of a server that only this machine reaches. */
export const LOCAL_LEARNER = 'local'

/** Who sends a request. */
export interface Identity {
  session: string
  learner: string
}

/** Knows browsers by a session cookie that no script and no other site can use. */
export class Identities {
  readonly #sessions: Sessions
  readonly #cookie: string

  /** Cookies ignore ports: two servers of one machine need different names. */
  constructor(sessions: Sessions, port: number) {
    this.#sessions = sessions
    this.#cookie = `drydock-${port}`
  }

  /** Who a request is from, if its browser was let in before. */
  async find(headers: IncomingHttpHeaders): Promise<Identity | undefined> {
    const session = cookieValue(headers.cookie, this.#cookie)
    const learner = session && (await this.#sessions.learner(session))
    return learner ? { session, learner } : undefined
  }

  /** Who a request is from; an unknown browser is let in as the machine's one learner. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<Identity> {
    const known = await this.find(request.headers)
    if (known) return known
    const session = await this.#sessions.create(LOCAL_LEARNER, Date.now())
    reply.header(
      'set-cookie',
      `${this.#cookie}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000`,
    )
    return { session, learner: LOCAL_LEARNER }
  }
}

/** The value of a cookie in a request's header. Ours need no decoding. */
function cookieValue(header: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`
  return header
    ?.split('; ')
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length)
}
