import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cloud } from '../../src/cloud/cloud.ts'
import type { ApiProblem, Cohort } from '../../src/server/api.ts'
import { firstAdministrator, joined, startHosted, Visitor } from '../support/hosted.ts'
import type { TestServer } from '../support/server.ts'

// What is not tested where the attacked part is: server-security, server-hosted, server-looks, workspace-sandbox, workspace-pty-host, overlay.

let server: TestServer
let lea: Visitor

beforeAll(async () => {
  server = await startHosted(
    {},
    { slowRequests: { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 } },
  )
  const admin = await firstAdministrator(server)
  const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Attacked' })
  lea = await joined(server, cohort, 'Lea')
})
afterAll(() => server.close())

/** Sends bytes and gives all that comes back until the server hangs up. */
async function sent(...pieces: string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  let answer = ''
  socket.on('data', (piece) => (answer += piece))
  socket.on('error', () => {})
  for (const piece of pieces) socket.write(piece)
  await once(socket, 'close')
  return answer
}

describe('a client that trickles', () => {
  it('is cut off before its headers are whole', async () => {
    expect(await sent(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Slow: `)).toMatch(
      /^HTTP\/1\.1 408 /,
    )
  })

  it('is cut off before its body is whole', async () => {
    const answer = await sent(
      `POST /api/session/join HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nOrigin: ${server.url}\r\n`,
      'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('a request that is too large', () => {
  it.each([
    ['POST', '/api/hands', 70_000],
    ['PUT', '/api/labs/test-lab/file?path=a', 1_100_000],
    ['POST', '/api/session/password', 70_000],
  ])('%s %s is refused unread', async (method, path, bytes) => {
    const { status } = await lea.call(method, path, { text: 'x'.repeat(bytes) })
    expect(status).toBe(413)
  })

  it('is refused by its headers', async () => {
    const head = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`
    expect(await sent(`${head}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('a browser that opens ever more streams', () => {
  it('is told so, and nobody else', async () => {
    const abort = new AbortController()
    const stream = () =>
      fetch(`${server.url}/api/labs/test-lab/events`, {
        headers: { cookie: lea.cookie },
        signal: abort.signal,
      })
    const opened = await Promise.all(Array.from({ length: 220 }, stream))
    const statuses = opened.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200).length).toBe(200)
    expect(statuses.filter((status) => status === 429).length).toBe(20)
    const { status, body } = await lea.call<ApiProblem>('GET', '/api/labs')
    expect([status, body.error.code]).toEqual([429, 'too-many-open'])
    expect((await new Visitor(server).call('GET', '/api/session')).status).toBe(200)
    abort.abort()
    await expect.poll(async () => (await lea.call('GET', '/api/labs')).status).toBe(200)
  })
})

describe('a secret in an address', () => {
  it.each(['cookie', 'token', 'ticket', 'session', 'access_token', 'code'])(
    'signs nobody in: %s',
    async (name) => {
      const secret = encodeURIComponent(lea.cookie.split('=')[1]!)
      const { status } = await new Visitor(server).call('GET', `/api/labs?${name}=${secret}`)
      expect(status).toBe(401)
    },
  )
})

describe('the lab network’s proxy on a shared machine', () => {
  let directory: string
  let cloud: Cloud
  /** A service of the host's, which learners must not reach. */
  let inner: Server
  let asked = 0
  let proxy: URL

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'drydock-attacks-'))
    cloud = await Cloud.start({ directory })
    proxy = new URL((await cloud.worlds.create({ id: 'ann' })).info().proxyUrl)
    inner = createServer((_req, res) => {
      asked++
      res.end('inner')
    }).listen(0, '127.0.0.1')
    await once(inner, 'listening')
  })
  afterAll(async () => {
    inner.close()
    await cloud.close()
    await rm(directory, { recursive: true })
  })

  /** The status line of what the proxy says to a request with the world's own credentials. */
  async function proxied(line: string): Promise<string> {
    const credentials = Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')
    const socket = connect(Number(proxy.port), '127.0.0.1')
    socket.write(`${line} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`)
    const [answer] = await once(socket, 'data')
    socket.destroy()
    return String(answer).split('\r\n')[0]!
  }

  it.each([
    ['127.0.0.1'],
    ['localhost'],
    ['[::1]'],
    ['0.0.0.0'],
    ['127.1'],
    ['2130706433'],
    ['0x7f000001'],
    ['[::ffff:127.0.0.1]'],
    ['localhost.'],
    ['127.0.0.1.nip.io'],
    ['host.docker.internal'],
  ])('leads to no port of the host: %s', async (host) => {
    const { port } = inner.address() as AddressInfo
    for (const at of [port, Number(proxy.port), server.port, 22]) {
      expect(await proxied(`CONNECT ${host}:${at}`)).toMatch(/^HTTP\/1\.1 (?:403|400|502) /)
      expect(await proxied(`GET http://${host}:${at}/`)).toMatch(/^HTTP\/1\.1 (?:403|400|502) /)
    }
    expect(asked).toBe(0)
  })

  it.each([
    ['169.254.169.254:80'],
    ['[fd00:ec2::254]:80'],
    ['metadata.google.internal:80'],
    ['169.254.170.2:80'],
    ['192.168.0.1:80'],
    ['10.0.0.1:443'],
    ['example.com:443'],
    ['smtp.gmail.com:25'],
    ['sts.amazonaws.com:22'],
  ])('leads to no other network: %s', async (target) => {
    expect(await proxied(`CONNECT ${target}`)).toMatch(/^HTTP\/1\.1 (?:403|400|502) /)
  })

  it('takes no request that names no host, nor its own address', async () => {
    expect(await proxied('GET /')).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(await proxied('CONNECT /')).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(await proxied(`GET http://127.0.0.1:${proxy.port}/`)).toMatch(/^HTTP\/1\.1 (?:403|502) /)
  })
})
