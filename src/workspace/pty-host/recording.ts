import { appendFile, mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { Size } from './screen.ts'

/** A file is followed by another at so many bytes; the one before it is kept, too. */
const FILE_SIZE = 1024 * 1024
/** So many bytes of output are kept in each second: nobody reads more. */
const EACH_SECOND = 32 * 1024
/** What comes within so many ms is written together. */
const GATHER = 200

/** Where the older part of a recording is, once there is one. */
export const olderPart = (file: string) => `${file}.1`

/**
 * Keeps what a terminal shows and when: a JSON array a line, `[ms since the epoch, "o", text]`, `[…, "r", "<columns>x<rows>"]` when its size
 * changes, `[…, "x", bytes]` for output that was too much. Much like https://docs.asciinema.org/manual/asciicast/v2/ . Keys that a program does
 * not echo, such as a password's, are in no output.
 */
export class OutputRecording {
  readonly #file: string
  readonly #now: () => number
  readonly #decoder = new StringDecoder('utf8')
  #size: Size
  /** What waits to be written: pieces of output of one time, and finished lines. */
  #lines: string[] = []
  #text = ''
  #since = 0
  #second = 0
  #budget = EACH_SECOND
  #dropped = 0
  #written = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void>

  /** `now` in ms since the epoch. */
  constructor(file: string, size: Size, now: () => number = Date.now) {
    this.#file = file
    this.#size = size
    this.#now = now
    this.#writing = mkdir(dirname(file), { recursive: true, mode: 0o700 }).then(() => {})
    this.resized(size)
  }

  output(data: Buffer): void {
    const at = this.#now()
    const second = Math.floor(at / 1000)
    if (second !== this.#second) {
      this.#tellDropped(at)
      this.#second = second
      this.#budget = EACH_SECOND
    }
    const kept = data.subarray(0, this.#budget)
    this.#budget -= kept.length
    this.#dropped += data.length - kept.length
    if (kept.length === 0) return
    if (this.#text === '') this.#since = at
    this.#text += this.#decoder.write(kept)
    this.#soon()
  }

  resized(size: Size): void {
    this.#size = size
    this.#endLine()
    this.#lines.push(line(this.#now(), 'r', sizeText(size)))
    this.#soon()
  }

  /** Nothing follows; settles when all is written. */
  close(): Promise<void> {
    this.#tellDropped(this.#now())
    clearTimeout(this.#timer)
    this.#write()
    return this.#writing
  }

  #tellDropped(at: number): void {
    if (this.#dropped === 0) return
    this.#endLine()
    this.#lines.push(line(at, 'x', this.#dropped))
    this.#dropped = 0
  }

  #endLine(): void {
    if (this.#text === '') return
    this.#lines.push(line(this.#since, 'o', this.#text))
    this.#text = ''
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#write(), GATHER)
    this.#timer.unref()
  }

  #write(): void {
    this.#timer = undefined
    this.#endLine()
    const lines = this.#lines.join('')
    this.#lines = []
    if (lines === '') return
    // A disk that is full loses a recording, never a terminal.
    this.#writing = this.#writing.then(() => this.#append(lines)).catch(() => {})
  }

  async #append(lines: string): Promise<void> {
    if (this.#written > FILE_SIZE) {
      await rename(this.#file, olderPart(this.#file))
      this.#written = 0
      lines = line(this.#now(), 'r', sizeText(this.#size)) + lines
    }
    await appendFile(this.#file, lines, { mode: 0o600 })
    this.#written += Buffer.byteLength(lines)
  }
}

const line = (at: number, kind: 'o' | 'r' | 'x', value: string | number) =>
  `${JSON.stringify([at, kind, value])}\n`
const sizeText = ({ columns, rows }: Size) => `${columns}x${rows}`
