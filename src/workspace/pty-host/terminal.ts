import { randomUUID } from 'node:crypto'
import { type Pty, spawn } from 'node-pty'
import { WATERMARKS } from '../limits.ts'
import type { Attachment } from './attachment.ts'
import type { HostedTerminalInfo, TerminalExit, TerminalSpec } from './messages.ts'
import { ModeTracker } from './modes.ts'
import { endSession } from './processes.ts'
import { OutputRecording } from './recording.ts'
import { OutputRing } from './ring.ts'
import { type Recording, renderScreen, type Size } from './screen.ts'
import type { Watcher } from './watcher.ts'
import { PtyWriter } from './writer.ts'

/** What a terminal that nobody looks at may print: so many bytes at once, and again after so many ms. */
const DETACHED_BURST = 128 * 1024
const DETACHED_PAUSE = 250

/** A shell on a pty, its latest output, at most one attachment that works in it, and those who look on. */
export class HostedTerminal {
  readonly id: string
  /** Tells the processes of this terminal from others; macOS's Terminal sets the variable, too. */
  readonly #mark = `TERM_SESSION_ID=${randomUUID()}`
  readonly #pty: Pty
  readonly #writer: PtyWriter
  readonly #modes = new ModeTracker()
  readonly #ring = new OutputRing((piece) => this.#modes.follow(piece))
  #size: Size
  /** The sizes that the terminal had before, each up to its count of output bytes. */
  #sizes: { until: number; size: Size }[] = []
  readonly #watchers = new Set<Watcher>()
  readonly #recording: OutputRecording | undefined
  #attachment: Attachment | undefined
  /** Whether the attachment has got its screen and takes output. */
  #attached = false
  #acknowledged = 0
  #detachedBudget = DETACHED_BURST
  #detachedTimer: NodeJS.Timeout | undefined
  #paused = false
  #exit: TerminalExit | undefined

  /** `exited` is called once, after the last output. */
  constructor(spec: TerminalSpec, exited: (exit: TerminalExit) => void) {
    this.id = spec.id
    this.#size = { columns: spec.columns, rows: spec.rows }
    this.#pty = spawn(spec.file, spec.arguments, {
      name: spec.environment.TERM,
      cols: spec.columns,
      rows: spec.rows,
      cwd: spec.folder,
      env: { ...spec.environment, TERM_SESSION_ID: this.#mark.slice(this.#mark.indexOf('=') + 1) },
      encoding: null,
    })
    this.#recording = spec.record === undefined ? undefined : new OutputRecording(spec.record, this.#size)
    this.#writer = new PtyWriter(this.#pty.fd, (bytes) => this.#attachment?.accepted(bytes))
    this.#pty.onData((data) => this.#output(data))
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#exit = { code: exitCode, ...(signal ? { signal } : {}) }
      this.#writer.close()
      clearTimeout(this.#detachedTimer)
      void this.#recording?.close()
      if (this.#attached) this.#attachment?.exited(this.#exit)
      for (const watcher of this.#watchers) watcher.exited(this.#exit)
      exited(this.#exit)
    })
  }

  get info(): HostedTerminalInfo {
    return { id: this.id, pid: this.#pty.pid, ...(this.#exit ? { exit: this.#exit } : {}) }
  }

  /**
   * Shows the terminal to a new attachment, which takes it over from the one before: what it misses if that is
   * still kept, else the whole screen.
   */
  async attach(attachment: Attachment, size: Size, received: number | undefined): Promise<void> {
    this.#attachment?.takenOver()
    this.#attachment = attachment
    this.#attached = false
    // Nothing may change while the screen is made.
    this.#pause()
    const resumes = received !== undefined && received >= this.#ring.start && received <= this.#ring.end
    const screen = resumes ? undefined : await this.#render(size)
    if (this.#attachment !== attachment) return

    const end = this.#ring.end
    const offset = resumes ? received : end
    this.#acknowledged = offset
    this.#attached = true
    attachment.attached({ screen, offset, replayed: end, running: !this.#exit })
    attachment.send(this.#ring.slice(offset))
    this.resize(size)
    if (this.#exit) attachment.exited(this.#exit)
    else this.#flow()
  }

  /** The attachment's connection is gone. */
  detach(attachment: Attachment): void {
    if (this.#attachment !== attachment) return
    this.#attachment = undefined
    this.#attached = false
    this.#detachedBudget = DETACHED_BURST
    this.#flow()
  }

  /** Lets somebody look on. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher)
    watcher.catchUp()
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher)
  }

  /** Sends a watcher what it misses. The terminal goes on meanwhile. */
  async showTo(watcher: Watcher): Promise<void> {
    if (watcher.sent === undefined || watcher.sent < this.#ring.start) {
      const { end } = this.#ring
      const size = this.#size
      watcher.attached(await this.#render(size), end, size, !this.#exit)
    }
    const { start } = this.#ring
    const missed = this.#ring.slice(watcher.sent!)
    // A flood may have outrun even the drawing: it is seen from a line's beginning on.
    watcher.resume(watcher.sent! < start ? fromLineStart(missed) : missed, this.#ring.end)
    if (this.#exit) watcher.exited(this.#exit)
  }

  /** The page has parsed the output up to this count. */
  acknowledge(offset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(offset, this.#ring.end))
    this.#flow()
  }

  /** Whether output that was made before the attachment is still being parsed by the page. */
  acknowledgedUpTo(offset: number): boolean {
    return this.#acknowledged >= offset
  }

  input(data: Buffer): void {
    if (!this.#exit) this.#writer.write(data)
  }

  /** Bytes of input that no program has read yet. */
  get queuedInput(): number {
    return this.#writer.queued
  }

  resize(size: Size): void {
    // node-pty throws for a terminal that has ended.
    if (this.#exit || (size.columns === this.#size.columns && size.rows === this.#size.rows)) return
    this.#sizes = this.#sizes.filter(({ until }) => until > this.#ring.start)
    this.#sizes.push({ until: this.#ring.end, size: this.#size })
    this.#size = size
    this.#pty.resize(size.columns, size.rows)
    this.#recording?.resized(size)
    for (const watcher of this.#watchers) watcher.resized(size)
  }

  /** Ends the shell and everything that it started. */
  async end(): Promise<void> {
    if (!this.#exit) await endSession(this.#pty.pid, this.#mark)
    clearTimeout(this.#detachedTimer)
  }

  #output(data: Buffer): void {
    this.#ring.write(data)
    this.#recording?.output(data)
    if (this.#attached) this.#attachment?.send(data)
    else this.#detachedBudget -= data.length
    for (const watcher of this.#watchers) watcher.output(data)
    this.#flow()
  }

  /** Reads the pty as fast as the page parses, or slowly when there is none. */
  #flow(): void {
    if (this.#exit) return
    if (this.#attachment) {
      // While the screen is made the pty stays stopped.
      if (!this.#attached) return
      const underWay = this.#ring.end - this.#acknowledged
      if (underWay > WATERMARKS.high) this.#pause()
      else if (underWay < WATERMARKS.low || !this.#paused) this.#resume()
      return
    }
    if (this.#detachedBudget > 0) this.#resume()
    else {
      this.#pause()
      this.#detachedTimer ??= setTimeout(() => {
        this.#detachedTimer = undefined
        this.#detachedBudget = DETACHED_BURST
        this.#flow()
      }, DETACHED_PAUSE)
    }
  }

  #pause(): void {
    if (this.#paused || this.#exit) return
    this.#paused = true
    this.#pty.pause()
  }

  #resume(): void {
    if (!this.#paused || this.#exit) return
    this.#paused = false
    this.#pty.resume()
  }

  #render(last: Size): Promise<string> {
    const { start, end } = this.#ring
    const recording: Recording = [this.#modes.prefix()]
    let from = start
    const sizes = this.#sizes.filter(({ until }) => until > start)
    const first = sizes[0]?.size ?? this.#size
    sizes.forEach(({ until }, index) => {
      recording.push(this.#ring.slice(from, until), sizes[index + 1]?.size ?? this.#size)
      from = until
    })
    recording.push(this.#ring.slice(from, end))
    if (start > 0) recording[1] = fromLineStart(recording[1] as Buffer)
    return renderScreen(recording, first, last)
  }
}

/** Output whose beginning is lost may begin inside a character or a sequence: leave out the line's rest. */
function fromLineStart(output: Buffer): Buffer {
  const end = output.indexOf(0x0a)
  return end >= 0 && end < 4096 ? output.subarray(end + 1) : output
}
