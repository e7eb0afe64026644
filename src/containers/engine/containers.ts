import { type Duplex, PassThrough } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { changes, type LayerTrees, writeLayer } from '../files/layers.ts'
import { FileTree } from '../files/tree.ts'
import { familiarName, InvalidReferenceError, parseTagged } from '../images/reference.ts'
import type { SimulatedContainer, SimulatedRuntime } from '../processes/runtime.ts'
import { type ExitStatus, type Mount, type ProcessHandle, StartError } from '../runtime.ts'
import { badRequest, conflict, EngineError, notFound } from './api.ts'
import type { ContainerConfig, ContainerRecord, HostConfig } from './container-record.ts'
import type { Events } from './events.ts'
import type { ImageStore } from './image-store.ts'
import { ContainerLog, type LogStream } from './log.ts'
import { makeName } from './names.ts'

/** Restart delays of the engine: 100 ms doubling up to a minute. */
const RESTART_BASE_MS = 100
const RESTART_MAX_MS = 60_000
/** Ports that are given out for `-P` and `-p 80`. */
const FIRST_FREE_PORT = 32768

/** What a container has besides its record while the engine runs. */
export interface Session {
  log: ContainerLog
  container?: SimulatedContainer
  process?: ProcessHandle
  stdin: PassThrough
  listeners: { close(): void }[]
  ended: Set<(exitCode: number) => void>
  stopRequested: boolean
  size: { columns: number; rows: number } | undefined
}

export interface ContainersOptions {
  world: World
  blobs: BlobStore
  trees: LayerTrees
  images: ImageStore
  runtime: SimulatedRuntime
  network: VirtualNetwork
  events: Events
  /** Resolves other names as seen from a container. */
  lookup?: (name: string) => string | undefined
}

/** The containers of a Docker Engine. */
export class Containers {
  readonly #options: ContainersOptions
  readonly #sessions = new Map<string, Session>()
  readonly #volumes = new Map<string, Mount['files']>()

  constructor(options: ContainersOptions) {
    this.#options = options
  }

  all(): ContainerRecord[] {
    return this.#options.world.store
      .values<ContainerRecord>('docker/containers/')
      .sort((a, b) => b.createdAt - a.createdAt)
  }

  /** By id, name or the beginning of an id. Throws the engine's `No such container`. */
  require(text: string): ContainerRecord {
    const name = text.replace(/^\//, '')
    const all = this.all()
    const exact = all.find((record) => record.id === name || record.name === name)
    if (exact) return exact
    const matches = /^[0-9a-f]+$/.test(name) ? all.filter(({ id }) => id.startsWith(name)) : []
    if (matches.length === 1) return matches[0]!
    throw notFound(
      matches.length > 1 ? `multiple IDs found with provided prefix: ${name}` : `No such container: ${name}`,
    )
  }

  session(id: string): Session {
    let session = this.#sessions.get(id)
    if (!session) {
      session = {
        log: new ContainerLog(this.#options.world, id),
        stdin: new PassThrough(),
        listeners: [],
        ended: new Set(),
        stopRequested: false,
        size: undefined,
      }
      this.#sessions.set(id, session)
    }
    return session
  }

  create(name: string | undefined, config: ContainerConfig, hostConfig: HostConfig): ContainerRecord {
    const { world, images } = this.#options
    let image: ReturnType<ImageStore['require']>
    try {
      image = images.require(config.Image)
    } catch (error) {
      if (error instanceof InvalidReferenceError) throw badRequest(error.message)
      throw error
    }
    if (name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
      throw badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
    }
    const taken = name && this.all().find((record) => record.name === name)
    if (taken) {
      throw conflict(
        `Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
    }
    for (const bind of hostConfig.Binds ?? []) {
      if (bind.startsWith('/')) {
        throw badRequest(
          `drydock: bind mounts of folders of this machine (${bind.split(':')[0]}) are not simulated; use a named volume or COPY the files into the image`,
        )
      }
    }
    let made = name ?? makeName(world.ids)
    while (this.all().some((record) => record.name === made)) made = makeName(world.ids)
    const id = world.ids.hex(64)
    const record: ContainerRecord = {
      id,
      name: made,
      createdAt: world.clock.now(),
      imageId: image.id,
      imageName: config.Image,
      config: { ...config, Hostname: config.Hostname || id.slice(0, 12) },
      hostConfig,
      address: this.#freeAddress(),
      network:
        hostConfig.NetworkMode && hostConfig.NetworkMode !== 'default' ? hostConfig.NetworkMode : 'bridge',
      status: 'created',
      exitCode: 0,
      error: '',
      restartCount: 0,
      ports: [],
      changes: [],
    }
    world.store.put(`docker/containers/${id}`, record)
    this.#emit('create', record)
    return record
  }

  /** Starts it; nothing happens when it runs already. Throws EngineError with the engine's text. */
  async start(id: string): Promise<void> {
    const record = this.require(id)
    if (record.status === 'running') return
    const session = this.session(record.id)
    session.stopRequested = false
    try {
      await this.#launch(record, session)
    } catch (error) {
      this.#release(session)
      const message = (error as Error).message
      const exitCode = error instanceof StartError ? error.exitCode : 128
      this.#update(record.id, { error: message, exitCode, status: 'created' })
      for (const end of session.ended) end(exitCode)
      if (error instanceof StartError)
        throw new EngineError(400, `failed to create task for container: ${message}`)
      throw error
    }
  }

  async #launch(record: ContainerRecord, session: Session): Promise<void> {
    const { world, images, trees, runtime, network, lookup } = this.#options
    const image = images.get(record.imageId)
    if (!image) throw notFound(`No such image: ${record.imageName}`)
    const { config, hostConfig } = record
    const root = new FileTree(await trees.tree([...image.layers, ...record.changes]))
    const ownsEntrypoint = config.Entrypoint !== undefined && config.Entrypoint !== null
    const container = await runtime.create({
      id: record.id,
      image,
      root,
      user: config.User || undefined,
      command: ownsEntrypoint
        ? config.Entrypoint!.filter((word, _index, all) => word !== '' || all.length > 1)
        : undefined,
      args: config.Cmd?.length ? config.Cmd : undefined,
      env: Object.fromEntries(
        (config.Env ?? []).map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
      ),
      workingDir: config.WorkingDir || undefined,
      hostname: config.Hostname!,
      address: record.address,
      lookup: (name) => this.#resolve(record, name) ?? lookup?.(name),
      tty: config.Tty,
      stdin: config.OpenStdin,
      mounts: this.#mounts(record),
      memoryLimitBytes: hostConfig.Memory || undefined,
    })
    session.listeners.push(network.addAddress(record.address))
    const ports = this.#publish(record, session)
    const process = await container.start()
    session.container = container
    session.process = process
    if (session.size) process.resize(session.size.columns, session.size.rows)
    process.stdout.on('data', (chunk: Buffer) => session.log.write('stdout', chunk))
    process.stderr.on('data', (chunk: Buffer) => session.log.write('stderr', chunk))
    if (config.OpenStdin) session.stdin.pipe(process.stdin)
    this.#update(record.id, {
      status: 'running',
      startedAt: world.clock.now(),
      finishedAt: undefined,
      ports,
      error: '',
      exitCode: 0,
    })
    this.#emit('start', record)
    void process.exited.then((status) => this.#ended(record.id, session, status))
  }

  async #ended(id: string, session: Session, status: ExitStatus): Promise<void> {
    const { world, trees, blobs, images } = this.#options
    const container = session.container
    session.container = undefined
    session.process = undefined
    this.#release(session)
    session.stdin = new PassThrough()
    const record = world.store.get<ContainerRecord>(`docker/containers/${id}`)?.value
    if (!record) return
    let saved = record.changes
    const image = images.get(record.imageId)
    if (container && image && !record.hostConfig.AutoRemove) {
      const before = await trees.tree(image.layers)
      const list = [...changes(before, container.machine.files.tree.snapshot())].filter(
        ({ path }) => !/^\/(?:dev|proc|sys)\//.test(path),
      )
      if (list.length > 0) saved = [(await writeLayer(blobs, list)).descriptor]
    }
    session.log.save()
    this.#update(id, {
      status: 'exited',
      exitCode: status.exitCode,
      finishedAt: world.clock.now(),
      ports: [],
      changes: saved,
    })
    this.#emit('die', record, { exitCode: String(status.exitCode) })
    await world.store.flushed()
    for (const end of session.ended) end(status.exitCode)
    session.ended.clear()
    if (record.hostConfig.AutoRemove) return this.remove(id, { force: true })
    const policy = record.hostConfig.RestartPolicy?.Name
    const wanted =
      policy === 'always' || policy === 'unless-stopped' || (policy === 'on-failure' && status.exitCode !== 0)
    const limit = record.hostConfig.RestartPolicy?.MaximumRetryCount || Number.POSITIVE_INFINITY
    if (wanted && !session.stopRequested && record.restartCount < limit) {
      const delay = Math.min(RESTART_BASE_MS * 2 ** record.restartCount, RESTART_MAX_MS)
      this.#update(id, { restartCount: record.restartCount + 1 })
      world.clock.setTimer(delay, () => void this.start(id).catch(() => {}))
    }
  }

  /** Brings back what ran before the process ended. */
  async recover(): Promise<void> {
    for (const record of this.all()) {
      if (record.status !== 'running') continue
      this.#update(record.id, { status: 'exited', exitCode: 137 })
      await this.start(record.id).catch(() => {
        // Its record tells why.
      })
    }
  }

  kill(id: string, signal: string): void {
    const record = this.require(id)
    const { process } = this.session(record.id)
    if (record.status !== 'running' || !process) {
      throw conflict(`cannot kill container: ${id}: container ${record.id} is not running`)
    }
    if (signal === 'SIGKILL') this.session(record.id).stopRequested = true
    process.kill(signal)
    this.#emit('kill', record)
  }

  /** Stop signal, then SIGKILL after `seconds` of the world's clock. */
  async stop(id: string, seconds: number): Promise<void> {
    const record = this.require(id)
    const session = this.session(record.id)
    session.stopRequested = true
    const { process } = session
    if (!process) return
    const image = this.#options.images.get(record.imageId)
    const ended = this.wait(record.id)
    process.kill(record.config.StopSignal || image?.config.config.StopSignal || 'SIGTERM')
    const timer = this.#options.world.clock.setTimer(Math.max(0, seconds) * 1000, () =>
      process.kill('SIGKILL'),
    )
    await ended
    timer.cancel()
    this.#emit('stop', record)
  }

  /** Resolves with the exit code: at once when it is not running, unless `next` waits for the coming end. */
  wait(id: string, next = false): Promise<number> {
    const record = this.require(id)
    if (!next && record.status !== 'running') return Promise.resolve(record.exitCode)
    return new Promise((resolve) => this.session(record.id).ended.add(resolve))
  }

  async remove(id: string, options: { force: boolean }): Promise<void> {
    const record = this.require(id)
    if (record.status === 'running') {
      if (!options.force) {
        throw conflict(
          `cannot remove container "${id}": container is running: stop the container before removing or force remove`,
        )
      }
      const session = this.session(record.id)
      session.stopRequested = true
      const ended = this.wait(record.id)
      session.process?.kill('SIGKILL')
      await ended
    }
    if (!this.#options.world.store.delete(`docker/containers/${record.id}`)) return
    this.session(record.id).log.remove()
    this.#sessions.delete(record.id)
    this.#emit('destroy', record)
    await this.#options.world.store.flushed()
  }

  rename(id: string, name: string): void {
    const record = this.require(id)
    if (this.all().some((other) => other.name === name))
      throw conflict(
        `Conflict. The container name "/${name}" is already in use by container "${this.require(name).id}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
    this.#update(record.id, { name })
  }

  /** The running container, for exec and files. Throws EngineError. */
  running(id: string): SimulatedContainer {
    const record = this.require(id)
    const { container } = this.session(record.id)
    if (!container) throw conflict(`container ${record.id} is not running`)
    return container
  }

  /** Connects a client's stream to a container's streams. */
  attach(
    record: ContainerRecord,
    socket: Duplex,
    streams: { stdin: boolean; stdout: boolean; stderr: boolean; logs: boolean; follow: boolean },
  ): void {
    const session = this.session(record.id)
    const tty = record.config.Tty ?? false
    const wanted = (stream: LogStream) => (tty ? streams.stdout : streams[stream])
    const close = session.log.follow((stream, chunk) => {
      if (wanted(stream)) socket.write(tty ? chunk : frame(stream, chunk))
    }, streams.logs)
    const end = () => {
      close()
      socket.end()
    }
    if (streams.follow) session.ended.add(() => setImmediate(end))
    socket.on('close', close)
    socket.on('error', close)
    if (streams.stdin) {
      socket.on('data', (chunk) => session.stdin.write(chunk))
      socket.on('end', () => {
        if (record.config.StdinOnce) session.stdin.end()
      })
    } else socket.resume()
  }

  resize(id: string, columns: number, rows: number): void {
    const session = this.session(this.require(id).id)
    session.size = { columns, rows }
    session.process?.resize(columns, rows)
  }

  #mounts(record: ContainerRecord): Mount[] {
    const named = (record.hostConfig.Binds ?? []).map((bind) => bind.split(':') as [string, string, string?])
    const mounts = (record.hostConfig.Mounts ?? []).filter(({ Type }) => Type === 'volume')
    const all = [
      ...named.map(([source, target, mode]) => ({ source, target, readOnly: mode?.includes('ro') ?? false })),
      ...mounts.map(({ Source, Target, ReadOnly }) => ({
        source: Source ?? record.id + Target,
        target: Target,
        readOnly: ReadOnly ?? false,
      })),
    ]
    return all.map(({ source, target, readOnly }) => ({
      path: target,
      readOnly,
      files: this.#volume(source),
    }))
  }

  #volume(name: string): Mount['files'] {
    const files = this.#volumes.get(name) ?? new Map()
    this.#volumes.set(name, files)
    return files
  }

  #publish(record: ContainerRecord, session: Session): ContainerRecord['ports'] {
    const { network, images } = this.#options
    const bindings = Object.entries(record.hostConfig.PortBindings ?? {}).flatMap(([port, list]) =>
      (list && list.length > 0 ? list : [{}]).map((binding: { HostIp?: string; HostPort?: string }) => ({
        port,
        ...binding,
      })),
    )
    if (record.hostConfig.PublishAllPorts) {
      const exposed = {
        ...images.get(record.imageId)?.config.config.ExposedPorts,
        ...record.config.ExposedPorts,
      }
      bindings.push(...Object.keys(exposed).map((port) => ({ port })))
    }
    return bindings.map(({ port, HostIp, HostPort }) => {
      const containerPort = Number.parseInt(port, 10)
      const hostIp = HostIp || '0.0.0.0'
      const accept = (socket: Duplex) => {
        try {
          const inside = network.connect(
            { address: record.address, port: containerPort },
            { address: '172.17.0.1', port: 40000 },
          )
          socket.pipe(inside).pipe(socket)
          socket.on('error', () => inside.destroy())
          inside.on('error', () => socket.destroy())
        } catch {
          socket.destroy()
        }
      }
      for (let hostPort = Number(HostPort) || FIRST_FREE_PORT; ; hostPort++) {
        try {
          session.listeners.push(network.listen(HOST_ADDRESS, hostPort, accept))
          return { containerPort, hostIp, hostPort }
        } catch {
          if (Number(HostPort)) {
            throw new EngineError(
              500,
              `failed to set up container networking: driver failed programming external connectivity on endpoint ${record.name} (${record.id}): Bind for ${hostIp}:${hostPort} failed: port is already allocated`,
            )
          }
        }
      }
    })
  }

  /** Names of other containers, on networks that have names. */
  #resolve(record: ContainerRecord, name: string): string | undefined {
    if (name === 'host.docker.internal') return undefined
    if (record.network === 'bridge') return undefined
    return this.all().find(
      (other) =>
        other.status === 'running' &&
        other.network === record.network &&
        (other.name === name || other.id.startsWith(name)),
    )?.address
  }

  #freeAddress(): string {
    const used = new Set(this.all().map(({ address }) => address))
    for (let n = 2; n < 65534; n++) {
      const address = `172.17.${n >> 8}.${n & 255}`
      if (!used.has(address)) return address
    }
    throw new EngineError(500, "no available IPv4 addresses on this network's address pools: bridge")
  }

  #release(session: Session): void {
    for (const listener of session.listeners.splice(0)) listener.close()
  }

  #update(id: string, change: Partial<ContainerRecord>): void {
    this.#options.world.store.update<ContainerRecord>(
      `docker/containers/${id}`,
      (record) => record && { ...record, ...change },
    )
  }

  #emit(action: string, record: ContainerRecord, attributes: Record<string, string> = {}): void {
    this.#options.events.emit('container', action, record.id, {
      image: record.imageName,
      name: record.name,
      ...attributes,
    })
  }
}

/** Where published ports listen on the world's network: the lab's `localhost` leads there. */
export const HOST_ADDRESS = '127.0.0.1'

/** A chunk with the header of the multiplexed stream format. */
export function frame(stream: LogStream, chunk: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream === 'stdout' ? 1 : 2
  header.writeUInt32BE(chunk.length, 4)
  return Buffer.concat([header, chunk])
}

/** Name of an image as `docker ps` shows it. */
export function shownImage(name: string): string {
  try {
    const reference = parseTagged(name)
    return name.startsWith('sha256:')
      ? name.slice(7, 19)
      : `${familiarName(reference)}${name.endsWith(`:${reference.tag}`) ? `:${reference.tag}` : ''}`
  } catch {
    return name
  }
}
