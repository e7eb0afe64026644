import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { DockerHost } from './docker-host.ts'

/** Lets the connections to worlds' Docker Engines speak with them. */
export class DockerConnections {
  readonly #server: Server
  readonly #worlds = new WeakMap<object, string>()
  readonly #engine: (world: string) => Promise<DockerHost | undefined>

  /** `engine` gives a world's engine once it is there, and wakes a world that sleeps; undefined when the world is gone. */
  constructor(engine: (world: string) => Promise<DockerHost | undefined>) {
    this.#engine = engine
    this.#server = createServer({ requestTimeout: 0 }, (req, res) => {
      this.#request(req, res).catch((error) => res.destroy(error))
    })
    this.#server.on('upgrade', (req, socket, head) => {
      this.#upgrade(req, socket, head).catch((error) => socket.destroy(error))
    })
  }

  accept(world: string, socket: Socket): void {
    this.#worlds.set(socket, world)
    this.#server.emit('connection', socket)
  }

  async #request(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const host = await this.#engine(this.#worlds.get(req.socket)!)
    await host?.turn()
    if (host) host.request(req, res)
    else res.destroy()
  }

  async #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const host = await this.#engine(this.#worlds.get(req.socket)!)
    if (host) host.upgrade(req, socket, head)
    else socket.destroy()
  }
}
