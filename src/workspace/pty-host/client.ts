import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimeDirectory } from '#cloud/runtime-directory.ts'
import { PROJECT_NODE } from '../tools/install.ts'
import { connected, connectLink, type Link, readLink, sendMessage } from './link.ts'
import {
  type DialAnswer,
  HOST_VERSION,
  type HostAnswer,
  type HostedTerminalInfo,
  type TerminalSpec,
} from './messages.ts'

const START_TIMEOUT = 10_000

/** Files that the server inherited open from whoever started it must not reach a learner's shell. */
const CLOSE_INHERITED =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands it.
  'for fd in /dev/fd/*; do fd=${fd##*/}; [ "$fd" -gt 2 ] && eval "exec $fd>&-"; done 2>/dev/null; exec "$0" "$@"'

export interface PtyHostClientOptions {
  /** The host's folder in the data folder: its log file, and what names its socket. */
  folder: string
  /** Called when a shell has ended. */
  onExit?: (terminal: HostedTerminalInfo) => void
  /** Called when the host died; its terminals are gone, the next call starts another. */
  onLost?: () => void
  /** See `PtyHostOptions`, ms. */
  idle?: number
  orphaned?: number
}

/** The server's hold on its pty-host: finds a running one or starts one. */
export class PtyHostClient {
  readonly #options: PtyHostClientOptions
  #control: Promise<Control> | undefined
  #closed = false

  constructor(options: PtyHostClientOptions) {
    this.#options = options
  }

  /** The terminals that the host holds. */
  async terminals(): Promise<HostedTerminalInfo[]> {
    return [...(await this.#connected()).terminals.values()]
  }

  /** Starts a shell. Gives the one that is there if the id is taken. */
  async spawn(terminal: TerminalSpec): Promise<HostedTerminalInfo> {
    const control = await this.#connected()
    const answer = await control.ask({ op: 'spawn', request: 0, terminal })
    return answer.terminal!
  }

  /** Ends a terminal's shell with all that it started, and forgets it. */
  async end(terminal: string): Promise<void> {
    const control = await this.#connected()
    await control.ask({ op: 'end', request: 0, terminal })
    control.terminals.delete(terminal)
  }

  /** A new connection for one terminal's attachment. */
  async attach(terminal: string, columns: number, rows: number, received?: number): Promise<Link> {
    await this.#connected()
    const link = await connectLink(await socketPath(this.#options.folder))
    sendMessage(link.socket, { op: 'attach', terminal, columns, rows, received })
    return link
  }

  /** A new connection for somebody who looks on. */
  async watch(terminal: string): Promise<Link> {
    await this.#connected()
    const link = await connectLink(await socketPath(this.#options.folder))
    sendMessage(link.socket, { op: 'watch', terminal })
    return link
  }

  /** Connects to a port of a network of terminals. Rejects when nothing listens there. */
  async dial(network: string, port: number): Promise<Socket> {
    await this.#connected()
    const socket = await connected(connect(await socketPath(this.#options.folder)))
    return new Promise((resolve, reject) => {
      socket.once('close', () => reject(new Error('the pty-host closed the connection')))
      readLink(socket, {
        message: (message) => {
          const answer = message as DialAnswer
          if (answer.answer === 'failed') {
            socket.destroy()
            return reject(new Error(answer.what))
          }
          socket.removeAllListeners('data').pause()
          resolve(socket)
        },
        data: () => {},
      })
      sendMessage(socket, { op: 'dial', network, port })
    })
  }

  /** Lets go of the host; its terminals go on. */
  async close(): Promise<void> {
    this.#closed = true
    const control = await this.#control?.catch(() => undefined)
    control?.close()
  }

  /** Ends the host and its terminals, if one runs. */
  async stop(): Promise<void> {
    this.#closed = true
    const control = await (this.#control ?? this.#find()).catch(() => undefined)
    if (!control) return
    await control.stop()
  }

  #connected(): Promise<Control> {
    if (this.#closed) throw new Error('the connection to the pty-host was closed')
    this.#control ??= this.#open().catch((error) => {
      this.#control = undefined
      throw error
    })
    return this.#control
  }

  async #open(): Promise<Control> {
    const control = (await this.#find()) ?? (await this.#start())
    control.onExit = (terminal) => this.#options.onExit?.(terminal)
    control.onClose = () => {
      this.#control = undefined
      if (!this.#closed) this.#options.onLost?.()
    }
    return control
  }

  /** A running host of our version; one of another version is ended. */
  async #find(): Promise<Control | undefined> {
    const path = await socketPath(this.#options.folder)
    const socket = await connected(connect(path)).catch(() => undefined)
    if (!socket) {
      // What a killed host left behind.
      await rm(path, { force: true })
      return undefined
    }
    const control = await Control.open(socket)
    if (control.version === HOST_VERSION) return control
    await control.stop()
    return undefined
  }

  async #start(): Promise<Control> {
    const path = await socketPath(this.#options.folder)
    const log = await open(join(this.#options.folder, 'pty-host.log'), 'a', 0o600)
    try {
      const main = fileURLToPath(new URL('./main.ts', import.meta.url))
      const times = [this.#options.idle ?? 60_000, this.#options.orphaned ?? 30 * 60_000].map(String)
      const child = spawn('bash', ['-c', CLOSE_INHERITED, PROJECT_NODE, main, path, ...times], {
        detached: true,
        stdio: ['ignore', 'pipe', log.fd],
        cwd: this.#options.folder,
        env: { PATH: process.env.PATH },
      })
      const ready = await Promise.race([
        once(child.stdout!, 'data').then(() => true),
        once(child, 'exit').then(() => false),
        new Promise<false>((done) => setTimeout(done, START_TIMEOUT, false).unref()),
      ])
      child.stdout!.destroy()
      child.unref()
      if (!ready) {
        child.kill('SIGKILL')
        throw new Error(
          `the terminals' process did not start; see ${join(this.#options.folder, 'pty-host.log')}`,
        )
      }
    } finally {
      await log.close()
    }
    return Control.open(await connected(connect(path)))
  }
}

type Request =
  | { op: 'spawn'; request: number; terminal: TerminalSpec }
  | { op: 'end'; request: number; terminal: string }

interface Waiting {
  resolve(answer: Extract<HostAnswer, { answer: 'done' }>): void
  reject(error: Error): void
}

/** A control connection. */
class Control {
  readonly terminals = new Map<string, HostedTerminalInfo>()
  version = 0
  onExit: (terminal: HostedTerminalInfo) => void = () => {}
  onClose: () => void = () => {}
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(socket: Socket): Promise<Control> {
    const control = new Control(socket)
    const greeted = new Promise<void>((resolve, reject) => {
      readLink(socket, {
        message: (message) => {
          control.#received(message as HostAnswer)
          resolve()
        },
        data: () => {},
      })
      socket.once('close', () => reject(new Error('the pty-host closed the connection')))
    })
    socket.on('close', () => control.#lost())
    sendMessage(socket, { op: 'hello' })
    await greeted
    return control
  }

  ask(request: Request): Promise<Extract<HostAnswer, { answer: 'done' }>> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the pty-host is gone'))
      const number = ++this.#requests
      this.#waiting.set(number, { resolve, reject })
      sendMessage(this.#socket, { ...request, request: number })
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Ends the host; done when it has. */
  async stop(): Promise<void> {
    if (this.#socket.destroyed) return
    sendMessage(this.#socket, { op: 'stop' })
    await once(this.#socket, 'close')
  }

  #received(answer: HostAnswer): void {
    switch (answer.answer) {
      case 'hello':
        this.version = answer.version
        for (const terminal of answer.terminals) this.terminals.set(terminal.id, terminal)
        return
      case 'exit': {
        const terminal = this.terminals.get(answer.terminal)
        if (!terminal) return
        terminal.exit = answer.exit
        this.onExit(terminal)
        return
      }
      case 'done':
        if (answer.terminal) this.terminals.set(answer.terminal.id, answer.terminal)
        this.#waiting.get(answer.request)?.resolve(answer)
        this.#waiting.delete(answer.request)
        return
      case 'failed':
        this.#waiting.get(answer.request)?.reject(new Error(answer.what))
        this.#waiting.delete(answer.request)
    }
  }

  #lost(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the pty-host is gone'))
    this.#waiting.clear()
    this.onClose()
  }
}

/** Where the host of a folder listens. */
async function socketPath(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return join(await runtimeDirectory(folder), 'pty-host')
}
