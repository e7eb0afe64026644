import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { Process } from '../processes/process.ts'

// https://github.com/grpc/grpc/blob/master/doc/health-checking.md and doc/PROTOCOL-HTTP2.md, read 2026-11.

const PATH = '/grpc.health.v1.Health/Check'
const NOT_FOUND = 5
const UNIMPLEMENTED = 12
const SERVING = { true: 1, false: 2 }

/** Serves gRPC's health checks on a port; `health` tells whether a service (`''`: all of it) serves, undefined: no such service. */
export function listenGrpcHealth(
  process: Process,
  port: number,
  health: (service: string) => boolean | undefined,
): void {
  process.check()
  const server = createServer()
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('end', () => {
      if (headers[':path'] !== PATH)
        return answer(stream, UNIMPLEMENTED, undefined, `unknown method ${headers[':path']}`)
      const serves = health(serviceIn(Buffer.concat(chunks)))
      if (serves === undefined) return answer(stream, NOT_FOUND, undefined, 'unknown service')
      answer(stream, 0, Buffer.of(0x08, SERVING[`${serves}`]))
    })
  })
  server.on('sessionError', () => {})
  const listener = process.machine.network.listen(process.machine.address, port, (socket) => {
    server.emit('connection', socket)
  })
  process.signal.addEventListener(
    'abort',
    () => {
      listener.close()
      server.close()
    },
    { once: true },
  )
}

/** The name in a length-prefixed `HealthCheckRequest`. */
const serviceIn = (message: Buffer): string => (message[5] === 0x0a ? message.subarray(7).toString() : '')

function answer(stream: ServerHttp2Stream, status: number, body?: Buffer, message = ''): void {
  if (stream.destroyed) return
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () =>
    stream.sendTrailers({
      'grpc-status': String(status),
      ...(message && { 'grpc-message': encodeURIComponent(message) }),
    }),
  )
  if (!body) return void stream.end()
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  stream.end(Buffer.concat([head, body]))
}
