import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Classroom } from '#classroom/classroom.ts'
import type { Database } from '#database/database.ts'
import type { People } from '#database/people.ts'
import type { Sessions } from '#database/sessions.ts'
import type { SignInWay } from './api.ts'
import type { Attainments } from './attainments.ts'
import { HomeQuota } from './home-quota.ts'
import type { LabSessions } from './lab-sessions.ts'
import type { LabTerminals } from './lab-terminals.ts'
import { Arrivals } from './lti/arrivals.ts'
import type { Lti } from './lti/lti.ts'
import { Messages } from './messages.ts'
import { Reminders } from './reminders.ts'
import { Repeated } from './repeated.ts'
import { Retention } from './retention.ts'
import { classroomRoutes } from './routes/classroom.ts'
import { cohortRoutes } from './routes/cohorts.ts'
import { lookRoutes } from './routes/looks.ts'
import { ltiRoutes } from './routes/lti.ts'
import { invitationLink, peopleRoutes } from './routes/people.ts'
import { privacyRoutes } from './routes/privacy.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { isLoopback } from './security/address.ts'
import type { Connections } from './security/connections.ts'
import type { Identities, Identity } from './security/identity.ts'
import type { Tickets } from './security/tickets.ts'
import type { SessionRecords } from './session-records.ts'
import type { Settings } from './settings.ts'
import { Door } from './sign-in/door.ts'
import { OidcSignIn } from './sign-in/oidc.ts'

/** The first administrator's invitation is good for this long, ms. */
const FIRST_INVITATION = 24 * 3600 * 1000

/** How long after the last time homes are measured, dates looked at, and old things deleted, ms. */
const HOMES_EVERY = 5_000
const REMINDERS_EVERY = 15 * 60_000
const RETENTION_EVERY = 24 * 3600 * 1000

export interface HostedOptions {
  settings: Settings
  attainments: Attainments
  database: Database
  people: People
  signedIn: Sessions
  connections: Connections
  classroom: Classroom
  sessions: LabSessions
  terminals: LabTerminals
  tickets: Tickets
  /** This server as a tool of learning platforms, if the settings name any. */
  lti: Lti | undefined
  /** How labs went. */
  records: SessionRecords
  onError(error: unknown): void
  identities: () => Identities
  find(request: FastifyRequest): Identity | undefined
}

/** The routes that a server of many people has beside those of every server. */
export function hostedRoutes(app: FastifyInstance, options: HostedOptions): void {
  const { settings, database, people, signedIn, classroom, sessions, terminals, tickets } = options
  const { identities, connections, find, onError } = options
  const identityOf = (request: FastifyRequest) => find(request)!
  const { oidc } = settings.signIn
  const door = new Door(identities, classroom.audit)
  if (options.lti) {
    const labs = async () => (await sessions.outlines()).map(({ id }) => id)
    const { tool, grades } = options.lti
    const arrivals = new Arrivals({ url: new URL(settings.url), people, classroom, grades, labs })
    // A folder of its own: forms are read nowhere else.
    app.register(ltiRoutes, { tool, arrivals, door })
  }
  signInRoutes(app, {
    door,
    find,
    ways: settings.signIn,
    ...(oidc && { oidc: new OidcSignIn(oidc, new URL(settings.url)) }),
    people,
    classroom,
  })
  classroomRoutes(app, classroom, identityOf)
  cohortRoutes(app, { classroom, sessions, attainments: options.attainments, identityOf })
  lookRoutes(app, {
    classroom,
    sessions,
    terminals,
    tickets,
    records: options.records,
    identityOf,
    onError,
  })
  peopleRoutes(app, {
    database,
    people,
    signedIn,
    connections,
    classroom,
    sessions,
    records: options.records,
    identityOf,
    url: settings.url,
  })
  privacyRoutes(app, { ...options, identityOf })
}

/**
 * What a server of many people does by itself, until closed: holds homes to their quota, measured `homesEvery` ms after the last time,
 * deletes what has been kept for long enough, reminds of what is due, and sends results to gradebooks.
 */
export function hostedWork(
  options: HostedOptions,
  homesEvery: number = HOMES_EVERY,
): { close(): Promise<void> } {
  const { settings, attainments, classroom, people, sessions, onError } = options
  const messages = new Messages(settings)
  const retention = new Retention(options)
  const reminders = new Reminders({ classroom, people, attainments, messages, onError })
  const homes = new HomeQuota({ sessions, quota: settings.quotas.homeMiB * 1024 * 1024 })
  const work = [
    new Repeated((signal) => retention.run(signal), RETENTION_EVERY, onError),
    new Repeated((signal) => reminders.run(signal), REMINDERS_EVERY, onError),
    new Repeated((signal) => homes.run(signal), homesEvery, onError),
  ]
  const gradebook = options.lti?.gradebook
  gradebook?.start()
  return {
    async close() {
      await Promise.all([...work.map((one) => one.close()), gradebook?.close()])
      messages.close()
    },
  }
}

/** The ways in that the settings name, as pages are told. */
export function signInWays({ signIn, lti }: Settings): { ways: SignInWay[]; oidcName?: string } {
  const own = (['join', 'password', 'oidc'] as const).filter((way) => signIn[way])
  const ways = lti.length > 0 ? [...own, 'lti' as const] : own
  return { ways, ...(signIn.oidc && { oidcName: signIn.oidc.name }) }
}

/** The link by which the first administrator comes in; undefined when there is one. */
export async function firstInvitation(
  people: People,
  { invitations }: Classroom,
  { url }: Settings,
): Promise<string | undefined> {
  if ((await people.list()).some(({ role, disabledAt }) => role === 'admin' && disabledAt === undefined))
    return undefined
  const { secret } = await invitations.create(
    { name: 'Administrator', role: 'admin', createdBy: '' },
    FIRST_INVITATION,
  )
  return invitationLink(url, secret)
}

/** Throws when people would send passwords and keystrokes in the clear. */
export function assertEncrypted({ url, host, tls, trustProxy }: Settings): void {
  const { protocol, hostname } = new URL(url)
  if (isLoopback(host) && (protocol === 'https:' || isLoopback(hostname))) return
  if (protocol === 'https:' && (tls || trustProxy)) return
  throw new Error(
    `Drydock does not serve ${url} on ${host} without TLS: passwords, keystrokes and sessions could be read and used by others on the way. ` +
      'Give tls.certificate and tls.key and a url with https, or put a proxy with TLS in front and say trustProxy: true.',
  )
}
