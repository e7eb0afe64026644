import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AttainmentReport, AuditEntry, ClassroomState, Cohort, Person } from '../../src/server/api.ts'
import { firstAdministrator, invited, joined, startHosted, type Visitor } from '../support/hosted.ts'
import type { TestServer } from '../support/server.ts'

const DAY = 24 * 3600 * 1000
const SECRET = 'a secret of the tests'

/** What the mail server was given, by recipient. */
const mails: { to: string; text: string }[] = []
/** What the webhook was told. */
const posts: { kind: string; person: { name: string }; course?: unknown }[] = []
const signatures: (string | undefined)[] = []
/** How many the webhook refused, while it does. */
let refused: number | undefined
let wake = () => {}
let smtp: SMTPServer
let hook: Server
let server: TestServer
let admin: Visitor
let cohort: Cohort

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      let text = ''
      stream.on('data', (piece) => (text += piece))
      stream.on('end', () => {
        for (const { address } of session.envelope.rcptTo) mails.push({ to: address, text })
        done()
        wake()
      })
    },
  })
  smtp.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  hook = createServer(async (req, res) => {
    let body = ''
    for await (const piece of req) body += piece
    if (refused !== undefined) {
      refused++
      res.writeHead(503).end()
      return wake()
    }
    posts.push(JSON.parse(body))
    signatures.push(req.headers['x-drydock-signature'] as string)
    res.end()
    wake()
  }).listen(0, '127.0.0.1')
  await once(hook, 'listening')
  const portOf = (listening: { address(): unknown }) => (listening.address() as AddressInfo).port
  server = await startHosted({
    mail: { server: `smtp://127.0.0.1:${portOf(smtp.server)}`, from: 'Drydock <learn@example.com>' },
    webhook: { url: `http://127.0.0.1:${portOf(hook)}/told`, secret: SECRET },
    learnerDays: 0,
  })
  admin = await firstAdministrator(server)
  cohort = (await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Onboarding' })).body
})
afterAll(async () => {
  await server.close()
  smtp.close()
  hook.close()
})

/** What a server does when it starts: it looks at all dates. */
const restart = async () => {
  await server.server.close()
  await server.listen()
}
const until = async (is: () => boolean) => {
  while (!is())
    await new Promise<void>((resolve) => {
      wake = resolve
    })
}
const dueIn = (days: number) =>
  admin.call('PATCH', `/api/cohorts/${cohort.id}`, { dueAt: Date.now() + days * DAY })
const report = async () =>
  (await admin.call<AttainmentReport>('GET', `/api/cohorts/${cohort.id}/attainment`)).body.people

it('reminds by mail and webhook, once before the date and once after it', async () => {
  const ana = { name: 'Ana', role: 'learner', email: 'ana@example.com', cohort: cohort.id }
  await invited(server, admin, { ...ana, password: 'a long enough password' })
  await joined(server, cohort, 'Ben')
  await dueIn(1)
  await restart()
  await until(() => posts.length === 2 && mails.length === 1)
  expect(mails[0]!.to).toBe('ana@example.com')
  expect(mails[0]!.text).toMatch(/^Subject: Onboarding: to be done by \d{4}-\d\d-\d\d\r?$/m)
  expect(mails[0]!.text).toContain('You have done 0 of 2.')
  expect(posts).toMatchObject([
    { type: 'reminder', kind: 'soon', cohort: { name: 'Onboarding' }, person: { name: 'Ana' }, done: 0 },
    { type: 'reminder', kind: 'soon', person: { name: 'Ben' } },
  ])
  expect(signatures[0]).toMatch(/^sha256=[0-9a-f]{64}$/)

  await dueIn(-1)
  await restart()
  await until(() => posts.length === 4 && mails.length === 2)
  expect(posts.slice(2).map(({ kind }) => kind)).toEqual(['overdue', 'overdue'])
  // Whoever was told is not told again: Cyn, who comes last by name, is the only one now.
  await joined(server, cohort, 'Cyn')
  await restart()
  await until(() => posts.some(({ person }) => person.name === 'Cyn'))
  expect(posts).toHaveLength(5)
  expect(mails).toHaveLength(2)
})

it('reminds again by the way that failed, and by no other', async () => {
  refused = 0
  await dueIn(2)
  await restart()
  await until(() => refused === 3 && mails.length === 3)
  refused = undefined
  await restart()
  await until(() => posts.length === 8)
  expect(mails).toHaveLength(3)
})

it('tells who is where with what is due, also as a table; some may take longer', async () => {
  await dueIn(-1)
  const people = await report()
  expect(people).toMatchObject([
    { name: 'Ana', email: 'ana@example.com', done: 0, total: 2, status: 'overdue' },
    { name: 'Ben', status: 'overdue' },
    { name: 'Cyn', status: 'overdue' },
  ])
  const dueAt = Date.now() + 30 * DAY
  const ben = people[1]!.id
  const help = { act: 'extend', people: [ben], dueAt }
  expect((await admin.call('POST', `/api/cohorts/${cohort.id}/help`, help)).body).toEqual({ failed: [] })
  expect((await report())[1]).toMatchObject({ name: 'Ben', status: 'open', dueAt })
  const { body: audit } = await admin.call<AuditEntry[]>('GET', '/api/audit')
  expect(audit.find(({ act }) => act === 'due-extend')).toMatchObject({ subject: ben })

  const { body: csv, headers } = await admin.call<string>('GET', `/api/cohorts/${cohort.id}/attainment.csv`)
  expect(headers.get('content-disposition')).toBe('attachment; filename="drydock-attainment.csv"')
  const lines = csv.trim().split('\n')
  expect(lines[0]).toBe('Name,E-mail,Done,Of,Status,Due,Last at work')
  expect(lines[1]).toMatch(/^Ana,ana@example.com,0,2,overdue,\d{4}-/)
})

it('tells a learner their own date', async () => {
  const dee = await joined(server, cohort, 'Dee')
  await dueIn(7)
  const { body } = await dee.call<ClassroomState>('GET', '/api/classroom')
  expect(body.cohorts[0]!.dueAt).toBeGreaterThan(Date.now() + 6 * DAY)
})

it('forgets learners when all of their courses are over, as long after as the settings say', async () => {
  const other = (await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Goes on' })).body
  const eli = await joined(server, other, 'Eli')
  await admin.call('PATCH', `/api/cohorts/${cohort.id}`, { archived: true })
  await restart()
  const names = async () => (await admin.call<Person[]>('GET', '/api/people')).body.map(({ name }) => name)
  await expect.poll(names).toEqual(['Ada Admin', 'Eli'])
  expect((await eli.call('GET', '/api/labs')).status).toBe(200)
  const { body: audit } = await admin.call<AuditEntry[]>('GET', '/api/audit')
  expect(audit.filter(({ act }) => act === 'person-delete')).toHaveLength(4)
})
