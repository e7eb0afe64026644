import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, stat, truncate } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { CommitLog, CommitRecord } from './store.ts'
import { isTurnOver, turn } from './turns.ts'

/**
 * An append-only file of commits. Those of one turn of the event loop, and those that arrive while a write is under way, go to
 * disk together (group commit) as one line: CRC-32 of the rest as 8 hex digits, a space, the records as a JSON array.
 * A torn write loses its whole line, so what one turn has done is there altogether or not at all.
 */
export class Journal implements CommitLog {
  #file: FileHandle
  #closed = false
  #size: number
  #pending: string[] = []
  #waiting: { resolve(): void; reject(error: unknown): void }[] = []
  #writing: Promise<void> | undefined
  #failure: unknown
  #next: { file: FileHandle; done(): void } | undefined

  private constructor(file: FileHandle, size: number) {
    this.#file = file
    this.#size = size
  }

  /** Opens or makes the file; what it holds already stays. */
  static async open(path: string): Promise<Journal> {
    const file = await openForAppend(path)
    return new Journal(file, (await file.stat()).size)
  }

  /** Bytes written or waiting to be written. */
  get size(): number {
    return this.#size
  }

  /** After the end of a world, what still comes from it is void. */
  append(record: CommitRecord): void {
    if (this.#closed) return
    const json = encode(record)
    this.#size += json.length
    this.#pending.push(json)
    if (this.#writing) return
    this.#writing = this.#write()
    this.#writing.catch(() => {})
  }

  /** Resolves when everything appended so far is on disk; rejects for good once a write has failed. */
  flushed(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (!this.#writing) return Promise.resolve()
    if (this.#pending.length === 0) return this.#writing
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Goes on in another file; resolves when every earlier record is on disk in the old one and that is closed. */
  async rotate(path: string): Promise<void> {
    const file = await openForAppend(path)
    await new Promise<void>((done) => {
      this.#next = { file, done }
      this.#writing ??= this.#write()
    })
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing.catch(() => {})
    this.#closed = true
    await this.#file.close()
  }

  async #write(): Promise<void> {
    // One turn, so that the commits of the present one share a write.
    await Promise.resolve()
    const batch = this.#pending
    const waiting = this.#waiting
    this.#pending = []
    this.#waiting = []
    try {
      if (batch.length > 0) {
        const line = Buffer.from(`00000000 [${batch.join(',')}]\n`)
        line.write(checksum(line.subarray(9, -1)))
        // What is written is on disk: see `openForAppend`.
        for (let written = 0; written < line.length; )
          written += (await this.#file.write(line, written)).bytesWritten
      }
      if (this.#next) await this.#turn(this.#next)
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      this.#failure = error
      for (const { reject } of waiting) reject(error)
      throw error
    } finally {
      this.#writing = this.#pending.length > 0 && !this.#failure ? this.#write() : undefined
      // Whoever needs to know asks flushed(); a failure must not end the process as an unhandled rejection.
      this.#writing?.catch(() => {})
    }
  }

  async #turn(next: { file: FileHandle; done(): void }): Promise<void> {
    this.#next = undefined
    const old = this.#file
    this.#file = next.file
    this.#size = this.#pending.reduce((sum, line) => sum + line.length, 0)
    await old.close()
    next.done()
  }
}

/** `O_DSYNC`: a write returns when it is on disk, as if `fdatasync` followed it, for half the way there and back. */
function openForAppend(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_DSYNC, O_WRONLY } = constants
  return open(path, O_APPEND | O_CREAT | O_DSYNC | O_WRONLY, 0o600)
}

function encode(record: CommitRecord): string {
  return JSON.stringify([
    record.revision,
    ...record.writes.map(({ key, value }) => (value === undefined ? [key] : [key, value])),
  ])
}

/** CRC-32 as 8 hex digits. */
export function checksum(text: string | Buffer): string {
  return crc32(text).toString(16).padStart(8, '0')
}

/**
 * Reads a journal's records. A torn or damaged tail (the last write before a crash) is cut off the file;
 * `onDamage` is told how many bytes went.
 */
export async function readJournal(
  path: string,
  onRecord: (record: CommitRecord) => void,
  onDamage: (bytes: number) => void = () => {},
): Promise<void> {
  const good = await readRecords(path, onRecord)
  const { size } = await stat(path)
  if (good < size) {
    await truncate(path, good)
    onDamage(size - good)
  }
}

/** Reads the records of a journal that may be written meanwhile, up to what is whole; gives how many bytes that is. */
export async function readRecords(path: string, onRecord: (record: CommitRecord) => void): Promise<number> {
  let good = 0
  for await (const { text, bytes, complete } of lines(path)) {
    const records = complete ? decode(text) : undefined
    if (!records) break
    for (const record of records) onRecord(record)
    good += bytes
    if (isTurnOver()) await turn()
  }
  return good
}

function decode(line: string): CommitRecord[] | undefined {
  const json = line.slice(9)
  if (line[8] !== ' ' || checksum(json) !== line.slice(0, 8)) return undefined
  const batch = JSON.parse(json) as [number, ...[string, unknown?][]][]
  return batch.map(([revision, ...writes]) => ({
    revision,
    writes: writes.map(([key, value]) => ({ key, value })),
  }))
}

/** The lines of a file with their length in bytes; `complete` is false for a last line without its newline. */
export async function* lines(
  path: string,
): AsyncGenerator<{ text: string; bytes: number; complete: boolean }> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let buffer = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer)
    for (let end = buffer.indexOf(10); end !== -1; end = buffer.indexOf(10)) {
      yield { text: buffer.toString('utf8', 0, end), bytes: end + 1, complete: true }
      buffer = buffer.subarray(end + 1)
    }
    rest = Buffer.from(buffer)
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), bytes: rest.length, complete: false }
}
