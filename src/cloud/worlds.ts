import { timingSafeEqual } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostTable } from '#network/hosts.ts'
import { hostTime, type Timer } from '#world/clock.ts'
import { Ids } from '#world/ids.ts'
import { SavePoints } from '#world/save-points.ts'
import type { CreateWorldOptions, WorldSummary } from './api.ts'
import { CONFIG_KEY, newConfig } from './config.ts'
import {
  type Beginning,
  describeError,
  forkFolder,
  type OpenWorld,
  type OpenWorldOptions,
  openWorld,
} from './open-world.ts'
import { worldTexts } from './world-texts.ts'
import { WorldUses } from './world-uses.ts'

/** What all worlds of a process share. */
export interface WorldsOptions extends OpenWorldOptions {
  /** After so long without use (host ms) a world sleeps on disk; it wakes when somebody needs it. Default: never. */
  sleepAfterMs?: number
  /** Whether this process may have a world, where several share a folder: two must never write one journal. Default: all. */
  mayOpen?(id: string): boolean
  /** Told before a world is first there, and when it is gone. */
  onMade?(id: string): Promise<void>
  onGone?(id: string): Promise<void>
}

/** What a world's name is, and its folder's. */
export const WORLD_ID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** How often (host ms) worlds that sleep after `sleepAfterMs` are looked for, at most. */
const SWEEP_MS = 60_000

/** A name for a world that was given none. */
export const newWorldId = (ids: Ids): string => `world-${ids.hex(12)}`

/** The names of the worlds in a folder. */
export async function worldsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith('.'))
}

/** Clears the folder of worlds of what a kill has cut short: a deletion goes on, and a world that was not yet made whole goes. Before any process has a world of it. */
export async function tidyWorlds(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const name of await readdir(directory))
    if (name.startsWith('.')) await rm(join(directory, name), { recursive: true, force: true })
}

/** The worlds of a cloud process: creates, finds, saves, restores, puts to sleep and deletes them. */
export class Worlds {
  readonly uses = new WorldUses()
  readonly #options: WorldsOptions
  /** By id; while a world changes hands (opens, closes, is put back) everybody who asks for it waits for the outcome. */
  readonly #open = new Map<string, Promise<OpenWorld | undefined>>()
  readonly #awake = new Set<string>()
  readonly #followers = new Set<(awake: string[]) => void>()
  #sweeping: Timer | undefined

  constructor(options: WorldsOptions) {
    this.#options = options
    this.#sweepLater()
  }

  /** Makes a world, or gives the one of that id. */
  async create(options: CreateWorldOptions): Promise<OpenWorld> {
    const ids = new Ids(options.seed)
    const id = options.id ?? newWorldId(ids)
    const found = await this.find(id)
    if (found) return moveHome(found, options.home)
    await this.#options.onMade?.(id)
    const made = await this.#turn(
      id,
      async (open) =>
        open ??
        (options.from
          ? this.#fork(options.from, { ...options, id })
          : this.#openFolder(id, { created: newConfig({ ...options, id }, ids), speed: options.speed })),
    )
    return made!
  }

  /** A world, awake; undefined when there is none of that id. */
  async find(id: string): Promise<OpenWorld | undefined> {
    const open = await this.#open.get(id)
    if (open) {
      this.uses.used(id)
      return open
    }
    if (this.#options.mayOpen?.(id) === false || !(await this.#known()).includes(id)) return undefined
    return this.#turn(id, async (present) => {
      if (present) return present
      // Meanwhile it may have been deleted.
      return (await this.#known()).includes(id) ? this.#openFolder(id) : undefined
    })
  }

  async list(): Promise<WorldSummary[]> {
    return (await this.#known()).map((id) => ({ id, awake: this.#awake.has(id) }))
  }

  /** How many worlds are awake. */
  get awake(): number {
    return this.#awake.size
  }

  /** Whether a world is awake, wakes, or goes to sleep: whether its files are this process's. */
  isOpen(id: string): boolean {
    return this.#open.has(id)
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
      if (!open || this.uses.inUse(id)) return open
      await open.simulation.settle()
      await this.#end(open)
      return undefined
    })
  }

  async delete(id: string): Promise<void> {
    await this.find(id)
    await this.#turn(id, async (open) => {
      if (open) await this.#remove(open)
      return undefined
    })
    await this.#options.onGone?.(id)
    this.uses.forget(id)
  }

  /** A fresh world under the same name, with the same account, keys and address. */
  async reset(id: string): Promise<void> {
    await this.find(id)
    await this.#turn(id, async (open) => {
      if (!open) return
      const { config } = open
      await this.#remove(open)
      return this.#openFolder(id, { created: config })
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
    await this.#assertSaved(id, name)
    await this.find(id)
    await this.#turn(id, async (open) => {
      if (!open) return
      this.#stop(open)
      await open.files.restore(name)
      return this.#openFolder(id, { resumed: true })
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
    await Promise.all([...this.#open.keys()].map((id) => this.close(id)))
  }

  /** The names of a world, for the proxy. */
  async hosts(id: string, secret: string): Promise<HostTable | undefined> {
    const open = await this.find(id)
    return open && equal(open.config.secret, secret) ? open.simulation.hosts : undefined
  }

  /** All that is known of all worlds of the folder, open or not, here or elsewhere, with their save points, as text in pieces. Throws when something cannot be read. */
  async *texts(): AsyncGenerator<string> {
    const { directory } = this.#options
    for (const name of await readdir(directory)) {
      const open = await this.#open.get(name)?.catch(() => undefined)
      yield* worldTexts(join(directory, name), open?.world.store)
    }
  }

  #known(): Promise<string[]> {
    return worldsIn(this.#options.directory)
  }

  #sweepLater(): void {
    const { sleepAfterMs, log } = this.#options
    if (sleepAfterMs === undefined) return
    this.#sweeping = hostTime.setTimer(Math.min(sleepAfterMs, SWEEP_MS), async () => {
      const since = hostTime.now() - sleepAfterMs
      for (const id of this.#open.keys()) {
        if (this.uses.idleSince(id, since))
          await this.sleep(id).catch((error) =>
            log(`world ${id} does not go to sleep: ${describeError(error)}`),
          )
      }
      this.#sweepLater()
    })
  }

  /** Lets `act` make of a world what shall be open from now on; one such change of a world comes after the other. */
  async #turn(
    id: string,
    act: (open: OpenWorld | undefined) => Promise<OpenWorld | undefined> | OpenWorld,
  ): Promise<OpenWorld | undefined> {
    const { mayOpen } = this.#options
    if (mayOpen && !this.#open.has(id) && !mayOpen(id))
      throw new Error(`world "${id}" is another process's by now`)
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

  #openFolder(id: string, beginning?: Beginning): Promise<OpenWorld> {
    this.uses.used(id)
    return openWorld(this.#options, id, beginning)
  }

  /** Makes a world from a save point of another. */
  async #fork(
    from: { world: string; save: string },
    options: CreateWorldOptions & { id: string },
  ): Promise<OpenWorld> {
    await this.#assertSaved(from.world, from.save)
    await forkFolder(this.#options.directory, this.saves(from.world), from.save, options)
    return this.#openFolder(options.id, { speed: options.speed, resumed: true })
  }

  async #assertSaved(id: string, name: string): Promise<void> {
    if (!(await this.saves(id).names()).includes(name))
      throw new Error(`world "${id}" has no save point "${name}"`)
  }

  #stop({ config, simulation, world }: OpenWorld): void {
    this.uses.disconnect(config.id)
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

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
