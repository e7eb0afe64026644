import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/checks/finding.ts'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import { createLogger } from '../../src/server/logger.ts'
import { settingsSchema } from '../../src/server/settings.ts'
import { freePort } from '../support/free-port.ts'
import { firstAdministrator, follow, joined, startHosted, Visitor } from '../support/hosted.ts'
import type { TestServer } from '../support/server.ts'

let server: TestServer
let address: string
let lea: Visitor & { id: string; returnCode: string }
let cohort: Cohort
/** What was logged. */
const lines: string[] = []
/** Lets a check that waits go on. */
let finish: (report: CheckReport) => void = () => {}
const report: CheckReport = {
  lab: 'test-lab',
  step: 'two',
  status: 'passed',
  findings: [],
  at: 1,
  duration: 1,
}

beforeAll(async () => {
  const port = await freePort()
  address = `http://127.0.0.1:${port}`
  server = await startHosted(
    { operations: { host: '127.0.0.1', port } },
    {
      log: createLogger({ level: 'trace' }, { write: (line) => void lines.push(line) }),
      runner: {
        run: ({ step }) =>
          step === 'one'
            ? Promise.resolve({ ...report, step })
            : new Promise((resolve) => {
                finish = resolve
              }),
        warm() {},
        async close() {},
      },
    },
  )
  const admin = await firstAdministrator(server)
  cohort = (await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Autumn' })).body
  lea = await joined(server, cohort, 'Lea')
  await lea.call('POST', '/api/labs/test-lab/start')
  await lea.call('POST', '/api/labs/test-lab/steps/one/check')
})
afterAll(() => server.close())

const ask = async (path: string) => {
  const response = await fetch(address + path)
  return { status: response.status, text: await response.text() }
}

describe('operations', () => {
  it('says that it lives, and what it is ready for', async () => {
    expect(await ask('/healthz')).toEqual({ status: 200, text: 'ok\n' })
    expect(await ask('/readyz')).toEqual({
      status: 200,
      text: 'server: ok\ndatabase: ok\ncloud: ok\nterminals: ok\npages: ok\n',
    })
    expect((await ask('/')).status).toBe(404)
  })

  it('measures requests by route, checks, worlds, terminals and the event loop, and names nobody', async () => {
    const { text } = await ask('/metrics')
    expect(text).toContain(
      'drydock_http_request_duration_seconds_count{method="POST",route="/api/labs/:lab/start",status="200"} 1',
    )
    expect(text).toContain('drydock_check_duration_seconds_count{status="passed"} 1')
    expect(text).toContain('drydock_worlds{process="0"} 1')
    expect(text).toContain('drydock_cloud_memory_bytes{process="0"} 100000000')
    expect(text).toContain('drydock_cloud_eventloop_lag_p99_seconds{process="0"} 0.01')
    expect(text).toContain('drydock_terminals 1')
    expect(text).toContain('drydock_cloud_up 1')
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds \d/)
    expect(text).not.toContain(lea.id)
  })

  it('is not answered at the address of the pages', async () => {
    for (const path of ['/healthz', '/metrics']) {
      expect((await new Visitor(server).call('GET', path)).status).toBe(404)
    }
  })

  it('logs each request by its route, as JSON, with no secret', async () => {
    const visitor = new Visitor(server)
    await visitor.call('POST', '/api/session/return', { code: lea.returnCode })
    await visitor.call('POST', '/api/session/password', {
      email: 'a@example.com',
      password: 'hunter2-hunter2',
    })
    await visitor.call('GET', '/api/labs?token=in-the-query')
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(entries).toContainEqual(
      expect.objectContaining({ level: 'info', method: 'POST', route: '/api/session/return', status: 204 }),
    )
    const log = lines.join('')
    for (const secret of [lea.returnCode, cohort.code, 'hunter2', 'in-the-query', lea.cookie.split('=')[1]!])
      expect(log).not.toContain(secret)
  })

  it('keeps secrets out of what is logged whole', () => {
    const written: string[] = []
    const log = createLogger(settingsSchema.shape.log.parse({}), { write: (line) => void written.push(line) })
    log.error({
      headers: { cookie: 'a=secret1' },
      password: 'secret2',
      request: { body: { code: 'secret3' } },
    })
    expect(written[0]).toContain('…')
    expect(written[0]).not.toMatch(/secret\d/)
  })

  it('tells pages that it ends, finishes what is under way, and takes on nothing new', async () => {
    const events = follow(server, lea, '/api/labs/test-lab/events')
    await events.next(({ type }) => type === 'state')
    const check = lea.call<CheckReport>('POST', '/api/labs/test-lab/steps/two/check')
    await events.next(({ type, step }) => type === 'checking' && step === 'two')
    const ended = server.server.close()
    await events.next(({ type }) => type === 'closing')
    expect((await ask('/readyz')).text).toContain('server: not ready')
    const refused = await lea.call<{ error: { code: string } }>('GET', '/api/labs')
    expect([refused.status, refused.body.error.code]).toEqual([503, 'restarting'])
    finish(report)
    expect((await check).body).toMatchObject({ status: 'passed' })
    await ended
    await server.listen()
    expect((await lea.call('GET', '/api/labs/test-lab')).body).toMatchObject({
      steps: [{ status: 'passed' }, { status: 'passed' }],
    })
  })
})
