import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { CertificateIssuer } from './authority.ts'
import type { Host, HostTable, HttpHost, SilentHost, TcpHost } from './hosts.ts'
import { refusal } from './refusal.ts'
import { ConnectError, dialText } from './virtual-network.ts'

/** Finds the names of a world by the user name and password of the proxy URL. */
export interface ProxyWorlds {
  /** `undefined`: no such world, or a wrong secret. Waits for a world that is being opened. */
  hosts(worldId: string, secret: string): Promise<HostTable | undefined>
  /** Told of each client connection that has shown a world's credentials, so that it can be closed with the world. */
  connected?(worldId: string, socket: Duplex): void
}

export interface ProxyOptions {
  worlds: ProxyWorlds
  issuer: CertificateIssuer
}

/** The host of a connection that has come through a CONNECT tunnel. */
interface Tunnel {
  name: string
  port: number
  hosts: HostTable
}

/** First byte of a TLS handshake record (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16

/**
 * The lab network's door: an HTTP proxy (RFC 9110: absolute-form requests and CONNECT) that answers for the real names of
 * AWS, of clusters, registries and load balancers from inside the world that the proxy credentials name, and refuses all others.
 */
export class ForwardProxy {
  readonly #options: ProxyOptions
  readonly #outer: Server
  readonly #inner: Server
  readonly #tunnels = new WeakMap<object, Tunnel>()
  readonly #sockets = new Set<Duplex>()

  constructor(options: ProxyOptions) {
    this.#options = options
    // Uploads of images may take long; a learner's connection may idle. What is limited is the time for headers.
    const timeouts = { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000 }
    this.#outer = createServer(timeouts, (req, res) => {
      this.#absolute(req, res).catch((error: Error) => {
        if (res.headersSent) res.destroy()
        else answer(res, refusal.failed(error.message))
      })
    })
    this.#outer.on('connect', (req, socket, head) => {
      this.#connect(req, socket, head).catch((error) => answerRaw(socket, refusal.failed(error.message)))
    })
    this.#outer.on('upgrade', (req, socket, head) => {
      this.#absoluteUpgrade(req, socket, head).catch((error) =>
        answerRaw(socket, refusal.failed(error.message)),
      )
    })
    this.#outer.on('connection', (socket) => this.#track(socket))
    this.#inner = createServer(timeouts, (req, res) => this.#tunnelled(req, res))
    this.#inner.on('upgrade', (req, socket, head) => this.#tunnelledUpgrade(req, socket, head))
  }

  /** Listens on loopback; `port` 0 takes a free one. Gives the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#outer.once('error', reject)
      this.#outer.listen(port, '127.0.0.1', resolve)
    })
    return (this.#outer.address() as AddressInfo).port
  }

  /** Serves a connection that came in elsewhere. */
  accept(socket: Duplex): void {
    this.#outer.emit('connection', socket)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#outer.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** `GET http://host/path HTTP/1.1`: plain HTTP through the proxy. */
  async #absolute(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const target = await this.#target(req)
    if ('status' in target) return answer(res, target)
    const { url, host } = target
    req.url = url.pathname + url.search
    req.headers.host = url.host
    if (host.kind === 'silent') return answer(res, await silence(host))
    if (host.kind === 'tcp') forward(host, req, res)
    else host.request(req, res)
  }

  async #absoluteUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const target = await this.#target(req)
    if ('status' in target) return answerRaw(socket, target)
    req.url = target.url.pathname + target.url.search
    upgrade(target.host, req, socket, head)
  }

  async #target(req: IncomingMessage): Promise<{ url: URL; host: Host } | Refusal> {
    const url = URL.parse(req.url ?? '')
    if (url?.protocol !== 'http:') return refusal.notAProxyRequest()
    const hosts = await this.#authenticate(req)
    if (!hosts) return refusal.credentials()
    return find(hosts, url.hostname, Number(url.port || 80), (host) => ({ url, host }))
  }

  async #connect(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const [, name, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(req.url ?? '') ?? []
    if (!name || !port) return answerRaw(socket, refusal.notAProxyRequest())
    const hosts = await this.#authenticate(req)
    if (!hosts) return answerRaw(socket, refusal.credentials())
    const tunnel: Tunnel = { name: name.toLowerCase(), port: Number(port), hosts }
    const found = find(hosts, tunnel.name, tunnel.port, (host) => ({ host }))
    if ('status' in found) return answerRaw(socket, found)
    if (found.host.kind === 'silent') return answerRaw(socket, await silence(found.host))
    if (found.host.kind === 'tcp') return splice(found.host, socket, head)
    const host = found.host
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null
      if (first === null) return socket.destroy()
      socket.unshift(first)
      if (first[0] === TLS_HANDSHAKE) void this.#serveTls(socket, tunnel, host)
      else this.#serve(socket, tunnel)
    })
  }

  async #serveTls(socket: Duplex, tunnel: Tunnel, host: HttpHost): Promise<void> {
    let secureContext: SecureContext
    try {
      secureContext =
        (await host.secureContext?.(tunnel.name)) ?? (await this.#options.issuer.secureContext(tunnel.name))
    } catch (error) {
      socket.destroy(error as Error)
      return
    }
    const secure = new TLSSocket(socket as never, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      requestCert: host.requestsClientCertificate ?? false,
      rejectUnauthorized: false,
    })
    secure.on('error', () => secure.destroy())
    this.#serve(secure, tunnel)
  }

  #serve(socket: Duplex, tunnel: Tunnel): void {
    this.#tunnels.set(socket, tunnel)
    this.#inner.emit('connection', socket)
  }

  /** A request in a tunnel. The host is looked up anew: between two requests a cluster may have gone. */
  #tunnelled(req: IncomingMessage, res: ServerResponse): void {
    const found = this.#tunnelHost(req)
    if ('status' in found) return answer(res, found)
    found.host.request(req, res)
  }

  #tunnelledUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const found = this.#tunnelHost(req)
    if ('status' in found) return answerRaw(socket, found)
    upgrade(found.host, req, socket, head)
  }

  #tunnelHost(req: IncomingMessage): { host: HttpHost } | Refusal {
    const tunnel = this.#tunnels.get(req.socket)
    if (!tunnel) return refusal.notAProxyRequest()
    return find(tunnel.hosts, tunnel.name, tunnel.port, (host) =>
      host.kind === 'http' ? { host } : refusal.unknownHost(tunnel.name),
    )
  }

  async #authenticate(req: IncomingMessage): Promise<HostTable | undefined> {
    const credentials = proxyCredentials(req.headers['proxy-authorization'])
    delete req.headers['proxy-authorization']
    if (!credentials) return undefined
    const { world, secret } = credentials
    const hosts = await this.#options.worlds.hosts(world, secret)
    if (hosts) this.#options.worlds.connected?.(world, req.socket)
    return hosts
  }
}

/** The world and its secret in a `Proxy-Authorization` header (RFC 7617); undefined when there are none. */
export function proxyCredentials(header: string | undefined): { world: string; secret: string } | undefined {
  const [scheme, encoded] = (header ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic' || !encoded) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { world: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/** An HTTP answer of the proxy itself. */
export interface Refusal {
  status: number
  reason: string
  headers?: Record<string, string>
  body: string
}

function find<T>(hosts: HostTable, name: string, port: number, found: (host: Host) => T): T | Refusal {
  const host = hosts.resolve(name.toLowerCase(), port)
  return host ? found(host) : refusal.unknownHost(name)
}

function upgrade(host: Host, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy())
  if (host.kind === 'http' && host.upgrade) host.upgrade(req, socket, head)
  else answerRaw(socket, refusal.noUpgrade())
}

function answer(res: ServerResponse, { status, reason, headers, body }: Refusal): void {
  res.writeHead(status, reason, {
    'content-type': 'text/plain; charset=utf-8',
    connection: 'close',
    ...headers,
  })
  res.end(body)
}

function answerRaw(socket: Duplex, { status, reason, headers, body }: Refusal): void {
  const lines = Object.entries({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Passes a plain HTTP request on to a host that is a byte stream. */
function forward(host: TcpHost, req: IncomingMessage, res: ServerResponse): void {
  let stream: Duplex
  try {
    stream = host.connect()
  } catch (error) {
    return connectFailed(error, res.socket)
  }
  const { connection: _, 'proxy-connection': __, ...headers } = req.headers
  const upstream = httpRequest(
    { method: req.method, path: req.url, headers, createConnection: () => stream as never },
    (answer) => {
      res.writeHead(answer.statusCode!, answer.statusMessage, answer.rawHeaders)
      answer.pipe(res)
      answer.on('error', () => res.destroy())
    },
  )
  // Like a load balancer whose target hung up: the client sees its connection closed.
  upstream.on('error', () => res.destroy())
  res.on('close', () => upstream.destroy())
  req.pipe(upstream)
}

/** Lets a client wait as at an address that does not answer; Go's clients show the reason as their own. */
async function silence({ address, port, givesUp }: SilentHost): Promise<Refusal> {
  await givesUp()
  return refusal.silent(dialText(new ConnectError('ETIMEDOUT', address, port)))
}

/** Joins a tunnel to a byte stream. */
function splice(host: TcpHost, socket: Duplex, head: Buffer): void {
  let stream: Duplex
  try {
    stream = host.connect()
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    // A client shows the reason as its own: `connection refused` is what it would have met without a proxy.
    return answerRaw(socket, refusal.unreachable(error))
  }
  socket.on('close', () => stream.destroy())
  const join = () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) stream.write(head)
    socket.pipe(stream).pipe(socket)
    stream.on('error', () => socket.destroy())
    stream.on('close', () => socket.destroy())
  }
  if (!(stream instanceof Socket && stream.connecting)) return join()
  // A port of this machine says only later that nobody listens.
  const refused = ({ message }: Error) =>
    answerRaw(socket, refusal.unreachable({ code: 'ECONNREFUSED', message }))
  stream.once('error', refused).once('connect', () => {
    stream.off('error', refused)
    join()
  })
}

/** A connection that a real client would see refused or silent ends here as a closed one. */
function connectFailed(error: unknown, socket: Duplex | null): void {
  if (!(error instanceof ConnectError)) throw error
  socket?.destroy()
}
