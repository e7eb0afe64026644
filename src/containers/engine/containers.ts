import { PassThrough } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { changes, type LayerTrees, writeLayer } from '../files/layers.ts'
import { FileTree } from '../files/tree.ts'
import { InvalidReferenceError } from '../images/reference.ts'
import type { SimulatedContainer, SimulatedRuntime } from '../processes/runtime.ts'
import { type ExitStatus, StartError } from '../runtime.ts'
import { badRequest, conflict, EngineError, notFound } from './api.ts'
import type { ContainerConfig, ContainerRecord, HostConfig } from './container-record.ts'
import type { Events } from './events.ts'
import type { ImageStore } from './image-store.ts'
import { makeName } from './names.ts'
import { publishPorts } from './published-ports.ts'
import { newSession, type Session } from './session.ts'
import { Volumes } from './volumes.ts'

/** Restart delays of the engine: 100 ms doubling up to a minute. */
const RESTART_BASE_MS = 100
const RESTART_MAX_MS = 60_000
/**
 * A real engine takes about this long to set a container up, so that no signal meets an entrypoint script in its first
 * milliseconds, which as process 1 would ignore it. Here a process runs at once: a stop waits until it is this old, ms.
 */
const STOP_NOT_BEFORE_MS = 300

/** What the containers of an engine work with. */
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
  readonly volumes: Volumes

  constructor(options: ContainersOptions) {
    this.#options = options
    this.volumes = new Volumes(options.world, options.blobs)
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
      session = newSession(this.#options.world, id)
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
    if (name) this.#requireFree(name)
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
    session.launching ??= this.#start(record, session).finally(() => {
      session.launching = undefined
    })
    await session.launching
  }

  async #start(record: ContainerRecord, session: Session): Promise<void> {
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
      mounts: await this.volumes.mounts(record),
      memoryLimitBytes: hostConfig.Memory || undefined,
    })
    session.listeners.push(network.addAddress(record.address))
    const exposed = image.config.config.ExposedPorts ?? {}
    const ports = publishPorts(record, exposed, network, (listener) => session.listeners.push(listener))
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
    await this.volumes.saveOf(record)
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
    if (!session.stopRequested && restarts(record, status.exitCode)) {
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

  /** Stop signal, then SIGKILL after `seconds` of the world's clock. False when it did not run. */
  async stop(id: string, seconds: number): Promise<boolean> {
    const record = this.require(id)
    const session = this.session(record.id)
    await session.launching?.catch(() => {
      // Its record tells why it does not run.
    })
    session.stopRequested = true
    const { process } = session
    if (!process) return false
    const { world, images } = this.#options
    const image = images.get(record.imageId)
    const ended = this.wait(record.id)
    const age = world.clock.now() - (this.require(record.id).startedAt ?? 0)
    if (age < STOP_NOT_BEFORE_MS) await Promise.race([world.clock.sleep(STOP_NOT_BEFORE_MS - age), ended])
    process.kill(record.config.StopSignal || image?.config.config.StopSignal || 'SIGTERM')
    const timer = world.clock.setTimer(Math.max(0, seconds) * 1000, () => process.kill('SIGKILL'))
    await ended
    timer.cancel()
    this.#emit('stop', record)
    return true
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
    this.#requireFree(name)
    this.#update(record.id, { name })
  }

  #requireFree(name: string): void {
    const taken = this.all().find((record) => record.name === name)
    if (!taken) return
    throw conflict(
      `Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    )
  }

  /** The running container, for exec and files. Throws EngineError. */
  running(id: string): SimulatedContainer {
    const record = this.require(id)
    const { container } = this.session(record.id)
    if (!container) throw conflict(`container ${record.id} is not running`)
    return container
  }

  resize(id: string, columns: number, rows: number): void {
    const session = this.session(this.require(id).id)
    session.size = { columns, rows }
    session.process?.resize(columns, rows)
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

/** Whether the restart policy wants a container that ended by itself to run again. */
function restarts({ hostConfig, restartCount }: ContainerRecord, exitCode: number): boolean {
  const { Name: policy, MaximumRetryCount } = hostConfig.RestartPolicy ?? {}
  if (restartCount >= (MaximumRetryCount || Number.POSITIVE_INFINITY)) return false
  return policy === 'always' || policy === 'unless-stopped' || (policy === 'on-failure' && exitCode !== 0)
}
