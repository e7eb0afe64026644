import type { Socket } from 'node:net'

/**
 * Framing of the unix socket between server and pty-host: one byte of kind, three of length (big endian), payload.
 * Bytes of a terminal are handed on in whatever pieces they arrive; JSON messages are put together first.
 */
const JSON_FRAME = 0
const DATA_FRAME = 1
const HEADER = 4
const MAX_PAYLOAD = 0xff_ffff

/** Sends one JSON message. */
export function sendMessage(socket: Socket, message: unknown): void {
  if (socket.destroyed) return
  const payload = Buffer.from(JSON.stringify(message))
  if (payload.length > MAX_PAYLOAD)
    throw new Error(`message of ${payload.length} bytes is too long for the link`)
  socket.write(Buffer.concat([header(JSON_FRAME, payload.length), payload]))
}

/** Sends a terminal's bytes. */
export function sendData(socket: Socket, data: Buffer): void {
  if (socket.destroyed || data.length === 0) return
  if (data.length <= 4096) {
    socket.write(Buffer.concat([header(DATA_FRAME, data.length), data]))
    return
  }
  socket.cork()
  socket.write(header(DATA_FRAME, data.length))
  socket.write(data)
  socket.uncork()
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
  let kind = JSON_FRAME
  let missing = 0
  let gathered: Buffer[] = []
  let rest: Buffer | undefined

  socket.on('data', (received: Buffer) => {
    let bytes = rest ? Buffer.concat([rest, received]) : received
    rest = undefined
    while (bytes.length > 0) {
      if (missing === 0) {
        if (bytes.length < HEADER) {
          rest = bytes
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
        gathered.push(piece)
        if (missing > 0) continue
        const text = Buffer.concat(gathered).toString()
        gathered = []
        listener.message(JSON.parse(text))
      }
    }
  })
}
