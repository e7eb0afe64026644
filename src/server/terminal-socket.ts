import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Looks } from '#classroom/looks.ts'
import { ATTACH_TIMEOUT, MAX_FRAME } from '#workspace/limits.ts'
import {
  type AttachMessage,
  attachMessage,
  CLOSE_CODES,
  clientMessage,
  type ServerMessage,
  type TerminalErrorCode,
} from '#workspace/protocol.ts'
import { type Link, sendData, sendMessage } from '#workspace/pty-host/link.ts'
import type { LabTerminals } from './lab-terminals.ts'
import type { AllowList } from './security/allow-list.ts'
import type { Connections } from './security/connections.ts'
import type { Identities, Identity } from './security/identity.ts'
import type { Tickets } from './security/tickets.ts'

/** A page that does not answer a ping until the next one is gone: found within twice this, ms. */
const PING_EVERY = 15_000
/** Connections that a session may have; more are refused. */
const CONNECTION_LIMIT = 32
/** Input that the pty-host has not read; a page keeps far below. */
const LINK_LIMIT = 1024 * 1024
/** What a page has to answer the server's farewell, ms. */
const CLOSE_GRACE = 500
const PATH = /^\/api\/terminals\/([\w-]{1,64})\/socket$/

export interface TerminalSocketsOptions {
  allowed: () => AllowList
  identities: () => Identities
  connections: Connections
  tickets: Tickets
  terminals: LabTerminals
  /** Who may look at others' terminals; nobody on a server of one person. */
  looks?: Looks
  /** Until a silent connection is dropped; default ATTACH_TIMEOUT. */
  attachTimeout?: number
  onError(error: unknown): void
}

/** The WebSockets of terminals: lets in, attaches, and hands bytes on between page and pty-host. */
export class TerminalSockets {
  readonly #options: TerminalSocketsOptions
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME,
    // Compression costs more than the loopback does.
    perMessageDeflate: false,
  })
  readonly #counts = new Map<string, number>()
  readonly #alive = new WeakSet<WebSocket>()
  readonly #pings: NodeJS.Timeout

  constructor(options: TerminalSocketsOptions) {
    this.#options = options
    this.#pings = setInterval(() => this.#ping(), PING_EVERY)
    this.#pings.unref()
  }

  /** A request to upgrade. Everything is checked before anything is made for it. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    if (this.#options.allowed().upgradeRefusal(request.headers)) return refuse(socket, '403 Forbidden')
    const terminal = PATH.exec(request.url ?? '')?.[1]
    if (!terminal) return refuse(socket, '404 Not Found')
    const identity = await this.#options.identities().find(request.headers)
    if (!identity) return refuse(socket, '401 Unauthorized')
    const { session } = identity
    const count = this.#counts.get(session) ?? 0
    if (count >= CONNECTION_LIMIT) return refuse(socket, '429 Too Many Requests')
    this.#counts.set(session, count + 1)
    socket.on('close', () => {
      const left = this.#counts.get(session)! - 1
      if (left > 0) this.#counts.set(session, left)
      else this.#counts.delete(session)
    })
    if (socket.destroyed) return
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#connected(ws, identity, terminal))
  }

  /** How many pages are connected. */
  get connections(): number {
    return this.#server.clients.size
  }

  /** Tells every page to come back later. */
  close(): void {
    clearInterval(this.#pings)
    for (const ws of this.#server.clients)
      end(ws, 'restarting', 'The server is being restarted.', 'The page connects again by itself.')
  }

  #connected(ws: WebSocket, identity: Identity, terminal: string): void {
    this.#alive.add(ws)
    ws.on('pong', () => this.#alive.add(ws))
    // A frame that is too large or broken; 'close' follows.
    ws.on('error', () => {})
    const silent = setTimeout(
      () => ws.close(CLOSE_CODES.silent, 'no attach message'),
      this.#options.attachTimeout ?? ATTACH_TIMEOUT,
    )
    const forget = this.#options.connections.add(identity, () =>
      end(ws, 'ticket-refused', 'You are signed out.', 'Sign in again.'),
    )
    ws.on('close', () => {
      clearTimeout(silent)
      forget()
    })
    ws.once('message', (data, isBinary) => {
      clearTimeout(silent)
      const message = isBinary ? undefined : parse(data.toString())
      const attach = attachMessage.safeParse(message)
      if (!attach.success) {
        return fail(ws, 'protocol', 'The first message must be "attach".', 'Reload the page.')
      }
      this.#attach(ws, identity, terminal, attach.data).catch((error) => {
        this.#options.onError(error)
        fail(ws, 'restarting', 'The terminals’ process does not answer.', 'The page tries again by itself.')
      })
    })
  }

  async #attach(ws: WebSocket, identity: Identity, terminal: string, message: AttachMessage): Promise<void> {
    const { tickets, terminals } = this.#options
    const ticket = tickets.redeem(message.ticket, identity.session, terminal)
    if (!ticket) {
      return fail(
        ws,
        'ticket-refused',
        'The ticket is used, too old or not for this.',
        'Ask for another one.',
      )
    }
    if (ticket.look !== undefined) return this.#watch(ws, terminal, ticket.look)
    const owned = await terminals.record(identity.learner, terminal)
    if (!owned) return fail(ws, 'terminal-unknown', 'There is no such terminal.', 'Open a new one.')
    const link = await terminals.workspace.attach(terminal, message.columns, message.rows, message.received)
    if (ws.readyState !== ws.OPEN) {
      link.socket.destroy()
      return
    }
    relay(ws, link, () => true)
  }

  /** Lets an instructor look on, and type while the learner lets them. */
  async #watch(ws: WebSocket, terminal: string, look: string): Promise<void> {
    const { terminals, looks } = this.#options
    const found = looks?.find(look)
    const watched = found && (await terminals.record(found.person, terminal))
    if (!looks || watched?.lab !== found?.lab || !watched) {
      return fail(ws, 'terminal-unknown', 'You do not look at this terminal any more.')
    }
    const link = await terminals.workspace.watch(terminal)
    if (ws.readyState !== ws.OPEN) {
      link.socket.destroy()
      return
    }
    relay(ws, link, () => looks.find(look)?.keyboard === 'shared')
    const forget = looks.onEnd(look, () => ws.close(CLOSE_CODES['terminal-unknown'], 'terminal-unknown'))
    ws.on('close', forget)
  }

  #ping(): void {
    for (const ws of this.#server.clients) {
      if (!this.#alive.delete(ws)) ws.terminate()
      else ws.ping()
    }
  }
}

/** Hands bytes and messages on until either side ends; input only while `mayType`. */
function relay(ws: WebSocket, link: Link, mayType: () => boolean): void {
  const { socket } = link
  /** Pieces that may not have gone out of the link's buffer yet. */
  let sending = 0
  link.read({
    data: (piece) => {
      sending++
      ws.send(piece, { binary: true }, () => {
        sending--
        if (sending === 0) socket.resume()
      })
    },
    taken: () => sending === 0 || ws.bufferedAmount === 0,
    message: (received) => {
      const message = received as ServerMessage
      ws.send(JSON.stringify(message))
      if (message.type === 'exit') ws.close(CLOSE_CODES.exit)
      if (message.type === 'error') ws.close(CLOSE_CODES[message.code])
    },
  })
  socket.on('close', () => {
    if (ws.readyState === ws.OPEN) {
      fail(ws, 'restarting', 'The terminals’ process ended.', 'The page connects again by itself.')
    }
  })
  ws.on('close', () => socket.destroy())
  ws.on('message', (data: Buffer, isBinary) => {
    if (socket.writableLength > LINK_LIMIT) {
      return fail(ws, 'input-overflow', 'More input was sent than the terminal takes.')
    }
    if (isBinary) {
      if (mayType()) sendData(socket, data)
      return
    }
    const message = clientMessage.safeParse(parse(data.toString()))
    if (!message.success || message.data.type === 'attach') {
      return fail(
        ws,
        'protocol',
        'The page sent a message that the server does not know.',
        'Reload the page.',
      )
    }
    const { type, ...rest } = message.data
    sendMessage(socket, { op: type, ...rest })
  })
}

function fail(ws: WebSocket, code: TerminalErrorCode, what: string, next?: string): void {
  if (ws.readyState !== ws.OPEN) return
  ws.send(JSON.stringify({ type: 'error', code, what, ...(next ? { next } : {}) } satisfies ServerMessage))
  ws.close(CLOSE_CODES[code], code)
}

/** As `fail`. A page that does not answer must not hold up the end. */
function end(ws: WebSocket, code: TerminalErrorCode, what: string, next: string): void {
  fail(ws, code, what, next)
  setTimeout(() => ws.terminate(), CLOSE_GRACE).unref()
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
