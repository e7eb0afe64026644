import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket } from 'ws'
import { SpdyConnection, type SpdyStream } from './spdy.ts'

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'
/** SPDY inside WebSocket messages: what kubectl uses since 1.31. */
const TUNNEL_PROTOCOL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`
/** Two channels a port and one connection for each: what the client libraries of other languages speak. */
const CHANNEL_PROTOCOL = 'v4.channel.k8s.io'
export const PORT_FORWARD_WEBSOCKET_PROTOCOLS = [TUNNEL_PROTOCOL, CHANNEL_PROTOCOL]

type Dial = (port: number) => Promise<Duplex>

/** A port's number as a client writes it; undefined when it is none. */
export function portIn(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

/** Serves port-forward over a WebSocket, in the protocol that was agreed on. `ports` of the request; the tunnel names its own. */
export function serveWebSocketPortForward(socket: WebSocket, ports: number[], dial: Dial): void {
  if (socket.protocol === TUNNEL_PROTOCOL) return servePortForward(createWebSocketStream(socket), dial)
  socket.on('error', () => socket.terminate())
  const inputs = ports.map((port, index) => forwardChannels(socket, index, port, dial))
  let taking = 0
  socket.on('message', async (message: Buffer) => {
    const take = inputs[(message[0] ?? 0) / 2]
    if (!take) return
    // Nothing more is read until all of it has been taken.
    if (taking++ === 0) socket.pause()
    await take(message.subarray(1))
    if (--taking === 0) socket.resume()
  })
}

/**
 * One port over its channels, data (even) and error (odd), each begun by the port's number. Gives what takes the client's data.
 * Models pkg/cri/streaming/portforward/websocket.go of the kubelet.
 */
function forwardChannels(
  socket: WebSocket,
  index: number,
  port: number,
  dial: Dial,
): (data: Uint8Array) => Promise<void> {
  const [data, error] = [index * 2, index * 2 + 1]
  const send = (channel: number, bytes: Uint8Array, sent?: () => void) =>
    socket.send(Buffer.concat([Buffer.of(channel), bytes]), sent)
  const number = Buffer.alloc(2)
  number.writeUInt16LE(port)
  for (const channel of [data, error]) send(channel, number)
  const target = dial(port)
  target.then(
    (stream) => {
      stream.on('error', () => stream.destroy())
      stream.on('data', (bytes: Buffer) => {
        stream.pause()
        send(data, bytes, () => stream.resume())
      })
      stream.on('close', () => socket.close(1000))
      socket.on('close', () => stream.destroy())
    },
    (failure: Error) => send(error, Buffer.from(failure.message)),
  )
  return (bytes) => target.then((stream) => taken(stream, bytes)).catch(() => {})
}

/** Writes to a connection; resolves when it takes more, or has ended. */
const taken = (stream: Duplex, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.write(bytes)) return resolve()
    const done = () => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })

/**
 * Serves a port-forward session: for each local connection the client opens an error and a data stream of one request id.
 * `dial` connects to a port of the pod; its error's message goes to the client.
 */
export function servePortForward(socket: Duplex, dial: Dial): void {
  const waiting = new Map<string, SpdyStream>()
  new SpdyConnection(socket, (stream) => {
    const { streamtype, requestid = '', port = '' } = stream.headers
    const number = portIn(port)
    const other = waiting.get(requestid)
    const isNew = streamtype !== other?.headers.streamtype
    if (number === undefined || !isNew || (streamtype !== 'error' && streamtype !== 'data')) {
      stream.destroy()
      return
    }
    if (!other) {
      waiting.set(requestid, stream)
      stream.on('close', () => {
        if (waiting.get(requestid) === stream) waiting.delete(requestid)
      })
      return
    }
    waiting.delete(requestid)
    const [error, data] = streamtype === 'error' ? [stream, other] : [other, stream]
    void forward(error, data, () => dial(number))
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
