import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { DockerEngine, type DockerEngineOptions } from '#containers/engine/engine.ts'
import type { Image } from '#containers/image.ts'
import type { FairUse } from '#world/fair-use.ts'

/** The machine with the world's Docker Engine. `DockerDoors` has the socket by which the learner's `docker` reaches it. */
export class DockerHost {
  readonly #engine: DockerEngine
  readonly #fairUse: FairUse

  constructor(options: DockerEngineOptions) {
    this.#engine = new DockerEngine(options)
    this.#fairUse = options.world.fairUse
  }

  /** An image of the engine by name; undefined: there is none. */
  image(name: string): Image | undefined {
    return this.#engine.images.find(name)
  }

  start(): Promise<void> {
    return this.#engine.recover()
  }

  /** Puts into the store what running containers have written to their files. */
  saveFiles(): Promise<void> {
    return this.#engine.saveFiles()
  }

  /** Resolves when the engine takes the next request: it has no word for too many. */
  turn(): Promise<void> {
    return this.#fairUse.wait()
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    this.#engine.request(req, res)
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#engine.upgrade(req, socket, head)
  }
}
