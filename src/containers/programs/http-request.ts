import { type IncomingMessage, request } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Process } from '../processes/process.ts'
import { resolveHost } from './resolve-host.ts'

/** Why a request from inside a container got no answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly reason:
    | 'resolve'
    | 'refused'
    | 'timeout'
    /** It is connected, and no answer comes. */
    | 'silent'
    | 'unreachable'
    | 'scheme'
    | 'closed'
    | 'tls'
    | 'certificate'
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
  /** Limit until the answer begins, ms; default none. */
  answerMs?: number
  /** For https: authorities (PEM) in place of the system's, and whether any certificate will do. */
  tls?: {
    authorities?: string | undefined
    insecure?: boolean
    /** What the client shows of itself, PEM. */
    certificate?: string | undefined
    key?: string | undefined
  }
}

/** Sends an HTTP request over the world's network. Throws RequestError. */
export async function sendRequest(
  process: Process,
  options: ContainerRequest,
): Promise<{ answer: IncomingMessage; address: string }> {
  const { url } = options
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new RequestError('scheme', `drydock: ${url.protocol}// from inside a container is not simulated`)
  const port = portOf(url)
  const address = await resolveHost(process, url.hostname, options.timeoutMs)
  if (!address) throw new RequestError('resolve', url.hostname)
  const plain = await openSocket(process, address, port, options.timeoutMs ?? CONNECT_TIMEOUT_MS)
  const socket = url.protocol === 'https:' ? await secure(process, plain, options, address) : plain
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
      const limit =
        options.answerMs === undefined
          ? undefined
          : process.machine.clock.setTimer(options.answerMs, () => {
              reject(new RequestError('silent', 'No answer', address))
              outgoing.destroy()
            })
      outgoing.on('response', (answer) => {
        limit?.cancel()
        answer.on('end', () => socket.destroy())
        resolve(answer)
      })
      outgoing.on('error', () => {
        limit?.cancel()
        reject(new RequestError('closed', 'Empty reply from server', address))
      })
      outgoing.end(options.body)
    }),
  )
  return { answer, address }
}

export const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80))

/** What OpenSSL, as curl quotes it, calls what Node.js tells by a code. */
const CERTIFICATE_PROBLEMS: Record<string, string> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'SSL certificate problem: unable to get local issuer certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'SSL certificate problem: unable to get local issuer certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'SSL certificate problem: self-signed certificate in certificate chain',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'SSL certificate problem: self-signed certificate',
  CERT_SIGNATURE_FAILURE: 'SSL certificate problem: certificate signature failure',
  CERT_HAS_EXPIRED: 'SSL certificate problem: certificate has expired',
}

/** TLS over a connection. Throws RequestError. */
function secure(
  process: Process,
  socket: Duplex,
  { url, tls }: ContainerRequest,
  address: string,
): Promise<Duplex> {
  return process.waitFor(
    new Promise<Duplex>((resolve, reject) => {
      const session = connectTls({
        // biome-ignore lint/suspicious/noExplicitAny: a stream of the simulated network serves as a socket.
        socket: socket as any,
        host: url.hostname,
        ca: tls?.authorities ?? process.machine.authorities ?? [],
        rejectUnauthorized: !tls?.insecure,
        ...(tls?.certificate && { cert: tls.certificate, key: tls.key }),
        ...(isIP(url.hostname) === 0 && { servername: url.hostname }),
      })
      session.once('secureConnect', () => resolve(session))
      session.once('error', (error: Error & { code?: string }) => {
        socket.destroy()
        const mismatch =
          error.code === 'ERR_TLS_CERT_ALTNAME_INVALID' &&
          `SSL: no alternative certificate subject name matches target host name '${url.hostname}'`
        const problem = mismatch || CERTIFICATE_PROBLEMS[error.code ?? '']
        reject(new RequestError(problem ? 'certificate' : 'tls', problem ?? error.message, address))
      })
    }),
  )
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
