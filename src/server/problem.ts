import type { FastifyInstance } from 'fastify'
import { ZodError } from 'zod'
import { DatabaseAway } from '#database/away.ts'
import type { ApiProblem } from './api.ts'

/** An answer that tells a person what happened, why, and what to do next. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly body: ApiProblem

  constructor(status: number, error: ApiProblem['error']) {
    super(error.what)
    this.status = status
    this.body = { error }
  }
}

/** When it is worth asking again a server whose database is away, s. */
const DATABASE_RETRY = 5

/** Nothing of this id, or not yours: which of the two is not told. */
export function notFound(what: string, next = 'Go back to the list and choose again.'): Problem {
  return new Problem(404, { code: 'not-found', what, next })
}

/** Makes every error of the API an `ApiProblem`; faults of ours are logged and told without their insides. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    if (error instanceof Problem) return reply.code(error.status).send(error.body)
    if (error instanceof ZodError) {
      const { path, message } = error.issues[0]!
      return reply.code(400).send({
        error: {
          code: 'invalid-request',
          what: `The request is not valid: ${[...path, message].join(': ')}.`,
          next: 'Reload the page.',
        },
      } satisfies ApiProblem)
    }
    if (error.statusCode && error.statusCode < 500) {
      return reply
        .code(error.statusCode)
        .send({ error: { code: error.code ?? 'invalid-request', what: error.message } } satisfies ApiProblem)
    }
    request.log.error(error)
    if (error instanceof DatabaseAway) {
      return reply
        .code(503)
        .header('retry-after', DATABASE_RETRY)
        .send({
          error: {
            code: 'database-away',
            what: 'Drydock’s database does not answer.',
            why: 'It may be being restarted. What was confirmed before is kept.',
            next: 'Try again in a few seconds.',
          },
        } satisfies ApiProblem)
    }
    return reply.code(500).send({
      error: {
        code: 'internal',
        what: 'The server met an error of its own.',
        why: error.message,
        next: 'Try again. If it stays so, restart Drydock and report what its output says.',
      },
    } satisfies ApiProblem)
  })
}
