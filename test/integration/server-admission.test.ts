import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Cohort, LabState, Person } from '../../src/server/api.ts'
import { firstAdministrator, follow, joined, startHosted, type Visitor } from '../support/hosted.ts'
import type { TestServer } from '../support/server.ts'

let server: TestServer
let admin: Visitor
let cohort: Cohort

beforeAll(async () => {
  server = await startHosted({ labsAtOnce: 1 })
  admin = await firstAdministrator(server)
  cohort = (await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Full' })).body
})
afterAll(() => server.close())

const start = async (person: Visitor) =>
  (await person.call<LabState>('POST', '/api/labs/test-lab/start')).body
const page = (person: Visitor) => follow(server, person, '/api/labs/test-lab/events')
const place = (event: Record<string, unknown>) => (event.state as LabState | undefined)?.waiting
const isStarted = (event: Record<string, unknown>) => (event.state as LabState | undefined)?.started === true

it('lets in who waits, in order, as seats become free; every page shows its place', async () => {
  const [ana, ben, cho] = await Promise.all(['Ana', 'Ben', 'Cho'].map((name) => joined(server, cohort, name)))
  const first = await start(ana!)
  expect(first).toMatchObject({ started: true })
  expect(await start(ben!)).toMatchObject({ started: false, waiting: 1 })
  expect(await start(cho!)).toMatchObject({ started: false, waiting: 2 })
  // Asking again keeps the place.
  expect(await start(ben!)).toMatchObject({ waiting: 1 })
  const pages = [page(ben!), page(cho!)]
  await pages[1]!.next((event) => place(event) === 2)

  await server.cloud.deleteWorld(first.world!.id)
  await pages[0]!.next(isStarted)
  await pages[1]!.next((event) => place(event) === 1)
  const { body } = await cho!.call<LabState>('GET', '/api/labs/test-lab')
  expect(body).toMatchObject({ started: false, waiting: 1 })

  const second = (await ben!.call<LabState>('GET', '/api/labs/test-lab')).body
  await server.cloud.deleteWorld(second.world!.id)
  await pages[1]!.next(isStarted)
  for (const one of pages) one.close()
})

it('keeps nobody waiting for a lab that is started', async () => {
  const [dee, eli] = await Promise.all(['Dee', 'Eli'].map((name) => joined(server, cohort, name)))
  for (const { id } of await server.cloud.worlds()) await server.cloud.deleteWorld(id)
  expect(await start(dee!)).toMatchObject({ started: true })
  expect(await start(eli!)).toMatchObject({ waiting: 1 })
  expect(await start(dee!)).toMatchObject({ started: true })
})

it('gives the place of who is deleted, and the seat of who may not start any more, to the next', async () => {
  const seats = async () => {
    for (const { id } of await server.cloud.worlds()) await server.cloud.deleteWorld(id)
  }
  const people = (await admin.call<Person[]>('GET', '/api/people')).body.filter(
    ({ role }) => role === 'learner',
  )
  for (const { id } of people) await admin.call('DELETE', `/api/people/${id}`)
  const names = ['Fay', 'Gil', 'Hal', 'Ida']
  const [fay, gil, hal, ida] = await Promise.all(names.map((name) => joined(server, cohort, name)))
  expect(await start(fay!)).toMatchObject({ started: true })
  expect(await start(gil!)).toMatchObject({ waiting: 1 })
  expect(await start(hal!)).toMatchObject({ waiting: 2 })
  await admin.call('DELETE', `/api/people/${gil!.id}`)
  expect(await start(hal!)).toMatchObject({ waiting: 1 })

  const closed = page(hal!)
  await admin.call('PATCH', `/api/cohorts/${cohort.id}`, { pace: 'gated', open: [] })
  await seats()
  await closed.next((event) => 'state' in event && place(event) === undefined)
  await admin.call('PATCH', `/api/cohorts/${cohort.id}`, { pace: 'free' })
  expect(await start(ida!)).toMatchObject({ started: true })
  closed.close()
})
