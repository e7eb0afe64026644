import { createServer, type Server } from 'node:http'
import { DockerEngine, type DockerEngineOptions } from '#containers/engine/engine.ts'
import type { Image } from '#containers/image.ts'
import { listenUnix } from './runtime-directory.ts'

/** The machine with the world's Docker Engine, which the learner's `docker` reaches by a unix socket. */
export class DockerHost {
  readonly #socket: string
  readonly #engine: DockerEngine
  readonly #server: Server

  constructor({ socket, ...options }: DockerEngineOptions & { socket: string }) {
    this.#socket = socket
    const engine = new DockerEngine(options)
    this.#engine = engine
    this.#server = createServer({ requestTimeout: 0 }, (req, res) => engine.request(req, res))
    this.#server.on('upgrade', (req, socket, head) => engine.upgrade(req, socket, head))
  }

  /** An image of the engine by name; undefined: there is none. */
  image(name: string): Image | undefined {
    return this.#engine.images.find(name)
  }

  async start(): Promise<void> {
    await this.#engine.recover()
    await listenUnix(this.#server, this.#socket)
  }

  /** Puts into the store what running containers have written to their files. */
  saveFiles(): Promise<void> {
    return this.#engine.saveFiles()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}
