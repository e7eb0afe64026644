import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'
import { assertAccess } from './security/access.ts'
import type { AllowList } from './security/allow-list.ts'
import type { Connections } from './security/connections.ts'
import { SECURITY_HEADERS } from './security/content-policy.ts'
import type { Identities, Identity } from './security/identity.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A page of another site may ask for it, by a form too: it must believe nothing but what it can verify. */
    fromElsewhere?: boolean
  }
}

/** What a browser may have open at once: streams of events, terminals, requests under way. A page of a lab has six. */
const OPEN_LIMIT = 200

/** Refuses what does not come from our own pages, before anything else looks at it. */
export function guard(app: FastifyInstance, allowed: () => AllowList): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    // By the route that was found: a path may be written in other ways than the route's.
    const api = request.routeOptions.url?.startsWith('/api/') ?? false
    const refusal = api
      ? allowed().apiRefusal(request.method, request.headers)
      : request.routeOptions.config.fromElsewhere
        ? allowed().refusal('GET', { host: request.headers.host })
        : allowed().refusal(request.method, request.headers)
    if (refusal) {
      throw new Problem(refusal === 'host' ? 421 : 403, {
        code: `refused-${refusal}`,
        what: 'The request does not come from Drydock’s own pages.',
        why: `Its ${refusal === 'site' ? 'Sec-Fetch-Site' : refusal} header is not one that this server answers.`,
        next: 'Open the address that Drydock printed when it started.',
      })
    }
    if (api) reply.header('cache-control', 'no-store')
  })
}

/** Knows who sends an API request before its route runs, and lets in only those whom the route is for. */
export function identify(
  app: FastifyInstance,
  identities: () => Pick<Identities, 'find'>,
  connections: Connections,
): (request: FastifyRequest) => Identity | undefined {
  const known = new WeakMap<FastifyRequest, Identity>()
  app.addHook('onRequest', async (request, { raw }) => {
    const { access } = request.routeOptions.config
    if (!access) return
    const identity = await identities().find(request.headers)
    if (identity) known.set(request, identity)
    assertAccess(access, identity?.role)
    if (identity && connections.count(identity.session) >= OPEN_LIMIT)
      throw new Problem(429, {
        code: 'too-many-open',
        what: 'This browser has too much open here at once.',
        next: 'Close some pages of Drydock, then reload this one.',
      })
    // A request is answered yet; what goes on, such as a stream of events, ends. Who went meanwhile has nothing open.
    if (identity && !raw.destroyed)
      raw.once(
        'close',
        connections.add(identity, () => raw.headersSent && raw.destroy()),
      )
  })
  return (request) => known.get(request)
}

/** A line for each request that ended: by its route, because addresses name people and what they do. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    request.log.info(
      {
        method,
        route: routeOptions.url ?? 'none',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'answered',
    )
  })
}
