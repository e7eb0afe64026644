import type { FastifyInstance } from 'fastify'
import type { AuditLog } from '#classroom/audit.ts'
import type { Database } from '#database/database.ts'
import type { PrivacyState } from '../api.ts'
import { sendExport } from '../person-export.ts'
import type { SessionRecords } from '../session-records.ts'
import type { Settings } from '../settings.ts'
import type { IdentityOf } from './labs.ts'

export interface PrivacyRoutesOptions {
  settings: Settings
  database: Database
  records: SessionRecords
  audit: AuditLog
  identityOf: IdentityOf
}

/** What is kept of people and for how long, as the settings have it; and all that is kept of whoever asks. */
export function privacyRoutes(app: FastifyInstance, options: PrivacyRoutesOptions): void {
  const { audit, identityOf } = options
  const state = privacyOf(options.settings)
  app.get('/api/privacy', { config: { access: 'anyone' } }, () => state)
  app.get('/api/privacy/mine', { config: { access: 'signed-in' } }, async (request, reply) => {
    const { learner } = identityOf(request)
    await audit.add({ actor: learner, act: 'person-export', subject: learner, address: request.ip })
    return sendExport(reply, options, learner)
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
