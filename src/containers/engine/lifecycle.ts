import { PassThrough } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { LayerTrees } from '../files/layers.ts'
import { FileTree } from '../files/tree.ts'
import { ContainerFs } from '../processes/container-fs.ts'
import type { SimulatedContainer, SimulatedRuntime } from '../processes/runtime.ts'
import { SIGNALS, signalName } from '../processes/signals.ts'
import { findUser } from '../processes/users.ts'
import { type ExitStatus, StartError } from '../runtime.ts'
import { badRequest, conflict, EngineError, notFound } from './api.ts'
import type { ContainerNetwork } from './container-network.ts'
import { type ContainerRecord, isUp } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { Events } from './events.ts'
import { FileKeeper } from './file-keeper.ts'
import { HealthMonitor } from './health.ts'
import type { ImageStore } from './image-store.ts'
import { withInitLayer } from './init-layer.ts'
import { publishPorts } from './published-ports.ts'
import type { Session, Sessions } from './session.ts'
import { containerSpec } from './specification.ts'
import { checkStart, sharedNamespace } from './start-checks.ts'
import type { Volumes } from './volumes.ts'

/** Restart delays of the engine: 100 ms doubling up to a minute, from the beginning again after 10 s of running. */
const RESTART_BASE_MS = 100
const RESTART_MAX_MS = 60_000
const RESTART_RESET_MS = 10_000
/**
 * A real engine takes about this long to set a container up, so that no signal meets an entrypoint script in its first
 * milliseconds, which as process 1 would ignore it. Here a process runs at once: a stop waits until it is this old, ms.
 */
const STOP_NOT_BEFORE_MS = 300
/** What a container gets to stop before it is killed, seconds. */
const STOP_SECONDS = 10

/** What the life of containers works with. */
export interface LifecycleOptions {
  world: World
  blobs: BlobStore
  trees: LayerTrees
  images: ImageStore
  store: ContainerStore
  volumes: Volumes
  containerNetwork: ContainerNetwork
  sessions: Sessions
  runtime: SimulatedRuntime
  network: VirtualNetwork
  events: Events
  /** Resolves other names as seen from a container. */
  lookup?: (name: string) => string | undefined
  /** Removes a container that was started with `--rm`. */
  removeEnded: (record: ContainerRecord) => Promise<void>
}

/** Starts, stops, pauses and restarts containers. Errors are EngineErrors with the engine's texts. */
export class Lifecycle {
  readonly #options: LifecycleOptions
  readonly #health: HealthMonitor
  readonly #files: FileKeeper

  constructor(options: LifecycleOptions) {
    this.#options = options
    this.#health = new HealthMonitor(options)
    this.#files = new FileKeeper(options)
  }

  /** Starts it; nothing happens when it runs already. */
  async start(id: string): Promise<void> {
    const record = this.#options.store.require(id)
    if (record.status === 'paused') throw conflict('cannot start a paused container, try unpause instead')
    if (record.status === 'running') return
    const session = this.#options.sessions.of(record.id)
    session.launching ??= this.#start(record, session).finally(() => {
      session.launching = undefined
    })
    await session.launching
  }

  async #start(record: ContainerRecord, session: Session): Promise<void> {
    session.stopRequested = false
    session.restartTimer?.cancel()
    try {
      await this.#launch(record, session)
    } catch (error) {
      const failed = error as Error
      this.#release(record.id, session)
      const exitCode = error instanceof StartError ? error.exitCode : 128
      const message =
        error instanceof StartError
          ? `failed to create task for container: ${failed.message}`
          : failed.message
      this.#options.store.update(record.id, {
        error: message,
        exitCode,
        status: record.startedAt === undefined ? 'created' : 'exited',
      })
      for (const end of session.ended) end(exitCode)
      session.ended.clear()
      if (record.hostConfig.AutoRemove) await this.#options.removeEnded(record)
      if (error instanceof StartError) throw new EngineError(400, message)
      throw error
    }
  }

  async #launch(asked: ContainerRecord, session: Session): Promise<void> {
    const { world, images, trees, runtime, network, volumes, store, containerNetwork, events } = this.#options
    const image = images.get(asked.imageId)
    if (!image) throw notFound(`No such image: ${asked.imageName}`)
    checkStart(asked, store)
    let place: ReturnType<ContainerNetwork['join']>
    try {
      place = containerNetwork.join(asked)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      throw new EngineError(error.status, `failed to set up container networking: ${error.message}`)
    }
    const record = store.update(asked.id, place)
    if (!record) throw notFound(`No such container: ${asked.id}`)
    session.joined = true
    const base = await trees.tree(image.layers)
    const root = new FileTree(
      withInitLayer(
        record.changes.length > 0 ? await trees.tree([...image.layers, ...record.changes]) : base,
        record.createdAt,
      ),
    )
    const user = record.config.User || image.config.config.User || ''
    const groups = record.hostConfig.GroupAdd ?? []
    await findUser(new ContainerFs(root, [], () => world.clock.now()), user, groups).catch((error: Error) => {
      throw badRequest(error.message)
    })
    const container = await runtime.create(
      containerSpec(record, image, {
        root,
        mounts: await volumes.mounts(record, new FileTree(base)),
        lookup: (name) => containerNetwork.lookup(record, name) ?? this.#options.lookup?.(name),
        interfaces: () => containerNetwork.view(store.get(record.id) ?? record),
        gateway: containerNetwork.gateway(record),
        processesOf: this.#sharedProcesses(record),
      }),
    )
    if (record.address) session.listeners.push(network.addAddress(record.address))
    const exposed = image.config.config.ExposedPorts ?? {}
    const ports = publishPorts(record, exposed, network, (listener) => session.listeners.push(listener))
    const process = await container.start()
    if (!store.get(record.id)) {
      // It was removed while it started.
      process.kill('SIGKILL')
      throw notFound(`No such container: ${record.id}`)
    }
    session.container = container
    session.process = process
    this.#files.follow(record.id, session, container)
    if (session.size) process.resize(session.size.columns, session.size.rows)
    process.stdout.on('data', (chunk: Buffer) => session.log.write('stdout', chunk))
    process.stderr.on('data', (chunk: Buffer) => session.log.write('stderr', chunk))
    if (record.config.OpenStdin) session.stdin.pipe(process.stdin)
    store.update(record.id, {
      status: 'running',
      startedAt: world.clock.now(),
      ports,
      error: '',
      exitCode: 0,
      oomKilled: false,
      stopped: false,
    })
    this.#tellNetworks('connect', record)
    events.container('start', record)
    this.#health.watch(store.get(record.id)!, image, session)
    void process.exited.then((status) => this.#ended(record.id, session, status))
  }

  /** The container whose processes it sees, and that sees its own (`--pid container:…`). */
  #sharedProcesses({ hostConfig }: ContainerRecord): SimulatedContainer | undefined {
    const { store, sessions } = this.#options
    const other = sharedNamespace('PID', hostConfig.PidMode, store)
    return other && sessions.of(other.id).container
  }

  async #ended(id: string, session: Session, status: ExitStatus): Promise<void> {
    const { world, store } = this.#options
    const leaving = this.#leave(id, session, status)
    session.leaving = leaving
    const left = await leaving.finally(() => {
      delete session.leaving
    })
    if (!left) return
    await world.store.flushed()
    const { record, restart } = left
    if (restart) return this.#restartLater(store.get(id)!, session, record)
    for (const end of session.ended) end(status.exitCode)
    session.ended.clear()
    if (record.hostConfig.AutoRemove) await this.#options.removeEnded(record)
  }

  /** Keeps what a container that has ended wrote, gives back what it held, and writes down how it ended. Its record while it ran; undefined: it is gone. */
  async #leave(
    id: string,
    session: Session,
    status: ExitStatus,
  ): Promise<{ record: ContainerRecord; restart: boolean } | undefined> {
    const { world, store, volumes, events } = this.#options
    const container = session.container
    session.container = undefined
    session.process = undefined
    session.stdin = new PassThrough()
    const record = store.get(id)
    if (record && container) await this.#files.keep(record, container)
    this.#release(id, session)
    if (!record) return undefined
    await volumes.saveOf(record)
    session.log.save()
    const restart = !session.stopRequested && restarts(record, status.exitCode)
    store.update(id, {
      status: restart ? 'restarting' : 'exited',
      exitCode: status.exitCode,
      oomKilled: status.oomKilled ?? false,
      finishedAt: world.clock.now(),
      ports: [],
      health: undefined,
      ...(restart ? { restartCount: record.restartCount + 1 } : {}),
    })
    if (status.oomKilled) events.container('oom', record)
    const duration = Math.round((world.clock.now() - (record.startedAt ?? 0)) / 1000)
    events.container('die', record, { execDuration: String(duration), exitCode: String(status.exitCode) })
    return { record, restart }
  }

  #restartLater(record: ContainerRecord, session: Session, ran: ContainerRecord): void {
    const { world } = this.#options
    if (world.clock.now() - (ran.startedAt ?? 0) >= RESTART_RESET_MS) session.quickRestarts = 0
    const delay = Math.min(RESTART_BASE_MS * 2 ** session.quickRestarts++, RESTART_MAX_MS)
    session.restartTimer = world.clock.setTimer(delay, () => {
      if (!session.stopRequested) void this.start(record.id).catch(() => {})
    })
  }

  /** Saves now what running containers have written, and what of it was yet to be saved. */
  async saveFiles(): Promise<void> {
    await this.#files.save()
  }

  /** Brings back what ran before the process ended. */
  async recover(): Promise<void> {
    const { store, world } = this.#options
    const resumed = world.resumes('docker')
    for (const record of store.all()) {
      const policy = record.hostConfig.RestartPolicy?.Name
      const wanted =
        isUp(record) || record.status === 'restarting' || (policy === 'always' && record.startedAt)
      if (!wanted) continue
      store.update(record.id, {
        status: 'exited',
        exitCode: 137,
        endpoints: this.#options.containerNetwork.leave(record).endpoints,
      })
      await this.start(record.id).catch(() => {
        // Its record tells why.
      })
      if (resumed && isUp(record) && record.startedAt !== undefined)
        store.update(record.id, { startedAt: record.startedAt })
    }
  }

  kill(text: string, asked: string | null): void {
    const { store, sessions, events } = this.#options
    const record = store.require(text)
    const signal = parseSignal(asked, 'SIGKILL')
    const session = sessions.of(record.id)
    if (!isUp(record) || !session.process) {
      throw conflict(`cannot kill container: ${text}: container ${record.id} is not running`)
    }
    if (signal === 'SIGKILL' || signal === this.#stopSignal(record)) {
      session.stopRequested = true
      store.update(record.id, { stopped: true })
    }
    session.container?.machine.thaw()
    if (record.status === 'paused') store.update(record.id, { status: 'running' })
    session.process.kill(signal)
    events.container('kill', record, { signal: String(SIGNALS[signal]) })
  }

  #stopSignal(record: ContainerRecord): string {
    const image = this.#options.images.get(record.imageId)
    return parseSignal(record.config.StopSignal || image?.config.config.StopSignal || null, 'SIGTERM')
  }

  /**
   * Stop signal, then SIGKILL after `seconds` of the world's clock (default: the container's own, or 10; below zero never).
   * False when it did not run.
   */
  async stop(
    text: string,
    options: { seconds?: number | undefined; signal?: string | null } = {},
  ): Promise<boolean> {
    const { world, store, sessions, events } = this.#options
    const record = store.require(text)
    const session = sessions.of(record.id)
    await session.launching?.catch(() => {
      // Its record tells why it does not run.
    })
    session.stopRequested = true
    store.update(record.id, { stopped: true })
    const { process } = session
    if (!process) {
      if (record.status !== 'restarting') return false
      session.restartTimer?.cancel()
      store.update(record.id, { status: 'exited' })
      for (const end of session.ended) end(record.exitCode)
      session.ended.clear()
      return true
    }
    const ended = this.wait(record.id)
    const age = world.clock.now() - (store.require(record.id).startedAt ?? 0)
    if (age < STOP_NOT_BEFORE_MS) await Promise.race([world.clock.sleep(STOP_NOT_BEFORE_MS - age), ended])
    if (record.status === 'paused') this.unpause(record.id)
    const signal = parseSignal(options.signal ?? null, this.#stopSignal(record))
    process.kill(signal)
    events.container('kill', record, { signal: String(SIGNALS[signal]) })
    const seconds = options.seconds ?? record.config.StopTimeout ?? STOP_SECONDS
    const timer =
      seconds < 0 ? undefined : world.clock.setTimer(seconds * 1000, () => process.kill('SIGKILL'))
    await ended
    timer?.cancel()
    events.container('stop', record)
    return true
  }

  /** Kills it and waits for its end, as a forced removal does. */
  async end(id: string): Promise<void> {
    const { sessions } = this.#options
    const session = sessions.of(id)
    session.stopRequested = true
    session.restartTimer?.cancel()
    // One that starts again just now holds its ports soon, one that ends still does.
    await session.launching?.catch(() => {
      // Then it does not run.
    })
    if (!session.process) {
      await session.leaving
      return
    }
    const ended = this.wait(id)
    session.container?.machine.thaw()
    session.process.kill('SIGKILL')
    await ended
  }

  pause(text: string): void {
    const record = this.#requireUp(text)
    if (record.status === 'paused') throw conflict(`Container ${record.id} is already paused`)
    this.#options.sessions.of(record.id).container!.machine.freeze()
    this.#options.store.update(record.id, { status: 'paused' })
    this.#options.events.container('pause', record)
  }

  unpause(text: string): void {
    const { store, sessions, events } = this.#options
    const record = store.require(text)
    if (record.status !== 'paused') throw new EngineError(500, `Container ${record.id} is not paused`)
    store.update(record.id, { status: 'running' })
    sessions.of(record.id).container?.machine.thaw()
    events.container('unpause', record)
  }

  #requireUp(text: string): ContainerRecord {
    const record = this.#options.store.require(text)
    if (record.status === 'restarting')
      throw conflict(`Container ${record.id} is restarting, wait until the container is running`)
    if (!isUp(record) || !this.#options.sessions.of(record.id).container)
      throw conflict(`container ${record.id} is not running`)
    return record
  }

  /** The running container, for exec and files. */
  running(text: string): SimulatedContainer {
    return this.#options.sessions.of(this.#requireUp(text).id).container!
  }

  /** Resolves with the exit code: at once when it is not running, unless `next` waits for the coming end. */
  wait(text: string, next = false): Promise<number> {
    const record = this.#options.store.require(text)
    if (!next && !isUp(record) && record.status !== 'restarting') return Promise.resolve(record.exitCode)
    return new Promise((resolve) => this.#options.sessions.of(record.id).ended.add(resolve))
  }

  resize(text: string, columns: number, rows: number): void {
    const session = this.#options.sessions.of(this.#options.store.require(text).id)
    session.size = { columns, rows }
    session.process?.resize(columns, rows)
  }

  /** Gives back its ports and addresses. */
  #release(id: string, session: Session): void {
    const { store, containerNetwork } = this.#options
    for (const listener of session.listeners.splice(0)) listener.close()
    session.health?.abort()
    const record = store.get(id)
    if (!session.joined || !record) return
    session.joined = false
    this.#tellNetworks('disconnect', record)
    store.update(id, containerNetwork.leave(record))
  }

  #tellNetworks(action: 'connect' | 'disconnect', { id, endpoints }: ContainerRecord): void {
    for (const [name, { networkId }] of Object.entries(endpoints))
      this.#options.events.emit('network', action, networkId, {
        container: id,
        name,
        type: name === 'none' ? 'null' : name === 'host' ? 'host' : 'bridge',
      })
  }
}

/** Throws the engine's `Invalid signal`. */
function parseSignal(text: string | null, otherwise: string): string {
  if (!text) return otherwise
  const name = signalName(text)
  if (!name) throw badRequest(`invalid signal: ${text}`)
  return name
}

/** Whether the restart policy wants a container that ended by itself to run again. */
function restarts({ hostConfig, restartCount }: ContainerRecord, exitCode: number): boolean {
  const { Name: policy, MaximumRetryCount } = hostConfig.RestartPolicy ?? {}
  if (restartCount >= (MaximumRetryCount || Number.POSITIVE_INFINITY)) return false
  return policy === 'always' || policy === 'unless-stopped' || (policy === 'on-failure' && exitCode !== 0)
}
