import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Probe } from '../objects.ts'
import { dial, type ProbeTarget, portOf } from './probe-target.ts'

export type HttpGet = NonNullable<Probe['httpGet']>

/** What an HTTPS client says of a server that answers in plain HTTP. */
export const PLAIN_ANSWER = 'http: server gave HTTP response to HTTPS client'

/**
 * The status that a container answers a GET with: what probes and lifecycle hooks ask. Throws as Go's client does
 * (`Get "http://…": …`) where there is no answer.
 */
export async function httpStatus(
  target: ProbeTarget,
  action: HttpGet,
  aborted: AbortSignal,
): Promise<number> {
  const address = action.host || target.podAddress
  const port = portOf(target, action.port)
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  try {
    const plain = dial(target, address, port)
    // As upstream: the certificate is not verified.
    const socket =
      scheme === 'https' ? connectTls({ socket: plain as never, rejectUnauthorized: false }) : plain
    const headers = (action.httpHeaders ?? []).map(({ name, value }) => `${name}: ${value}\r\n`).join('')
    const host = /^host:/im.test(headers) ? '' : `Host: ${address}:${port}\r\n`
    const agent = /^user-agent:/im.test(headers) ? '' : `User-Agent: ${target.userAgent}\r\n`
    const accept = /^accept:/im.test(headers) ? '' : 'Accept: */*\r\n'
    socket.write(`GET ${path} HTTP/1.1\r\n${host}${agent}${headers}${accept}Connection: close\r\n\r\n`)
    return await statusLine(socket, aborted).finally(() => socket.destroy())
  } catch (error) {
    throw new Error(`Get "${scheme}://${address}:${port}${path}": ${(error as Error).message}`)
  }
}

/** The status of an HTTP answer. */
function statusLine(socket: Duplex, aborted: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = (why = 'EOF') => reject(new Error(why))
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
      if (status) resolve(Number(status))
      else if (text.length > 1024) fail()
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      fail(code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO' ? PLAIN_ANSWER : undefined),
    )
    socket.on('close', () => fail())
    socket.on('end', () => fail())
    const timedOut = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    aborted.addEventListener('abort', () => fail(timedOut), { once: true })
  })
}
