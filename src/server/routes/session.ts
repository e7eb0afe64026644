import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { SessionState, SignInWay } from '../api.ts'
import { Problem } from '../problem.ts'
import type { Identities, Identity } from '../security/identity.ts'
import type { SignInLink } from '../security/link.ts'

const linkBody = z.strictObject({ token: z.string().max(100) })

export interface SessionRoutesOptions {
  identities: () => Identities
  find(request: FastifyRequest): Identity | undefined
  /** The printed link, where that is the way in, and whom it signs in. */
  link?: { link: SignInLink; person: string }
  ways: SignInWay[]
  oidcName?: string
}

/** The routes of signing in and out. */
export function sessionRoutes(
  app: FastifyInstance,
  { identities, find, link, ways, oidcName }: SessionRoutesOptions,
): void {
  app.get('/api/session', { config: { access: 'anyone' } }, async (request): Promise<SessionState> => {
    const identity = find(request)
    return {
      ...(identity && { person: { id: identity.learner, name: identity.name, role: identity.role } }),
      ways,
      ...(oidcName !== undefined && { oidcName }),
    }
  })
  app.delete('/api/session', { config: { access: 'signed-in' } }, async (request, reply) => {
    await identities().signOut(find(request)!, reply)
    return reply.code(204).send()
  })
  if (!link) return
  app.post('/api/session/link', { config: { access: 'anyone' } }, async (request, reply) => {
    if (!link.link.matches(linkBody.parse(request.body).token)) {
      throw new Problem(401, {
        code: 'link-refused',
        what: 'This link is not the one that Drydock printed.',
        why: 'Each start of Drydock prints a new one.',
        next: 'Open the link that stands in the terminal where Drydock runs.',
      })
    }
    await identities().signIn(request.headers, reply, link.person)
    return reply.code(204).send()
  })
}
