import type { Readable, Writable } from 'node:stream'

/** Where a process reads bytes from; `undefined` is the end. */
export interface Reader {
  read(): Promise<Uint8Array | undefined>
  /** Puts back what was read too much. */
  unread(bytes: Uint8Array): void
}

/** Where a process writes bytes to; resolves when there is room for more. */
export interface Writer {
  write(bytes: Uint8Array): Promise<void>
}

/** Nobody reads the other end any more (EPIPE, and SIGPIPE for most programs). */
export class BrokenPipeError extends Error {
  override readonly name = 'BrokenPipeError'
  constructor() {
    super('Broken pipe')
  }
}

/** Bytes that a Linux pipe holds before writers wait. */
const CAPACITY = 64 * 1024

/** A pipe inside a container: ordered bytes with back pressure. */
export class Pipe implements Reader, Writer {
  readonly #chunks: Uint8Array[] = []
  #size = 0
  #ended = false
  #broken = false
  #wakeReader: (() => void) | undefined
  #wakeWriters: (() => void)[] = []

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#broken) throw new BrokenPipeError()
    if (bytes.length === 0 || this.#ended) return
    this.#chunks.push(bytes)
    this.#size += bytes.length
    this.#wakeReader?.()
    while (this.#size > CAPACITY && !this.#broken) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve))
    }
    if (this.#broken) throw new BrokenPipeError()
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        const previous = this.#wakeReader
        this.#wakeReader = () => {
          previous?.()
          resolve()
        }
      })
      this.#wakeReader = undefined
    }
    const chunk = this.#chunks.shift()!
    this.#size -= chunk.length
    if (this.#size <= CAPACITY) for (const wake of this.#wakeWriters.splice(0)) wake()
    return chunk
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.unshift(bytes)
    this.#size += bytes.length
  }

  /** No more will be written. */
  end(): void {
    this.#ended = true
    this.#wakeReader?.()
  }

  /** Nobody will read any more: writers get BrokenPipeError. */
  close(): void {
    this.#broken = true
    this.#chunks.length = 0
    this.#size = 0
    for (const wake of this.#wakeWriters.splice(0)) wake()
  }
}

/** `/dev/null`, an exhausted standard input. */
export const nothing: Reader & Writer = {
  read: async () => undefined,
  unread: () => {},
  write: async () => {},
}

/** Reads from bytes in memory. */
export function readerOf(bytes: Uint8Array): Reader {
  const pipe = new Pipe()
  pipe.unread(bytes)
  pipe.end()
  return pipe
}

/** Reads what a generator gives. */
export function readerOfStream(stream: AsyncGenerator<Uint8Array>): Reader {
  const back: Uint8Array[] = []
  return {
    async read() {
      return back.pop() ?? (await stream.next()).value ?? undefined
    },
    unread: (bytes) => void (bytes.length > 0 && back.push(bytes)),
  }
}

/** Writes into a node stream, waiting while it is full. */
export function writerTo(stream: Writable): Writer {
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        if (stream.destroyed || stream.writableEnded) return resolve()
        if (stream.write(bytes)) return resolve()
        const done = () => {
          stream.off('drain', done)
          stream.off('close', done)
          resolve()
        }
        stream.once('drain', done)
        stream.once('close', done)
      }),
  }
}

/** Feeds a pipe from a node stream until it ends. */
export async function feed(pipe: Pipe, stream: Readable): Promise<void> {
  try {
    for await (const chunk of stream) await pipe.write(chunk)
  } catch {
    // The far side went away, or nobody reads: either way there is no more input.
  }
  pipe.end()
}

/** Everything up to the end; `grown` is told how much there is so far, and may throw. */
export async function readAll(reader: Reader, grown?: (bytes: number) => void): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    chunks.push(chunk)
    size += chunk.length
    grown?.(size)
  }
  return Buffer.concat(chunks)
}

/** One line without its newline; `undefined` at the end. `newline` tells whether there was one. */
export async function readLine(reader: Reader): Promise<{ line: string; newline: boolean } | undefined> {
  const parts: Uint8Array[] = []
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    const end = chunk.indexOf(10)
    if (end === -1) {
      parts.push(chunk)
      continue
    }
    parts.push(chunk.subarray(0, end))
    reader.unread(chunk.subarray(end + 1))
    return { line: Buffer.concat(parts).toString(), newline: true }
  }
  return parts.length > 0 ? { line: Buffer.concat(parts).toString(), newline: false } : undefined
}
