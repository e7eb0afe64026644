import { timingSafeEqual } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { HostTable } from '#network/hosts.ts'
import { Clock, hostTime, type Timer } from '#world/clock.ts'
import type { Quotas } from '#world/fair-use.ts'
import { WorldFiles } from '#world/files.ts'
import { Ids } from '#world/ids.ts'
import { SavePoints } from '#world/save-points.ts'
import { World } from '#world/world.ts'
import type { CreateWorldOptions, WorldInfo, WorldSummary } from './api.ts'
import { blobBytes } from './blob-bytes.ts'
import {
  CLOCK_KEY,
  type ClockAnchor,
  CONFIG_KEY,
  dockerHubAccount,
  newConfig,
  type WorldConfig,
} from './config.ts'
import { DockerDoor } from './docker-door.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'
import { folderTexts, storeTexts } from './world-texts.ts'

/** What all worlds of a process share. */
export interface WorldsOptions extends SimulationOptions {
  /** Folder of the worlds' own folders. */
  directory: string
  /** Folder for the worlds' Docker sockets. */
  socketDirectory: string
  caFile: string
  /** After so long without use (host ms) a world sleeps on disk; it wakes when somebody needs it. Default: never. */
  sleepAfterMs?: number
  /** What each world may use; default: all that there is. */
  quotas?: Quotas
  /** The proxy's port, known once it listens. */
  proxyPort(): number
  log(message: string): void
}

/** A world that is up: its state on disk, its time, and what runs in it. */
export interface OpenWorld {
  readonly config: WorldConfig
  readonly world: World
  readonly files: WorldFiles
  readonly simulation: Simulation
  info(): WorldInfo
}

/** What a world's name is, and its folder's. */
export const WORLD_ID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** When a world was needed last (host ms), and what needs it now: connections, followers. */
interface Use {
  at: number
  by: Set<object>
}

/** How often (host ms) worlds that sleep after `sleepAfterMs` are looked for, at most. */
const SWEEP_MS = 60_000

/** The worlds of a cloud process: creates, finds, saves, restores, puts to sleep and deletes them. */
export class Worlds {
  readonly #options: WorldsOptions
  /** By id; while a world changes hands (opens, closes, is put back) everybody who asks for it waits for the outcome. */
  readonly #open = new Map<string, Promise<OpenWorld | undefined>>()
  readonly #connections = new Map<string, Set<Duplex>>()
  readonly #doors = new Map<string, Promise<DockerDoor>>()
  readonly #uses = new Map<string, Use>()
  readonly #awake = new Set<string>()
  readonly #followers = new Set<(awake: string[]) => void>()
  #sweeping: Timer | undefined

  constructor(options: WorldsOptions) {
    this.#options = options
  }

  /** Makes the worlds on disk known. They sleep until somebody needs them. */
  async start(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#options.directory)) {
      // A deletion that a kill cut short goes on here, and a world that was not yet made whole goes.
      if (name.startsWith('.'))
        await rm(join(this.#options.directory, name), { recursive: true, force: true })
      else await this.#openDoor(name)
    }
    this.#sweepLater()
  }

  /** Makes a world, or gives the one of that id. */
  async create(options: CreateWorldOptions): Promise<OpenWorld> {
    const ids = new Ids(options.seed)
    const id = options.id ?? `world-${ids.hex(12)}`
    const found = await this.find(id)
    if (found) return moveHome(found, options.home)
    const made = await this.#turn(
      id,
      async (open) =>
        open ??
        (options.from
          ? this.#fork(id, options.from, options)
          : this.#openFolder(id, newConfig({ ...options, id }, ids), options.speed)),
    )
    return made!
  }

  /** A world, awake; undefined when there is none of that id. */
  async find(id: string): Promise<OpenWorld | undefined> {
    const open = await this.#open.get(id)
    if (open) {
      this.#used(id)
      return open
    }
    if (!(await this.#known()).includes(id)) return undefined
    return this.#turn(id, async (present) => {
      if (present) return present
      // Meanwhile it may have been deleted.
      return (await this.#known()).includes(id) ? this.#openFolder(id) : undefined
    })
  }

  async list(): Promise<WorldSummary[]> {
    const awake = new Set<string>()
    for (const [id, open] of this.#open) if (await open.catch(() => undefined)) awake.add(id)
    return (await this.#known()).map((id) => ({ id, awake: awake.has(id) }))
  }

  /** Tells which worlds are awake, now and whenever that changes, until closed. */
  followAwake(listener: (awake: string[]) => void): { close(): void } {
    this.#followers.add(listener)
    listener([...this.#awake])
    return { close: () => this.#followers.delete(listener) }
  }

  /** Ends what runs in a world that nobody needs just now. Its time goes on: what happens over time has happened when it wakes. */
  async sleep(id: string): Promise<void> {
    await this.#turn(id, async (open) => {
      if (!open || this.#uses.get(id)?.by.size) return open
      await open.simulation.settle()
      await this.#end(open)
      return undefined
    })
  }

  /** Keeps a world awake as long as `by` is there. Gives what ends that. */
  hold(id: string, by: object): () => void {
    const use = this.#used(id)
    use.by.add(by)
    return () => {
      use.by.delete(by)
      use.at = hostTime.now()
    }
  }

  async delete(id: string): Promise<void> {
    await this.find(id)
    await this.#turn(id, async (open) => {
      if (open) await this.#remove(open)
      return undefined
    })
    await (await this.#doors.get(id))?.close()
    this.#doors.delete(id)
    this.#uses.delete(id)
  }

  /** A fresh world under the same name, with the same account, keys and address. */
  async reset(id: string): Promise<void> {
    await this.find(id)
    await this.#turn(id, async (open) => {
      if (!open) return
      const { config } = open
      await this.#remove(open)
      return this.#openFolder(id, config)
    })
  }

  /** Keeps a world's present state under a name. */
  async save(id: string, name: string): Promise<void> {
    const open = await this.find(id)
    await open?.simulation.settle()
    await open?.files.save(name)
  }

  /** What was kept of a world, awake or not. */
  saves(id: string): SavePoints {
    if (!WORLD_ID.test(id)) throw new Error(`"${id}" cannot name a world`)
    return new SavePoints(join(this.#options.directory, id))
  }

  async restore(id: string, name: string): Promise<void> {
    if (!(await this.saves(id).names()).includes(name))
      throw new Error(`world "${id}" has no save point "${name}"`)
    await this.find(id)
    await this.#turn(id, async (open) => {
      if (!open) return
      this.#stop(open)
      await open.files.restore(name)
      return this.#openFolder(id)
    })
  }

  /** Ends what runs in a world; its state stays on disk. */
  async close(id: string): Promise<void> {
    await this.#turn(id, async (open) => {
      if (open) await this.#end(open)
      return undefined
    })
  }

  async closeAll(): Promise<void> {
    this.#sweeping?.cancel()
    const doors = await Promise.all(this.#doors.values())
    await Promise.all(doors.map((door) => door.close()))
    await Promise.all([...this.#open.keys()].map((id) => this.close(id)))
  }

  /** The names of a world, for the proxy. */
  async hosts(id: string, secret: string): Promise<HostTable | undefined> {
    const open = await this.find(id)
    return open && equal(open.config.secret, secret) ? open.simulation.hosts : undefined
  }

  /** All that is known of all worlds, open or not, with their save points, as text in pieces. Throws when something cannot be read. */
  async *texts(): AsyncGenerator<string> {
    for (const name of await readdir(this.#options.directory)) {
      const folder = join(this.#options.directory, name)
      const open = await this.#open.get(name)?.catch(() => undefined)
      if (!open) yield* folderTexts(folder)
      else {
        yield* storeTexts(open.world.store)
        yield* folderTexts(join(folder, 'saves'))
      }
    }
  }

  /** Remembers a client's connection, to close it with its world. */
  connected(id: string, socket: Duplex): void {
    const sockets = this.#connections.get(id) ?? new Set()
    this.#connections.set(id, sockets)
    if (sockets.has(socket) || socket.destroyed) return
    sockets.add(socket)
    const release = this.hold(id, socket)
    socket.once('close', () => {
      sockets.delete(socket)
      release()
    })
  }

  /** The names of the worlds on disk. */
  async #known(): Promise<string[]> {
    return (await readdir(this.#options.directory)).filter((name) => !name.startsWith('.'))
  }

  #used(id: string): Use {
    let use = this.#uses.get(id)
    if (!use) {
      use = { at: 0, by: new Set() }
      this.#uses.set(id, use)
    }
    use.at = hostTime.now()
    return use
  }

  #sweepLater(): void {
    const { sleepAfterMs, log } = this.#options
    if (sleepAfterMs === undefined) return
    this.#sweeping = hostTime.setTimer(Math.min(sleepAfterMs, SWEEP_MS), async () => {
      const since = hostTime.now() - sleepAfterMs
      for (const id of this.#open.keys()) {
        const use = this.#uses.get(id)
        if (use && use.at <= since && use.by.size === 0)
          await this.sleep(id).catch((error) => log(`world ${id} does not go to sleep: ${describe(error)}`))
      }
      this.#sweepLater()
    })
  }

  /** Opens the socket of a world's Docker Engine, unless it is open. */
  #openDoor(id: string): Promise<DockerDoor> {
    let door = this.#doors.get(id)
    if (!door) {
      door = this.#makeDoor(id)
      door.catch(() => this.#doors.delete(id))
      this.#doors.set(id, door)
    }
    return door
  }

  async #makeDoor(id: string): Promise<DockerDoor> {
    const path = this.#dockerSocket(id)
    // A folder of its own: a sandbox is given the folder, because the socket is another one after a restart.
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return DockerDoor.open({
      path,
      engine: async () => (await this.find(id))?.simulation.docker,
      connected: (socket) => this.connected(id, socket),
    })
  }

  #dockerSocket(id: string): string {
    return join(this.#options.socketDirectory, id, 'docker.sock')
  }

  /** Lets `act` make of a world what shall be open from now on; one such change of a world comes after the other. */
  async #turn(
    id: string,
    act: (open: OpenWorld | undefined) => Promise<OpenWorld | undefined> | OpenWorld,
  ): Promise<OpenWorld | undefined> {
    const before = this.#open.get(id)?.catch(() => undefined)
    const after = (async () => act(await before))()
    this.#open.set(id, after)
    let open: OpenWorld | undefined
    try {
      open = await after
    } finally {
      if (!open && this.#open.get(id) === after) this.#open.delete(id)
      this.#wakefulness(id, open !== undefined)
    }
    return open
  }

  #wakefulness(id: string, awake: boolean): void {
    if (this.#awake.has(id) === awake) return
    if (awake) this.#awake.add(id)
    else this.#awake.delete(id)
    for (const follower of this.#followers) follower([...this.#awake])
  }

  async #openFolder(id: string, created?: WorldConfig, speed?: number): Promise<OpenWorld> {
    const { log, proxyPort, caFile } = this.#options
    const files = await WorldFiles.open(join(this.#options.directory, id), {
      onDamage: (path, bytes) =>
        log(`${path}: cut off ${bytes} bytes of a write that a crash left half done`),
      onError: (error) => log(`world ${id}: cannot write a snapshot, going on with the journal: ${error}`),
    })
    const { store } = files
    if (created) store.put(CONFIG_KEY, created, 0)
    const config = store.get<WorldConfig>(CONFIG_KEY)?.value
    if (!config) throw new Error(`the folder of world "${id}" holds no world: its journal is empty`)
    const clock = openClock(store.get<ClockAnchor>(CLOCK_KEY)?.value, speed)
    const keepTime = () => {
      store.put(CLOCK_KEY, { virtual: clock.now(), host: clock.hostNow(), speed: clock.speed })
    }
    if (created) keepTime()
    clock.observe(keepTime)
    const world = new World({
      id,
      store,
      clock,
      seed: config.seed,
      provisioning: config.provisioning,
      quotas: this.#options.quotas,
      log: {
        error: (name, key, error) => log(`world ${id}: controller ${name} on ${key}: ${describe(error)}`),
      },
    })
    world.fairUse.measure = () => blobBytes(store, this.#options.blobs)
    this.#used(id)
    await this.#openDoor(id)
    const simulation = await Simulation.start({ ...this.#options, world, config })
    await store.flushed()
    const info = (): WorldInfo => ({
      id,
      accountId: config.accountId,
      region: config.region,
      proxyUrl: `http://${id}:${config.secret}@127.0.0.1:${proxyPort()}`,
      caFile,
      dockerHost: `unix://${this.#dockerSocket(id)}`,
      administrator: config.administrator,
      accounts: config.accounts ?? [],
      dockerHub: dockerHubAccount(config),
      clock: { now: clock.now(), speed: clock.speed },
      provisioning: config.provisioning,
      revision: store.revision,
    })
    return {
      get config() {
        return store.get<WorldConfig>(CONFIG_KEY)?.value ?? config
      },
      world,
      files,
      simulation,
      info,
    }
  }

  /** Makes a world from a save point of another. Its folder appears whole or not at all. */
  async #fork(
    id: string,
    from: { world: string; save: string },
    options: CreateWorldOptions,
  ): Promise<OpenWorld> {
    const saves = this.saves(from.world)
    if (!(await saves.names()).includes(from.save))
      throw new Error(`world "${from.world}" has no save point "${from.save}"`)
    const part = join(this.#options.directory, `.new-${id}`)
    await rm(part, { recursive: true, force: true })
    await saves.copy(from.save, part, (store) => {
      const {
        accountId,
        region,
        administrator,
        accounts = [],
        secret,
        hubSecret = secret,
      } = store.get<WorldConfig>(CONFIG_KEY)!.value
      const own = newConfig({ ...options, id }, new Ids(options.seed))
      const added = (own.accounts ?? []).filter(({ name }) => !accounts.some((one) => one.name === name))
      store.put(CONFIG_KEY, {
        ...own,
        accountId,
        region,
        administrator,
        accounts: [...accounts, ...added],
        hubSecret,
      })
    })
    await rename(part, join(this.#options.directory, id))
    return this.#openFolder(id, undefined, options.speed)
  }

  #stop({ config, simulation, world }: OpenWorld): void {
    for (const socket of this.#connections.get(config.id) ?? []) socket.destroy()
    simulation.close()
    world.close()
  }

  async #end(open: OpenWorld): Promise<void> {
    this.#stop(open)
    await open.files.close()
  }

  async #remove(open: OpenWorld): Promise<void> {
    const { id } = open.config
    await this.#end(open)
    // Renamed first, so that a kill in between leaves no half world.
    const gone = join(this.#options.directory, `.deleted-${id}`)
    await rename(join(this.#options.directory, id), gone)
    await rm(gone, { recursive: true, force: true })
  }
}

/** The data folder, and with it the home, may have another place since the world was made. */
function moveHome(open: OpenWorld, home: string | undefined): OpenWorld {
  if (home !== undefined && home !== open.config.home)
    open.world.store.put(CONFIG_KEY, { ...open.config, home })
  return open
}

/** Time that went by while the process was away has passed in the world too, at the world's speed. */
function openClock(anchor: ClockAnchor | undefined, speed: number | undefined): Clock {
  if (!anchor) return new Clock({ speed })
  const clock = new Clock({ speed: anchor.speed, now: anchor.virtual })
  clock.jumpTo(anchor.virtual + Math.max(0, clock.hostNow() - anchor.host) * anchor.speed)
  return clock
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
