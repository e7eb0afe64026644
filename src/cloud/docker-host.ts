import { createServer, type Server } from 'node:http'
import type { BlobStore } from '#containers/blobs/store.ts'
import type { LayerTrees } from '#containers/files/layers.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import type { HostTable } from '#network/hosts.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import { listenUnix } from './runtime-directory.ts'

export interface DockerHostOptions {
  world: World
  network: VirtualNetwork
  runtime: ContainerRuntime
  trees: LayerTrees
  blobs: BlobStore
  hosts: HostTable
  socket: string
}

/** The machine with the world's Docker Engine, which the learner's `docker` reaches by a unix socket. */
export class DockerHost {
  readonly #options: DockerHostOptions
  readonly #server: Server

  constructor(options: DockerHostOptions) {
    this.#options = options
    this.#server = createServer({ requestTimeout: 0 }, (_req, res) => res.writeHead(501).end())
  }

  start(): Promise<void> {
    return listenUnix(this.#server, this.#options.socket)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}
