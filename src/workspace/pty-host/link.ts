import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * Framing of the unix socket between server and pty-host: one byte of kind, three of length (big endian), payload.
 * Bytes of a terminal are handed on in whatever pieces they arrive; JSON messages are put together first.
 * A flood makes no garbage on its way: each end has one buffer, which is used again.
 */
const JSON_FRAME = 0
const DATA_FRAME = 1
const HEADER = 4
const MAX_PAYLOAD = 0xff_ffff
/** What one read takes at most, in bytes. */
const READ_SIZE = 64 * 1024

/** Sends one JSON message. */
export function sendMessage(socket: Socket, message: unknown): void {
  if (socket.destroyed) return
  const payload = Buffer.from(JSON.stringify(message))
  if (payload.length > MAX_PAYLOAD)
    throw new Error(`message of ${payload.length} bytes is too long for the link`)
  socket.write(Buffer.concat([header(JSON_FRAME, payload.length), payload]))
}

/** Sends a terminal's bytes. Gives whether they have gone already and may be overwritten; else they are the socket's. */
export function sendData(socket: Socket, data: Buffer): boolean {
  if (socket.destroyed || data.length === 0) return true
  if (data.length <= 4096) {
    socket.write(Buffer.concat([header(DATA_FRAME, data.length), data]))
    return true
  }
  socket.cork()
  socket.write(header(DATA_FRAME, data.length))
  socket.write(data)
  socket.uncork()
  return socket.writableLength === 0
}

function header(kind: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER)
  bytes.writeUInt32BE(kind * 0x100_0000 + length)
  return bytes
}

export interface LinkListener {
  message(message: unknown): void
  data(piece: Buffer): void
}

/** Takes the frames of a socket apart as they arrive. */
export function readLink(socket: Socket, listener: LinkListener): void {
  socket.on('data', frames(listener))
}

/** A connection whose bytes all come through one buffer. */
export interface Link {
  readonly socket: Socket
  /**
   * Begins to read. Pieces of data are views of the buffer that the next read overwrites. If `taken`, which is asked after each read,
   * says that they are still needed, nothing more is read until `socket.resume()`.
   */
  read(listener: LinkListener & { taken?(): boolean }): void
}

/** Connects to a pty-host. Rejects when none listens. */
export async function connectLink(path: string): Promise<Link> {
  let take: (received: Buffer) => boolean
  const socket = connect({
    path,
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_SIZE),
      callback: (size, buffer) => take((buffer as Buffer).subarray(0, size)),
    },
  })
  // Until somebody reads.
  socket.pause()
  await connected(socket)
  return {
    socket,
    read(listener) {
      const apart = frames(listener)
      take = (received) => {
        apart(received)
        return listener.taken?.() ?? true
      }
      socket.resume()
    },
  }
}

/** Waits for a connection; how it ends later is told by 'close'. */
export async function connected(socket: Socket): Promise<Socket> {
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

/** Takes the frames of what arrives apart. Keeps no view of it. */
function frames(listener: LinkListener): (received: Buffer) => void {
  let kind = JSON_FRAME
  let missing = 0
  let gathered: Buffer[] = []
  let rest: Buffer | undefined

  return (received) => {
    let bytes = rest ? Buffer.concat([rest, received]) : received
    rest = undefined
    while (bytes.length > 0) {
      if (missing === 0) {
        if (bytes.length < HEADER) {
          rest = Buffer.from(bytes)
          return
        }
        kind = bytes[0]!
        missing = bytes.readUIntBE(1, 3)
        bytes = bytes.subarray(HEADER)
        continue
      }
      const piece = bytes.subarray(0, missing)
      bytes = bytes.subarray(piece.length)
      missing -= piece.length
      if (kind === DATA_FRAME) listener.data(piece)
      else {
        gathered.push(Buffer.from(piece))
        if (missing > 0) continue
        const text = Buffer.concat(gathered).toString()
        gathered = []
        listener.message(JSON.parse(text))
      }
    }
  }
}
