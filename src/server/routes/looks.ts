import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Classroom } from '#classroom/classroom.ts'
import type { Look } from '#classroom/looks.ts'
import type { LookEvent, PictureChange, SessionRecording, TimelineCall } from '../api.ts'
import type { LabSession } from '../lab-session.ts'
import type { LabSessions } from '../lab-sessions.ts'
import type { LabTerminals } from '../lab-terminals.ts'
import { notFound } from '../problem.ts'
import type { Tickets } from '../security/tickets.ts'
import { inRealTime, type SessionRecords } from '../session-records.ts'
import { sendEvents } from './events.ts'
import { type IdentityOf, partQuery, thenQuery } from './labs.ts'
import { learnersOf, ledCohort } from './led.ts'
import { identifier, labelled, madeId } from './parameters.ts'

const access = { config: { access: 'instructor' } } as const
const memberParameters = z.object({ id: madeId, person: madeId })
const lookQuery = z.object({ lab: labelled })
const ticketParameters = z.object({ id: madeId, terminal: madeId })
const keyboardBody = z.strictObject({ keyboard: z.enum(['asked', 'learner']) })
const consentBody = z.strictObject({ keyboard: z.enum(['shared', 'learner']) })

export interface LookRoutesOptions {
  classroom: Classroom
  sessions: LabSessions
  terminals: LabTerminals
  tickets: Tickets
  records: SessionRecords
  identityOf: IdentityOf
  onError(error: unknown): void
}

/** An instructor looks at a learner's terminals and cloud. The learner sees it, and says whether the instructor may type. */
export function lookRoutes(
  app: FastifyInstance,
  { classroom, sessions, terminals, tickets, records, identityOf, onError }: LookRoutesOptions,
): void {
  const { looks, cohorts, audit } = classroom

  /** The instructor's own look. */
  const own = (request: FastifyRequest, id = identifier.parse(request.params).id): Look => {
    const look = looks.find(id)
    if (look?.instructor.id === identityOf(request).learner) return look
    throw notFound('You do not look at this any more.', 'Look again from the board.')
  }
  const sessionOf = ({ person, lab }: Look): Promise<LabSession> => sessions.session(person, lab)
  const note = (request: FastifyRequest, look: Look, keyboard: string) =>
    audit.add({
      actor: identityOf(request).learner,
      act: 'keyboard',
      subject: look.person,
      detail: { lab: look.lab, keyboard, instructor: look.instructor.id },
      address: request.ip,
    })

  // The look is the connection: it ends with the page that looks, whatever becomes of it.
  app.get('/api/cohorts/:id/people/:person/look', access, async (request, reply) => {
    const { id, person } = memberParameters.parse(request.params)
    const { lab } = lookQuery.parse(request.query)
    const me = identityOf(request)
    const cohort = await ledCohort(cohorts, me, id)
    const [learner] = await learnersOf(cohorts, cohort, [person])
    const session = await sessions.session(person, lab)
    const entry = { actor: me.learner, subject: person, detail: { lab, cohort: id }, address: request.ip }
    await audit.add({ ...entry, act: 'look-in' })
    sendEvents<LookEvent>(reply, (listener, end) => {
      const begun = looks.begin(
        { cohort: id, instructor: { id: me.learner, name: me.name }, person, name: learner!.name, lab },
        { changed: (look) => listener({ type: 'look', look }), ended: end },
      )
      const tellTerminals = () =>
        terminals.list(person, lab).then((list) => listener({ type: 'terminals', terminals: list }), onError)
      void tellTerminals()
      const following = [session.overhear(listener), terminals.follow(person, lab, tellTerminals)]
      return {
        close() {
          begun.close()
          for (const one of following) one.close()
          audit.add({ ...entry, act: 'look-out' }).catch(onError)
        },
      }
    })
  })
  /** Events of the learner's world, for as long as the look lasts. */
  const send = <T>(
    reply: FastifyReply,
    look: Look,
    follow: (listener: (event: T) => void) => { close(): void },
  ) =>
    sendEvents<T>(reply, (listener, end) => {
      const following = follow(listener)
      const forget = looks.onEnd(look.id, end)
      return {
        close() {
          forget()
          following.close()
        },
      }
    })
  app.get('/api/looks/:id/world', access, async (request, reply) => {
    const look = own(request)
    send<PictureChange>(reply, look, await (await sessionOf(look)).world.picture())
  })
  app.get('/api/looks/:id/timeline/events', access, async (request, reply) => {
    const look = own(request)
    send<TimelineCall[]>(reply, look, await (await sessionOf(look)).world.followTimeline())
  })
  app.get('/api/looks/:id/world/then', access, async (request) =>
    (await sessionOf(own(request))).world.pictureThen(thenQuery.parse(request.query).call),
  )
  app.get('/api/looks/:id/world/part', access, async (request) =>
    (await sessionOf(own(request))).world.part(partQuery.parse(request.query).id),
  )
  app.get('/api/looks/:id/recording', access, async (request): Promise<SessionRecording> => {
    const look = own(request)
    const { person, lab } = look
    if (!look.replay) {
      looks.replays(look.id)
      await audit.add({
        actor: identityOf(request).learner,
        act: 'replay',
        subject: person,
        detail: { lab, cohort: look.cohort },
        address: request.ip,
      })
    }
    const { world } = await sessionOf(look)
    const [moments, recorded, calls] = await Promise.all([
      records.moments(person, lab),
      records.terminals(person, lab),
      world.find().then((found) => (found ? world.timeline() : [])),
    ])
    return { moments, terminals: recorded, calls: inRealTime(calls, moments) }
  })
  app.get('/api/looks/:id/recording/terminals/:terminal', access, async (request, reply) => {
    const { id, terminal } = ticketParameters.parse(request.params)
    const { person, lab } = own(request, id)
    const output = await records.output(person, lab, terminal)
    if (!output) throw notFound('This terminal was not recorded, or its recording is too old.')
    return reply.type('application/x-ndjson; charset=utf-8').send(output)
  })
  app.post('/api/looks/:id/terminals/:terminal/ticket', access, async (request) => {
    const { id, terminal } = ticketParameters.parse(request.params)
    const { person, lab } = own(request, id)
    const record = await terminals.find(person, terminal)
    if (record.lab !== lab) throw notFound('There is no such terminal in this lab.')
    return { ticket: tickets.issue(identityOf(request).session, terminal, id) }
  })
  app.post('/api/looks/:id/keyboard', access, async (request, reply) => {
    const look = own(request)
    const { keyboard } = keyboardBody.parse(request.body)
    // Asking for what one has been given takes nothing away.
    if (keyboard !== 'asked' || look.keyboard === 'learner') {
      looks.setKeyboard(look.id, keyboard)
      await note(request, look, keyboard)
    }
    return reply.code(204).send()
  })
  app.post('/api/looks/:id/consent', { config: { access: 'signed-in' } }, async (request, reply) => {
    const look = looks.find(identifier.parse(request.params).id)
    if (look?.person !== identityOf(request).learner) throw notFound('Nobody looks at this any more.')
    const { keyboard } = consentBody.parse(request.body)
    looks.setKeyboard(look.id, keyboard)
    await note(request, look, keyboard)
    return reply.code(204).send()
  })
}
