import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../src/classroom/audit.ts'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import type { Hand } from '../../src/classroom/hands.ts'
import { openDatabase } from '../../src/database/database.ts'
import type {
  ApiProblem,
  BoardState,
  ClassroomState,
  HelpResult,
  JoinResult,
  Preview,
  PrivacyState,
  SessionState,
} from '../../src/server/api.ts'
import { previewPattern } from '../../src/server/previews/pattern.ts'
import { permits } from '../../src/server/security/access.ts'
import { createServer } from '../../src/server/server.ts'
import { settingsSchema, UNISOLATED } from '../../src/server/settings.ts'
import { firstAdministrator, follow, invited, joined, startHosted, Visitor } from '../support/hosted.ts'
import { TestServer } from '../support/server.ts'

let server: TestServer
let admin: Visitor
let teacher: Visitor
let cohort: Cohort

beforeAll(async () => {
  server = await startHosted()
  admin = await firstAdministrator(server)
  teacher = await invited(server, admin, {
    name: 'Tia Teacher',
    role: 'instructor',
    email: 'tia@example.com',
    password: 'correct horse battery',
  })
  cohort = (await teacher.call<Cohort>('POST', '/api/cohorts', { name: 'Autumn' })).body
})
afterAll(() => server.close())

const session = async (visitor: Visitor) => (await visitor.call<SessionState>('GET', '/api/session')).body

const learner = (name: string) => joined(server, cohort, name)

describe('web previews', () => {
  it('are on names of their own, and told to who opened them only', async () => {
    const [lin, ada] = [await learner('Lin of previews'), await learner('Ada of previews')]
    const lab = '/api/labs/test-lab'
    await lin.call('POST', `${lab}/start`)
    const { body } = await lin.call<Preview>('POST', `${lab}/previews`, { address: 'localhost:8080' })
    expect(new URL(body.url).hostname).toBe(`${body.id}.localhost`)
    expect((await lin.call('GET', `/api/previews/${body.id}`)).status).toBe(200)
    expect((await ada.call('GET', `/api/previews/${body.id}`)).status).toBe(404)
  })

  it('need a wildcard name where others than this machine come', () => {
    expect(previewPattern('https://learn.example.com', undefined)).toBeUndefined()
    const previews = 'https://*.previews.example.net'
    expect(settingsSchema.parse({ url: 'https://learn.example.com', previews }).previews).toBe(previews)
    expect(previewPattern('https://learn.example.com', previews)).toBe(previews)
    for (const wrong of [
      'https://previews.example.net',
      'https://a*.example.net',
      '*.example.net',
      'https://*',
    ])
      expect(settingsSchema.safeParse({ url: 'https://learn.example.com', previews: wrong }).success).toBe(
        false,
      )
  })
})

describe('signing in', () => {
  it('is asked of everybody; nobody has a link to the server itself', async () => {
    const nobody = new Visitor(server)
    expect(await session(nobody)).toEqual({ ways: ['join', 'password'] })
    expect((await nobody.call('GET', '/api/labs')).status).toBe(401)
    expect((await nobody.call('POST', '/api/session/link', { token: 'x' })).status).toBe(404)
  })

  it('by a cohort’s code and a name, as it may be typed; and again by the own code', async () => {
    const visitor = new Visitor(server)
    const typed = ` ${cohort.code.toLowerCase().replace('-', ' ')} `
    expect((await visitor.call('POST', '/api/session/join', { code: typed })).body).toEqual({
      cohort: 'Autumn',
      nameNeeded: true,
    })
    const { body } = await visitor.call<JoinResult>('POST', '/api/session/join', {
      code: typed,
      name: ' Lea ',
    })
    expect((await session(visitor)).person).toMatchObject({ name: 'Lea', role: 'learner' })
    const elsewhere = new Visitor(server)
    expect((await elsewhere.call('POST', '/api/session/return', { code: body.returnCode })).status).toBe(204)
    expect((await session(elsewhere)).person).toEqual((await session(visitor)).person)
  })

  it.each(['', '<\u202e>', 'a\u0000b', 'x'.repeat(61)])('refuses the name %j', async (name) => {
    const visitor = new Visitor(server)
    expect((await visitor.call('POST', '/api/session/join', { code: cohort.code, name })).status).toBe(400)
  })

  it('by e-mail address and password', async () => {
    const visitor = new Visitor(server)
    const attempt = (email: string, password: string) =>
      visitor.call('POST', '/api/session/password', { email, password })
    expect((await attempt('tia@example.com', 'wrong horse battery')).status).toBe(401)
    expect((await attempt('nobody@example.com', 'correct horse battery')).status).toBe(401)
    expect((await attempt('TIA@example.com', 'correct horse battery')).status).toBe(204)
    expect((await session(visitor)).person).toMatchObject({ name: 'Tia Teacher', role: 'instructor' })
  })

  it('by an invitation once, with a password that is long enough', async () => {
    const { body } = await admin.call<{ link: string; id: string }>('POST', '/api/invitations', {
      name: 'Ann',
      role: 'author',
      email: 'ann@example.com',
    })
    const secret = new URL(body.link).hash.replace('#invitation=', '')
    const visitor = new Visitor(server)
    expect((await visitor.call('POST', '/api/session/invitation/look', { secret })).body).toEqual({
      name: 'Ann',
      role: 'author',
      email: 'ann@example.com',
      password: true,
    })
    const accept = (password?: string) =>
      visitor.call('POST', '/api/session/invitation', { secret, name: 'Ann', ...(password && { password }) })
    expect((await accept()).status).toBe(400)
    expect((await accept('short')).status).toBe(400)
    expect((await accept('long enough to be one')).status).toBe(204)
    expect((await accept('long enough to be one')).status).toBe(401)
  })

  it('ends everywhere when an administrator says so', async () => {
    const lea = await learner('Leo')
    expect((await lea.call('GET', '/api/labs')).status).toBe(200)
    await admin.call('PATCH', `/api/people/${lea.id}`, { disabled: true })
    expect((await lea.call('GET', '/api/labs')).status).toBe(401)
    expect((await lea.call('POST', '/api/session/return', { code: lea.returnCode })).status).toBe(401)
  })

  it('is refused to whoever guesses, and not to others', async () => {
    const own = await startHosted({ trustProxy: true })
    const from = (address: string, code: string) =>
      fetch(`${own.url}/api/session/join`, {
        method: 'POST',
        headers: { origin: own.url, 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify({ code }),
      })
    for (let n = 0; n < 60; n++) expect((await from('192.0.2.1', `guess${n}`)).status).toBe(404)
    expect((await from('192.0.2.1', 'guess')).status).toBe(429)
    expect((await from('192.0.2.2', 'guess')).status).toBe(404)
    await own.close()
  })
})

describe('rights', () => {
  /** Whom each route is for. A new route fails here until it is listed. */
  const ROUTES: Record<string, string> = {
    'GET /api/session': 'anyone',
    'DELETE /api/session': 'signed-in',
    'POST /api/session/join': 'anyone',
    'POST /api/session/return': 'anyone',
    'POST /api/session/password': 'anyone',
    'POST /api/session/invitation/look': 'anyone',
    'POST /api/session/invitation': 'anyone',
    'GET /api/classroom': 'signed-in',
    'GET /api/classroom/events': 'signed-in',
    'POST /api/hands': 'signed-in',
    'DELETE /api/hands/:id': 'signed-in',
    'GET /api/cohorts': 'instructor',
    'POST /api/cohorts': 'instructor',
    'GET /api/cohorts/:id': 'instructor',
    'PATCH /api/cohorts/:id': 'instructor',
    'POST /api/cohorts/:id/code': 'instructor',
    'GET /api/cohorts/:id/board': 'instructor',
    'GET /api/cohorts/:id/events': 'instructor',
    'GET /api/cohorts/:id/report.csv': 'instructor',
    'GET /api/cohorts/:id/attainment': 'instructor',
    'GET /api/cohorts/:id/attainment.csv': 'instructor',
    'POST /api/cohorts/:id/broadcasts': 'instructor',
    'DELETE /api/cohorts/:id/people/:person': 'instructor',
    'POST /api/cohorts/:id/help': 'instructor',
    'GET /api/cohorts/:id/people/:person/look': 'instructor',
    'GET /api/looks/:id/world': 'instructor',
    'GET /api/looks/:id/world/part': 'instructor',
    'GET /api/looks/:id/world/then': 'instructor',
    'GET /api/looks/:id/timeline/events': 'instructor',
    'GET /api/privacy': 'anyone',
    'GET /api/privacy/mine': 'signed-in',
    'DELETE /api/privacy/mine': 'signed-in',
    'GET /api/looks/:id/recording': 'instructor',
    'GET /api/looks/:id/recording/terminals/:terminal': 'instructor',
    'POST /api/looks/:id/terminals/:terminal/ticket': 'instructor',
    'POST /api/looks/:id/keyboard': 'instructor',
    'POST /api/looks/:id/consent': 'signed-in',
    'POST /api/hands/:id/take': 'instructor',
    'POST /api/hands/:id/answer': 'instructor',
    'GET /api/people': 'admin',
    'PATCH /api/people/:id': 'admin',
    'GET /api/people/:id/export': 'admin',
    'DELETE /api/people/:id': 'admin',
    'GET /api/invitations': 'admin',
    'POST /api/invitations': 'admin',
    'DELETE /api/invitations/:id': 'admin',
    'GET /api/audit': 'admin',
  }

  it('of the routes of a hosted server are as listed', async () => {
    const local = await TestServer.start()
    const shared = new Set(local.server.routes.map(({ method, path }) => `${method} ${path}`))
    await local.close()
    const own = server.server.routes
      .map(({ method, path, access }) => [`${method} ${path}`, access] as const)
      .filter(([route]) => route in ROUTES || !shared.has(route))
    expect(Object.fromEntries(own)).toEqual(ROUTES)
  })

  it('are held on every route, for every role', async () => {
    const people = {
      nobody: new Visitor(server),
      learner: await learner('Lin'),
      author: await invited(server, admin, { name: 'Aut', role: 'author' }),
      instructor: await invited(server, admin, { name: 'Ins', role: 'instructor' }),
    }
    for (const { method, path, access } of server.server.routes) {
      if (access === 'anyone' || path.endsWith('/events')) continue
      const real = path.replaceAll(/:(lab|step|terminal|id|person)/g, 'none')
      for (const [role, visitor] of Object.entries(people)) {
        if (permits(access, role === 'nobody' ? undefined : (role as 'learner'))) continue
        const expected = role === 'nobody' ? 401 : 403
        expect((await visitor.call(method, real)).status, `${role}: ${method} ${path}`).toBe(expected)
      }
    }
  })

  it('of an instructor end at the cohorts of others', async () => {
    const other = await invited(server, admin, { name: 'Other', role: 'instructor' })
    for (const [method, path, body] of [
      ['GET', `/api/cohorts/${cohort.id}`],
      ['GET', `/api/cohorts/${cohort.id}/board`],
      ['GET', `/api/cohorts/${cohort.id}/events`],
      ['GET', `/api/cohorts/${cohort.id}/report.csv`],
      ['PATCH', `/api/cohorts/${cohort.id}`, { pace: 'gated' }],
      ['POST', `/api/cohorts/${cohort.id}/code`],
      ['POST', `/api/cohorts/${cohort.id}/broadcasts`, { text: 'hello' }],
    ] as const) {
      expect((await other.call(method, path, body)).status, path).toBe(404)
    }
    expect((await other.call<Cohort[]>('GET', '/api/cohorts')).body).toEqual([])
    expect((await admin.call<Cohort[]>('GET', '/api/cohorts')).body).toHaveLength(1)
  })

  it('are not one’s own to change', async () => {
    const { person } = await session(admin)
    expect((await admin.call('PATCH', `/api/people/${person!.id}`, { role: 'learner' })).status).toBe(409)
    expect((await admin.call('DELETE', `/api/people/${person!.id}`)).status).toBe(409)
  })
})

describe('a cohort', () => {
  it('keeps of its settings what a change does not name', async () => {
    const own = (await teacher.call<Cohort>('POST', '/api/cohorts', { name: 'Own', labs: ['test-lab'] })).body
    await teacher.call('PATCH', `/api/cohorts/${own.id}`, { pace: 'gated' })
    const { body } = await teacher.call<Cohort>('PATCH', `/api/cohorts/${own.id}`, { open: ['test-lab'] })
    expect(body).toEqual({ ...own, pace: 'gated', open: ['test-lab'] })
    expect((await teacher.call<Cohort>('GET', `/api/cohorts/${own.id}`)).body).toEqual(body)
  })

  it('opens labs one after another; what was started stays open', async () => {
    const lea = await learner('Gil')
    await teacher.call('PATCH', `/api/cohorts/${cohort.id}`, { pace: 'gated', open: [] })
    expect((await lea.call('GET', '/api/labs/test-lab')).body).toMatchObject({ started: false, open: false })
    expect((await lea.call('POST', '/api/labs/test-lab/start')).status).toBe(403)
    await teacher.call('POST', `/api/cohorts/${cohort.id}/help`, {
      act: 'unlock',
      people: [lea.id],
      lab: 'test-lab',
    })
    expect((await lea.call('POST', '/api/labs/test-lab/start')).status).toBe(200)
    const other = await learner('Hal')
    expect((await other.call('POST', '/api/labs/test-lab/start')).status).toBe(403)
    await teacher.call('PATCH', `/api/cohorts/${cohort.id}`, { open: ['test-lab'] })
    expect((await other.call('POST', '/api/labs/test-lab/start')).status).toBe(200)
    await teacher.call('PATCH', `/api/cohorts/${cohort.id}`, { open: [] })
    expect((await other.call('GET', '/api/labs/test-lab')).body).toMatchObject({ started: true, open: true })
    await teacher.call('PATCH', `/api/cohorts/${cohort.id}`, { pace: 'free' })
  })

  it('shows on its board who is where, live', async () => {
    const lea = await learner('Bea')
    const events = follow(server, teacher, `/api/cohorts/${cohort.id}/events`)
    await events.opened
    await lea.call('POST', '/api/labs/test-lab/start')
    await lea.call('POST', '/api/labs/test-lab/steps/one/check')
    expect(await events.next(({ type, person }) => type === 'cell' && person === lea.id)).toMatchObject({
      cell: { lab: 'test-lab', step: 'one', status: 'failed' },
    })
    server.passing.add('one')
    await lea.call('POST', '/api/labs/test-lab/steps/one/check')
    await events.next(({ type, cell }) => type === 'cell' && (cell as { status: string }).status === 'passed')
    server.passing.clear()
    events.close()
    const { body } = await teacher.call<BoardState>('GET', `/api/cohorts/${cohort.id}/board`)
    expect(body.labs).toEqual([
      {
        id: 'test-lab',
        title: 'Test lab',
        steps: [
          { id: 'one', title: 'Do one', hints: ['look'] },
          { id: 'two', title: 'Do two', hints: ['look'] },
        ],
      },
    ])
    expect(body.people.find(({ name }) => name === 'Bea')!.cells).toMatchObject([
      { step: 'one', status: 'passed' },
    ])
  })

  it('shows how many hints were opened, until the lab is started over', async () => {
    const lea = await learner('Hin')
    const events = follow(server, teacher, `/api/cohorts/${cohort.id}/events`)
    await events.opened
    const open = (opened: number) => lea.call('POST', '/api/labs/test-lab/steps/one/hints', { opened })
    expect((await open(2)).status).toBe(204)
    expect((await open(1)).status).toBe(204)
    expect(await events.next(({ type }) => type === 'hints')).toMatchObject({ person: lea.id, opened: 2 })
    events.close()
    const hints = async () =>
      (await teacher.call<BoardState>('GET', `/api/cohorts/${cohort.id}/board`)).body.people.find(
        ({ id }) => id === lea.id,
      )!.hints
    expect(await hints()).toEqual({ 'test-lab/one': 2 })
    await lea.call('POST', '/api/labs/test-lab/start')
    await lea.call('POST', '/api/labs/test-lab/reset')
    expect(await hints()).toEqual({})
  })

  it('is helped many at once, and the instructor is told for whom it did not work', async () => {
    const [started, idle] = [await learner('Sta'), await learner('Idl')]
    await started.call('POST', '/api/labs/test-lab/start')
    const help = (people: string[]) =>
      teacher.call<HelpResult>('POST', `/api/cohorts/${cohort.id}/help`, {
        act: 'skip',
        people,
        lab: 'test-lab',
        step: 'one',
      })
    server.passing.add('one')
    const { body } = await help([started.id, idle.id])
    server.passing.delete('one')
    expect(body.failed).toEqual([expect.objectContaining({ person: idle.id, code: 'not-started' })])
    const { people } = (await teacher.call<BoardState>('GET', `/api/cohorts/${cohort.id}/board`)).body
    expect(people.find(({ id }) => id === started.id)).toMatchObject({
      cells: [{ step: 'one', status: 'passed' }],
      skipped: ['test-lab/one'],
    })
    const stranger = await invited(server, admin, { name: 'Str', role: 'learner' })
    expect((await help([(await session(stranger)).person!.id])).status).toBe(404)
  })

  it('hears its instructor, also who comes later', async () => {
    const lea = await learner('Cem')
    const events = follow(server, lea, '/api/classroom/events')
    await events.opened
    await teacher.call('POST', `/api/cohorts/${cohort.id}/broadcasts`, {
      text: 'Coffee until 10:30',
      link: '/lessons/',
    })
    expect(await events.next(({ type }) => type === 'broadcast')).toMatchObject({
      broadcast: { text: 'Coffee until 10:30', link: '/lessons/' },
    })
    events.close()
    const late = await learner('Dan')
    const { body } = await late.call<ClassroomState>('GET', '/api/classroom')
    expect(body.broadcasts[0]).toMatchObject({ text: 'Coffee until 10:30' })
    for (const link of ['//evil.example', 'https://evil.example', 'javascript:alert(1)', '/\\evil']) {
      const path = `/api/cohorts/${cohort.id}/broadcasts`
      expect((await teacher.call('POST', path, { text: 'x', link })).status, link).toBe(400)
    }
  })

  it('has a queue of raised hands; each is taken by one and answered', async () => {
    const [eve, fay] = [await learner('Eve'), await learner('Fay')]
    const first = (
      await eve.call<Hand>('POST', '/api/hands', { lab: 'test-lab', step: 'one', note: 'no nodes' })
    ).body
    await fay.call('POST', '/api/hands', { lab: 'test-lab' })
    // Raised again: the same place in the queue.
    const again = (await eve.call<Hand>('POST', '/api/hands', { lab: 'test-lab', note: 'still no nodes' }))
      .body
    expect(again).toMatchObject({ id: first.id, raisedAt: first.raisedAt })
    const queue = (await teacher.call<BoardState>('GET', `/api/cohorts/${cohort.id}/board`)).body.hands
    expect(queue.map(({ person }) => person)).toEqual([eve.id, fay.id])
    expect((await fay.call('DELETE', `/api/hands/${first.id}`)).status).toBe(404)
    expect((await teacher.call('POST', `/api/hands/${first.id}/take`)).status).toBe(200)
    expect((await admin.call('POST', `/api/hands/${first.id}/take`)).status).toBe(409)
    await teacher.call('POST', `/api/hands/${first.id}/answer`, {
      text: 'Look at the role',
      link: '/lessons/',
    })
    const { body } = await eve.call<ClassroomState>('GET', '/api/classroom')
    expect(body.hand).toMatchObject({ answer: { text: 'Look at the role', link: '/lessons/' } })
    await fay.call('DELETE', `/api/hands/${queue[1]!.id}`)
    expect((await teacher.call<BoardState>('GET', `/api/cohorts/${cohort.id}/board`)).body.hands).toEqual([])
  })

  it('lets in by its newest code only, and takes people out', async () => {
    const lea = await learner('Ivo')
    const { body } = await teacher.call<Cohort>('POST', `/api/cohorts/${cohort.id}/code`)
    const late = new Visitor(server)
    expect((await late.call('POST', '/api/session/join', { code: cohort.code, name: 'Late' })).status).toBe(
      404,
    )
    cohort = body
    await teacher.call('DELETE', `/api/cohorts/${cohort.id}/people/${lea.id}`)
    expect((await lea.call<ClassroomState>('GET', '/api/classroom')).body.cohorts).toEqual([])
  })

  it('is reported as a table that no spreadsheet runs', async () => {
    await learner('=cmd|"/c calc"!A1')
    const { body, headers } = await teacher.call<string>('GET', `/api/cohorts/${cohort.id}/report.csv`)
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const lines = body.trim().split('\n')
    expect(lines[0]).toBe('Name,Steps passed of 2,test-lab/one,test-lab/two')
    expect(lines).toContainEqual(expect.stringMatching(/^Bea,1,\d{4}-\d\d-\d\dT[\d:.]+Z,$/))
    expect(lines).toContainEqual(`"'=cmd|""/c calc""!A1",0,,`)
  })
})

describe('privacy', () => {
  it('is told to everybody as the settings have it, without the addresses of others that are told', async () => {
    const told = await startHosted({
      contact: 'privacy@example.com',
      replayDays: 3,
      learnerDays: 30,
      xapi: { endpoint: 'https://lrs.internal.example/xapi', user: 'u', password: 'p', people: 'name' },
      webhook: { url: 'https://hooks.internal.example/x' },
    })
    try {
      const { body } = await new Visitor(told).call<PrivacyState>('GET', '/api/privacy')
      expect(body).toEqual({
        sessionDays: 30,
        auditDays: 365,
        replayDays: 3,
        learnerDays: 30,
        contact: 'privacy@example.com',
        platform: false,
        recordStore: 'name',
        mail: false,
        webhook: true,
      })
    } finally {
      await told.close()
    }
    const { body } = await new Visitor(server).call<PrivacyState>('GET', '/api/privacy')
    expect(body).toMatchObject({ replayDays: 0, mail: false, webhook: false })
    expect(body.recordStore).toBeUndefined()
  })

  it('gives everybody all that is kept of them, and of nobody else; with a trace', async () => {
    const own = await joined(server, cohort, 'Olga')
    const other = await joined(server, cohort, 'Oscar')
    await own.call('POST', '/api/labs/test-lab/start')
    const { status, body, headers } = await own.call<Record<string, unknown[]>>('GET', '/api/privacy/mine')
    expect(status).toBe(200)
    expect(headers.get('content-disposition')).toContain('attachment')
    expect(body.people).toMatchObject([{ id: own.id, name: 'Olga' }])
    expect(body.labs).toHaveLength(1)
    expect(JSON.stringify(body)).not.toContain(other.id)
    const { body: log } = await admin.call<AuditEntry[]>('GET', '/api/audit')
    expect(log).toContainEqual(
      expect.objectContaining({ actor: own.id, act: 'person-export', subject: own.id }),
    )
  })
})

describe('who deletes their own account', () => {
  it('types its name, and is gone with all that was theirs; the log says so, with an id that names nobody', async () => {
    const own = await joined(server, cohort, 'Otto')
    const elsewhere = new Visitor(server)
    await elsewhere.call('POST', '/api/session/return', { code: own.returnCode })
    await own.call('POST', '/api/labs/test-lab/start')
    const worlds = (await server.cloud.worlds()).length
    const home = join(server.data, 'workspaces', own.id)
    expect(existsSync(home)).toBe(true)

    for (const body of [undefined, {}, { name: 'otto' }, { name: 'Olga' }]) {
      const { status } = await own.call('DELETE', '/api/privacy/mine', body)
      expect([400, 409]).toContain(status)
    }
    expect((await own.call('GET', '/api/labs')).status).toBe(200)

    const { status, headers } = await own.call('DELETE', '/api/privacy/mine', { name: ' Otto ' })
    expect(status).toBe(204)
    expect(headers.get('set-cookie')).toContain('Max-Age=0')
    expect((await own.call('GET', '/api/labs')).status).toBe(401)
    expect((await elsewhere.call('GET', '/api/labs')).status).toBe(401)
    expect((await server.cloud.worlds()).length).toBe(worlds - 1)
    expect(existsSync(home)).toBe(false)
    expect((await admin.call('GET', `/api/people/${own.id}/export`)).status).toBe(404)
    expect(
      (await new Visitor(server).call('POST', '/api/session/return', { code: own.returnCode })).status,
    ).toBe(401)
    const { body: log } = await admin.call<AuditEntry[]>('GET', '/api/audit?limit=500')
    const entry = { actor: own.id, act: 'person-delete', subject: own.id, detail: { because: 'own wish' } }
    expect(log).toContainEqual(expect.objectContaining(entry))
    expect(JSON.stringify(log)).not.toContain('Otto')
  })

  it('came by an invitation, of which nothing stays either', async () => {
    const own = await invited(server, admin, {
      name: 'Ida Invited',
      role: 'learner',
      email: 'ida@example.com',
      password: 'correct horse ida',
    })
    const { body } = await own.call<Record<string, unknown[]>>('GET', '/api/privacy/mine')
    expect(body.invitations).toMatchObject([{ name: 'Ida Invited', email: 'ida@example.com' }])
    await own.call('DELETE', '/api/privacy/mine', { name: 'Ida Invited' })
    const { body: log } = await admin.call<AuditEntry[]>('GET', '/api/audit?limit=500')
    expect(JSON.stringify(log)).not.toMatch(/Ida|ida@/)
  })

  it('is not the only administrator', async () => {
    const { status, body } = await admin.call<ApiProblem>('DELETE', '/api/privacy/mine', {
      name: 'Ada Admin',
    })
    expect([status, body.error.code]).toEqual([409, 'last-administrator'])
    const second = await invited(server, admin, { name: 'Second', role: 'admin' })
    expect((await second.call('DELETE', '/api/privacy/mine', { name: 'Second' })).status).toBe(204)
  })

  it('may have begun a lab that is no longer there', async () => {
    const own = await joined(server, cohort, 'Gus')
    await own.call('POST', '/api/labs/test-lab/start')
    const worlds = (await server.cloud.worlds()).length
    const database = await openDatabase(join(server.data, 'drydock.db'))
    await database.updateTable('labs').set({ lab: 'gone-lab' }).where('learner', '=', own.id).execute()
    await database.destroy()
    expect((await own.call('DELETE', '/api/privacy/mine', { name: 'Gus' })).status).toBe(204)
    expect((await server.cloud.worlds()).length).toBe(worlds - 1)
  })
})

describe('people', () => {
  it('are exported and deleted with all that is theirs', async () => {
    const lea = await learner('Gone')
    await lea.call('POST', '/api/labs/test-lab/start')
    const { body } = await admin.call<Record<string, unknown[]>>('GET', `/api/people/${lea.id}/export`)
    expect(body).toMatchObject({ people: [{ name: 'Gone' }], labs: [{ lab: 'test-lab' }], members: [{}] })
    const before = (await server.cloud.worlds()).length
    expect((await admin.call('DELETE', `/api/people/${lea.id}`)).status).toBe(204)
    expect((await server.cloud.worlds()).length).toBe(before - 1)
    expect((await lea.call('GET', '/api/labs')).status).toBe(401)
    const left = (await admin.call<Record<string, unknown[]>>('GET', `/api/people/${lea.id}/export`)).status
    expect(left).toBe(404)
  })

  it('with rights over others leave a trace, without secrets', async () => {
    const { body } = await admin.call<AuditEntry[]>('GET', '/api/audit?limit=500')
    const acts = new Set(body.map(({ act }) => act))
    for (const act of [
      'sign-in',
      'sign-in-refused',
      'cohort-create',
      'cohort-code',
      'broadcast',
      'person-delete',
    ]) {
      expect(acts).toContain(act)
    }
    expect(JSON.stringify(body)).not.toMatch(/correct horse|wrong horse/)
    const last = body.at(-1)!
    const older = await admin.call<AuditEntry[]>('GET', `/api/audit?before=${last.at}`)
    expect(older.body.every(({ at }) => at < last.at)).toBe(true)
  })
})

describe('the address', () => {
  it.each([
    { url: 'http://learn.example.com' },
    { url: 'http://learn.example.com', host: '0.0.0.0' },
    { url: 'https://learn.example.com', host: '0.0.0.0' },
  ])('is refused without TLS: %j', async (settings) => {
    const hosting = settingsSchema.parse({ isolation: UNISOLATED, ...settings })
    const options = {
      data: server.data,
      cloud: Promise.resolve(server.cloud),
      toolbox: new Promise<never>(() => {}),
    }
    await expect(createServer({ ...options, site: Promise.resolve(''), hosting })).rejects.toThrow(
      /without TLS/,
    )
  })

  it('is the only one that is answered, and its cookies go over TLS only', async () => {
    const own = await startHosted({ url: 'https://learn.example.com' })
    const headers = {
      host: 'learn.example.com',
      origin: 'https://learn.example.com',
      'content-type': 'application/json',
    }
    const secret = new URL(own.server.link).hash.replace('#invitation=', '')
    const answer = await post(own.listening, '/api/session/invitation', headers, { secret, name: 'Ada' })
    expect(answer.statusCode).toBe(204)
    expect(answer.headers['set-cookie']![0]).toMatch(
      /^__Host-drydock=[\w-]{22}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
    )
    const rebound = { ...headers, host: `127.0.0.1:${own.listening}` }
    expect((await post(own.listening, '/api/session/invitation', rebound, {})).statusCode).toBe(421)
    await own.close()
  })
})

async function post(port: number, path: string, headers: Record<string, string>, body: unknown) {
  const asked = request({ host: '127.0.0.1', port, method: 'POST', path, headers })
  asked.end(JSON.stringify(body))
  const [response] = await once(asked, 'response')
  response.resume()
  return response
}
