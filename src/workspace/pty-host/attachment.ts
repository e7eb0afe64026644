import type { Socket } from 'node:net'
import { ACCEPT_EVERY, INPUT_WINDOW } from '../limits.ts'
import type { ServerMessage, TerminalErrorCode } from '../protocol.ts'
import { Batcher } from './batcher.ts'
import { sendData, sendMessage } from './link.ts'
import type { AttachmentRequest, TerminalExit } from './messages.ts'
import { withoutReports } from './reports.ts'
import type { HostedTerminal } from './terminal.ts'

/** A page's view of a terminal, over a connection of its own from the server. Its messages go to the page as they are. */
export class Attachment {
  readonly #socket: Socket
  readonly #terminal: HostedTerminal
  readonly #batcher: Batcher
  #replayed = 0
  #accepted = 0
  #told = 0
  #ended = false

  constructor(socket: Socket, terminal: HostedTerminal) {
    this.#socket = socket
    this.#terminal = terminal
    this.#batcher = new Batcher((data) => sendData(socket, data))
    socket.on('close', () => {
      this.#batcher.close()
      terminal.detach(this)
    })
  }

  /** A message of the page. */
  request(request: AttachmentRequest): void {
    if (request.op === 'ack') this.#terminal.acknowledge(request.offset)
    else this.#terminal.resize(request)
  }

  /** The person's keys. A page that still parses old output may answer queries in it: that is not theirs. */
  input(data: Buffer): void {
    if (this.#ended) return
    const typed = this.#terminal.acknowledgedUpTo(this.#replayed) ? data : withoutReports(data)
    const dropped = data.length - typed.length
    if (dropped > 0) this.accepted(dropped)
    if (this.#terminal.queuedInput + typed.length > 2 * INPUT_WINDOW) {
      this.#fail('input-overflow', 'More input was sent than the program in the terminal reads.')
      return
    }
    this.#terminal.input(typed)
  }

  attached(what: Omit<Extract<ServerMessage, { type: 'attached' }>, 'type'>): void {
    this.#replayed = what.replayed
    this.#message({ type: 'attached', ...what })
  }

  send(data: Buffer): void {
    if (!this.#ended) this.#batcher.push(data)
  }

  /** So many bytes of input were taken. */
  accepted(bytes: number): void {
    this.#accepted += bytes
    if (this.#accepted - this.#told < ACCEPT_EVERY) return
    this.#told = this.#accepted
    this.#message({ type: 'accepted', bytes: this.#accepted })
  }

  exited(exit: TerminalExit): void {
    this.#batcher.flush()
    this.#message({ type: 'exit', ...exit })
    this.#end()
  }

  takenOver(): void {
    this.#fail(
      'taken-over',
      'This terminal was opened in another place.',
      'Choose the tab again to have it here; what runs in it goes on.',
    )
  }

  #fail(code: TerminalErrorCode, what: string, next?: string): void {
    this.#message({ type: 'error', code, what, ...(next ? { next } : {}) })
    this.#end()
  }

  /** Nothing follows; what the page still sends is left unread. */
  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#batcher.close()
    this.#socket.end()
  }

  #message(message: ServerMessage): void {
    if (this.#ended) return
    sendMessage(this.#socket, message)
  }
}
