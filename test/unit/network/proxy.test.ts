import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import type { Host } from '#network/hosts.ts'
import { ForwardProxy } from '#network/proxy.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import { freePort } from '../../support/free-port.ts'

const run = promisify(execFile)
let directory: string
let proxy: ForwardProxy
let port: number

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-proxy-'))
  const authority = await createAuthority('Test CA', Date.now())
  await writeFile(join(directory, 'ca.crt'), authority.certificate)
  const network = new VirtualNetwork()
  const free = await freePort()
  const inside = createServer((req, res) => {
    if (req.url === '/hang-up') return res.destroy()
    res.setHeader('x-host', req.headers.host ?? '')
    res.end(`inside ${req.method} ${req.url}`)
  })
  network.listen('10.0.0.5', 80, (socket: Duplex) => inside.emit('connection', socket))
  network.addAddress('10.0.0.6')
  const worlds: Record<string, Record<string, Host>> = {
    one: {
      'api.example.com': {
        kind: 'http',
        request: (req, res) => {
          res.setHeader('x-encrypted', String('encrypted' in req.socket))
          req.pipe(res.writeHead(200, { 'x-path': req.url! }))
        },
        upgrade: (_req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nhello'),
      },
      'lb.example.com': { kind: 'tcp', connect: () => network.connect({ address: '10.0.0.5', port: 80 }) },
      'machine.example.com': { kind: 'tcp', connect: () => connect(free, '127.0.0.1') },
      'dead.example.com': { kind: 'tcp', connect: () => network.connect({ address: '10.0.0.6', port: 80 }) },
    },
    two: {},
  }
  proxy = new ForwardProxy({
    issuer: new CertificateIssuer(authority, Date.now),
    worlds: {
      hosts: async (id, secret) =>
        worlds[id] && secret === `secret-${id}` ? { resolve: (name) => worlds[id]![name] } : undefined,
    },
  })
  port = await proxy.listen(0)
})
afterAll(async () => {
  await proxy.close()
  await rm(directory, { recursive: true })
})

/** curl through the proxy: what it printed, and its exit code. */
async function curl(world: string, ...args: string[]) {
  const url = `http://${world}:secret-${world}@127.0.0.1:${port}`
  const env = {
    HTTPS_PROXY: url,
    http_proxy: url,
    SSL_CERT_FILE: join(directory, 'ca.crt'),
    PATH: process.env.PATH,
  }
  return run('curl', ['-sS', '--max-time', '10', ...args], { env }).then(
    ({ stdout }) => ({ stdout, stderr: '', code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
}

describe('ForwardProxy', () => {
  it('answers https for a real name, with a certificate that curl believes', async () => {
    const { stdout } = await curl('one', '-d', 'body', '-D', '-', 'https://api.example.com/a/b?c=d')
    expect(stdout).toContain('x-path: /a/b?c=d')
    expect(stdout).toContain('x-encrypted: true')
    expect(stdout).toMatch(/body$/)
  })

  it('answers plain http and plain http inside a tunnel', async () => {
    expect((await curl('one', '-D', '-', 'http://api.example.com/x')).stdout).toContain('x-path: /x')
    expect((await curl('one', '-p', '-D', '-', 'http://api.example.com/y')).stdout).toContain('x-path: /y')
  })

  it('carries large bodies both ways', async () => {
    const file = join(directory, 'large')
    await writeFile(file, Buffer.alloc(5_000_000, 'x'))
    const { stdout } = await curl(
      'one',
      '--data-binary',
      `@${file}`,
      '-o',
      '/dev/null',
      '-w',
      '%{size_download}',
      'https://api.example.com/',
    )
    expect(stdout).toBe('5000000')
  })

  it('joins a name to a listener on the virtual network', async () => {
    const { stdout } = await curl('one', '-D', '-', 'http://lb.example.com/page')
    expect(stdout).toContain('x-host: lb.example.com')
    expect(stdout).toContain('inside GET /page')
    expect((await curl('one', '-p', 'http://lb.example.com/page')).stdout).toBe('inside GET /page')
  })

  it('closes the connection when the far side refuses or hangs up', async () => {
    expect((await curl('one', 'http://dead.example.com/')).code).toBe(52)
    expect((await curl('one', 'http://lb.example.com/hang-up')).code).toBe(52)
  })

  it.each(['dead', 'machine'])('says in a tunnel to %s that nobody listens', async (name) => {
    const { stdout } = await curl('one', '-p', '-D', '-', `http://${name}.example.com/`)
    expect(stdout).toContain('502 connect: connection refused')
  })

  it('passes an upgrade through', async () => {
    const { stdout } = await curl(
      'one',
      '--http1.1',
      '-i',
      '-H',
      'Connection: Upgrade',
      '-H',
      'Upgrade: x',
      'https://api.example.com/',
    )
    expect(stdout).toContain('101 Switching Protocols')
  })

  it('refuses hosts that the world does not have, and says why', async () => {
    const plain = await curl('two', 'http://api.example.com/')
    expect(plain.stdout).toContain('api.example.com is not in the lab network')
    const tunnel = await curl('two', '-v', 'https://api.example.com/')
    expect(tunnel.code).toBe(56)
    expect(tunnel.stderr).toContain('403 api.example.com is not in the lab network')
  })

  it('asks for the right credentials', async () => {
    for (const target of ['http://api.example.com/', 'https://api.example.com/']) {
      const { stdout, stderr } = await run('curl', [
        '-sSv',
        '-x',
        `http://one:wrong@127.0.0.1:${port}`,
        target,
      ]).catch((e) => e)
      expect(stdout + stderr).toContain('407 Proxy Authentication Required')
    }
    expect((await run('curl', ['-s', `http://127.0.0.1:${port}/`])).stdout).toContain('forward proxy')
  })
})
