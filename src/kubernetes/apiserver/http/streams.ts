import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ProcessHandle } from '#containers/runtime.ts'
import { StatusError } from '../../api.ts'
import { badRequest, notFound, notImplemented, statusOf } from '../errors.ts'
import type { KubeletHolder } from '../kubelet-holder.ts'
import type { Objects } from '../storage/objects.ts'
import {
  PORT_FORWARD_PROTOCOL,
  PORT_FORWARD_WEBSOCKET_PROTOCOLS,
  portIn,
  servePortForward,
  serveWebSocketPortForward,
} from '../streams/port-forward.ts'
import {
  type SessionTarget,
  SPDY_PROTOCOL,
  serveSpdy,
  serveWebSocket,
  WEBSOCKET_PROTOCOLS,
} from '../streams/remote-command.ts'
import type { Call } from './call.ts'
import { admitConnection } from './connect.ts'
import { flagIn } from './options.ts'
import { asStatusError } from './reply.ts'

/** Takes upgrades to WebSocket in the first of some subprotocols that the client offers. */
const webSocketServer = (protocols: string[]) =>
  new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  })

/** As many as there are pairs of channels of one byte. */
const MOST_PORTS = 128

/** Connections that are upgraded: exec, attach, port-forward; over WebSocket or SPDY/3.1. */
export class Streams {
  readonly #objects: Objects
  readonly #kubelet: KubeletHolder
  readonly #sessions = webSocketServer(WEBSOCKET_PROTOCOLS)
  readonly #portForwards = webSocketServer(PORT_FORWARD_WEBSOCKET_PROTOCOLS)

  constructor(objects: Objects, kubelet: KubeletHolder) {
    this.#objects = objects
    this.#kubelet = kubelet
  }

  /** Throws StatusError when the request cannot be served; the caller answers it. */
  async upgrade(call: Call, socket: Duplex, head: Buffer): Promise<void> {
    const { info, kind, subresource } = call
    const name = subresource?.name
    if (kind.plural !== 'pods' || !(name === 'exec' || name === 'attach' || name === 'portforward')) {
      throw notImplemented(`an upgraded connection to ${kind.plural}${name ? `/${name}` : ''}`)
    }
    await admitConnection(call, this.#objects)
    if (!this.#objects.get(kind, info.namespace, info.name)) throw notFound(kind, info.name)
    if (name === 'portforward') return this.#portForward(call, socket, head)
    const options = { stdin: flagIn(info.query, 'stdin'), tty: flagIn(info.query, 'tty') }
    const target: SessionTarget = await this.#process(call, name).catch((error) => {
      // What fails in the container is told inside the session; what is wrong with the request refuses it.
      if (error instanceof StatusError && error.code === 500) return error
      throw error
    })
    await this.#accept(call, socket, head, SPDY_PROTOCOL, {
      server: this.#sessions,
      webSocket: (webSocket) => void serveWebSocket(webSocket, target, options),
      spdy: () =>
        serveSpdy(socket, target, {
          ...options,
          stdout: flagIn(info.query, 'stdout'),
          stderr: flagIn(info.query, 'stderr'),
        }),
    })
  }

  /** Answers an upgrade that is refused with its Status. */
  refuse(socket: Duplex, error: unknown): void {
    const status = asStatusError(error)
    const body = JSON.stringify(statusOf(status))
    socket.end(
      `HTTP/1.1 ${status.code} ${status.reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
  }

  async #portForward(call: Call, socket: Duplex, head: Buffer): Promise<void> {
    const { namespace, name } = call.info
    const dial = (port: number) => this.#kubelet.get().portForward(namespace, name, port)
    const ports = call.info.query
      .getAll('ports')
      .flatMap((value) => value.split(','))
      .map((text) => {
        const port = portIn(text)
        if (port === undefined) throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
        return port
      })
    if (ports.length > MOST_PORTS) throw badRequest('too many ports')
    await this.#accept(call, socket, head, PORT_FORWARD_PROTOCOL, {
      server: this.#portForwards,
      webSocket: (webSocket) => serveWebSocketPortForward(webSocket, ports, dial),
      spdy: () => servePortForward(socket, dial),
    })
  }

  /** Completes the upgrade that the client asks for. Throws BadRequest for one that is not known. */
  async #accept(
    { req }: Call,
    socket: Duplex,
    head: Buffer,
    spdyProtocol: string,
    serve: { server: WebSocketServer; webSocket(socket: WebSocket): void; spdy(): void },
  ): Promise<void> {
    const upgrade = (req.headers.upgrade ?? '').toLowerCase()
    if (upgrade === 'websocket') {
      serve.server.handleUpgrade(req, socket, head, serve.webSocket)
      return
    }
    const offered = String(req.headers['x-stream-protocol-version'] ?? '').split(/,\s*/)
    if (upgrade !== 'spdy/3.1') throw badRequest(`unable to upgrade: unknown protocol ${req.headers.upgrade}`)
    if (!offered.includes(spdyProtocol)) {
      throw new StatusError(403, 'Forbidden', `unable to upgrade: the server supports ${spdyProtocol}`)
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: ${spdyProtocol}\r\n\r\n`,
    )
    serve.spdy()
    if (head.length > 0) socket.unshift(head)
  }

  #process({ info }: Call, verb: 'exec' | 'attach'): Promise<ProcessHandle> {
    const { query, namespace, name } = info
    const container = query.get('container') || undefined
    const options = {
      ...(container && { container }),
      tty: flagIn(query, 'tty'),
      stdin: flagIn(query, 'stdin'),
    }
    const kubelet = this.#kubelet.get()
    if (verb === 'attach') return kubelet.attach(namespace, name, options)
    return kubelet.exec(namespace, name, { ...options, command: query.getAll('command') })
  }
}
