import { appendFile, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { Size } from './screen.ts'
import { ShownText } from './shown.ts'

/** A part is followed by another at so many bytes, or after so many ms: a whole part is forgotten, never half of one. */
const PART_SIZE = 256 * 1024
export const PART_TIME = 3600 * 1000
/** So many bytes of a terminal are kept, the latest. */
const KEPT = 2 * 1024 * 1024
/** So many bytes of output are kept in each second: nobody reads more. */
const EACH_SECOND = 32 * 1024
/** What comes within so many ms is written together. */
const GATHER = 200

const PART = /^(.+)\.(\d+)\.jsonl$/

/** The file with what a terminal showed from `from` (ms since the epoch) on. */
const partFile = (base: string, from: number) => `${base}.${from}.jsonl`

/** A part by its file's name: of which terminal, from when on. Undefined for the name of something else. */
export function partOf(name: string): { terminal: string; from: number } | undefined {
  const [, terminal, from] = PART.exec(name) ?? []
  return terminal === undefined ? undefined : { terminal, from: Number(from) }
}

/**
 * Keeps what a terminal shows and when: a JSON array a line, `[ms since the epoch, "o", text]`, `[…, "r", "<columns>x<rows>"]` when its size
 * changes, `[…, "x", bytes]` for output that was too much. Much like https://docs.asciinema.org/manual/asciicast/v2/ . Keys that a program does
 * not echo, such as a password's, are in no output, and what is not shown (`ShownText`) is not kept. It is over when its folder is removed.
 */
export class OutputRecording {
  readonly #base: string
  readonly #now: () => number
  readonly #decoder = new StringDecoder('utf8')
  readonly #shown = new ShownText()
  #size: Size
  /** What waits to be written: pieces of output of one time, and finished lines. */
  #lines: string[] = []
  #text = ''
  #since = 0
  #second = 0
  #budget = EACH_SECOND
  #dropped = 0
  /** What is written, and how many bytes; the last is written to. */
  readonly #parts: { file: string; from: number; size: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void>

  /** `base`: the folder, and how names of its files begin. `now` in ms since the epoch. */
  constructor(base: string, size: Size, now: () => number = Date.now) {
    this.#base = base
    this.#size = size
    this.#now = now
    this.#writing = mkdir(dirname(base), { recursive: true, mode: 0o700 }).then(() => {})
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
    const shown = this.#shown.take(this.#decoder.write(kept))
    if (shown === '') return
    if (this.#text === '') this.#since = at
    this.#text += shown
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
    const now = this.#now()
    let part = this.#parts.at(-1)
    if (!part || part.size > PART_SIZE || now - part.from >= PART_TIME) {
      if (part) lines = line(now, 'r', sizeText(this.#size)) + lines
      part = { file: partFile(this.#base, now), from: now, size: 0 }
      this.#parts.push(part)
    }
    await appendFile(part.file, lines, { mode: 0o600 })
    part.size += Buffer.byteLength(lines)
    while (this.#parts.reduce((sum, { size }) => sum + size, 0) > KEPT)
      await rm(this.#parts.shift()!.file, { force: true })
  }
}

const line = (at: number, kind: 'o' | 'r' | 'x', value: string | number) =>
  `${JSON.stringify([at, kind, value])}\n`
const sizeText = ({ columns, rows }: Size) => `${columns}x${rows}`
