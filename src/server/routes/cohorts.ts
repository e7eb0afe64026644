import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { attainmentCsv } from '#classroom/attainment.ts'
import type { Act } from '#classroom/audit.ts'
import type { Classroom } from '#classroom/classroom.ts'
import type { Cohort, CohortChanges } from '#classroom/cohorts.ts'
import type { Hand } from '#classroom/hands.ts'
import type { CohortEvent } from '#classroom/hub.ts'
import { type Results, reportCsv } from '#classroom/report.ts'
import type { BoardState, HelpResult, LabOutline } from '../api.ts'
import type { Attainments } from '../attainments.ts'
import type { LabSessions } from '../lab-sessions.ts'
import { notFound, Problem } from '../problem.ts'
import { sendEvents } from './events.ts'
import type { IdentityOf } from './labs.ts'
import { learnersOf, ledCohort } from './led.ts'
import { identifier, labelled, madeId, sitePath } from './parameters.ts'

const access = { config: { access: 'instructor' } } as const
const time = z.int().positive()
const cohortBody = z.strictObject({
  name: z.string().trim().min(1).max(80),
  path: labelled.optional(),
  labs: z.array(labelled).max(200).optional(),
  pace: z.enum(['free', 'gated']).optional(),
  startsAt: time.optional(),
  endsAt: time.optional(),
  dueAt: time.optional(),
})
const changesBody = z.strictObject({
  ...cohortBody.partial().shape,
  path: labelled.nullish(),
  startsAt: time.nullish(),
  endsAt: time.nullish(),
  dueAt: time.nullish(),
  open: z.array(labelled).max(200).optional(),
  archived: z.boolean().optional(),
})
const broadcastBody = z.strictObject({ text: z.string().trim().min(1).max(1000), link: sitePath.optional() })
const answerBody = z.strictObject({
  text: z.string().trim().max(1000).default(''),
  link: sitePath.optional(),
})
const memberParameters = z.object({ id: madeId, person: madeId })
const helped = { people: z.array(madeId).min(1).max(500), lab: labelled }
const helpBody = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('reset'), ...helped }),
  z.strictObject({ act: z.literal('unlock'), ...helped }),
  z.strictObject({ act: z.literal('reset-step'), ...helped, step: labelled }),
  z.strictObject({ act: z.literal('skip'), ...helped, step: labelled }),
  z.strictObject({ act: z.literal('extend'), people: helped.people, dueAt: time }),
])
type Help = z.infer<typeof helpBody>
type LabHelp = Exclude<Help['act'], 'extend'>
/** So many people are helped at once: what is done for each is work for the cloud. */
const HELPED_AT_ONCE = 4

export interface CohortRoutesOptions {
  classroom: Classroom
  sessions: LabSessions
  attainments: Attainments
  identityOf: IdentityOf
}

/** An instructor's side of a classroom. Instructors see the cohorts that they lead; administrators see all. */
export function cohortRoutes(
  app: FastifyInstance,
  { classroom, sessions, attainments, identityOf }: CohortRoutesOptions,
): void {
  const { cohorts, audit } = classroom

  const led = (request: FastifyRequest, id = identifier.parse(request.params).id): Promise<Cohort> =>
    ledCohort(cohorts, identityOf(request), id)
  const handOf = async (request: FastifyRequest): Promise<Hand> => {
    const hand = await classroom.hands.find(identifier.parse(request.params).id)
    if (!hand) throw notFound('There is no such raised hand.')
    await led(request, hand.cohort)
    return hand
  }
  const note = (request: FastifyRequest, act: Act, subject: string, detail: Record<string, unknown> = {}) =>
    audit.add({ actor: identityOf(request).learner, act, subject, detail, address: request.ip })

  const helpOne = async (
    request: FastifyRequest,
    cohort: Cohort,
    person: string,
    help: Omit<Help, 'people'>,
  ) => {
    const { learner: by, name } = identityOf(request)
    if ('dueAt' in help) {
      await classroom.extend(cohort, person, help.dueAt as number, by)
      return note(request, 'due-extend', person, { ...help, cohort: cohort.id })
    }
    const { act, lab, step = '' } = help as { act: LabHelp; lab: string; step?: string }
    const session = await sessions.session(person, lab)
    const acts: Record<LabHelp, () => Promise<unknown>> = {
      reset: () => session.reset(),
      unlock: () => classroom.allow({ person, lab, step: '', kind: 'unlock' }, by),
      'reset-step': () => session.resetStep(step),
      skip: async () => {
        await session.skip(step)
        await classroom.skipped(person, lab, step, { id: by, name })
      },
    }
    await acts[act]()
    await note(request, HELP_ACTS[act], person, { ...help })
  }

  app.get('/api/cohorts', access, (request) => {
    const { learner, role } = identityOf(request)
    return cohorts.list(role === 'admin' ? undefined : { person: learner, role: 'instructor' })
  })
  app.post('/api/cohorts', access, async (request) => {
    const { name, ...changes } = cohortBody.parse(request.body)
    const cohort = await cohorts.create({ name, ...given(changes) }, identityOf(request).learner)
    await note(request, 'cohort-create', cohort.id, { name: cohort.name })
    return cohort
  })
  app.get('/api/cohorts/:id', access, (request) => led(request))
  app.patch('/api/cohorts/:id', access, async (request) => {
    const { archived, ...body } = changesBody.parse(request.body)
    // What is null is taken away.
    const changes = Object.fromEntries(
      Object.entries(given(body)).map(([name, value]) => [name, value ?? undefined]),
    ) as CohortChanges
    const cohort = await led(request)
    const { archivedAt: _, ...unarchived } = cohort
    const before = archived === false ? unarchived : cohort
    const changed = await classroom.change(before, {
      ...changes,
      ...(archived && { archivedAt: Date.now() }),
    })
    await note(request, 'cohort-change', cohort.id, body)
    return changed
  })
  app.post('/api/cohorts/:id/code', access, async (request) => {
    const cohort = await cohorts.renewCode(await led(request))
    await note(request, 'cohort-code', cohort.id)
    return cohort
  })
  app.get('/api/cohorts/:id/board', access, async (request): Promise<BoardState> => {
    const cohort = await led(request)
    const [people, hands, labs] = await Promise.all([
      classroom.board.read(cohort.id),
      classroom.hands.queue(cohort.id),
      outlines(sessions, cohort),
    ])
    return {
      cohort,
      labs,
      people: people.map((person) => ({ ...person, pages: classroom.presence(person.id) })),
      hands,
    }
  })
  app.get('/api/cohorts/:id/events', access, async (request, reply) => {
    const cohort = await led(request)
    const { learner, role } = identityOf(request)
    sendEvents<CohortEvent>(reply, (listener, end) =>
      classroom.boards.follow(cohort.id, (event) => {
        listener(event)
        // An instructor who was taken out leads it no longer.
        if (event.type === 'left' && event.person === learner && role !== 'admin') end()
      }),
    )
  })
  app.get('/api/cohorts/:id/report.csv', access, async (request, reply) => {
    const cohort = await led(request)
    const people = await classroom.board.read(cohort.id)
    const csv = reportCsv(await outlines(sessions, cohort), people, await results(sessions, people))
    await note(request, 'report', cohort.id)
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="drydock-report.csv"')
      .send(csv)
  })
  app.get('/api/cohorts/:id/attainment', access, async (request) => attainments.report(await led(request)))
  app.get('/api/cohorts/:id/attainment.csv', access, async (request, reply) => {
    const cohort = await led(request)
    const csv = attainmentCsv(await attainments.report(cohort))
    await note(request, 'report', cohort.id)
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="drydock-attainment.csv"')
      .send(csv)
  })
  app.post('/api/cohorts/:id/broadcasts', access, async (request) => {
    const cohort = await led(request)
    const { text, link } = broadcastBody.parse(request.body)
    const author = identityOf(request).learner
    const sent = await classroom.broadcast({
      cohort: cohort.id,
      author,
      text,
      ...(link !== undefined && { link }),
    })
    await note(request, 'broadcast', cohort.id, { text })
    return sent
  })
  app.delete('/api/cohorts/:id/people/:person', access, async (request, reply) => {
    const { id, person } = memberParameters.parse(request.params)
    await classroom.remove(await led(request, id), person)
    await note(request, 'member-remove', person, { cohort: id })
    return reply.code(204).send()
  })
  app.post('/api/cohorts/:id/help', access, async (request): Promise<HelpResult> => {
    const cohort = await led(request)
    const { people, ...help } = helpBody.parse(request.body)
    const waiting = (await learnersOf(cohorts, cohort, people)).map(({ id }) => id)
    const failed: HelpResult['failed'] = []
    const helpNext = async (): Promise<void> => {
      const person = waiting.shift()
      if (person === undefined) return
      await helpOne(request, cohort, person, help).catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error
        failed.push({ person, ...error.body.error })
      })
      return helpNext()
    }
    await Promise.all(Array.from({ length: HELPED_AT_ONCE }, helpNext))
    return { failed }
  })
  app.post('/api/hands/:id/take', access, async (request) => {
    const hand = await handOf(request)
    const me = identityOf(request).learner
    if (hand.loweredAt !== undefined || (hand.takenBy !== undefined && hand.takenBy !== me)) {
      throw new Problem(409, {
        code: 'hand-taken',
        what: 'Somebody else has gone to help, or the hand is down again.',
      })
    }
    await note(request, 'hand-take', hand.person, { lab: hand.lab })
    return classroom.takeHand(hand, me)
  })
  app.post('/api/hands/:id/answer', access, async (request) => {
    const hand = await handOf(request)
    const { text, link } = answerBody.parse(request.body)
    await note(request, 'hand-answer', hand.person, { lab: hand.lab })
    return classroom.lowerHand(hand, { text, ...(link !== undefined && { link }) })
  })
}

/** Under what each help stands in the audit log. */
const HELP_ACTS: Record<LabHelp, Act> = {
  reset: 'lab-reset',
  'reset-step': 'lab-reset',
  unlock: 'allowance',
  skip: 'step-skip',
}

/** What was said, without what was left out. */
function given<Body extends object>(body: Body): { [Key in keyof Body]?: Exclude<Body[Key], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as never
}

/** What scored labs have brought people so far. */
async function results(sessions: LabSessions, people: { id: string }[]): Promise<Results> {
  const found = people.map(async ({ id: person }) => {
    const labs = await sessions.summaries(person)
    return [person, new Map(labs.flatMap(({ id, result }) => (result ? [[id, result]] : [])))] as const
  })
  return new Map(await Promise.all(found))
}

/** The labs of a cohort, in its order, with their steps. */
async function outlines(sessions: LabSessions, { labs }: Cohort): Promise<LabOutline[]> {
  const all = await sessions.outlines()
  return labs.length === 0 ? all : labs.flatMap((id) => all.find((lab) => lab.id === id) ?? [])
}
