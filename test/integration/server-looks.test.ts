import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { AuditEntry } from '../../src/classroom/audit.ts'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import type { Look } from '../../src/classroom/looks.ts'
import type { ClassroomState, SessionRecording, SessionState, TerminalInfo } from '../../src/server/api.ts'
import { firstAdministrator, follow, invited, joined, startHosted, type Visitor } from '../support/hosted.ts'
import { TestPage, type TestServer } from '../support/server.ts'

let server: TestServer
let admin: Visitor
let teacher: Visitor
let cohort: Cohort
let lea: Visitor & { id: string }
let terminal: string

beforeAll(async () => {
  server = await startHosted({ replayDays: 7 })
  admin = await firstAdministrator(server)
  teacher = await invited(server, admin, { name: 'Tia Teacher', role: 'instructor' })
  cohort = (await teacher.call<Cohort>('POST', '/api/cohorts', { name: 'Autumn' })).body
  lea = await joined(server, cohort, 'Lea')
  await lea.call('POST', '/api/labs/test-lab/start')
  terminal = (await lea.call<TerminalInfo[]>('GET', '/api/labs/test-lab/terminals')).body[0]!.id
})
afterAll(() => server.close())

const lookPath = (person = lea.id) => `/api/cohorts/${cohort.id}/people/${person}/look?lab=test-lab`

/** Opens the instructor's page. */
async function look(visitor = teacher) {
  const events = follow(server, visitor, lookPath())
  expect((await events.opened).status).toBe(200)
  const { look } = (await events.next(({ type }) => type === 'look')) as { look: Look }
  return { events, id: look.id }
}

async function attach(visitor: Visitor, ticketPath: string): Promise<TestPage> {
  const { body } = await visitor.call<{ ticket: string }>('POST', ticketPath)
  const page = new TestPage(
    new WebSocket(`${server.url.replace('http', 'ws')}/api/terminals/${terminal}/socket`, {
      headers: { origin: server.url, cookie: visitor.cookie },
    }),
  )
  await page.opened
  page.tell({ type: 'attach', ticket: body.ticket, columns: 80, rows: 24 })
  return page
}
const own = () => attach(lea, `/api/terminals/${terminal}/ticket`)
const watching = (id: string) => attach(teacher, `/api/looks/${id}/terminals/${terminal}/ticket`)
const looksAt = async () => (await lea.call<ClassroomState>('GET', '/api/classroom')).body.looks

describe('an instructor who looks at a learner’s work', () => {
  it('is seen by the learner for as long as it lasts', async () => {
    const heard = follow(server, lea, '/api/classroom/events')
    await heard.opened
    const { events, id } = await look()
    expect(await heard.next(({ type }) => type === 'looks')).toMatchObject({
      looks: [{ id, instructor: { name: 'Tia Teacher' }, lab: 'test-lab', keyboard: 'learner' }],
    })
    expect(await looksAt()).toHaveLength(1)
    events.close()
    await heard.next(({ type, looks }) => type === 'looks' && (looks as Look[]).length === 0)
    expect(await looksAt()).toEqual([])
    heard.close()
  })

  it('sees progress, terminals and output, and can type nothing', async () => {
    const { events, id } = await look()
    await events.next(({ type }) => type === 'state')
    const list = await events.next(({ type }) => type === 'terminals')
    expect(list.terminals).toMatchObject([{ id: terminal, title: 'Terminal 1' }])
    const page = await own()
    const onlooker = await watching(id)
    await onlooker.message('attached')
    page.type('cat\r')
    await onlooker.expect('cat')
    onlooker.type('from the instructor\r')
    onlooker.tell({ type: 'resize', columns: 20, rows: 5 })
    page.type('from the learner\r')
    await onlooker.expect('from the learner')
    expect(onlooker.output + page.output).not.toContain('from the instructor')
    page.type('\x03')
    await page.expect('^C')
    page.close()
    events.close()
    expect(await onlooker.closed).toBe(4404)
  })

  it('types while the learner lets them, who may take it back at any time', async () => {
    const { events, id } = await look()
    const page = await own()
    const onlooker = await watching(id)
    await onlooker.message('attached')
    const consent = (keyboard: string, visitor: Visitor = lea) =>
      visitor.call('POST', `/api/looks/${id}/consent`, { keyboard })
    await teacher.call('POST', `/api/looks/${id}/keyboard`, { keyboard: 'asked' })
    expect((await looksAt())[0]!.keyboard).toBe('asked')
    // Nobody else agrees for the learner, and asking is not agreeing.
    expect((await consent('shared', teacher)).status).toBe(404)
    expect((await teacher.call('POST', `/api/looks/${id}/keyboard`, { keyboard: 'shared' })).status).toBe(400)
    onlooker.type('echo too-early\r')
    await consent('shared')
    await events.next(({ type, look }) => type === 'look' && (look as Look).keyboard === 'shared')
    onlooker.type('echo he""lp\r')
    await page.expect('help')
    await consent('learner')
    onlooker.type('echo too-late\r')
    page.type('echo e""nd\r')
    await page.expect('end')
    expect(page.output + onlooker.output).not.toMatch(/too-/)
    page.close()
    events.close()
    await onlooker.closed
    const { body } = await admin.call<AuditEntry[]>('GET', '/api/audit')
    const acts = body
      .filter(({ subject }) => subject === lea.id)
      .map(({ act, detail }) => [act, detail.keyboard])
    for (const entry of [
      ['look-in', undefined],
      ['look-out', undefined],
      ['keyboard', 'asked'],
      ['keyboard', 'shared'],
      ['keyboard', 'learner'],
    ])
      expect(acts).toContainEqual(entry)
  })

  it('sees how the work went, of which the learner is told and a trace is left', async () => {
    const heard = follow(server, lea, '/api/classroom/events')
    await heard.opened
    const page = await own()
    await page.message('attached')
    page.type('echo re""corded\r')
    await page.expect('recorded')
    await lea.call('POST', '/api/labs/test-lab/steps/one/check')
    await lea.call('POST', '/api/labs/test-lab/steps/one/hints', { opened: 2 })
    const { events, id } = await look()
    const path = `/api/looks/${id}/recording`
    const recording = async () => (await teacher.call<SessionRecording>('GET', path)).body
    expect((await recording()).moments).toMatchObject([
      { kind: 'started' },
      { kind: 'check', step: 'one', status: 'failed' },
      { kind: 'hints', step: 'one', opened: 2, solution: true },
    ])
    // What is shown is written soon after.
    await expect.poll(async () => (await recording()).terminals).toMatchObject([{ id: terminal }])
    await expect
      .poll(async () => (await teacher.call<string>('GET', `${path}/terminals/${terminal}`)).body)
      .toContain('recorded')
    expect(await heard.next(({ looks }) => (looks as Look[] | undefined)?.[0]?.replay === true)).toBeTruthy()
    const { body: log } = await admin.call<AuditEntry[]>('GET', '/api/audit')
    expect(log).toContainEqual(expect.objectContaining({ act: 'replay', subject: lea.id }))
    for (const visitor of [lea, admin, await invited(server, admin, { name: 'Otto', role: 'instructor' })])
      for (const one of [path, `${path}/terminals/${terminal}`])
        expect((await visitor.call('GET', one)).status).not.toBe(200)
    for (const wrong of ['nothing', '..%2F..%2Fdrydock', `${terminal}.jsonl`])
      expect((await teacher.call('GET', `${path}/terminals/${wrong}`)).status).not.toBe(200)
    page.close()
    heard.close()
    events.close()
  })

  it('finds nothing any more of a learner who was deleted, and what was recorded is in their export', async () => {
    const gone = await joined(server, cohort, 'Gone')
    await gone.call('POST', '/api/labs/test-lab/start')
    const folder = join(server.data, 'recordings', gone.id)
    await expect.poll(() => readdir(join(folder, 'test-lab')).catch(() => [])).toHaveLength(1)
    const { body } = await admin.call<{
      moments: unknown[]
      recordings: { lab: string; lines: unknown[] }[]
    }>('GET', `/api/people/${gone.id}/export`)
    expect(body.moments).toHaveLength(1)
    expect(body.recordings).toMatchObject([
      {
        lab: 'test-lab',
        lines: [
          [expect.any(Number), 'r', '80x24'],
          [expect.any(Number), 'o', expect.anything()],
        ],
      },
    ])
    await admin.call('DELETE', `/api/people/${gone.id}`)
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
  })

  it('has to lead the learner’s course, and does nothing with the look of another', async () => {
    const other = await invited(server, admin, { name: 'Other', role: 'instructor' })
    expect((await other.call('GET', lookPath())).status).toBe(404)
    expect((await teacher.call('GET', lookPath('nobody'))).status).toBe(404)
    const { events, id } = await look()
    for (const [method, path] of [
      ['POST', `/api/looks/${id}/terminals/${terminal}/ticket`],
      ['GET', `/api/looks/${id}/world`],
      ['GET', `/api/looks/${id}/world/part?id=x`],
      ['GET', `/api/looks/${id}/timeline/events`],
    ] as const)
      expect((await other.call(method, path)).status, path).toBe(404)
    // A ticket to look on is nobody's way to work in it.
    const { body } = await teacher.call<{ ticket: string }>(
      'POST',
      `/api/looks/${id}/terminals/${terminal}/ticket`,
    )
    events.close()
    await expect.poll(looksAt).toEqual([])
    const late = new TestPage(
      new WebSocket(`${server.url.replace('http', 'ws')}/api/terminals/${terminal}/socket`, {
        headers: { origin: server.url, cookie: teacher.cookie },
      }),
    )
    await late.opened
    late.tell({ type: 'attach', ticket: body.ticket, columns: 80, rows: 24 })
    expect(await late.message('error')).toMatchObject({ code: 'terminal-unknown' })
  })

  it('ends with the sign-out, with all that goes on of it', async () => {
    const other = await invited(server, admin, { name: 'Oda', role: 'instructor', cohort: cohort.id })
    const { events, id } = await look(other)
    const board = follow(server, other, `/api/cohorts/${cohort.id}/events`)
    await board.opened
    const onlooker = await attach(other, `/api/looks/${id}/terminals/${terminal}/ticket`)
    await onlooker.message('attached')
    const { events: stays } = await look()
    await other.call('DELETE', '/api/session')
    await Promise.all([events.ended, board.ended, onlooker.closed])
    await expect
      .poll(async () => (await looksAt()).map(({ instructor }) => instructor.name))
      .toEqual(['Tia Teacher'])
    stays.close()
  })

  it('looks no longer when an instructor is taken out of the course', async () => {
    const other = await invited(server, admin, { name: 'Ole', role: 'instructor', cohort: cohort.id })
    const { person } = (await other.call<SessionState>('GET', '/api/session')).body
    const { events } = await look(other)
    const board = follow(server, other, `/api/cohorts/${cohort.id}/events`)
    await board.opened
    await admin.call('DELETE', `/api/cohorts/${cohort.id}/people/${person!.id}`)
    await Promise.all([events.ended, board.ended])
  })

  it('looks no longer when the learner leaves the course', async () => {
    const gone = await joined(server, cohort, 'Gone')
    const events = follow(server, teacher, lookPath(gone.id))
    await events.next(({ type }) => type === 'look')
    await teacher.call('DELETE', `/api/cohorts/${cohort.id}/people/${gone.id}`)
    await events.ended
  })
})
