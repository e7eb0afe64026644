import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Process } from '../processes/process.ts'

/** CPU time that a static file costs a server, ms, with its share of the connection. */
const REQUEST_MS = 1

/** Serves HTTP, or HTTPS with a certificate, on a port of the container until closed. Throws the network's EADDRINUSE. */
export function listenHttp(
  process: Process,
  port: number,
  handler: (req: IncomingMessage, res: ServerResponse) => void,
  secureContext?: SecureContext,
): { close(): void } {
  // Killed while it was still reading its configuration: nobody would close what it opens now.
  process.check()
  const answer = (req: IncomingMessage, res: ServerResponse) => {
    try {
      handler(req, res)
    } catch {
      // A path that cannot be decoded, say: it ends this request and nothing else.
      if (res.headersSent) res.destroy()
      else res.writeHead(400, { 'content-type': 'text/plain', connection: 'close' }).end('400 Bad Request')
    }
  }
  const server: Server = createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
    process.spend(REQUEST_MS)
    if (!process.machine.frozen) return answer(req, res)
    // A frozen server's kernel takes connections that it does not answer.
    process.thawed().then(
      () => answer(req, res),
      () => res.destroy(),
    )
  })
  // A client may close its side when it has sent its request and still get the answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  const listener = process.machine.network.listen(process.machine.address, port, (socket, peer) => {
    const stream = secureContext ? secured(socket, secureContext) : socket
    Object.defineProperties(stream, {
      remoteAddress: { value: peer.address, configurable: true },
      remotePort: { value: peer.port, configurable: true },
    })
    server.emit('connection', stream)
  })
  const close = () => {
    listener.close()
    server.closeAllConnections()
    server.close()
  }
  process.signal.addEventListener('abort', close, { once: true })
  return { close }
}

/** The inside of a TLS connection. A handshake that fails ends it. */
function secured(socket: Duplex, secureContext: SecureContext): TLSSocket {
  const secure = new TLSSocket(socket, { isServer: true, secureContext })
  return secure.on('error', () => socket.destroy())
}

/** Address of the client of a request. */
export const clientAddress = (req: IncomingMessage): string =>
  (req.socket as { remoteAddress?: string }).remoteAddress ?? '127.0.0.1'

/** Counts the bytes that are written to a response's body. */
export function countBody(res: ServerResponse): () => number {
  let bytes = 0
  const { write, end } = res
  // biome-ignore lint/suspicious/noExplicitAny: the stream's overloads.
  const count = (chunk: any) => {
    if (typeof chunk === 'string') bytes += Buffer.byteLength(chunk)
    else if (chunk instanceof Uint8Array) bytes += chunk.length
  }
  // biome-ignore lint/suspicious/noExplicitAny: the stream's overloads.
  res.write = (...args: any[]) => {
    count(args[0])
    return Reflect.apply(write, res, args)
  }
  // biome-ignore lint/suspicious/noExplicitAny: the stream's overloads.
  res.end = (...args: any[]) => {
    if (res.req.method !== 'HEAD') count(args[0])
    return Reflect.apply(end, res, args)
  }
  return () => bytes
}
