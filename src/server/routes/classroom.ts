import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Classroom } from '#classroom/classroom.ts'
import type { LearnerEvent } from '#classroom/hub.ts'
import type { ClassroomState } from '../api.ts'
import { notFound, Problem } from '../problem.ts'
import { sendEvents } from './events.ts'
import type { IdentityOf } from './labs.ts'
import { identifier, labelled } from './parameters.ts'

const access = { config: { access: 'signed-in' } } as const
const handBody = z.strictObject({
  lab: labelled,
  step: labelled.optional(),
  note: z.string().trim().max(500).default(''),
})

/** A learner's side of a classroom: what their instructors say, and the raised hand. */
export function classroomRoutes(app: FastifyInstance, classroom: Classroom, identityOf: IdentityOf): void {
  app.get('/api/classroom', access, async (request): Promise<ClassroomState> => {
    const { learner } = identityOf(request)
    const [cohorts, raised, answered] = await Promise.all([
      classroom.cohorts.list({ person: learner, role: 'learner' }),
      classroom.hands.raised(learner),
      classroom.hands.lastAnswered(learner),
    ])
    const hand = raised ?? answered
    return {
      cohorts: await Promise.all(
        cohorts.map(async (cohort) => {
          const { id, name, pace, open, labs } = cohort
          const dueAt = await classroom.due.of(cohort, learner)
          return { id, name, pace, open, labs, ...(dueAt !== undefined && { dueAt }) }
        }),
      ),
      broadcasts: await classroom.broadcasts.list(cohorts.map(({ id }) => id)),
      ...(hand && { hand }),
      looks: classroom.looks.at(learner),
    }
  })
  app.get('/api/classroom/events', access, (request, reply) => {
    const { learner } = identityOf(request)
    sendEvents<LearnerEvent>(reply, (listener) => classroom.learners.follow(learner, listener))
  })
  app.post('/api/hands', access, async (request) => {
    const { lab, step, note } = handBody.parse(request.body)
    const hand = await classroom.raise(identityOf(request).learner, {
      lab,
      note,
      ...(step !== undefined && { step }),
    })
    if (hand) return hand
    throw new Problem(409, {
      code: 'no-cohort',
      what: 'You are in no course, so nobody would see the raised hand.',
      next: 'Join a course with its code first.',
    })
  })
  app.delete('/api/hands/:id', access, async (request, reply) => {
    const hand = await classroom.hands.find(identifier.parse(request.params).id)
    if (hand?.person !== identityOf(request).learner) throw notFound('There is no such raised hand.')
    if (hand.loweredAt === undefined) await classroom.lowerHand(hand)
    return reply.code(204).send()
  })
}
