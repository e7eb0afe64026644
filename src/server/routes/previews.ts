import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { LabSessions } from '../lab-sessions.ts'
import type { Previews } from '../previews/previews.ts'
import type { IdentityOf } from './labs.ts'

const access = { config: { access: 'signed-in' } } as const
const labParameters = z.object({ lab: z.string().regex(/^[a-z0-9-]{1,64}$/) })
const idParameters = z.object({ preview: z.string().max(64) })
const body = z.strictObject({ address: z.string().min(1).max(2000) })

/** The routes of web previews; the pages themselves have an origin of their own. */
export function previewRoutes(
  app: FastifyInstance,
  sessions: LabSessions,
  previews: () => Previews,
  identityOf: IdentityOf,
): void {
  app.get('/api/labs/:lab/doors', access, async (request) => {
    const { lab } = labParameters.parse(request.params)
    return (await sessions.session(identityOf(request).learner, lab)).world.doors()
  })
  app.post('/api/labs/:lab/previews', access, async (request) => {
    const identity = identityOf(request)
    const { lab } = labParameters.parse(request.params)
    const { address } = body.parse(request.body)
    const found = await sessions.session(identity.learner, lab)
    await found.place.network()
    return previews().open({ ...identity, lab, network: () => found.place.network() }, address)
  })
  app.get('/api/previews/:preview', access, async (request) =>
    previews().document(identityOf(request).session, idParameters.parse(request.params).preview),
  )
}
