import { Duplex } from 'node:stream'
import { HeaderCodec, type Headers } from './spdy-headers.ts'

// SPDY/3.1 as far as Kubernetes' clients use it (github.com/moby/spdystream): streams that the client opens, data both ways,
// half-closing, pings. Without flow control, as that library.

const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const GOAWAY = 7
const FLAG_FIN = 1
const STATUS_CANCEL = 5
/** Largest data frame that is sent, bytes. */
const CHUNK = 32 * 1024
/** Bytes that may wait in a stream for its reader before the connection is held back. */
const HIGH_WATER = 1024 * 1024
/** A client that has more streams open is none of Kubernetes'. */
const MOST_STREAMS = 1000

/** One stream of a connection; ending it half-closes. */
export class SpdyStream extends Duplex {
  readonly headers: Headers
  readonly #send: (data: Buffer, fin: boolean, done: () => void) => void
  readonly #reset: () => void
  readonly #drained: () => void

  constructor(
    headers: Headers,
    send: (data: Buffer, fin: boolean, done: () => void) => void,
    reset: () => void,
    drained: () => void,
  ) {
    super()
    this.headers = headers
    this.#send = send
    this.#reset = reset
    this.#drained = drained
    this.on('error', () => {})
  }

  override _read(): void {
    this.#drained()
  }

  /** Whether so much waits for its reader that nothing more should come. */
  get isFull(): boolean {
    return !this.destroyed && this.readableLength > HIGH_WATER
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (let start = 0; start < chunk.length; start += CHUNK) {
      const last = start + CHUNK >= chunk.length
      this.#send(chunk.subarray(start, start + CHUNK), false, last ? done : () => {})
    }
    if (chunk.length === 0) done()
  }

  override _final(done: () => void): void {
    this.#send(Buffer.alloc(0), true, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#reset()
    done(error)
  }
}

/** The server's side of a connection. Calls `onStream` for each stream that the client opens. */
export class SpdyConnection {
  readonly #socket: Duplex
  readonly #onStream: (stream: SpdyStream) => void
  readonly #codec = new HeaderCodec()
  readonly #streams = new Map<number, SpdyStream>()
  /** What has come of a frame that is not whole yet. */
  #pieces: Buffer[] = []
  #size = 0
  #closed = false
  /** Frames are handled one after another: header blocks depend on those before them. */
  #work: Promise<void> = Promise.resolve()

  constructor(socket: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#socket = socket
    this.#onStream = onStream
    socket.on('data', (data: Buffer) => {
      if (this.#closed) return
      socket.pause()
      this.#work = this.#work
        .then(() => this.#receive(data))
        .then(() => this.#goOn())
        .catch(() => this.close())
    })
    socket.on('end', () => this.close())
    socket.on('close', () => this.close())
    socket.on('error', () => this.close())
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const stream of this.#streams.values()) stream.destroy()
    this.#streams.clear()
    this.#codec.close()
    this.#pieces = []
    this.#socket.end()
    // What the client still sends is let go, so that its end is seen.
    this.#socket.resume()
  }

  /** Reads on, unless a stream is full: the library that this models holds the whole connection back, too. */
  #goOn(): void {
    if (![...this.#streams.values()].some((stream) => stream.isFull)) this.#socket.resume()
  }

  async #receive(data: Buffer): Promise<void> {
    this.#pieces.push(data)
    this.#size += data.length
    while (!this.#closed && this.#size >= 8) {
      if (this.#pieces[0]!.length < 8) this.#pieces = [Buffer.concat(this.#pieces)]
      const size = 8 + this.#pieces[0]!.readUIntBE(5, 3)
      if (this.#size < size) return
      const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
      this.#pieces = [whole.subarray(size)]
      this.#size -= size
      await this.#frame(whole.subarray(0, size))
    }
  }

  async #frame(frame: Buffer): Promise<void> {
    const flags = frame[4]!
    const payload = frame.subarray(8)
    if ((frame[0]! & 0x80) === 0) return this.#data(frame.readUInt32BE(0), payload, flags)
    switch (frame.readUInt16BE(2)) {
      case SYN_STREAM:
        return this.#open(payload.readUInt32BE(0) & 0x7fffffff, payload.subarray(10), flags)
      case RST_STREAM: {
        const id = payload.readUInt32BE(0)
        this.#streams.get(id)?.destroy()
        this.#streams.delete(id)
        return
      }
      case PING:
        // Ours would have even ids; the client's are sent back.
        if (payload.readUInt32BE(0) % 2 === 1) this.#socket.write(frame)
        return
      case GOAWAY:
        return this.close()
    }
  }

  #data(id: number, payload: Buffer, flags: number): void {
    const stream = this.#streams.get(id)
    if (!stream || stream.destroyed) return
    if (payload.length > 0) stream.push(payload)
    if (flags & FLAG_FIN) stream.push(null)
  }

  async #open(id: number, block: Buffer, flags: number): Promise<void> {
    const headers = await this.#codec.decode(block)
    if (this.#streams.has(id) || this.#streams.size >= MOST_STREAMS) return this.close()
    const stream = new SpdyStream(
      headers,
      (data, fin, done) => this.#sendData(id, data, fin, done),
      () => this.#control(RST_STREAM, 0, Buffer.concat([number(id), number(STATUS_CANCEL)])),
      () => this.#goOn(),
    )
    stream.on('close', () => {
      this.#streams.delete(id)
      this.#goOn()
    })
    this.#streams.set(id, stream)
    if (flags & FLAG_FIN) stream.push(null)
    this.#control(SYN_REPLY, 0, Buffer.concat([number(id), await this.#codec.encode({})]))
    this.#onStream(stream)
  }

  #sendData(id: number, data: Buffer, fin: boolean, done: () => void): void {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(id)
    head[4] = fin ? FLAG_FIN : 0
    head.writeUIntBE(data.length, 5, 3)
    if (this.#socket.writable) this.#socket.write(Buffer.concat([head, data]), () => done())
    else done()
  }

  #control(type: number, flags: number, payload: Buffer): void {
    const head = Buffer.alloc(8)
    head.writeUInt16BE(0x8003)
    head.writeUInt16BE(type, 2)
    head[4] = flags
    head.writeUIntBE(payload.length, 5, 3)
    if (this.#socket.writable) this.#socket.write(Buffer.concat([head, payload]))
  }
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
