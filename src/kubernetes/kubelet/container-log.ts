import { Readable } from 'node:stream'
import type { LogOptions } from '../api.ts'
import { parseTime } from '../time.ts'

/** Kept for each instance of a container; the oldest lines go first. */
const LIMIT_BYTES = 1 << 20
/** A line longer than this is split, as CRI runtimes do. */
const LONGEST_LINE = 16 << 10

interface Line {
  stream: 'stdout' | 'stderr'
  time: number
  /** Counts within a millisecond, so that timestamps never repeat. */
  order: number
  bytes: Buffer
}

/** What an instance of a container wrote, line by line with its time, as the CRI log format keeps it. */
export class ContainerLog {
  readonly #now: () => number
  readonly #lines: Line[] = []
  readonly #partial = new Map<'stdout' | 'stderr', Buffer>()
  readonly #followers = new Set<() => void>()
  #bytes = 0
  #dropped = 0
  #order = 0
  #closed = false

  constructor(now: () => number) {
    this.#now = now
  }

  /** How large it is. */
  get bytes(): number {
    return this.#bytes
  }

  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    let rest = Buffer.concat([this.#partial.get(stream) ?? Buffer.alloc(0), chunk])
    for (let end = rest.indexOf(10); end !== -1 || rest.length > LONGEST_LINE; end = rest.indexOf(10)) {
      const length = end === -1 || end + 1 > LONGEST_LINE ? LONGEST_LINE : end + 1
      this.#push(stream, rest.subarray(0, length))
      rest = rest.subarray(length)
    }
    this.#partial.set(stream, Buffer.from(rest))
    this.#notify()
  }

  /** The process ended: what is left of a line is one too, and followers end. */
  close(): void {
    if (this.#closed) return
    for (const [stream, rest] of this.#partial) if (rest.length > 0) this.#push(stream, rest)
    this.#partial.clear()
    this.#closed = true
    this.#notify()
  }

  /** As the runtime writes it to the node's disk: `2026-11-29T19:00:00.123000000Z stdout F text`. */
  file(): Buffer {
    const lines = this.#lines.map((line) => {
      const whole = line.bytes.at(-1) === 10
      const head = Buffer.from(`${stamp(line)} ${line.stream} ${whole ? 'F' : 'P'} `)
      return Buffer.concat([head, line.bytes, ...(whole ? [] : [Buffer.from('\n')])])
    })
    return Buffer.concat(lines)
  }

  /** The last lines as text, for a termination message: at most 80 lines and 2048 bytes. */
  tail(): string {
    const text = Buffer.concat(this.#lines.slice(-80).map(({ bytes }) => bytes))
    return text.subarray(Math.max(0, text.length - 2048)).toString()
  }

  /** The log as `kubectl logs` asks for it; with `follow` it ends when the container does. */
  read(options: LogOptions): Readable {
    const since = sinceOf(options, this.#now())
    const wanted = this.#lines.filter((line) => line.time >= since)
    const tail =
      options.tailLines === undefined ? wanted : options.tailLines > 0 ? wanted.slice(-options.tailLines) : []
    let next = this.#dropped + this.#lines.length
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY
    const output = new Readable({ read() {} })
    const send = (lines: Line[]) => {
      for (const line of lines) {
        const text = options.timestamps
          ? Buffer.concat([Buffer.from(`${stamp(line)} `), line.bytes])
          : line.bytes
        if (left > 0) output.push(text.subarray(0, left))
        left -= text.length
      }
    }
    const follow = () => {
      send(this.#lines.slice(Math.max(0, next - this.#dropped)))
      next = this.#dropped + this.#lines.length
      if (this.#closed || left <= 0) finish()
    }
    const finish = () => {
      this.#followers.delete(follow)
      output.push(null)
    }
    send(tail)
    if (!options.follow || this.#closed || left <= 0) output.push(null)
    else this.#followers.add(follow)
    output.on('close', () => this.#followers.delete(follow))
    return output
  }

  #push(stream: Line['stream'], bytes: Uint8Array): void {
    const line = { stream, time: this.#now(), order: this.#order++ % 1_000_000, bytes: Buffer.from(bytes) }
    this.#lines.push(line)
    this.#bytes += line.bytes.length
    let drop = 0
    while (this.#bytes > LIMIT_BYTES && drop < this.#lines.length - 1)
      this.#bytes -= this.#lines[drop++]!.bytes.length
    if (drop > 0) this.#lines.splice(0, drop)
    this.#dropped += drop
  }

  #notify(): void {
    for (const follower of [...this.#followers]) follower()
  }
}

function sinceOf({ sinceSeconds, sinceTime }: LogOptions, now: number): number {
  if (sinceSeconds !== undefined) return now - sinceSeconds * 1000
  return parseTime(sinceTime)
}

/** RFC 3339 with nanoseconds; the world's clock gives milliseconds, the order of the lines the rest. */
function stamp({ time, order }: Line): string {
  const fraction = `${new Date(Math.floor(time)).toISOString().slice(20, 23)}${String(order).padStart(6, '0')}`
  return `${new Date(Math.floor(time)).toISOString().slice(0, 20)}${fraction}Z`
}
