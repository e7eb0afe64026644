import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { LabTerminals } from '../lab-terminals.ts'
import type { Tickets } from '../security/tickets.ts'
import type { IdentityOf } from './labs.ts'

const access = { config: { access: 'signed-in' } } as const
const parameters = z.object({ terminal: z.string().regex(/^[\w-]{1,64}$/) })

/** The routes of one terminal. Its WebSocket is an upgrade, see ../terminal-socket.ts. */
export function terminalRoutes(
  app: FastifyInstance,
  terminals: LabTerminals,
  tickets: Tickets,
  identityOf: IdentityOf,
): void {
  app.post('/api/terminals/:terminal/ticket', access, async (request) => {
    const { session, learner } = identityOf(request)
    const { terminal } = parameters.parse(request.params)
    await terminals.find(learner, terminal)
    return { ticket: tickets.issue(session, terminal) }
  })
  app.delete('/api/terminals/:terminal', access, async (request, reply) => {
    await terminals.end(identityOf(request).learner, parameters.parse(request.params).terminal)
    return reply.code(204).send()
  })
}
