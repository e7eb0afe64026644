import { request } from 'node:http'
import type { Browser, FrameLocator } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { loadLabs } from '#labs/load.ts'
import type { Preview } from '#server/api.ts'
import { buildSite } from '#site/build.ts'
import { axeViolations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { LabNetwork } from '../support/lab-network.ts'
import { LabPage } from '../support/lab-page.ts'
import { TestServer } from '../support/server.ts'

const BALANCER = 'web-1234.us-east-1.elb.amazonaws.com'
const LAB = '/api/labs/first-eks-cluster'

let browser: Browser
let test: TestServer
let network: LabNetwork
let lab: LabPage

beforeAll(async () => {
  browser = await launchBrowser()
  test = await TestServer.start({ site: buildSite(), labs: loadLabs() })
  network = await LabNetwork.start(test.data)
  test.cloud.extra = network.world
  network.serve('localhost:8080', (req, res) => {
    if (req.url === '/style.css')
      return res.writeHead(200, { 'content-type': 'text/css' }).end('h1 { color: red }')
    if (req.url === '/moved') return res.writeHead(302, { location: `http://${BALANCER}/` }).end()
    if (req.url === '/headers') return res.end(JSON.stringify(req.headers))
    res.writeHead(200, {
      'content-type': 'text/html',
      'x-frame-options': 'DENY',
      'content-security-policy': "frame-ancestors 'none'; img-src 'self'",
      'set-cookie': `own=1; Domain=localhost; Path=/`,
    })
    res.end('<!doctype html><link rel="stylesheet" href="/style.css"><h1>Hello from the container</h1>')
  })
  network.serve(`${BALANCER}:80`, (_req, res) =>
    res
      .writeHead(503, { server: 'awselb/2.0', 'content-type': 'text/html' })
      .end('<h1>503 Service Temporarily Unavailable</h1>'),
  )
  network.network.addAddress('10.0.9.9')
  network.hosts['localhost:9090'] = {
    kind: 'tcp',
    connect: () => network.network.connect({ address: '10.0.9.9', port: 80 }),
  }
})
afterAll(async () => {
  await browser?.close()
  await network?.close()
  await test?.close()
})

const pane = () => lab.page.getByRole('region', { name: 'Web preview' })
const frame = (): FrameLocator => lab.page.frameLocator('.preview-pane iframe')
const field = () => pane().getByRole('textbox', { name: 'Address inside the lab' })

async function visit(address: string): Promise<void> {
  await field().fill(address)
  await field().press('Enter')
}

/** A preview as the page asks for one. */
const preview = async (address: string) =>
  (await test.call<Preview>('POST', `${LAB}/previews`, {}, { address })).body

/** A request with headers that `fetch` would not send. */
const raw = (host: string, path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve) => {
    request({ host: '127.0.0.1', port: test.port, path, headers: { host, ...headers } }, (response) => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', (text) => {
          body += text
        })
        .on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    }).end()
  })

describe('a web preview', () => {
  beforeEach(async () => {
    test.cloud.doorList = [{ kind: 'container', name: 'web', address: 'http://localhost:8080/' }]
    lab = await LabPage.open(browser, test)
    await lab.start()
    await lab.page
      .getByRole('group', { name: 'Parts of the page' })
      .getByRole('button', { name: 'Web preview' })
      .click()
  })
  afterEach(async () => {
    expect(lab.faults).toEqual([])
    await lab.close()
  })

  it('lists what answers browsers, and shows the page with what belongs to it', async () => {
    await pane()
      .getByRole('button', { name: /Published port web/ })
      .waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
    await pane()
      .getByRole('button', { name: /Published port web/ })
      .click()
    const heading = frame().getByRole('heading', { name: 'Hello from the container' })
    await heading.waitFor()
    await pane().getByText('Answered 200 OK').waitFor()
    expect(await heading.evaluate((element) => getComputedStyle(element).color)).toBe('rgb(255, 0, 0)')
    expect(await axeViolations(lab.page)).toEqual([])
  })

  it('says what a load balancer’s 503 means, and follows a redirection to it', async () => {
    await visit('localhost:8080/moved')
    await frame().getByText('503 Service Temporarily Unavailable').waitFor()
    await pane().getByText('The load balancer is there, but it has no healthy target.').waitFor()
    expect(await field().inputValue()).toBe(`http://${BALANCER}/`)
    await pane().getByRole('button', { name: 'Type into the terminal' }).click()
    await lab.seen('kubectl get endpointslices')
  })

  it.each([
    [
      'http://gone-1.us-east-1.elb.amazonaws.com',
      'The lab network knows no host gone-1.us-east-1.elb.amazonaws.com.',
    ],
    ['https://localhost:9090/', 'localhost:9090 refused the connection.'],
    ['ftp://localhost', 'This is no address of a web page.'],
  ])('explains why %s does not open', async (address, explanation) => {
    await visit(address)
    await pane().getByText(explanation).waitFor()
    expect(await axeViolations(lab.page)).toEqual([])
  })

  it('comes back by itself when the server was started anew', async () => {
    await visit('localhost:8080')
    await pane().getByText('Answered 200 OK').waitFor()
    const before = await pane().locator('iframe').getAttribute('src')
    const { port } = test
    await test.server.close({ terminals: 'keep' })
    await lab.page.getByText('Reconnecting…').first().waitFor()
    await test.listen(port)
    await lab.page.waitForFunction(
      (src) => document.querySelector('.preview-pane iframe')?.getAttribute('src') !== src,
      before,
    )
    await frame().getByRole('heading', { name: 'Hello from the container' }).waitFor()
  })

  it('keeps a page that attacks away from the session, the lab’s page and the other previews', async () => {
    const other = await preview('http://localhost:8080')
    network.serve('localhost:6666', (req, res) => {
      if (req.url === '/worker.js')
        return res.writeHead(200, { 'content-type': 'text/javascript' }).end('onfetch = () => {}')
      if (req.url === '/attack.js')
        return res.writeHead(200, { 'content-type': 'text/javascript' }).end(`
          const tried = {}
          const attempt = async (name, act) => { try { tried[name] = String(await act()) } catch (error) { tried[name] = error.name } }
          await attempt('cookie', () => document.cookie)
          await attempt('parent', () => parent.document.title)
          await attempt('top', () => { top.location = 'about:blank' })
          await attempt('popup', () => open('${test.url}/') === null)
          for (const [name, options] of Object.entries({ read: {}, write: { method: 'POST' }, simple: { mode: 'no-cors' } }))
            await attempt(name, async () => (await fetch('${test.url}${LAB}' + (name === 'write' ? '/reset' : ''), { credentials: 'include', ...options })).type)
          await attempt('sibling', async () => (await fetch('${other.url}', { credentials: 'include' })).status)
          await attempt('worker', () => navigator.serviceWorker.register('/worker.js'))
          await attempt('socket', () => new Promise((done) => {
            const socket = new WebSocket('${test.url.replace('http', 'ws')}/api/terminals/x/socket')
            socket.onopen = () => done('open')
            socket.onerror = () => done('refused')
          }))
          await attempt('frame', () => new Promise((done) => {
            const frame = document.createElement('iframe')
            frame.src = '${test.url}/labs/'
            frame.onload = () => { try { done(frame.contentDocument === null ? 'apart' : 'seen') } catch { done('apart') } }
            document.body.append(frame)
          }))
          document.querySelector('output').textContent = JSON.stringify(tried)`)
      res.writeHead(200, { 'content-type': 'text/html' })
      res.end(
        '<!doctype html><title>x</title><output>…</output><script type="module" src="/attack.js"></script>',
      )
    })
    const address = lab.page.url()
    await visit('localhost:6666')
    const output = frame().getByText('{')
    await output.waitFor()
    expect(JSON.parse((await output.textContent())!)).toEqual({
      cookie: '',
      parent: 'SecurityError',
      top: 'SecurityError',
      popup: 'true',
      read: 'TypeError',
      write: 'TypeError',
      simple: 'TypeError',
      sibling: 'TypeError',
      worker: 'TypeError',
      socket: 'refused',
      frame: 'apart',
    })
    expect(lab.page.url()).toBe(address)
    expect(lab.page.context().pages()).toHaveLength(1)
    // The browser's own words about what it refused the attacker.
    lab.faults.length = 0
  })
})

describe('a preview’s address', () => {
  it('is a host of its own with 128 random bits, the same for the same page of a session', async () => {
    const first = await preview('localhost:8080/a?b=c')
    expect(first.url).toMatch(new RegExp(`^http://[0-9a-f]{32}\\.localhost:${test.port}/a\\?b=c$`))
    expect((await preview('http://localhost:8080/')).id).toBe(first.id)
    expect((await preview('http://localhost:8081/')).id).not.toBe(first.id)
  })

  it('gives nothing of ours: no page, no API, no session', async () => {
    const { host } = new URL((await preview('http://localhost:8080')).url)
    const { cookie } = test
    for (const path of ['/api/labs', '/labs/', '/api/session']) {
      const answer = await raw(host, path, { cookie })
      expect(answer.body).toContain('Hello from the container')
      expect(answer.headers['x-frame-options']).toBeUndefined()
    }
    for (const strange of [`${'0'.repeat(32)}.localhost:${test.port}`])
      expect(await raw(strange, '/api/labs', { cookie })).toMatchObject({ status: 404 })
    for (const strange of [`evil.localhost:${test.port}`, `x.${host}`])
      expect(await raw(strange, '/api/labs', { cookie })).toMatchObject({ status: 421 })
  })

  it('lets only our pages frame it, keeps its cookies to itself, and refuses service workers', async () => {
    const { host } = new URL((await preview('http://localhost:8080')).url)
    const { headers } = await raw(host, '/')
    expect(String(headers['content-security-policy'])).toContain(
      `frame-ancestors http://127.0.0.1:${test.port} http://localhost:${test.port}`,
    )
    expect(String(headers['content-security-policy'])).not.toContain("frame-ancestors 'none'")
    expect(headers['set-cookie']).toEqual(['own=1; Path=/'])
    expect(await raw(host, '/style.css', { 'service-worker': 'script' })).toMatchObject({ status: 403 })
  })

  it('shows the lab’s server its own name, and not how the browser got there', async () => {
    const { host, origin } = new URL((await preview('http://localhost:8080')).url)
    const { body } = await raw(host, '/headers', { origin, referer: `${origin}/x` })
    expect(JSON.parse(body)).toMatchObject({
      host: 'localhost:8080',
      origin: 'http://localhost:8080',
      referer: 'http://localhost:8080/x',
    })
    expect(body).not.toContain(host.slice(0, 32))
  })

  it('carries WebSockets', async () => {
    const server = network.serve('localhost:7070', (_req, res) => res.end())
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`heard ${data}`)))
    const { host } = new URL((await preview('http://localhost:7070')).url)
    const socket = new WebSocket(`ws://127.0.0.1:${test.port}/`, { headers: { host } })
    const heard = await new Promise((resolve) => {
      socket.on('open', () => socket.send('you'))
      socket.on('message', (data) => resolve(String(data)))
    })
    expect(heard).toBe('heard you')
    socket.terminate()
  })

  it('ends with the session', async () => {
    const { id, url } = await preview('http://localhost:8080')
    const { host } = new URL(url)
    expect(await raw(host, '/')).toMatchObject({ status: 200 })
    const other = test.cookie
    await test.call('DELETE', '/api/session')
    expect(await raw(host, '/')).toMatchObject({ status: 404 })
    await test.signIn()
    expect(test.cookie).not.toBe(other)
    expect((await test.call('GET', `/api/previews/${id}`)).status).toBe(404)
  })
})
