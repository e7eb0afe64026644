import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DockerHost } from './docker-host.ts'
import { listenUnix } from './runtime-directory.ts'

export interface DockerDoorOptions {
  /** Path of the unix socket. */
  path: string
  /** The world's engine, once it is there; wakes a world that sleeps. Undefined when the world is gone. */
  engine(): Promise<DockerHost | undefined>
  /** Told of each connection. */
  connected(socket: Duplex): void
}

/** The socket of a world's Docker Engine. It is there as long as the world exists, whether the world is awake or not. */
export class DockerDoor {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open({ path, engine, connected }: DockerDoorOptions): Promise<DockerDoor> {
    const request = async (req: IncomingMessage, res: ServerResponse) => {
      const host = await engine()
      await host?.turn()
      if (host) host.request(req, res)
      else res.destroy()
    }
    const upgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      const host = await engine()
      if (host) host.upgrade(req, socket, head)
      else socket.destroy()
    }
    const server = createServer({ requestTimeout: 0 }, (req, res) => {
      request(req, res).catch((error) => res.destroy(error))
    })
    server.on('upgrade', (req, socket, head) => {
      upgrade(req, socket, head).catch((error) => socket.destroy(error))
    })
    server.on('connection', connected)
    await listenUnix(server, path)
    return new DockerDoor(server)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}
