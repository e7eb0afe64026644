import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ApiProblem, Cohort, LabState, TerminalInfo } from '../../src/server/api.ts'
import { settingsSchema } from '../../src/server/settings.ts'
import { firstAdministrator, follow, joined, startHosted, type Visitor } from '../support/hosted.ts'
import { TestPage, type TestServer } from '../support/server.ts'

let server: TestServer
let ana: Visitor
let ben: Visitor

beforeAll(async () => {
  const { quotas } = settingsSchema.parse({ url: 'http://127.0.0.1', quotas: { homeMiB: 1 } })
  server = await startHosted({ quotas }, { homesEvery: 100 })
  const admin = await firstAdministrator(server)
  const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Full' })
  ana = await joined(server, cohort, 'Ana')
  ben = await joined(server, cohort, 'Ben')
  for (const person of [ana, ben]) await person.call('POST', '/api/labs/test-lab/start')
})
afterAll(() => server.close())

const terminals = async (person: Visitor) =>
  (await person.call<TerminalInfo[]>('GET', '/api/labs/test-lab/terminals')).body

/** A page that is attached to a terminal. */
async function shell(person: Visitor, id: string): Promise<TestPage> {
  const { ticket } = (await person.call<{ ticket: string }>('POST', `/api/terminals/${id}/ticket`)).body
  const page = new TestPage(
    new WebSocket(`${server.url.replace('http', 'ws')}/api/terminals/${id}/socket`, {
      headers: { origin: server.url, cookie: person.cookie },
    }),
  )
  await page.opened
  page.tell({ type: 'attach', ticket, columns: 80, rows: 24 })
  await page.message('attached')
  return page
}

it('ends the programs of a home that outgrows its quota, keeps its files, and lets them be deleted', async () => {
  const events = follow(server, ana, '/api/labs/test-lab/events')
  const stateThat = async (is: (state: LabState) => boolean) =>
    (await events.next(({ state }) => state !== undefined && is(state as LabState))).state as LabState
  const [first] = await terminals(ana)
  const flood = await shell(ana, first!.id)
  flood.type('head -c 3000000 /dev/zero > big; sleep 600\r')
  const { full } = await stateThat((state) => state.full !== undefined)
  expect(full!.quota).toBe(1024 * 1024)
  expect(full!.used).toBeGreaterThan(full!.quota)
  await flood.closed
  expect(await terminals(ana)).toEqual([])

  const saved = await ana.call<ApiProblem>('PUT', '/api/labs/test-lab/file?path=more.txt', { text: 'more' })
  expect(saved.status).toBe(507)
  expect(saved.body.error.what).toBe('Your home folder is full.')

  // Nothing grows: a new shell is left alone.
  const { body: second } = await ana.call<TerminalInfo>('POST', '/api/labs/test-lab/terminals')
  const page = await shell(ana, second.id)
  page.type('rm big && echo re""moved\r')
  await page.expect('removed')
  await expect
    .poll(async () => (await ana.call<LabState>('GET', '/api/labs/test-lab')).body.full)
    .toBeUndefined()
  expect(await terminals(ana)).toMatchObject([{ id: second.id, running: true }])
  events.close()
  page.close()
})

it('leaves everybody else alone', async () => {
  expect(await terminals(ben)).toMatchObject([{ running: true }])
  expect((await ben.call<LabState>('GET', '/api/labs/test-lab')).body.full).toBeUndefined()
})
