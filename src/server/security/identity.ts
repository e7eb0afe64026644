import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Sessions } from '#database/sessions.ts'
import type { Role } from '../api.ts'
import type { Connections } from './connections.ts'

/** Who sends a request. */
export interface Identity {
  /** The session's id, which is the cookie's value. */
  session: string
  /** The person's id. */
  learner: string
  name: string
  role: Role
  /** When the session ends, ms since the epoch. */
  until: number
}

export interface IdentitiesOptions {
  /** The cookie's name: cookies ignore ports, so two servers of one machine need different ones. */
  cookie: string
  /** Whether the browser may send the cookie over TLS only. */
  secure: boolean
  /** How long a session lasts, ms. */
  lifetime: number
  /** Default: this machine's clock, ms since the epoch. */
  now?: () => number
}

/** Knows browsers by a session cookie that no script and no other site can use. */
export class Identities {
  readonly #sessions: Sessions
  readonly #connections: Connections
  readonly #options: IdentitiesOptions
  readonly #now: () => number

  constructor(sessions: Sessions, connections: Connections, options: IdentitiesOptions) {
    this.#sessions = sessions
    this.#connections = connections
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Who a request is from, if its browser is signed in. */
  async find(headers: IncomingHttpHeaders): Promise<Identity | undefined> {
    const session = cookieValue(headers.cookie, this.#options.cookie)
    const person = session && (await this.#sessions.person(session, this.#now()))
    if (!session || !person) return undefined
    const { id: learner, name, role, until } = person
    return { session, learner, name, role, until }
  }

  /** Signs a person in: always a new session, and the one that the browser had before ends. */
  async signIn(headers: IncomingHttpHeaders, reply: FastifyReply, person: string): Promise<void> {
    const before = cookieValue(headers.cookie, this.#options.cookie)
    if (before) await this.#end(before)
    const now = this.#now()
    const session = await this.#sessions.create(person, now, now + this.#options.lifetime)
    this.#setCookie(reply, session, Math.floor(this.#options.lifetime / 1000))
  }

  async signOut({ session }: Identity, reply: FastifyReply): Promise<void> {
    await this.#end(session)
    this.#setCookie(reply, '', 0)
  }

  async #end(session: string): Promise<void> {
    await this.#sessions.delete(session)
    this.#connections.endSession(session)
  }

  /** https://www.rfc-editor.org/rfc/rfc6265 `age` in seconds. */
  #setCookie(reply: FastifyReply, value: string, age: number): void {
    const { cookie, secure } = this.#options
    reply.header(
      'set-cookie',
      `${cookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure ? '; Secure' : ''}`,
    )
  }
}

/** The value of a cookie in a request's header. Ours need no decoding. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`
  return header
    ?.split('; ')
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length)
}
