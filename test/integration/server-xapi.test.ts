import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import { loadLessons } from '../../src/labs/lesson.ts'
import { createLogger } from '../../src/server/logger.ts'
import { freePort } from '../support/free-port.ts'
import { firstAdministrator, joined, startHosted, type Visitor } from '../support/hosted.ts'
import { TestRecordStore } from '../support/record-store.ts'
import { TEST_LAB, type TestServer } from '../support/server.ts'

const EXAM = { ...TEST_LAB, id: 'test-exam', title: 'Test exam', scored: { about: [] } }
const LESSON = 'eks/what-eks-manages'
/** What was logged. */
const lines: string[] = []
let peer: TestRecordStore
let server: TestServer
let operations: string
let admin: Visitor
let cohort: Cohort
let ana: Visitor & { id: string }

beforeAll(async () => {
  peer = await TestRecordStore.start()
  const port = await freePort()
  operations = `http://127.0.0.1:${port}`
  const { user, password } = TestRecordStore
  server = await startHosted(
    {
      xapi: { endpoint: peer.endpoint, user, password, people: 'id' },
      operations: { host: '127.0.0.1', port },
    },
    {
      labs: Promise.resolve([TEST_LAB, EXAM]),
      log: createLogger({ level: 'trace' }, { write: (line) => void lines.push(line) }),
      runner: {
        run: async ({ lab, step }) => ({
          lab,
          step,
          status: 'passed',
          findings: [],
          at: Date.now(),
          duration: 1,
        }),
        warm() {},
        async close() {},
      },
    },
  )
  admin = await firstAdministrator(server)
  cohort = (await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Autumn' })).body
  ana = await joined(server, cohort, 'Ana Example')
})
afterAll(async () => {
  await server.close()
  peer.close()
})

const check = (lab: string, step: string) => ana.call('POST', `/api/labs/${lab}/steps/${step}/check`)
/** What is stored once so many more statements are. */
const told = async (count: number) => {
  await peer.until(() => peer.stored.length >= count)
  expect(peer.stored).toHaveLength(count)
  expect(peer.problems).toEqual([])
  return peer.stored
}

it('tells of a lab from its start over its steps to its end, each once', async () => {
  await ana.call('POST', '/api/labs/test-lab/start')
  await check('test-lab', 'one')
  await check('test-lab', 'one')
  await check('test-lab', 'two')
  const [first, step, , whole] = await told(4)
  expect(peer.said).toEqual([
    'initialized Test lab',
    'completed Do one',
    'completed Do two',
    'completed Test lab',
  ])
  const lab = { id: `${server.url}/labs/test-lab/` }
  const course = { id: `${server.url}/classroom/#${cohort.id}`, definition: { name: { 'en-US': 'Autumn' } } }
  expect(first).toMatchObject({
    actor: { objectType: 'Agent', account: { homePage: server.url, name: ana.id } },
    verb: { id: 'http://adlnet.gov/expapi/verbs/initialized' },
    object: { ...lab, definition: { type: 'http://adlnet.gov/expapi/activities/simulation' } },
    context: { platform: 'Drydock', contextActivities: { grouping: [course] } },
  })
  expect(step).toMatchObject({
    object: { id: `${lab.id}#one` },
    result: { completion: true, success: true, duration: expect.stringMatching(/^PT/) },
    context: { contextActivities: { parent: [lab], grouping: [course] } },
  })
  expect(step!.result!.score).toBeUndefined()
  expect(whole!.result).toMatchObject({ completion: true, duration: expect.stringMatching(/^PT/) })
  expect(JSON.stringify(peer.stored)).not.toContain('Ana Example')
})

it('tells nothing of a step that an instructor did', async () => {
  const before = peer.stored.length
  const cyn = await joined(server, cohort, 'Cyn')
  await cyn.call('POST', '/api/labs/test-lab/start')
  const help = { act: 'skip', people: [cyn.id], lab: 'test-lab', step: 'one' }
  expect((await admin.call('POST', `/api/cohorts/${cohort.id}/help`, help)).body).toEqual({ failed: [] })
  await cyn.call('POST', '/api/labs/test-lab/steps/two/check')
  await told(before + 3)
  expect(peer.said.slice(before)).toEqual(['initialized Test lab', 'completed Do two', 'completed Test lab'])
})

it('tells the score of an exam, and whether it was passed', async () => {
  const before = peer.stored.length
  const exam = async () => {
    await check('test-exam', 'one')
    await check('test-exam', 'two')
  }
  await ana.call('POST', '/api/labs/test-exam/start')
  await exam()
  const passed = (await told(before + 5)).at(-1)
  expect(passed).toMatchObject({
    verb: { id: 'http://adlnet.gov/expapi/verbs/passed' },
    object: { definition: { type: 'http://adlnet.gov/expapi/activities/assessment' } },
    result: { success: true, completion: true, score: { scaled: 1, raw: 20, min: 0, max: 20 } },
  })
  await ana.call('POST', '/api/labs/test-exam/reset')
  await ana.call('GET', '/api/labs/test-exam/steps/two/solution')
  await exam()
  const again = await told(before + 10)
  expect(again.at(-3)).toMatchObject({ result: { score: { scaled: 0, raw: 0, max: 10 } } })
  expect(again.at(-1)).toMatchObject({
    verb: { id: 'http://adlnet.gov/expapi/verbs/failed' },
    result: { success: false, score: { scaled: 0.5, raw: 10 } },
  })
})

it('tells that a lesson was experienced when it is first opened, and completed when its questions are answered', async () => {
  const before = peer.stored.length
  await admin.call('PATCH', `/api/cohorts/${cohort.id}`, { path: 'beginner' })
  const [lesson] = await loadLessons([LESSON])
  const read = (answers: Record<string, string>) =>
    ana.call('PUT', `/api/progress/lessons/${LESSON}`, { answers })
  const right = Object.fromEntries(
    lesson!.quiz.map(({ answers }, number) => [number, `${answers.findIndex((answer) => answer.right)}`]),
  )
  await read({})
  await expect.poll(() => peer.said.at(-1)).toBe(`experienced ${lesson!.title}`)
  // Another moment than that of the opening.
  await read({})
  await read(right)
  await read(right)
  // What comes after it: so nothing else came between.
  await ana.call('POST', '/api/labs/test-lab/reset')
  const [experienced, completed] = (await told(before + 3)).slice(before)
  expect(peer.said.slice(before)).toEqual([
    `experienced ${lesson!.title}`,
    `completed ${lesson!.title}`,
    'initialized Test lab',
  ])
  expect(experienced!.context!.contextActivities!.grouping).toMatchObject([
    { id: `${server.url}/classroom/#${cohort.id}` },
    { id: `${server.url}/paths/beginner/` },
  ])
  expect(completed).toMatchObject({
    verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
    object: {
      id: `${server.url}/lessons/${LESSON}/`,
      definition: { type: 'http://adlnet.gov/expapi/activities/lesson' },
    },
  })
})

it('keeps what the store was not told, over a restart, exports it, and forgets it with the person', async () => {
  const before = peer.stored.length
  peer.away = 503
  const waiting = async () =>
    /^drydock_statements_waiting (\d+)/m.exec(await (await fetch(`${operations}/metrics`)).text())?.[1]
  const ben = await joined(server, cohort, 'Ben')
  for (const one of [ana, ben]) await one.call('POST', '/api/labs/test-lab/reset')
  await expect.poll(waiting).toBe('2')
  const { body: data } = await admin.call<{ statements: unknown[] }>('GET', `/api/people/${ben.id}/export`)
  expect(data.statements).toHaveLength(1)
  expect((await admin.call('DELETE', `/api/people/${ben.id}`)).status).toBe(204)
  expect(await waiting()).toBe('1')
  await server.server.close()
  peer.away = undefined
  await server.listen()
  const [last] = (await told(before + 1)).slice(before)
  expect(last).toMatchObject({
    actor: { account: { name: ana.id } },
    verb: { display: { 'en-US': 'initialized' } },
  })
})

it('logs that the store was away, and nothing secret', () => {
  const log = lines.join('\n')
  expect(log).toContain('The learning record store answered 503')
  expect(log).not.toContain(TestRecordStore.password)
  expect(log).not.toContain(
    Buffer.from(`${TestRecordStore.user}:${TestRecordStore.password}`).toString('base64'),
  )
})
