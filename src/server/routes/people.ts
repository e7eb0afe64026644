import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Classroom } from '#classroom/classroom.ts'
import type { Database } from '#database/database.ts'
import type { People, Person } from '#database/people.ts'
import type { Sessions } from '#database/sessions.ts'
import type { InvitationMade } from '../api.ts'
import type { LabSessions } from '../lab-sessions.ts'
import { sendExport } from '../person-export.ts'
import { notFound, Problem } from '../problem.ts'
import { removePerson } from '../remove-person.ts'
import type { Connections } from '../security/connections.ts'
import type { SessionRecords } from '../session-records.ts'
import type { IdentityOf } from './labs.ts'
import { identifier, madeId } from './parameters.ts'

const access = { config: { access: 'admin' } } as const
/** How long an invitation is good for, ms. */
const INVITATION = 7 * 24 * 3600 * 1000
const role = z.enum(['learner', 'instructor', 'author', 'admin'])
const changeBody = z.strictObject({ role: role.optional(), disabled: z.boolean().optional() })
const invitationBody = z.strictObject({
  name: z.string().trim().min(1).max(60),
  role,
  email: z.email().optional(),
  cohort: madeId.optional(),
})
const auditQuery = z.object({
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export interface PeopleRoutesOptions {
  database: Database
  people: People
  signedIn: Sessions
  connections: Connections
  classroom: Classroom
  sessions: LabSessions
  records: SessionRecords
  identityOf: IdentityOf
  /** This server's address as people see it. */
  url: string
}

/** An administrator's side: who may come in, as what, and what was done. */
export function peopleRoutes(app: FastifyInstance, options: PeopleRoutesOptions): void {
  const { database, people, signedIn, connections, classroom, sessions, records, identityOf, url } = options
  const { audit, invitations } = classroom

  const personOf = async (params: unknown): Promise<Person> => {
    const person = await people.find(identifier.parse(params).id)
    if (!person) throw notFound('There is no such person.')
    return person
  }

  app.get('/api/people', access, () => people.list())
  app.patch('/api/people/:id', access, async (request) => {
    const person = await personOf(request.params)
    const { role, disabled } = changeBody.parse(request.body)
    const me = identityOf(request).learner
    if (person.id === me) {
      throw new Problem(409, {
        code: 'own-account',
        what: 'Nobody changes their own rights.',
        why: 'The last administrator could lock everybody out.',
        next: 'Ask another administrator.',
      })
    }
    await people.update(person.id, {
      ...(role && { role }),
      ...(disabled !== undefined && { disabledAt: disabled ? Date.now() : null }),
    })
    // What a person may do is asked at each request; an open page of theirs must not go on showing more.
    await signedIn.deleteAll(person.id)
    connections.endPerson(person.id)
    await audit.add({
      actor: me,
      act: 'person-change',
      subject: person.id,
      detail: { role, disabled },
      address: request.ip,
    })
    return people.find(person.id)
  })
  app.get('/api/people/:id/export', access, async (request, reply) => {
    const person = await personOf(request.params)
    await audit.add({
      actor: identityOf(request).learner,
      act: 'person-export',
      subject: person.id,
      address: request.ip,
    })
    return sendExport(reply, { database, records }, person.id)
  })
  app.delete('/api/people/:id', access, async (request, reply) => {
    const person = await personOf(request.params)
    const me = identityOf(request).learner
    if (person.id === me)
      throw new Problem(409, {
        code: 'own-account',
        what: 'Nobody deletes their own account here.',
        next: 'The page “Privacy” is for that.',
      })
    await removePerson({ database, signedIn, sessions, connections, classroom, records }, person.id)
    await audit.add({ actor: me, act: 'person-delete', subject: person.id, address: request.ip })
    return reply.code(204).send()
  })
  app.get('/api/invitations', access, () => invitations.list())
  app.post('/api/invitations', access, async (request): Promise<InvitationMade> => {
    const { email, cohort, ...body } = invitationBody.parse(request.body)
    const createdBy = identityOf(request).learner
    const { invitation, secret } = await invitations.create(
      { ...body, createdBy, ...(email !== undefined && { email }), ...(cohort !== undefined && { cohort }) },
      INVITATION,
    )
    await audit.add({
      actor: createdBy,
      act: 'invitation-create',
      subject: invitation.id,
      // Not the name: the log outlives the person.
      detail: { role: invitation.role },
      address: request.ip,
    })
    return { id: invitation.id, link: invitationLink(url, secret), expiresAt: invitation.expiresAt }
  })
  app.delete('/api/invitations/:id', access, async (request, reply) => {
    const { id } = identifier.parse(request.params)
    const actor = identityOf(request).learner
    if (!(await invitations.use(id, actor))) throw notFound('There is no such invitation, or it is used.')
    await audit.add({ actor, act: 'invitation-revoke', subject: id, address: request.ip })
    return reply.code(204).send()
  })
  app.get('/api/audit', access, (request) => {
    const { before, limit } = auditQuery.parse(request.query)
    return audit.list({ limit, ...(before !== undefined && { before }) })
  })
}

/** The secret stands in the fragment, which browsers send to nobody. */
export function invitationLink(url: string, secret: string): string {
  return new URL(`/sign-in/#invitation=${secret}`, url).href
}
