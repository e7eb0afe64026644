import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LabEvent, LabState, LabSummary } from '../../src/server/api.ts'
import { createServer } from '../../src/server/server.ts'
import { memoryRise } from '../support/memory.ts'
import { signIn, TEST_LAB, TestPage, TestServer } from '../support/server.ts'

let test: TestServer

beforeEach(async () => {
  test = await TestServer.start()
})
afterEach(() => test.close())

/** Follows a lab's events; `until` waits for one. */
async function follow() {
  const ended = new AbortController()
  const response = await fetch(`${test.url}/api/labs/test-lab/events`, {
    headers: { cookie: test.cookie },
    signal: ended.signal,
  })
  const events: LabEvent[] = []
  let waiters: (() => void)[] = []
  const reading = (async () => {
    let rest = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n')
      rest = parts.pop()!
      events.push(
        ...parts.filter((part) => part.startsWith('data: ')).map((part) => JSON.parse(part.slice(6))),
      )
      for (const resolve of waiters.splice(0)) resolve()
    }
  })().catch(() => {})
  return {
    events,
    async until(seen: (event: LabEvent) => boolean): Promise<LabEvent> {
      for (;;) {
        const found = events.find(seen)
        if (found) return found
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
    },
    async close() {
      ended.abort()
      await reading
      waiters = []
    },
  }
}

const start = () => test.call<LabState>('POST', '/api/labs/test-lab/start')

describe('a lab', () => {
  it('is listed, started once, and has a home and a terminal then', async () => {
    const { body: before } = await test.call<LabSummary[]>('GET', '/api/labs')
    expect(before).toMatchObject([{ id: 'test-lab', steps: 2, passed: 0, started: false }])
    expect((await start()).body).toMatchObject({
      started: true,
      world: { accountId: '111122223333', provisioning: 40 },
    })
    await start()
    const { body: terminals } = await test.call('GET', '/api/labs/test-lab/terminals')
    expect(terminals).toMatchObject([{ title: 'Terminal 1', running: true }])
    const home = join(test.data, 'workspaces/local/test-lab/home')
    expect(await readFile(join(home, '.aws/credentials'), 'utf8')).toBe(
      '[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n',
    )
    expect(await readFile(join(home, '.aws/config'), 'utf8')).toBe(
      '[default]\nregion = us-east-1\noutput = json\ncli_pager =\n',
    )
  })

  it('checks the current step by itself when the world changes, and then the next', async () => {
    await start()
    const page = await follow()
    await page.until((event) => event.type === 'report' && event.report.step === 'one')
    test.passing.add('one')
    test.cloud.change('aws/111122223333/us-east-1/eks/clusters/x')
    await page.until((event) => event.type === 'report' && event.report.status === 'passed')
    await page.until((event) => event.type === 'checking' && event.step === 'two')
    const { body } = await test.call<LabState>('GET', '/api/labs/test-lab')
    expect(body.steps.map(({ status }) => status)).toEqual(['passed', 'failed'])
    await page.close()
  })

  it('checks a step when asked', async () => {
    await start()
    test.passing.add('one')
    const { body } = await test.call('POST', '/api/labs/test-lab/steps/one/check')
    expect(body).toMatchObject({ lab: 'test-lab', step: 'one', status: 'passed' })
  })

  it('is as new after a reset', async () => {
    await start()
    test.passing.add('one')
    await test.call('POST', '/api/labs/test-lab/steps/one/check')
    const before = await test.terminal()
    const page = await test.attach(before)
    page.type('touch mine; echo do""ne\r')
    await page.expect('done')
    const { body } = await test.call<LabState>('POST', '/api/labs/test-lab/reset')
    expect(body.steps.map(({ status }) => status)).toEqual(['todo', 'todo'])
    expect(await test.terminal()).not.toBe(before)
    expect(await readdir(join(test.data, 'workspaces/local/test-lab/home'))).not.toContain('mine')
  })

  it('tells the pages when the cloud is away and back', async () => {
    await start()
    const page = await follow()
    await page.until((event) => event.type === 'cloud' && event.status === 'up')
    test.cloud.tell('restarting')
    await page.until((event) => event.type === 'cloud' && event.status === 'restarting')
    page.events.length = 0
    test.cloud.tell('up')
    await page.until((event) => event.type === 'cloud' && event.status === 'up')
    await page.close()
  })

  it('says what is wrong with a request, and what to do', async () => {
    expect(await test.call('GET', '/api/labs/none')).toMatchObject({
      status: 404,
      body: { error: { code: 'not-found' } },
    })
    expect(await test.call('POST', '/api/labs/test-lab/steps/one/check')).toMatchObject({
      status: 409,
      body: { error: { code: 'not-started', next: expect.any(String) } },
    })
    expect(await test.call('GET', '/api/labs/Not%20valid')).toMatchObject({ status: 400 })
    expect(await test.call('GET', '/api/nothing')).toMatchObject({ status: 404 })
    await start()
    expect(await test.call('POST', '/api/labs/test-lab/steps/none/check')).toMatchObject({ status: 404 })
  })

  it('has a limited number of terminals, however fast they are asked for', async () => {
    await start()
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => test.call('POST', '/api/labs/test-lab/terminals')),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7)
    expect(answers.find(({ status }) => status === 409)).toMatchObject({
      body: { error: { code: 'too-many-terminals' } },
    })
  })
})

describe('a terminal', () => {
  it('comes back with its screen after a reload', async () => {
    const terminal = await test.terminal()
    const page = await test.attach(terminal)
    page.type('printf "\\033[32mgre""en\\033[0m\\n"\r')
    await page.expect('green')
    page.close()
    const reloaded = await test.attach(terminal)
    expect((await reloaded.message('attached')).screen).toContain('\x1b[32mgreen')
  })

  it('goes on without a gap after a dropped connection', async () => {
    const terminal = await test.terminal()
    const page = await test.attach(terminal)
    page.type('for i in 1 2 3; do read -t 0.2; echo n""$i; done\r')
    await page.expect('n1')
    page.close()
    await page.closed
    const back = await test.attach(terminal, page.offset)
    expect(await back.message('attached')).not.toHaveProperty('screen')
    await back.expect('n2')
    await back.expect('n3')
  })

  it('runs on over a restart of the server, which keeps progress too', async () => {
    const terminal = await test.terminal()
    const page = await test.attach(terminal)
    page.type('answer=42; echo se""t\r')
    await page.expect('set')
    test.passing.add('one')
    await test.call('POST', '/api/labs/test-lab/steps/one/check')
    const { port } = test
    await test.server.close()
    expect(await page.message('error')).toMatchObject({ code: 'restarting' })
    expect(await page.closed).toBe(1012)
    await test.listen(port)
    const back = await test.attach(terminal)
    back.type('echo is $answer\r')
    await back.expect('is 42')
    const { body } = await test.call<LabState>('GET', '/api/labs/test-lab')
    expect(body.steps[0]!.status).toBe('passed')
  })

  it('runs on when the server is killed, and so does what was acknowledged', async () => {
    await test.server.close()
    const script = new URL('../support/serve.ts', import.meta.url)
    const serve = async () => {
      const child = fork(script, [test.data], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: [] })
      const [link] = await once(child.stdout!, 'data')
      return { child, link: String(link).trim() }
    }
    const first = await serve()
    test.use(first.link)
    const terminal = await test.terminal()
    const page = await test.attach(terminal)
    page.type('answer=42; echo se""t\r')
    await page.expect('set')
    first.child.kill('SIGKILL')
    await page.closed
    const second = await serve()
    test.use(second.link)
    expect(await test.terminal()).toBe(terminal)
    const back = await test.attach(terminal)
    back.type('echo is $answer\r')
    await back.expect('is 42')
    second.child.disconnect()
    await once(second.child, 'exit')
    await test.listen()
  })

  it('tells its exit and can be closed', async () => {
    const terminal = await test.terminal()
    const page = await test.attach(terminal)
    page.type('exit 7\r')
    expect(await page.message('exit')).toMatchObject({ code: 7 })
    expect(await page.closed).toBe(1000)
    expect((await test.call('DELETE', `/api/terminals/${terminal}`)).status).toBe(204)
    expect((await test.call('DELETE', `/api/terminals/${terminal}`)).status).toBe(404)
  })

  it('prints 200 MB, and the server does not grow', async () => {
    const terminal = await test.terminal()
    const page = await test.attach(terminal)
    page.type('stty -echo\r')
    await page.expect('$ ')
    const rise = await memoryRise(process.pid, async () => {
      page.type(`head -c 200000000 /dev/zero | tr '\\0' x | fold -w 79; echo e''nd\r`)
      await page.expect('end\r\n', { forget: true })
    })
    expect(page.offset).toBeGreaterThan(200_000_000)
    expect(rise).toBeLessThan(100)
    page.close()
  })

  it('of a page that stalls costs the server less than 2 MB', async () => {
    const terminal = await test.terminal()
    const ticket = await test.ticket(terminal)
    const ws = test.socket(terminal)
    const page = new TestPage(ws, false)
    await page.opened
    page.tell({ type: 'attach', ticket, columns: 80, rows: 24 })
    await page.message('attached')
    page.type('yes\r')
    await page.expect('y\r\ny\r\n')
    ws.pause()
    const settle = () => new Promise((done) => setTimeout(done, 500))
    await settle()
    const before = process.memoryUsage().rss
    await settle()
    await settle()
    expect(process.memoryUsage().rss - before).toBeLessThan(2_000_000)
    page.close()
  })
})

describe('pages', () => {
  it('are checked again each time, and assets never', async () => {
    const page = await fetch(`${test.url}/labs/`)
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const again = await fetch(`${test.url}/labs/`, {
      headers: { 'if-none-match': page.headers.get('etag')! },
    })
    expect(again.status).toBe(304)
    const asset = await fetch(`${test.url}/assets/app.1234.js`)
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(asset.headers.get('content-type')).toMatch('javascript')
    expect((await fetch(`${test.url}/labs`, { redirect: 'manual' })).headers.get('location')).toBe('/labs/')
    expect((await fetch(`${test.url}/none/`)).status).toBe(404)
  })

  it.each(['br', 'gzip'])('go over the network as %s to whoever takes it', async (encoding) => {
    for (const path of ['/labs/', '/assets/app.1234.js', '/none/']) {
      const plain = await fetch(test.url + path, { headers: { 'accept-encoding': 'identity' } })
      expect(plain.headers.get('content-encoding')).toBeNull()
      const packed = await fetch(test.url + path, { headers: { 'accept-encoding': encoding } })
      expect(packed.headers.get('content-encoding')).toBe(encoding)
      expect(packed.headers.get('vary')).toBe('accept-encoding')
      expect(packed.headers.get('content-type')).toBe(plain.headers.get('content-type'))
      expect(await packed.text()).toBe(await plain.text())
    }
  })
})

describe('a server whose parts are not ready', () => {
  it('answers at once, and says that pages and cloud are on their way', async () => {
    const never = new Promise<never>(() => {})
    const early = await createServer({
      data: join(test.data, 'early'),
      port: 0,
      cloud: never,
      toolbox: never,
      site: never,
      labs: Promise.resolve([TEST_LAB]),
      logger: false,
    })
    const page = await fetch(early.url)
    expect(page.status).toBe(503)
    expect(await page.text()).toContain('getting ready')
    const cookie = await signIn(early.link)
    const state = await fetch(`${early.url}/api/labs/test-lab`, { headers: { cookie } })
    expect(await state.json()).toMatchObject({ started: false })
    // A cloud that never comes cannot be ended, either: only the listening is.
    void early.close()
    await expect.poll(() => fetch(early.url).catch(() => 'closed')).toBe('closed')
  })
})

describe('a port that is taken', () => {
  it('is told with what to do', async () => {
    const child = spawn(process.execPath, [
      '-e',
      'require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })',
    ])
    const [port] = await once(child.stdout, 'data')
    await test.server.close()
    await expect(test.listen(Number(port))).rejects.toThrow(/is taken.*--port/)
    child.kill()
    await test.listen()
  })
})
