import { type IncomingMessage, request } from 'node:http'
import type { Process } from '../processes/process.ts'

/** Why a request from inside a container got no answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly reason: 'resolve' | 'refused' | 'timeout' | 'unreachable' | 'scheme' | 'closed'
  readonly address: string | undefined
  constructor(reason: RequestError['reason'], message: string, address?: string) {
    super(message)
    this.reason = reason
    this.address = address
  }
}

/** How long a connect to a silent address takes before Linux gives up (6 SYN retries), ms. */
const CONNECT_TIMEOUT_MS = 130_000

export interface ContainerRequest {
  url: URL
  method: string
  headers: Record<string, string>
  body?: Buffer
  /** Limit for connecting, ms. */
  timeoutMs?: number
}

/** Sends an HTTP request over the world's network. Throws RequestError. */
export async function sendRequest(
  process: Process,
  options: ContainerRequest,
): Promise<{ answer: IncomingMessage; address: string }> {
  const { url } = options
  if (url.protocol !== 'http:')
    throw new RequestError('scheme', `drydock: ${url.protocol}// from inside a container is not simulated`)
  const port = Number(url.port || 80)
  const address = process.machine.resolveName(url.hostname)
  if (!address) throw new RequestError('resolve', url.hostname)
  const socket = await openSocket(process, address, port, options.timeoutMs ?? CONNECT_TIMEOUT_MS)
  const outgoing = request({
    method: options.method,
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      connection: 'keep-alive',
      ...options.headers,
      ...(options.body ? { 'content-length': options.body.length } : {}),
    },
    // biome-ignore lint/suspicious/noExplicitAny: a stream of the simulated network serves as a socket.
    createConnection: () => socket as any,
  })
  process.signal.addEventListener('abort', () => outgoing.destroy(), { once: true })
  const answer = await process.waitFor(
    new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', (answer) => {
        answer.on('end', () => socket.destroy())
        resolve(answer)
      })
      outgoing.on('error', () => reject(new RequestError('closed', 'Empty reply from server', address)))
      outgoing.end(options.body)
    }),
  )
  return { answer, address }
}

/** Connects, spending on the world's clock the time that a silent address takes. Throws RequestError. */
export async function openSocket(process: Process, address: string, port: number, timeoutMs: number) {
  try {
    return process.machine.connect(address, port)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ECONNREFUSED') throw new RequestError('refused', 'Connection refused', address)
    if (code === 'ENETUNREACH') throw new RequestError('unreachable', 'Network unreachable', address)
    if (code === 'EHOSTUNREACH') {
      await process.sleep(Math.min(timeoutMs, 3000))
      throw new RequestError(timeoutMs < 3000 ? 'timeout' : 'unreachable', 'Host is unreachable', address)
    }
    await process.sleep(timeoutMs)
    throw new RequestError('timeout', 'Connection timed out', address)
  }
}
