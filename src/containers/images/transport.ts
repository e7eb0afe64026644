import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type Server } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connect as connectTls } from 'node:tls'
import type { HostTable, HttpHost } from '#network/hosts.ts'

/** The name leads nowhere in this world. */
export class NoSuchHostError extends Error {
  override readonly name = 'NoSuchHostError'
  readonly host: string
  constructor(host: string) {
    super(`lookup ${host}: no such host`)
    this.host = host
  }
}

export interface HostRequest {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: Uint8Array | AsyncIterable<Uint8Array>
}

/** What sends a request and gives the answer's head. */
export interface Transport {
  send(address: string | URL, options?: HostRequest): Promise<IncomingMessage>
}

/**
 * HTTP to the hosts of a world without a socket: the same handlers as through the proxy, over a pair of streams.
 */
export class HostTransport implements Transport {
  readonly #hosts: HostTable
  readonly #headers: OutgoingHttpHeaders
  readonly #servers = new WeakMap<HttpHost, Server>()

  readonly #dial: ((host: string, port: number) => void) | undefined

  /** `headers` go with every request. */
  constructor(
    hosts: HostTable,
    options: { headers?: OutgoingHttpHeaders; dial?: (host: string, port: number) => void } = {},
  ) {
    this.#hosts = hosts
    this.#headers = options.headers ?? {}
    this.#dial = options.dial
  }

  /** The same hosts, from a machine whose connections `dial` judges: it throws ConnectError. */
  dialedBy(dial: (host: string, port: number) => void): HostTransport {
    return new HostTransport(this.#hosts, { headers: this.#headers, dial })
  }

  /** Sends a request; resolves with the answer's head, its body to be read. Throws NoSuchHostError and ConnectError. */
  async send(address: string | URL, options: HostRequest = {}): Promise<IncomingMessage> {
    const url = new URL(address)
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    const host = this.#hosts.resolve(url.hostname, port)
    if (!host || host.kind === 'silent') throw new NoSuchHostError(url.hostname)
    this.#dial?.(url.hostname, port)
    // Nothing here waits for the kernel: without a turn for it, requests in a row would starve real input and output.
    await new Promise((resolve) => setImmediate(resolve))
    const encrypted = url.protocol === 'https:'
    const connect =
      host.kind === 'tcp'
        ? opened(encrypted ? secured(host.connect()) : host.connect())
        : () => this.#connect(host, encrypted)
    const outgoing = request({
      method: options.method ?? 'GET',
      host: url.hostname,
      path: url.pathname + url.search,
      headers: { host: url.host, ...this.#headers, ...options.headers },
      // biome-ignore lint/suspicious/noExplicitAny: a pair of streams serves as a socket.
      createConnection: connect as any,
      agent: undefined,
    })
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve)
      outgoing.on('error', reject)
    })
    answer.catch(() => {
      // Seen below, or after an early answer of no more use.
    })
    const { body } = options
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body)
    else await Promise.race([pipeline(body, outgoing), answer])
    return answer
  }

  #connect(host: HttpHost, encrypted: boolean): Duplex {
    let server = this.#servers.get(host)
    if (!server) {
      server = createServer((req, res) => host.request(req, res))
      this.#servers.set(host, server)
    }
    const [near, far] = duplexPair()
    server.emit('connection', Object.assign(far, { encrypted, remoteAddress: '127.0.0.1' }))
    return near
  }
}

const opened = (stream: Duplex) => () => stream

/** Whatever certificate the other side shows: of those who are asked here, only machines of the lab's own have one that nobody knows. */
const secured = (socket: Duplex) => connectTls({ socket, rejectUnauthorized: false })

/** All bytes of an answer. */
export async function readAnswer(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return Buffer.concat(chunks)
}
