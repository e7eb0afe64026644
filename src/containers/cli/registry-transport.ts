import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connect as connectTls } from 'node:tls'
import type { HostRequest, Transport } from '../images/transport.ts'
import { CommandError } from './client.ts'

/** HTTP as the real client speaks it with registries: through `HTTPS_PROXY`, trusting `SSL_CERT_FILE`. */
export const registryTransport: Transport = {
  async send(address: string | URL, options: HostRequest = {}): Promise<IncomingMessage> {
    const url = new URL(address)
    const socket = await open(url)
    const outgoing = request({
      method: options.method ?? 'GET',
      host: url.hostname,
      path: url.pathname + url.search,
      headers: { host: url.host, connection: 'close', ...options.headers },
      // biome-ignore lint/suspicious/noExplicitAny: any stream serves as a socket.
      createConnection: () => socket as any,
    })
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve).on('error', reject)
    })
    const { body } = options
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body)
    else await pipeline(body, outgoing)
    return answer
  },
}

async function open(url: URL): Promise<Duplex> {
  const secure = url.protocol === 'https:'
  const port = Number(url.port || (secure ? 443 : 80))
  const proxy = secure ? (process.env.HTTPS_PROXY ?? process.env.https_proxy) : undefined
  const plain = proxy
    ? await tunnel(new URL(proxy), `${url.hostname}:${port}`)
    : await dial(url.hostname, port)
  if (!secure) return plain
  const authority = process.env.SSL_CERT_FILE
  const socket = connectTls({
    socket: plain,
    servername: url.hostname,
    ...(authority ? { ca: readFileSync(authority) } : {}),
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', () => resolve()).once('error', reject)
  })
  return socket
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, host, () => resolve(socket))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          `dial tcp ${host}:${port}: connect: ${error.code === 'ECONNREFUSED' ? 'connection refused' : error.message}`,
        ),
      ),
    )
  })
}

function tunnel(proxy: URL, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname,
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: {
        'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString('base64')}`,
      },
    })
    asked.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) resolve(socket)
      else reject(new CommandError(answer.statusMessage ?? 'the proxy refused the connection'))
    })
    asked.on('error', reject)
    asked.end()
  })
}
