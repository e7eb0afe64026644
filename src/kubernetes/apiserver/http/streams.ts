import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ProcessHandle } from '#containers/runtime.ts'
import { StatusError } from '../../api.ts'
import { notFound, notImplemented, statusOf } from '../errors.ts'
import type { KubeletHolder } from '../kubelet-holder.ts'
import type { Objects } from '../storage/objects.ts'
import { connectProcess, failSession, PROTOCOLS } from '../streams/remote-command.ts'
import type { Call } from './call.ts'
import { flagIn } from './options.ts'
import { asStatusError } from './reply.ts'

/** Connections that are upgraded: exec, attach, port-forward. */
export class Streams {
  readonly #objects: Objects
  readonly #kubelet: KubeletHolder
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  })

  constructor(objects: Objects, kubelet: KubeletHolder) {
    this.#objects = objects
    this.#kubelet = kubelet
  }

  /** Throws StatusError when the request cannot be served; the caller answers it. */
  async upgrade(call: Call, socket: Duplex, head: Buffer): Promise<void> {
    const { req, info, kind, subresource } = call
    const name = subresource?.name
    if (kind.plural !== 'pods' || !(name === 'exec' || name === 'attach' || name === 'portforward')) {
      throw notImplemented(`an upgraded connection to ${kind.plural}${name ? `/${name}` : ''}`)
    }
    if (!this.#objects.get(kind, info.namespace, info.name)) throw notFound(kind, info.name)
    if (name === 'portforward') throw notImplemented('kubectl port-forward')
    if (!/websocket/i.test(req.headers.upgrade ?? '')) {
      throw notImplemented(
        `exec over ${req.headers.upgrade} (use a client that speaks WebSocket: kubectl 1.31 or newer)`,
      )
    }
    const process = await this.#process(call, name).catch((error) => {
      // What fails in the container is told inside the session; what is wrong with the request refuses it.
      if (error instanceof StatusError && error.code === 500) return error
      throw error
    })
    this.#server.handleUpgrade(req, socket, head, (webSocket: WebSocket) =>
      process instanceof StatusError
        ? failSession(webSocket, process)
        : connectProcess(webSocket, process, {
            stdin: flagIn(info.query, 'stdin'),
            tty: flagIn(info.query, 'tty'),
          }),
    )
  }

  /** Answers an upgrade that is refused with its Status. */
  refuse(socket: Duplex, error: unknown): void {
    const status = asStatusError(error)
    const body = JSON.stringify(statusOf(status))
    socket.end(
      `HTTP/1.1 ${status.code} ${status.reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
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
