import type { Socket } from 'node:net'
import { INPUT_WINDOW, WATERMARKS } from '../limits.ts'
import type { ServerMessage } from '../protocol.ts'
import { Batcher } from './batcher.ts'
import { sendData, sendMessage } from './link.ts'
import type { AttachmentRequest, TerminalExit } from './messages.ts'
import { withoutReports } from './reports.ts'
import type { Size } from './screen.ts'
import type { HostedTerminal } from './terminal.ts'

/**
 * The view of somebody who looks over the shoulder. It neither takes the terminal over nor changes its size nor slows
 * it down: a watcher who falls behind is left out, and shown the screen again when it has caught up.
 */
export class Watcher {
  readonly #socket: Socket
  readonly #terminal: HostedTerminal
  readonly #batcher: Batcher
  /** Counts of output: what was sent, and what the page has parsed. */
  #sent: number | undefined
  #acknowledged = 0
  /** Whether output is handed on as it comes; else it is asked for when the page has caught up. */
  #live = false
  #catchingUp = false
  #ended = false

  constructor(socket: Socket, terminal: HostedTerminal) {
    this.#socket = socket
    this.#terminal = terminal
    this.#batcher = new Batcher((data) => sendData(socket, data))
    socket.on('close', () => {
      this.#ended = true
      this.#batcher.close()
      terminal.unwatch(this)
    })
  }

  request(request: AttachmentRequest): void {
    if (request.op !== 'ack') return
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(request.offset, this.#sent ?? 0))
    if (!this.#live && this.#underWay < WATERMARKS.low) this.catchUp()
  }

  /** Keys of a person whom the terminal's owner lets type. A watching screen's own answers are never input: the owner's gives them. */
  input(data: Buffer): void {
    const typed = withoutReports(data)
    if (this.#ended || this.#terminal.queuedInput + typed.length > 2 * INPUT_WINDOW) return
    this.#terminal.input(typed)
  }

  /** Shows what was missed: from the ring while it is there, else the whole screen. */
  catchUp(): void {
    if (this.#catchingUp) return
    this.#catchingUp = true
    this.#terminal
      .showTo(this)
      .catch((error) => this.#socket.destroy(error))
      .finally(() => {
        this.#catchingUp = false
      })
  }

  /** The count up to which it has been shown; undefined before its first screen. */
  get sent(): number | undefined {
    return this.#sent
  }

  get #underWay(): number {
    return (this.#sent ?? 0) - this.#acknowledged
  }

  /** The screen as it is at a count of output; `output` follows. */
  attached(screen: string, offset: number, size: Size, running: boolean): void {
    this.#batcher.flush()
    this.resized(size)
    this.#sent = offset
    this.#acknowledged = offset
    this.#message({ type: 'attached', screen, offset, replayed: offset, running })
  }

  /** Sends what was missed up to a count, and output from now on. */
  resume(missed: Buffer, end: number): void {
    this.#live = true
    this.#send(missed, end)
  }

  output(data: Buffer): void {
    if (!this.#live) return
    if (this.#underWay > WATERMARKS.high) this.#live = false
    else this.#send(data, this.#sent! + data.length)
  }

  resized({ columns, rows }: Size): void {
    this.#batcher.flush()
    this.#message({ type: 'size', columns, rows })
  }

  exited(exit: TerminalExit): void {
    this.#batcher.flush()
    this.#message({ type: 'exit', ...exit })
    this.#ended = true
    this.#socket.end()
  }

  #send(data: Buffer, end: number): void {
    if (this.#ended) return
    this.#sent = end
    this.#batcher.push(data)
  }

  #message(message: ServerMessage): void {
    if (!this.#ended) sendMessage(this.#socket, message)
  }
}
