import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { People } from '#database/people.ts'
import type { PrivacyState } from '../api.ts'
import { sendExport } from '../person-export.ts'
import { Problem } from '../problem.ts'
import { type PersonStores, removePerson } from '../remove-person.ts'
import type { Identities, Identity } from '../security/identity.ts'
import type { Settings } from '../settings.ts'
import type { IdentityOf } from './labs.ts'

const mine = '/api/privacy/mine'
const signedIn = { config: { access: 'signed-in' } } as const
const deleteBody = z.strictObject({ name: z.string().max(200) })

export interface PrivacyRoutesOptions extends PersonStores {
  settings: Settings
  people: People
  identities: () => Identities
  identityOf: IdentityOf
}

/** What is kept of people and for how long, as the settings have it; and all that is kept of whoever asks, to get or to delete. */
export function privacyRoutes(app: FastifyInstance, options: PrivacyRoutesOptions): void {
  const { people, classroom, identities, identityOf } = options
  const { audit } = classroom
  const state = privacyOf(options.settings)
  app.get('/api/privacy', { config: { access: 'anyone' } }, () => state)
  app.get(mine, signedIn, async (request, reply) => {
    const { learner } = identityOf(request)
    await audit.add({ actor: learner, act: 'person-export', subject: learner, address: request.ip })
    return sendExport(reply, options, learner)
  })
  app.delete(mine, signedIn, async (request, reply) => {
    const me = identityOf(request)
    assertMeant(request, me)
    await assertNotLast(people, me)
    // Noted first: were the server to end in the midst of it, the log says who had it done.
    await audit.add({
      actor: me.learner,
      act: 'person-delete',
      subject: me.learner,
      detail: { because: 'own wish' },
      address: request.ip,
    })
    await removePerson(options, me.learner)
    await identities().signOut(me, reply)
    return reply.code(204).send()
  })
}

/** Nothing brings it back, so who asks for it types their name. */
function assertMeant(request: FastifyRequest, { name }: Identity): void {
  if (deleteBody.parse(request.body).name.trim() === name) return
  throw new Problem(409, {
    code: 'not-confirmed',
    what: 'This is not the name of your account.',
    why: 'Nothing has been deleted.',
    next: `Type “${name}” if you want it deleted.`,
  })
}

async function assertNotLast(people: People, { learner, role }: Identity): Promise<void> {
  if (role !== 'admin') return
  const others = await people.list()
  if (others.some((one) => one.role === 'admin' && one.disabledAt === undefined && one.id !== learner)) return
  throw new Problem(409, {
    code: 'last-administrator',
    what: 'You are the only administrator.',
    why: 'Nobody could let people in any more, or give them their rights. Nothing has been deleted.',
    next: 'Make another person an administrator first.',
  })
}

/** Addresses of others that are told of people are not in it: who is not signed in sees it, too. */
function privacyOf(settings: Settings): PrivacyState {
  const { sessionDays, auditDays, replayDays, learnerDays, contact, signIn, lti, xapi, mail, webhook } =
    settings
  return {
    sessionDays,
    auditDays,
    replayDays,
    ...(learnerDays !== undefined && { learnerDays }),
    ...(contact !== undefined && { contact }),
    ...(signIn.oidc && { provider: signIn.oidc.name }),
    platform: lti.length > 0,
    ...(xapi && { recordStore: xapi.people }),
    mail: mail !== undefined,
    webhook: webhook !== undefined,
  }
}
