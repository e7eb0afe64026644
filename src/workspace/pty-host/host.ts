import { createServer, type Server, type Socket } from 'node:net'
import { Attachment } from './attachment.ts'
import { readLink, sendMessage } from './link.ts'
import {
  type AttachmentRequest,
  type DialAnswer,
  HOST_VERSION,
  type HostAnswer,
  type HostRequest,
  type TerminalSpec,
} from './messages.ts'
import { Networks } from './networks.ts'
import { HostedTerminal } from './terminal.ts'
import { Watcher } from './watcher.ts'

export interface PtyHostOptions {
  /** Ends itself after so many ms with neither a terminal nor a server. */
  idle: number
  /** Ends its terminals and itself after so many ms without a server. */
  orphaned: number
  /** Called when it has ended everything. */
  stopped: () => void
}

/** Holds terminals for servers that come and go. Has no children but the shells and what holds their networks. */
export class PtyHost {
  readonly #options: PtyHostOptions
  readonly #server: Server
  readonly #terminals = new Map<string, HostedTerminal>()
  readonly #servers = new Set<Socket>()
  readonly #networks = new Networks()
  #spawning: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: PtyHostOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#connected(socket))
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(path, resolve)
    })
    this.#watchIdle()
  }

  /** Ends all terminals. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#server.close()
    await Promise.all([...this.#terminals.values()].map((terminal) => terminal.end()))
    this.#networks.close()
    for (const server of this.#servers) server.destroy()
    this.#options.stopped()
  }

  #connected(socket: Socket): void {
    let attachment: Attachment | Watcher | undefined
    // A server that is killed is no error of ours: 'close' follows.
    socket.on('error', () => {})
    readLink(socket, {
      message: (message) => {
        if (attachment) return attachment.request(message as AttachmentRequest)
        const request = message as HostRequest
        if (request.op === 'dial') return this.#dial(socket, request.network, request.port)
        if (request.op !== 'attach' && request.op !== 'watch') return this.#control(socket, request)
        const terminal = this.#terminals.get(request.terminal)
        if (!terminal) {
          sendMessage(socket, {
            type: 'error',
            code: 'terminal-unknown',
            what: 'This terminal is gone.',
            next: 'Open a new one.',
          })
          socket.end()
          return
        }
        if (request.op === 'watch') {
          attachment = new Watcher(socket, terminal)
          return terminal.watch(attachment)
        }
        attachment = new Attachment(socket, terminal)
        terminal.attach(attachment, request, request.received).catch((error) => socket.destroy(error))
      },
      data: (piece) => attachment?.input(piece),
    })
  }

  /** Joins a server's connection to a port of a network; the server says nothing until it hears that it is. */
  #dial(socket: Socket, network: string, port: number): void {
    socket.removeAllListeners('data').pause()
    this.#networks.dial(network, port).then(
      (inside) => {
        sendMessage(socket, { answer: 'dialled' } satisfies DialAnswer)
        const end = () => {
          inside.destroy()
          socket.destroy()
        }
        inside.on('error', end).on('close', end)
        socket.on('close', end)
        inside.pipe(socket)
        socket.pipe(inside)
      },
      (error: Error) => {
        sendMessage(socket, { answer: 'failed', what: error.message } satisfies DialAnswer)
        socket.end()
      },
    )
  }

  #control(socket: Socket, request: Exclude<HostRequest, { op: 'attach' | 'watch' | 'dial' }>): void {
    switch (request.op) {
      case 'hello':
        this.#servers.add(socket)
        this.#watchIdle()
        socket.on('close', () => {
          this.#servers.delete(socket)
          this.#watchIdle()
        })
        this.#answer(socket, {
          answer: 'hello',
          version: HOST_VERSION,
          pid: process.pid,
          terminals: [...this.#terminals.values()].map((terminal) => terminal.info),
        })
        return
      case 'spawn':
        this.#spawn(socket, request.request, request.terminal)
        return
      case 'end': {
        const terminal = this.#terminals.get(request.terminal)
        this.#terminals.delete(request.terminal)
        Promise.resolve(terminal?.end()).then(() => {
          this.#watchIdle()
          this.#answer(socket, { answer: 'done', request: request.request })
        })
        return
      }
      case 'stop':
        this.stop()
    }
  }

  /** One at a time: starting a shell blocks for about a millisecond. */
  #spawn(socket: Socket, request: number, spec: TerminalSpec): void {
    this.#spawning = this.#spawning.then(async () => {
      await new Promise((next) => setImmediate(next))
      try {
        const present = this.#terminals.get(spec.id)
        const terminal = present ?? (await this.#start(spec))
        this.#terminals.set(spec.id, terminal)
        this.#watchIdle()
        this.#answer(socket, { answer: 'done', request, terminal: terminal.info })
      } catch (error) {
        this.#answer(socket, { answer: 'failed', request, what: (error as Error).message })
      }
    })
  }

  async #start(spec: TerminalSpec): Promise<HostedTerminal> {
    const network = spec.network && (await this.#networks.enter(spec.network))
    const [file, ...words] = [...(network?.command ?? []), spec.file, ...spec.arguments]
    return new HostedTerminal({ ...spec, file: file!, arguments: words }, (exit) => {
      network?.leave()
      for (const server of this.#servers) this.#answer(server, { answer: 'exit', terminal: spec.id, exit })
    })
  }

  #answer(socket: Socket, answer: HostAnswer): void {
    sendMessage(socket, answer)
  }

  #watchIdle(): void {
    clearTimeout(this.#timer)
    if (this.#servers.size > 0) return
    const wait = this.#terminals.size > 0 ? this.#options.orphaned : this.#options.idle
    this.#timer = setTimeout(() => this.stop(), wait)
  }
}
