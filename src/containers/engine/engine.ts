import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HostTable, HttpHost } from '#network/hosts.ts'
import { ConnectError, type VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { LayerTrees } from '../files/layers.ts'
import { isLoopback } from '../images/reference.ts'
import { HostTransport } from '../images/transport.ts'
import { createContainerRuntime, type SimulatedRuntime } from '../processes/runtime.ts'
import { nameAnswer, StartError } from '../runtime.ts'
import { EngineError, type Route, sendJson } from './api.ts'
import { BindMounts } from './bind-mounts.ts'
import type { StepRunner } from './build/build-state.ts'
import { Builder } from './build/builder.ts'
import { ContainerFiles } from './container-files.ts'
import { ContainerNetwork } from './container-network.ts'
import { containerRoutes } from './container-routes.ts'
import { ContainerStore } from './container-store.ts'
import { Containers } from './containers.ts'
import { Distribution } from './distribution.ts'
import { Events } from './events.ts'
import { execRoutes } from './exec-routes.ts'
import { Execs } from './execs.ts'
import { fileRoutes } from './file-routes.ts'
import { imageRoutes } from './image-routes.ts'
import { ImageStore } from './image-store.ts'
import { Lifecycle } from './lifecycle.ts'
import { networkRoutes } from './network-routes.ts'
import { Networks } from './networks.ts'
import type { EngineParts } from './parts.ts'
import { HOST_ADDRESS } from './published-ports.ts'
import { Sessions } from './session.ts'
import { streamRoutes } from './stream-routes.ts'
import { swarmRoutes } from './swarm-routes.ts'
import { API_VERSION, MINIMUM_API_VERSION, SERVER_HEADER, systemRoutes } from './system-routes.ts'
import { upgradeStream } from './upgrade.ts'
import { volumeRoutes } from './volume-routes.ts'
import { Volumes } from './volumes.ts'

const VERSIONED = /^\/v(\d+\.\d+)(?=\/)/

export interface DockerEngineOptions {
  world: World
  blobs: BlobStore
  /** The world's registries, by their real names. */
  hosts: HostTable
  /** Where containers listen; published ports listen on its 127.0.0.1. */
  network: VirtualNetwork
  /** Shared with the world's other users of images. */
  trees?: LayerTrees
  runtime?: SimulatedRuntime
  /** The folder of this machine whose folders containers may mount: the learner's home. Default: none. */
  home?: () => string | undefined
  /** Resolves names outside the engine as seen from a container. */
  lookup?: (name: string) => string | undefined
  /** Told of each request that changed something, or was to, when it is answered. */
  onCall?: (call: EngineCall) => void
}

/** A request of the Engine API that was answered. */
export interface EngineCall {
  method: string
  /** Without the API's version. */
  path: string
  query: URLSearchParams
  error?: { status: number; message: string }
}

/**
 * A Docker Engine: give `request` and `upgrade` the events of an `http.Server` on the world's socket.
 * Its state is in the world's store under `docker/`.
 */
export class DockerEngine implements HttpHost {
  readonly kind = 'http'
  readonly images: ImageStore
  readonly #routes: Route[]
  readonly #parts: EngineParts
  readonly #onCall: DockerEngineOptions['onCall']

  constructor(options: DockerEngineOptions) {
    this.#onCall = options.onCall
    const { world, blobs, network, lookup } = options
    const trees = options.trees ?? new LayerTrees(blobs)
    const runtime = options.runtime ?? createContainerRuntime({ clock: world.clock, network, trees })
    const events = new Events(world)
    const images = new ImageStore(world, blobs)
    this.images = images
    const store = new ContainerStore(world)
    const sessions = new Sessions(world)
    const binds = new BindMounts(options.home ?? (() => undefined))
    const volumes = new Volumes(world, blobs, binds)
    const networks = new Networks(world)
    const containerNetwork = new ContainerNetwork({ network, networks, containers: store })
    const shared = {
      world,
      blobs,
      trees,
      images,
      store,
      sessions,
      volumes,
      binds,
      networks,
      containerNetwork,
      events,
    }
    const lifecycle = new Lifecycle({
      ...shared,
      runtime,
      network,
      lookup,
      removeEnded: (record) => containers.remove(record.id, { force: true }),
    })
    const containers = new Containers({ ...shared, lifecycle })
    const transport = new HostTransport(withLoopback(options.hosts, network))
    const distribution = new Distribution({ world, blobs, images, transport })
    const builder = new Builder({
      world,
      blobs,
      trees,
      images,
      distribution,
      transport,
      run: stepRunner(runtime, lookup),
    })
    this.#parts = {
      ...shared,
      containers,
      lifecycle,
      files: new ContainerFiles(shared),
      distribution,
      builder,
      execs: new Execs({ ...shared, lifecycle }),
    }
    this.#routes = [
      systemRoutes,
      swarmRoutes,
      networkRoutes,
      volumeRoutes,
      imageRoutes,
      containerRoutes,
      fileRoutes,
      streamRoutes,
      execRoutes,
    ].flatMap((routes) => routes(this.#parts))
  }

  /** Starts again what ran when the process ended. */
  recover(): Promise<void> {
    return this.#parts.lifecycle.recover()
  }

  /** Puts what containers have written to their files and volumes into the world's store, where it otherwise comes with some delay. */
  async saveFiles(): Promise<void> {
    await this.#parts.lifecycle.saveFiles()
    await this.#parts.volumes.saveAll()
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    let refused: EngineError | undefined
    const { method = 'GET' } = req
    if (this.#onCall && method !== 'GET' && method !== 'HEAD')
      res.once('finish', () => this.#tell(req, method, refused))
    this.#handle(req, res).catch((error) => {
      const known =
        error instanceof EngineError
          ? error
          : new EngineError(500, (error as Error)?.message ?? String(error))
      refused = known
      if (res.headersSent) return void res.end()
      sendJson({ res }, known.status, { message: known.message })
    })
  }

  #tell(req: IncomingMessage, method: string, refused: EngineError | undefined): void {
    const { pathname, searchParams: query } = new URL(req.url ?? '/', 'http://docker')
    const path = pathname.replace(VERSIONED, '')
    const { status = 0, message = '' } = refused ?? {}
    this.#onCall?.({ method, path, query, ...(refused && { error: { status, message } }) })
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.setHeader('api-version', API_VERSION)
    res.setHeader('docker-experimental', 'false')
    res.setHeader('ostype', 'linux')
    res.setHeader('server', SERVER_HEADER)
    const { url, path } = this.#path(req)
    let allowed = false
    for (const [method, pattern, handler] of this.#routes) {
      const match = pattern.exec(path)
      if (!match) continue
      allowed = true
      if (method !== req.method) continue
      const params = match.slice(1).map((part) => decodeURIComponent(part ?? ''))
      return handler({ req, res, url, query: url.searchParams, params })
    }
    if (allowed) throw new EngineError(405, 'method not allowed')
    if (/^\/(?:session|grpc)\b/.test(path)) {
      throw new EngineError(404, 'drydock: BuildKit is not simulated; build with DOCKER_BUILDKIT=0')
    }
    throw new EngineError(
      404,
      `page not found (drydock does not simulate ${req.method} ${path} of the Engine API)`,
    )
  }

  #path(req: IncomingMessage): { url: URL; path: string } {
    const url = new URL(req.url ?? '/', 'http://docker')
    const version = VERSIONED.exec(url.pathname)
    if (version && compareVersions(version[1]!, API_VERSION) > 0) {
      throw new EngineError(
        400,
        `client version ${version[1]} is too new. Maximum supported API version is ${API_VERSION}`,
      )
    }
    if (version && compareVersions(version[1]!, MINIMUM_API_VERSION) < 0) {
      throw new EngineError(
        400,
        `client version ${version[1]} is too old. Minimum supported API version is ${MINIMUM_API_VERSION}, please upgrade your client to a newer version`,
      )
    }
    return { url, path: version ? url.pathname.slice(version[0].length) : url.pathname }
  }

  /** Attach and exec take over the connection. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (head.length > 0) socket.unshift(head)
    const refuse = (error: unknown) => {
      const { status, message } =
        error instanceof EngineError ? error : new EngineError(500, (error as Error).message)
      const body = JSON.stringify({ message })
      socket.end(
        `HTTP/1.1 ${status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    }
    try {
      const { url, path } = this.#path(req)
      upgradeStream({ ...this.#parts, req, socket, url, path }).catch(refuse)
    } catch (error) {
      refuse(error)
    }
  }
}

const compareVersions = (a: string, b: string) => {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  return left![0]! - right![0]! || left![1]! - right![1]!
}

/** Runs a `RUN` step in a container of its own. */
function stepRunner(runtime: SimulatedRuntime, lookup: DockerEngineOptions['lookup']): StepRunner {
  return async ({ argv, config, env, tree, containerId, output, cancelled }) => {
    const before = new Map(
      ['/etc/hosts', '/etc/hostname', '/dev', '/proc', '/sys'].map((path) => [path, tree.lookup(path)]),
    )
    const container = await runtime.create({
      id: containerId,
      image: { id: '', config, layers: [] },
      root: tree,
      command: argv,
      env,
      hostname: containerId.slice(0, 12),
      address: '172.17.255.254',
      lookup: (name) => nameAnswer(lookup?.(name)),
    })
    try {
      const process = await container.start()
      cancelled?.addEventListener('abort', () => process.kill('SIGKILL'), { once: true })
      process.stdout.on('data', (chunk) => output(String(chunk)))
      process.stderr.on('data', (chunk) => output(`\x1b[91m${chunk}\x1b[0m`))
      const { exitCode } = await process.exited
      await new Promise((resolve) => setImmediate(resolve))
      return exitCode
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      throw new EngineError(400, `failed to create task for container: ${error.message}`)
    } finally {
      await container.remove()
      // What the engine puts into a container is no part of the image.
      for (const [path, node] of before) {
        if (node) tree.put(path, node)
        else if (tree.lookup(path)) tree.remove(path)
      }
    }
  }
}

/** The hosts with those that the engine reaches on its own machine: the ports that containers publish. */
function withLoopback(hosts: HostTable, network: VirtualNetwork): HostTable {
  return {
    resolve(name, port) {
      if (!isLoopback(name)) return hosts.resolve(name, port)
      const connect = () => {
        if (!network.listening(HOST_ADDRESS, port)) throw new ConnectError('ECONNREFUSED', HOST_ADDRESS, port)
        return network.connect({ address: HOST_ADDRESS, port })
      }
      return { kind: 'tcp', connect }
    },
  }
}
