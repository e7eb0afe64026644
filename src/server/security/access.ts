import type { FastifyInstance } from 'fastify'
import type { Role } from '../api.ts'
import { Problem } from '../problem.ts'

/** Who may use a route of the API: anybody at all, whoever is signed in, or people of a role (administrators always). */
export type Access = 'anyone' | 'signed-in' | Exclude<Role, 'learner'>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route under `/api/` and `/auth/` must say it. */
    access?: Access
  }
}

/** Whether a person of a role may do what `access` is asked for. Nobody is signed in without one. */
export function permits(access: Access, role: Role | undefined): boolean {
  if (access === 'anyone') return true
  if (role === undefined) return false
  return access === 'signed-in' || role === access || role === 'admin'
}

/** Throws a Problem for whoever may not. */
export function assertAccess(access: Access, role: Role | undefined): void {
  if (permits(access, role)) return
  if (role === undefined) {
    throw new Problem(401, {
      code: 'signed-out',
      what: 'You are not signed in.',
      why: 'This browser has no session of this server, or it has ended.',
      next: 'Sign in again.',
    })
  }
  throw new Problem(403, {
    code: 'not-allowed',
    what: `This is for people of the role "${access}".`,
    why: `Yours is "${role}".`,
    next: 'Ask an administrator of this server.',
  })
}

/** A route as the table of all routes tells it. */
export interface RouteAccess {
  method: string
  path: string
  access: Access
}

/** Refuses to add a route of the API, or of a way in, that does not say whom it is for; lists those that do. */
export function collectAccess(app: FastifyInstance): RouteAccess[] {
  const routes: RouteAccess[] = []
  app.addHook('onRoute', ({ method, path, config }) => {
    if (!/^\/(?:api|auth)\//.test(path)) return
    const access = config?.access
    if (!access) throw new Error(`The route ${method} ${path} does not say who may use it.`)
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, path, access })
  })
  return routes
}
