import { ACK_EVERY, INPUT_WINDOW, MAX_FRAME } from '#workspace/limits.ts'
import type { ClientMessage, ServerMessage } from '#workspace/protocol.ts'
import { ProblemError, request } from '../../api.ts'
import { Backoff } from '../backoff.ts'

/** `connecting` at first, `lost` while trying again; the last three are final until somebody acts. */
export type ConnectionState = 'connecting' | 'attached' | 'lost' | 'taken' | 'ended' | 'gone'

/** What a connection needs of the screen it feeds. */
export interface Screen {
  size(): { columns: number; rows: number }
  /** Takes the size that the terminal has: told to who only looks on. */
  resized?(size: { columns: number; rows: number }): void
  /** Clears all and shows this instead. */
  restore(screen: string): void
  /** Shows output; `parsed` is called when it has been worked through. */
  write(bytes: Uint8Array, parsed: () => void): void
}

interface Events {
  state(state: ConnectionState): void
  exit(code: number): void
}

/** A page's end of a terminal: attaches, acknowledges, comes back by itself. The protocol is in `src/workspace/protocol.ts`. */
export class TerminalConnection {
  readonly #path: string
  readonly #ticketPath: string
  readonly #screen: Screen
  readonly #events: Events
  readonly #retry = new Backoff(() => void this.connect())
  #socket: WebSocket | undefined
  #attached = false
  #closed = false
  /** Bytes of output handed to the screen and worked through by it, and the last acknowledged count. */
  #received: number | undefined
  #parsed = 0
  #acknowledged = 0
  /** Input that waits for room in the window, what was sent and what the shell took on this connection. */
  #waiting: Uint8Array[] = []
  #sent = 0
  #accepted = 0

  /** `ticketPath`: where the right to attach is had; the terminal's own place when left out. */
  constructor(terminal: string, screen: Screen, events: Events, ticketPath?: string) {
    this.#path = `/api/terminals/${encodeURIComponent(terminal)}`
    this.#ticketPath = ticketPath ?? `${this.#path}/ticket`
    this.#screen = screen
    this.#events = events
  }

  async connect(): Promise<void> {
    this.#drop()
    let ticket: string
    try {
      ticket = (await request<{ ticket: string }>('POST', this.#ticketPath)).ticket
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return this.#end('gone')
      return this.#lost()
    }
    if (this.#closed) return
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${this.#path}/socket`)
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      const attach: ClientMessage = { type: 'attach', ticket, ...this.#screen.size() }
      this.#tell(this.#received === undefined ? attach : { ...attach, received: this.#received })
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.#socket) return
      if (typeof data === 'string') this.#hear(JSON.parse(data) as ServerMessage)
      else this.#output(new Uint8Array(data))
    }
    socket.onclose = () => socket === this.#socket && this.#lost()
  }

  /** Input for the shell. What is typed without a connection is dropped, as its effect could not be seen. */
  send(input: Uint8Array): void {
    if (!this.#attached) return
    for (let at = 0; at < input.length; at += MAX_FRAME)
      this.#waiting.push(input.subarray(at, at + MAX_FRAME))
    this.#flush()
  }

  resize(): void {
    if (this.#attached) this.#tell({ type: 'resize', ...this.#screen.size() })
  }

  close(): void {
    this.#closed = true
    this.#retry.close()
    this.#drop()
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case 'attached': {
        if (message.screen !== undefined) this.#screen.restore(message.screen)
        this.#received = message.offset
        this.#parsed = message.offset
        this.#acknowledged = message.offset
        this.#sent = 0
        this.#accepted = 0
        this.#attached = true
        this.#retry.reset()
        this.#events.state('attached')
        this.resize()
        return
      }
      case 'size':
        return this.#screen.resized?.(message)
      case 'accepted':
        this.#accepted = message.bytes
        return this.#flush()
      case 'exit':
        this.#events.exit(message.code)
        return this.#end('ended')
      case 'error':
        if (message.code === 'taken-over') return this.#end('taken')
        if (message.code === 'terminal-unknown') return this.#end('gone')
        // The others are answered by coming back; the server closes after them.
        return
    }
  }

  #output(bytes: Uint8Array): void {
    const socket = this.#socket
    this.#received = (this.#received ?? 0) + bytes.length
    this.#screen.write(bytes, () => {
      if (socket !== this.#socket) return
      this.#parsed += bytes.length
      if (this.#parsed - this.#acknowledged < ACK_EVERY / 2) return
      this.#acknowledged = this.#parsed
      this.#tell({ type: 'ack', offset: this.#parsed })
    })
  }

  #flush(): void {
    let next = this.#waiting[0]
    while (next && this.#sent - this.#accepted + next.length <= INPUT_WINDOW) {
      this.#waiting.shift()
      this.#sent += next.length
      this.#socket?.send(next as Uint8Array<ArrayBuffer>)
      next = this.#waiting[0]
    }
  }

  #tell(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #lost(): void {
    this.#drop()
    if (this.#closed) return
    this.#events.state('lost')
    this.#retry.later()
  }

  #end(state: 'taken' | 'ended' | 'gone'): void {
    this.#drop()
    this.#retry.reset()
    this.#events.state(state)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#attached = false
    this.#waiting = []
    socket?.close()
  }
}
