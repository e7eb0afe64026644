import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { openDatabase } from '../../src/database/database.ts'
import { People } from '../../src/database/people.ts'
import { Sessions } from '../../src/database/sessions.ts'
import type { SessionState } from '../../src/server/api.ts'
import type { Access } from '../../src/server/security/access.ts'
import { createServer } from '../../src/server/server.ts'
import { TestPage, TestServer } from '../support/server.ts'

let test: TestServer
let terminal: string

beforeAll(async () => {
  test = await TestServer.start({ attachTimeout: 200 })
  terminal = await test.terminal()
})
afterAll(() => test.close())

/** A request with headers that `fetch` would not send. */
async function raw(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const req = request({ host: '127.0.0.1', port: test.port, method, path, headers }).end()
  const [response] = await once(req, 'response')
  response.resume()
  return response.statusCode
}

/** The status that an upgrade was refused with, or 101. */
async function upgradeStatus(ws: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    ws.on('open', () => {
      ws.terminate()
      resolve(101)
    })
    ws.on('unexpected-response', (_request, response) => resolve(response.statusCode!))
    ws.on('error', () => {})
  })
}

/** Origins that are not the page's own; PORT and OTHER stand for the server's port and another. */
const FOREIGN_ORIGINS = [
  ['a foreign site', 'https://evil.example'],
  ['a page without an origin', 'null'],
  ['another port of this machine', 'http://127.0.0.1:OTHER'],
  ['another scheme', 'https://127.0.0.1:PORT'],
  ['a name that ends like ours', 'http://evil127.0.0.1:PORT'],
  ['a name that begins like ours', 'http://127.0.0.1:PORT.evil.example'],
  ['another of our names than the request went to', 'http://localhost:PORT'],
] as const

const withPort = (text: string) =>
  text.replace('PORT', String(test.port)).replace('OTHER', String(test.port + 1))

describe('Origin and Host', () => {
  it.each(FOREIGN_ORIGINS)('refuses %s, over HTTP and at an upgrade', async (_name, template) => {
    const origin = withPort(template)
    expect((await test.call('POST', '/api/labs/test-lab/start', { origin })).status).toBe(403)
    expect((await test.call('GET', '/api/labs', { origin })).status).toBe(403)
    expect(await upgradeStatus(test.socket(terminal, { origin }))).toBe(403)
  })

  it('refuses a missing origin where something is done, and at an upgrade', async () => {
    const { cookie } = test
    const host = `127.0.0.1:${test.port}`
    expect(await raw('POST', '/api/labs/test-lab/start', { host, cookie })).toBe(403)
    expect(await raw('GET', '/api/labs', { host, cookie })).toBe(200)
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    }
    expect(await raw('GET', `/api/terminals/${terminal}/socket`, { host, cookie, ...upgrade })).toBe(403)
  })

  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1.evil.example:PORT',
    '192.168.0.1:PORT',
  ])('refuses the host %s, as after DNS rebinding', async (name) => {
    const host = withPort(name)
    expect(await raw('GET', '/', { host })).toBe(421)
    expect(await raw('GET', '/api/labs', { host })).toBe(421)
    expect(await upgradeStatus(test.socket(terminal, { host, origin: `http://${host}` }))).toBe(403)
  })

  it('answers under each of its own names', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${test.port}`
      expect(
        await raw('POST', '/api/labs/test-lab/start', {
          host,
          origin: `http://${host}`,
          cookie: test.cookie,
        }),
      ).toBe(200)
    }
  })

  it('refuses what the browser says another site caused', async () => {
    expect((await test.call('GET', '/api/labs', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await test.call('GET', '/api/labs', { 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await test.call('GET', '/api/labs', { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })
})

describe('the session', () => {
  const link = (token: string, headers: Record<string, string> = {}) =>
    fetch(`${test.url}/api/session/link`, {
      method: 'POST',
      headers: { origin: test.url, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ token }),
    })
  const token = () => new URLSearchParams(new URL(test.server.link).hash.slice(1)).get('token')!

  it('is a cookie that neither scripts nor other sites can use', async () => {
    const response = await link(token())
    expect(response.headers.get('set-cookie')).toMatch(
      /^drydock-\d+=[\w-]{22}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    )
  })

  it('is for whoever has the printed link only', async () => {
    for (const wrong of ['', 'x', token().slice(1), `${token()}x`])
      expect((await link(wrong)).status).toBe(401)
    expect((await link('x'.repeat(101))).status).toBe(400)
    expect((await link(token(), { origin: 'https://evil.example' })).status).toBe(403)
    expect((await fetch(`${test.url}/`)).headers.get('set-cookie')).toBeNull()
    expect((await fetch(`${test.url}/?token=${token()}`)).headers.get('set-cookie')).toBeNull()
  })

  it('is a new one at each sign-in, and the one before ends', async () => {
    const first = (await link(token())).headers.get('set-cookie')!.split(';')[0]!
    const second = await link(token(), { cookie: first })
    const after = second.headers.get('set-cookie')!.split(';')[0]!
    expect(after).not.toBe(first)
    expect((await test.call('GET', '/api/labs', { cookie: first })).status).toBe(401)
    expect((await test.call('GET', '/api/labs', { cookie: after })).status).toBe(200)
    const made = `drydock-${test.port}=AAAAAAAAAAAAAAAAAAAAAA`
    const third = await link(token(), { cookie: made })
    expect(third.headers.get('set-cookie')).not.toContain(made)
  })

  it('ends with a sign-out', async () => {
    const cookie = (await link(token())).headers.get('set-cookie')!.split(';')[0]!
    expect((await test.call<SessionState>('GET', '/api/session', { cookie })).body).toEqual({
      person: { id: 'local', name: 'Owner', role: 'admin' },
      ways: ['link'],
    })
    const out = await test.call('DELETE', '/api/session', { cookie })
    expect(out.headers.get('set-cookie')).toMatch(/=; .*Max-Age=0/)
    expect((await test.call('GET', '/api/session', { cookie })).body).toEqual({ ways: ['link'] })
  })

  it('is needed for an upgrade', async () => {
    expect(await upgradeStatus(test.socket(terminal, { cookie: '' }))).toBe(401)
    expect(await upgradeStatus(test.socket(terminal, { cookie: `drydock-${test.port}=made-up` }))).toBe(401)
  })

  it('of somebody else does not see, attach or end a terminal', async () => {
    const database = await openDatabase(join(test.data, 'drydock.db'))
    const { id } = await new People(database).add({ name: 'Somebody else', role: 'learner' }, 1)
    const session = await new Sessions(database).create(id, 1, Date.now() + 60_000)
    const other = `drydock-${test.port}=${session}`
    await database.destroy()
    const headers = { cookie: other }
    expect((await test.call('GET', '/api/labs/test-lab/terminals', headers)).body).toEqual([])
    expect((await test.call('POST', `/api/terminals/${terminal}/ticket`, headers)).status).toBe(404)
    expect((await test.call('DELETE', `/api/terminals/${terminal}`, headers)).status).toBe(404)
    // Even with a ticket that its owner let slip.
    const ticket = await test.ticket(terminal)
    const page = new TestPage(test.socket(terminal, headers))
    await page.opened
    page.tell({ type: 'attach', ticket, columns: 80, rows: 24 })
    expect(await page.message('error')).toMatchObject({ code: 'ticket-refused' })
  })
})

/** Whom each route is for. A new route fails here until it is listed. */
const ROUTES: Record<string, Access> = {
  'GET /api/session': 'anyone',
  'POST /api/session/link': 'anyone',
  'DELETE /api/session': 'signed-in',
  'GET /api/labs': 'signed-in',
  'GET /api/labs/:lab': 'signed-in',
  'POST /api/labs/:lab/start': 'signed-in',
  'POST /api/labs/:lab/reset': 'signed-in',
  'POST /api/labs/:lab/steps/:step/check': 'signed-in',
  'GET /api/labs/:lab/events': 'signed-in',
  'POST /api/labs/:lab/steps/:step/reset': 'signed-in',
  'POST /api/labs/:lab/steps/:step/skip': 'signed-in',
  'GET /api/labs/:lab/steps/:step/start': 'signed-in',
  'GET /api/labs/:lab/steps/:step/solution': 'signed-in',
  'POST /api/labs/:lab/steps/:step/hints': 'signed-in',
  'GET /api/labs/:lab/timeline': 'signed-in',
  'GET /api/labs/:lab/timeline/events': 'signed-in',
  'GET /api/labs/:lab/comparison': 'signed-in',
  'GET /api/labs/:lab/costs': 'signed-in',
  'POST /api/labs/:lab/clock': 'signed-in',
  'GET /api/labs/:lab/files': 'signed-in',
  'GET /api/labs/:lab/file': 'signed-in',
  'PUT /api/labs/:lab/file': 'signed-in',
  'DELETE /api/labs/:lab/file': 'signed-in',
  'POST /api/labs/:lab/file/reset': 'signed-in',
  'GET /api/labs/:lab/schemas': 'signed-in',
  'GET /api/labs/:lab/console': 'signed-in',
  'GET /api/labs/:lab/world': 'signed-in',
  'GET /api/labs/:lab/world/now': 'signed-in',
  'GET /api/labs/:lab/world/part': 'signed-in',
  'GET /api/labs/:lab/world/then': 'signed-in',
  'GET /api/labs/:lab/doors': 'signed-in',
  'POST /api/labs/:lab/previews': 'signed-in',
  'GET /api/previews/:preview': 'signed-in',
  'GET /api/labs/:lab/terminals': 'signed-in',
  'POST /api/labs/:lab/terminals': 'signed-in',
  'POST /api/terminals/:terminal/ticket': 'signed-in',
  'DELETE /api/terminals/:terminal': 'signed-in',
  'GET /api/progress': 'signed-in',
  'PUT /api/progress/lessons/:track/:lesson': 'signed-in',
  'POST /api/lessons/:track/:lesson/answers': 'signed-in',
  'GET /api/progress/file': 'signed-in',
  'POST /api/progress/file': 'signed-in',
  'POST /api/certificates': 'signed-in',
  'POST /api/certificates/verify': 'anyone',
  'GET /api/certificates/key': 'anyone',
  'GET /api/doctor': 'signed-in',
}

describe('routes', () => {
  const routes = () => test.server.routes.filter(({ path }) => path !== '/api/*')

  it('are for those whom the table names', () => {
    expect(
      Object.fromEntries(routes().map(({ method, path, access }) => [`${method} ${path}`, access])),
    ).toEqual(ROUTES)
  })

  it('refuse whoever is not signed in, however the path is written', async () => {
    const headers = { host: `127.0.0.1:${test.port}`, origin: test.url }
    for (const { method, path, access } of routes()) {
      if (access === 'anyone') continue
      const real = path
        .replace(':lab', 'test-lab')
        .replace(':step', 'one')
        .replace(':terminal', terminal)
        .replace(':track', 'eks')
        .replace(':lesson', 'contexts')
      expect(await raw(method, real, headers), real).toBe(401)
      expect(await raw(method, real.replace('/api/', '/%61pi/'), headers), real).toBe(401)
      expect(
        await raw(method, real.replace('/api/', '/%61pi/'), { ...headers, origin: 'https://evil.example' }),
      ).toBe(403)
    }
  })
})

describe('tickets', () => {
  it('let in once', async () => {
    const ticket = await test.ticket(terminal)
    const attach = { type: 'attach', ticket, columns: 80, rows: 24 }
    const first = new TestPage(test.socket(terminal))
    await first.opened
    first.tell(attach)
    await first.message('attached')
    const second = new TestPage(test.socket(terminal))
    await second.opened
    second.tell(attach)
    expect(await second.message('error')).toMatchObject({ code: 'ticket-refused' })
    expect(await second.closed).toBe(4401)
  })

  it('are for one terminal', async () => {
    const { body: other } = await test.call<{ id: string }>('POST', '/api/labs/test-lab/terminals')
    const page = new TestPage(test.socket(terminal))
    await page.opened
    page.tell({ type: 'attach', ticket: await test.ticket(other.id), columns: 80, rows: 24 })
    expect(await page.message('error')).toMatchObject({ code: 'ticket-refused' })
    expect((await test.call('DELETE', `/api/terminals/${other.id}`)).status).toBe(204)
  })

  it('are not in the shell’s environment, nor is anything of the server’s', async () => {
    process.env.DRYDOCK_TEST_SECRET = 'hunter2'
    const { body } = await test.call<{ id: string }>('POST', '/api/labs/test-lab/terminals')
    const page = await test.attach(body.id)
    page.type('env | cut -d= -f1 | sort | tr "\\n" " " > names; echo do""ne\r')
    await page.expect('done')
    const names = await readFile(join(test.data, 'workspaces/local/test-lab/home/names'), 'utf8')
    expect(names.trim().split(' ')).toEqual(
      [
        'AWS_CA_BUNDLE',
        'COLORTERM',
        'DOCKER_BUILDKIT',
        'DOCKER_HOST',
        'HOME',
        'HTTPS_PROXY',
        'HTTP_PROXY',
        'LANG',
        'LOGNAME',
        'PATH',
        'PWD',
        'SHELL',
        'SHLVL',
        'SSL_CERT_FILE',
        'TERM',
        'TERM_SESSION_ID',
        'USER',
        '_',
        'http_proxy',
        'https_proxy',
      ].sort(),
    )
    await test.call('DELETE', `/api/terminals/${body.id}`)
    delete process.env.DRYDOCK_TEST_SECRET
  })
})

describe('connections', () => {
  it('that stay silent are dropped', async () => {
    const page = new TestPage(test.socket(terminal))
    await page.opened
    expect(await page.closed).toBe(4408)
  })

  it('must begin with an attach message', async () => {
    for (const message of [{ type: 'resize', columns: 80, rows: 24 }, { type: 'attach' }, 'nonsense']) {
      const page = new TestPage(test.socket(terminal))
      await page.opened
      page.tell(message)
      expect(await page.message('error')).toMatchObject({ code: 'protocol' })
    }
    const page = new TestPage(test.socket(terminal))
    await page.opened
    page.type('rm -rf /\r')
    expect(await page.message('error')).toMatchObject({ code: 'protocol' })
  })

  it('end at a frame that is too large', async () => {
    const page = await test.attach(terminal)
    page.type('x'.repeat(40_000))
    expect(await page.closed).toBe(1009)
  })

  it('are limited in number', async () => {
    const pages = Array.from({ length: 40 }, () => test.socket(terminal))
    const states = await Promise.all(
      pages.map(
        (ws) =>
          new Promise((resolve) => {
            ws.on('open', () => resolve('open'))
            ws.on('unexpected-response', (_request, response) => resolve(response.statusCode))
            ws.on('error', () => {})
          }),
      ),
    )
    expect(states.filter((state) => state === 429).length).toBeGreaterThan(0)
    for (const ws of pages) ws.terminate()
  })
})

describe('answers', () => {
  it('allow nothing inline but what the build wrote, and no frame', async () => {
    const { headers } = await fetch(test.url)
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/=]+';/)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it.each([
    '/../drydock.db',
    '/%2e%2e/drydock.db',
    '/..%2fdrydock.db',
    '/assets/..%2f..%2fdrydock.db',
    '/.hidden',
    '/a\\..\\b',
    '/%00',
  ])('do not leave the site’s folder: %s', async (path) => {
    expect(await raw('GET', path, { host: `127.0.0.1:${test.port}` })).toBe(404)
  })
})

describe('the address', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', 'drydock.example'])('%s is refused', async (host) => {
    const options = {
      data: test.data,
      cloud: Promise.resolve(test.cloud),
      toolbox: new Promise<never>(() => {}),
      site: Promise.resolve(''),
    }
    await expect(createServer({ ...options, host })).rejects.toThrow(
      /does not listen on .* there is neither sign-in nor TLS/,
    )
  })
})
