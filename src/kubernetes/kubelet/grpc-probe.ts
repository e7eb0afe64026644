import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { ProbeResult } from './probe.ts'

const PATH = '/grpc.health.v1.Health/Check'
const UNIMPLEMENTED = 12
/** `HealthCheckResponse.ServingStatus` */
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** Names of the codes that are not told apart. Source: google.golang.org/grpc/codes. */
const CODES: Readonly<Record<number, string>> = {
  1: 'Canceled',
  2: 'Unknown',
  3: 'InvalidArgument',
  4: 'DeadlineExceeded',
  5: 'NotFound',
  7: 'PermissionDenied',
  8: 'ResourceExhausted',
  13: 'Internal',
  14: 'Unavailable',
  16: 'Unauthenticated',
}

/** Where and for what a gRPC probe asks. */
export interface GrpcQuestion {
  address: string
  port: number
  service: string
  timeoutSeconds: number
}

interface Answer {
  code: number
  message: string
  body: Buffer
}

/**
 * Asks a server for its health by gRPC (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). A server that does not speak
 * it, or that is not there, is tried until the time is over. Texts of pkg/probe/grpc.
 */
export async function askGrpc(
  dial: () => Duplex,
  { address, port, service, timeoutSeconds }: GrpcQuestion,
  aborted: AbortSignal,
): Promise<ProbeResult> {
  const failed = (output: string): ProbeResult => ({ success: false, output })
  const answer = await call(dial, `${address}:${port}`, service, aborted)
  if (!answer) {
    const within = `within ${timeoutSeconds}s`
    return failed(
      `timeout: failed to connect service "${address}:${port}" ${within}: context deadline exceeded`,
    )
  }
  if (answer.code === UNIMPLEMENTED) {
    return failed(
      `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${answer.message}`,
    )
  }
  if (answer.code !== 0) {
    return failed(
      `error: health rpc probe failed: rpc error: code = ${CODES[answer.code] ?? `Code(${answer.code})`} desc = ${answer.message}`,
    )
  }
  const status = STATUSES[answer.body[1] ?? 0] ?? 'UNKNOWN'
  return status === 'SERVING'
    ? { success: true, output: '' }
    : failed(`service unhealthy (responded with "${status}")`)
}

/** One unary call; undefined when there was no answer until `aborted`. */
async function call(
  dial: () => Duplex,
  authority: string,
  service: string,
  aborted: AbortSignal,
): Promise<Answer | undefined> {
  const over = new Promise<undefined>((resolve) => {
    if (aborted.aborted) resolve(undefined)
    aborted.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  let session: ClientHttp2Session | undefined
  try {
    const socket = dial()
    session = connect(`http://${authority}`, { createConnection: () => socket })
    session.on('error', () => {})
    return await Promise.race([request(session, service), over])
  } catch {
    // A client that waits for its connection goes on trying.
    return await over
  } finally {
    session?.destroy()
  }
}

function request(session: ClientHttp2Session, service: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream: ClientHttp2Stream = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let status: Record<string, unknown> = {}
    stream.on('response', (headers) => {
      if ('grpc-status' in headers) status = headers
      else if (headers['content-type']?.startsWith('application/grpc') !== true) reject(new Error('not gRPC'))
    })
    stream.on('trailers', (trailers) => {
      status = trailers
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    session.on('error', reject)
    session.on('close', () => reject(new Error('closed')))
    stream.on('end', () =>
      resolve({
        code: Number(status['grpc-status'] ?? 2),
        message: decodeURIComponent(String(status['grpc-message'] ?? '')),
        // Behind the flag and the length of the one message.
        body: Buffer.concat(chunks).subarray(5),
      }),
    )
    stream.end(message(service))
  })
}

/** A length-prefixed `HealthCheckRequest`. */
function message(service: string): Buffer {
  const name = Buffer.from(service)
  const body = name.length > 0 ? Buffer.concat([Buffer.of(0x0a, name.length), name]) : Buffer.alloc(0)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}
