import type { Duplex } from 'node:stream'
import { SpdyConnection, type SpdyStream } from './spdy.ts'

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'
/** SPDY inside WebSocket messages: what kubectl uses since 1.31. */
export const TUNNEL_PROTOCOL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`

/**
 * Serves a port-forward session: for each local connection the client opens an error and a data stream of one request id.
 * `dial` connects to a port of the pod; its error's message goes to the client.
 */
export function servePortForward(socket: Duplex, dial: (port: number) => Promise<Duplex>): void {
  const waiting = new Map<string, SpdyStream>()
  new SpdyConnection(socket, (stream) => {
    const { streamtype, requestid = '', port = '' } = stream.headers
    const other = waiting.get(requestid)
    if (!other) {
      waiting.set(requestid, stream)
      return
    }
    waiting.delete(requestid)
    const [error, data] = streamtype === 'error' ? [stream, other] : [other, stream]
    void forward(error, data, () => dial(Number(port)))
  })
}

async function forward(error: SpdyStream, data: SpdyStream, dial: () => Promise<Duplex>): Promise<void> {
  // Nothing is read from it; its end must still be seen.
  error.resume()
  let target: Duplex
  try {
    target = await dial()
  } catch (failure) {
    error.end((failure as Error).message)
    data.end()
    return
  }
  target.on('error', () => data.destroy())
  data.on('close', () => target.destroy())
  target.on('close', () => data.end())
  target.pipe(data)
  data.pipe(target)
  await new Promise((resolve) => target.on('close', resolve))
  error.end()
}
