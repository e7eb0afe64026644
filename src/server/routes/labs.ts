import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { LabConsoleEvent, LabEvent, PictureChange, TimelineCall } from '../api.ts'
import type { LabSession } from '../lab-session.ts'
import type { LabSessions } from '../lab-sessions.ts'
import type { LabTerminals } from '../lab-terminals.ts'
import type { Identity } from '../security/identity.ts'
import { sendEvents } from './events.ts'
import { fileRoutes } from './files.ts'

const access = { config: { access: 'signed-in' } } as const
/** Faster than this the controllers of a busy world cannot follow. */
const MAX_SPEED = 600
const name = z.string().regex(/^[a-z0-9-]{1,64}$/)
const labParameters = z.object({ lab: name })
const clockBody = z.union([
  z.strictObject({ speed: z.number().min(0).max(MAX_SPEED) }),
  z.strictObject({ untilReady: z.literal(true) }),
])
export const partQuery = z.object({ id: z.string().min(1).max(500) })
const hintsBody = z.strictObject({ opened: z.int().min(1).max(50) })
const placeQuery = z.object({
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .optional(),
})
export const thenQuery = z.object({ call: z.coerce.number().int().min(0) })
const stepParameters = z.object({ lab: name, step: name })

/** Who sends a request, known before any route runs. */
export type IdentityOf = (request: FastifyRequest) => Identity

/** The routes of labs and of their terminals' lists. */
export function labRoutes(
  app: FastifyInstance,
  sessions: LabSessions,
  terminals: LabTerminals,
  identityOf: IdentityOf,
): void {
  const session = (request: FastifyRequest): Promise<LabSession> =>
    sessions.session(identityOf(request).learner, labParameters.parse(request.params).lab)

  fileRoutes(app, session)
  app.get('/api/labs', access, (request) => sessions.summaries(identityOf(request).learner))
  app.get('/api/labs/:lab', access, async (request) => (await session(request)).state())
  app.post('/api/labs/:lab/start', access, async (request) => (await session(request)).start())
  app.post('/api/labs/:lab/reset', access, async (request) => (await session(request)).reset())
  app.post('/api/labs/:lab/steps/:step/check', access, async (request) => {
    const { step } = stepParameters.parse(request.params)
    return (await session(request)).check(step)
  })
  app.post('/api/labs/:lab/steps/:step/reset', access, async (request) =>
    (await session(request)).resetStep(stepParameters.parse(request.params).step),
  )
  app.post('/api/labs/:lab/steps/:step/skip', access, async (request, reply) => {
    await (await session(request)).skip(stepParameters.parse(request.params).step)
    return reply.code(204).send()
  })
  app.get('/api/labs/:lab/steps/:step/start', access, async (request) =>
    (await session(request)).place.pictureAtStart(stepParameters.parse(request.params).step),
  )
  app.get('/api/labs/:lab/steps/:step/solution', access, async (request) =>
    (await session(request)).solution(stepParameters.parse(request.params).step),
  )
  app.post('/api/labs/:lab/steps/:step/hints', access, async (request, reply) => {
    const { step } = stepParameters.parse(request.params)
    await (await session(request)).hintsOpened(step, hintsBody.parse(request.body).opened)
    return reply.code(204).send()
  })
  app.get('/api/labs/:lab/timeline', access, async (request) => (await session(request)).world.timeline())
  app.get('/api/labs/:lab/timeline/events', access, async (request: FastifyRequest, reply: FastifyReply) => {
    sendEvents<TimelineCall[]>(reply, await (await session(request)).world.followTimeline())
  })
  app.get('/api/labs/:lab/comparison', access, async (request) => (await session(request)).place.comparison())
  app.get('/api/labs/:lab/costs', access, async (request) => (await session(request)).world.costs())
  app.post('/api/labs/:lab/clock', access, async (request) =>
    (await session(request)).setClock(clockBody.parse(request.body)),
  )
  app.get('/api/labs/:lab/events', access, async (request: FastifyRequest, reply: FastifyReply) => {
    const followed = await session(request)
    sendEvents<LabEvent>(reply, (listener) => followed.subscribe(listener))
  })
  app.get('/api/labs/:lab/console', access, async (request: FastifyRequest, reply: FastifyReply) => {
    const place = placeQuery.parse(request.query)
    const followed = await session(request)
    sendEvents<LabConsoleEvent>(reply, (listener) => sessions.followConsole(followed, place, listener))
  })
  app.get('/api/labs/:lab/world', access, async (request: FastifyRequest, reply: FastifyReply) => {
    const follow = await (await session(request)).world.picture()
    sendEvents<PictureChange>(reply, follow)
  })
  app.get('/api/labs/:lab/world/now', access, async (request) => (await session(request)).world.pictureNow())
  app.get('/api/labs/:lab/world/then', access, async (request) => {
    const { call } = thenQuery.parse(request.query)
    return (await session(request)).world.pictureThen(call)
  })
  app.get('/api/labs/:lab/world/part', access, async (request) => {
    const { id } = partQuery.parse(request.query)
    return (await session(request)).world.part(id)
  })
  app.get('/api/labs/:lab/terminals', access, async (request) => {
    await session(request)
    return terminals.list(identityOf(request).learner, labParameters.parse(request.params).lab)
  })
  app.post('/api/labs/:lab/terminals', access, async (request) => {
    const id = await (await session(request)).place.openTerminal()
    const list = await terminals.list(identityOf(request).learner, labParameters.parse(request.params).lab)
    return list.find((terminal) => terminal.id === id)
  })
}
