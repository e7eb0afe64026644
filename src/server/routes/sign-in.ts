import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Classroom } from '#classroom/classroom.ts'
import type { Invitation } from '#classroom/invitations.ts'
import { hashPassword, PASSWORD_LENGTH, verifyPassword } from '#classroom/passwords.ts'
import { digest, normalizeCode, readableCode } from '#classroom/secrets.ts'
import type { NewPerson, People } from '#database/people.ts'
import type { InvitationState, JoinResult } from '../api.ts'
import { Problem } from '../problem.ts'
import type { Identity } from '../security/identity.ts'
import type { Settings } from '../settings.ts'
import { SignInAttempts } from '../sign-in/attempts.ts'
import { NAME_LENGTH } from '../sign-in/display-name.ts'
import { type Door, refused } from '../sign-in/door.ts'
import type { OidcSignIn } from '../sign-in/oidc.ts'

/** A name as others see it: no control characters, nothing that turns the direction of the text around it. */
const name = z
  .string()
  .trim()
  .min(1, 'give a name')
  .max(NAME_LENGTH)
  .regex(/^[^\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]*$/u, 'has characters that cannot be seen')
const password = z
  .string()
  .min(PASSWORD_LENGTH.least, `a password has at least ${PASSWORD_LENGTH.least} characters`)
  .max(PASSWORD_LENGTH.most)
const code = z.string().max(40)

const joinBody = z.strictObject({ code, name: name.optional() })
const returnBody = z.strictObject({ code })
const passwordBody = z.strictObject({
  email: z.string().max(200),
  password: z.string().max(PASSWORD_LENGTH.most),
})
const invitationBody = z.strictObject({ secret: z.string().max(100), name, password: password.optional() })
const secretBody = z.strictObject({ secret: z.string().max(100) })
const toQuery = z.object({
  to: z
    .string()
    .regex(/^\/(?![/\\])[\w/.-]*$/)
    .catch('/'),
})

/** People who come back by their own code have this subject. */
const returnSubject = (typed: string) => `return|${digest(normalizeCode(typed))}`

export interface SignInRoutesOptions {
  door: Door
  find(request: FastifyRequest): Identity | undefined
  ways: Settings['signIn']
  oidc?: OidcSignIn
  people: People
  classroom: Classroom
}

/** The routes by which people get into a hosted server. */
export function signInRoutes(app: FastifyInstance, options: SignInRoutesOptions): void {
  const { find, door, ways, oidc, people, classroom } = options
  const { cohorts, invitations, audit } = classroom
  const attempts = new SignInAttempts()
  const open = { config: { access: 'anyone' } } as const

  const wrong = async (
    request: FastifyRequest,
    way: string,
    problem: Problem,
    account?: string,
  ): Promise<never> => {
    await attempts.failed(request.ip, account)
    await door.keptOut(request, way)
    throw problem
  }

  if (ways.join) {
    app.post('/api/session/join', open, async (request, reply): Promise<JoinResult> => {
      const body = joinBody.parse(request.body)
      await attempts.assertFew(request.ip)
      const cohort = await cohorts.findByCode(body.code)
      if (!cohort) {
        return wrong(
          request,
          'join',
          new Problem(404, {
            code: 'code-unknown',
            what: `No course has the code "${body.code}".`,
            why: 'It has a slip in it, or the course is over or has got another code.',
            next: 'Look at the code again, or ask your instructor.',
          }),
        )
      }
      const signedIn = find(request)
      if (signedIn) {
        await classroom.join(cohort, { id: signedIn.learner, name: signedIn.name })
        await audit.add({
          actor: signedIn.learner,
          act: 'cohort-join',
          subject: cohort.id,
          address: request.ip,
        })
        return { cohort: cohort.name }
      }
      if (body.name === undefined) return { cohort: cohort.name, nameNeeded: true }
      const returnCode = readableCode(3)
      const person = await people.add(
        { name: body.name, role: 'learner', subject: returnSubject(returnCode) },
        Date.now(),
      )
      await classroom.join(cohort, person)
      await door.letIn(request, reply, person, 'join')
      await audit.add({ actor: person.id, act: 'cohort-join', subject: cohort.id, address: request.ip })
      return { cohort: cohort.name, returnCode }
    })
    app.post('/api/session/return', open, async (request, reply) => {
      const body = returnBody.parse(request.body)
      await attempts.assertFew(request.ip)
      const person = await people.findBySubject(returnSubject(body.code))
      if (!person) return wrong(request, 'return', refused('This is nobody’s code to come back.'))
      await door.letIn(request, reply, person, 'return')
      return reply.code(204).send()
    })
  }

  if (ways.password) {
    app.post('/api/session/password', open, async (request, reply) => {
      const body = passwordBody.parse(request.body)
      const account = body.email.toLowerCase()
      await attempts.assertFew(request.ip, account)
      const found = await people.findByEmail(account)
      if (!(await verifyPassword(body.password, found?.password)) || !found) {
        return wrong(request, 'password', refused('E-mail address or password is wrong.'), account)
      }
      await door.letIn(request, reply, found.person, 'password')
      return reply.code(204).send()
    })
  }

  const invitationOf = async (request: FastifyRequest, secret: string): Promise<Invitation> => {
    await attempts.assertFew(request.ip)
    const invitation = await invitations.find(secret)
    return (
      invitation ?? wrong(request, 'invitation', refused('This invitation is used, taken back or too old.'))
    )
  }
  app.post('/api/session/invitation/look', open, async (request): Promise<InvitationState> => {
    const invitation = await invitationOf(request, secretBody.parse(request.body).secret)
    const { role, email } = invitation
    return {
      name: invitation.name,
      role,
      ...(email !== undefined && { email }),
      password: asksPassword(invitation),
    }
  })
  app.post('/api/session/invitation', open, async (request, reply) => {
    const body = invitationBody.parse(request.body)
    const invitation = await invitationOf(request, body.secret)
    if (asksPassword(invitation) && body.password === undefined) {
      throw new Problem(400, { code: 'password-needed', what: 'Choose a password to sign in with later.' })
    }
    const person: NewPerson = {
      name: body.name,
      role: invitation.role,
      ...(invitation.email !== undefined && { email: invitation.email }),
      ...(body.password !== undefined && { password: await hashPassword(body.password) }),
    }
    if (invitation.email !== undefined && (await people.findByEmail(invitation.email))) {
      throw new Problem(409, {
        code: 'email-taken',
        what: `${invitation.email} has an account here.`,
        next: 'Sign in with it.',
      })
    }
    const added = await people.add(person, Date.now())
    if (!(await invitations.use(invitation.id, added.id))) {
      await people.update(added.id, { disabledAt: Date.now() })
      throw refused('This invitation has just been used.')
    }
    if (invitation.cohort !== undefined) {
      await cohorts.join(
        invitation.cohort,
        added.id,
        invitation.role === 'instructor' ? 'instructor' : 'learner',
      )
    }
    await audit.add({
      actor: added.id,
      act: 'invitation-accept',
      subject: invitation.id,
      address: request.ip,
    })
    await door.letIn(request, reply, added, 'invitation')
    return reply.code(204).send()
  })

  /** With an address and passwords a person can come back by them. */
  const asksPassword = ({ email }: Invitation) => ways.password && email !== undefined

  if (oidc) {
    app.get('/auth/oidc', open, async (request, reply) => {
      const { to } = toQuery.parse(request.query)
      const { location, cookie } = await oidc.begin(to)
      return reply.header('set-cookie', cookie).header('cache-control', 'no-store').redirect(location, 302)
    })
    app.get('/auth/oidc/callback', open, async (request, reply) => {
      const finished = await oidc.finish(request.headers, request.url).catch(async (error) => {
        request.log.warn({ reason: String(error) }, 'the provider refused a sign-in')
        return undefined
      })
      if (!finished) {
        await door.keptOut(request, 'oidc')
        return reply.header('cache-control', 'no-store').redirect('/sign-in/#refused', 302)
      }
      const { subject, role, email, ...claims } = finished.person
      const known = await people.findBySubject(subject)
      const person =
        known ??
        (await people.add({ ...claims, role, subject, ...(await freeEmail(people, email)) }, Date.now()))
      reply.header('set-cookie', finished.cookie)
      await door.letIn(request, reply, person, 'oidc')
      return reply.header('cache-control', 'no-store').redirect(finished.to, 302)
    })
  }
}

/** An address that another account has stays that account's: two ways in are joined by an administrator only. */
async function freeEmail(people: People, email: string | undefined): Promise<{ email?: string }> {
  return email !== undefined && !(await people.findByEmail(email)) ? { email } : {}
}
