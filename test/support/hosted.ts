import type { Cohort } from '../../src/classroom/cohorts.ts'
import type { JoinResult, SessionState } from '../../src/server/api.ts'
import type { ServerOptions } from '../../src/server/server.ts'
import type { Settings } from '../../src/server/settings.ts'
import { settingsSchema, UNISOLATED } from '../../src/server/settings.ts'
import { freePort } from './free-port.ts'
import { TestServer } from './server.ts'

/** A running server, in this process or another. */
export interface Reachable {
  readonly url: string
  readonly server: { readonly link: string }
}

/** What a browser of a test does: requests with its own cookie. */
export class Visitor {
  readonly #server: Reachable
  cookie = ''

  constructor(server: Reachable) {
    this.#server = server
  }

  /** A request as a page sends it; the cookie that comes back is kept. */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T; headers: Headers }> {
    const response = await fetch(new URL(path, this.#server.url), {
      method,
      redirect: 'manual',
      headers: {
        origin: this.#server.url,
        cookie: this.cookie,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';')
      if (pair!.startsWith('drydock-') && !pair!.startsWith('drydock-oidc')) this.cookie = pair!
    }
    const text = await response.text()
    const json = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, body: (json ? JSON.parse(text) : text) as T, headers: response.headers }
  }
}

/** A server of many people for a test. */
export async function startHosted(
  settings: Partial<Settings> = {},
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const port = await freePort()
  const hosting = settingsSchema.parse({
    isolation: UNISOLATED,
    url: `http://127.0.0.1:${port}`,
    port,
    ...settings,
  })
  return TestServer.start({ ...options, hosting })
}

/** The first administrator, by the link that a new server prints. */
export async function firstAdministrator(server: Reachable): Promise<Visitor> {
  const visitor = new Visitor(server)
  const secret = new URL(server.server.link).hash.replace('#invitation=', '')
  const { status } = await visitor.call('POST', '/api/session/invitation', { secret, name: 'Ada Admin' })
  if (status !== 204) throw new Error(`the first invitation is refused: ${status}`)
  return visitor
}

/** A person invited by an administrator, signed in. */
export async function invited(
  server: TestServer,
  admin: Visitor,
  person: { name: string; role: string; email?: string; cohort?: string; password?: string },
): Promise<Visitor> {
  const { password, ...invitation } = person
  const { body } = await admin.call<{ link: string }>('POST', '/api/invitations', invitation)
  const secret = new URL(body.link).hash.replace('#invitation=', '')
  const visitor = new Visitor(server)
  const { status, body: problem } = await visitor.call('POST', '/api/session/invitation', {
    secret,
    name: person.name,
    ...(password !== undefined && { password }),
  })
  if (status !== 204) throw new Error(`the invitation is refused: ${status} ${JSON.stringify(problem)}`)
  return visitor
}

/** Somebody who joins a cohort by its code. */
export async function joined(
  server: Reachable,
  cohort: Cohort,
  name: string,
): Promise<Visitor & { id: string; returnCode: string }> {
  const visitor = new Visitor(server)
  const { body } = await visitor.call<JoinResult>('POST', '/api/session/join', { code: cohort.code, name })
  const { person } = (await visitor.call<SessionState>('GET', '/api/session')).body
  return Object.assign(visitor, { id: person!.id, returnCode: body.returnCode! })
}

/** Follows server-sent events. */
export function follow(on: TestServer, visitor: Visitor, path: string) {
  const abort = new AbortController()
  const seen: Record<string, unknown>[] = []
  let wake = () => {}
  const response = fetch(on.url + path, { headers: { cookie: visitor.cookie }, signal: abort.signal })
  const ended = (async () => {
    let text = ''
    for await (const piece of (await response).body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      const events = text.split('\n\n')
      text = events.pop()!
      for (const event of events) if (event.startsWith('data: ')) seen.push(JSON.parse(event.slice(6)))
      wake()
    }
  })().catch(() => {})
  return {
    opened: response,
    /** Settles when the server ends the stream. */
    ended,
    async next(wanted: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
      for (;;) {
        const found = seen.find(wanted)
        if (found) return found
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    close: () => abort.abort(),
  }
}
