import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Clock } from '#world/clock.ts'
import type { Quotas } from '#world/fair-use.ts'
import { WorldFiles } from '#world/files.ts'
import { Ids } from '#world/ids.ts'
import type { SavePoints } from '#world/save-points.ts'
import { World } from '#world/world.ts'
import type { CreateWorldOptions, WorldInfo } from './api.ts'
import { blobBytes } from './blob-bytes.ts'
import {
  CLOCK_KEY,
  type ClockAnchor,
  CONFIG_KEY,
  dockerHubAccount,
  newConfig,
  type WorldConfig,
} from './config.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'

export interface OpenWorldOptions extends SimulationOptions {
  /** Folder of the worlds' own folders. */
  directory: string
  caFile: string
  /** What each world may use; default: all that there is. */
  quotas?: Quotas
  /** The lab network's port, known once its proxy listens. */
  proxyPort(): number
  /** Where the socket of a world's Docker Engine stands. */
  dockerSocket(id: string): string
}

/** A world that is up: its state on disk, its time, and what runs in it. */
export interface OpenWorld {
  readonly config: WorldConfig
  readonly world: World
  readonly files: WorldFiles
  readonly simulation: Simulation
  info(): WorldInfo
}

/** How a world begins. */
export interface Beginning {
  /** It is made in an empty folder. */
  created?: WorldConfig
  speed?: number | undefined
  /** The folder holds the state of a save point (see `World.resumes`). */
  resumed?: boolean
}

/** Opens the world in a folder, or makes it there. */
export async function openWorld(
  options: OpenWorldOptions,
  id: string,
  { created, speed, resumed = false }: Beginning = {},
): Promise<OpenWorld> {
  const { log, proxyPort, caFile, dockerSocket, blobs, quotas } = options
  const files = await WorldFiles.open(join(options.directory, id), {
    onDamage: (path, bytes) => log(`${path}: cut off ${bytes} bytes of a write that a crash left half done`),
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
    quotas,
    resumed,
    log: {
      error: (name, key, error) => log(`world ${id}: controller ${name} on ${key}: ${describeError(error)}`),
    },
  })
  world.fairUse.measure = () => blobBytes(store, blobs)
  const simulation = await Simulation.start({ ...options, world, config })
  await store.flushed()
  const info = (): WorldInfo => ({
    id,
    accountId: config.accountId,
    region: config.region,
    proxyUrl: `http://${id}:${config.secret}@127.0.0.1:${proxyPort()}`,
    caFile,
    dockerHost: `unix://${dockerSocket(id)}`,
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

/** Makes the folder of a world from a save point of another. It appears whole or not at all. */
export async function forkFolder(
  directory: string,
  saves: SavePoints,
  save: string,
  options: CreateWorldOptions & { id: string },
): Promise<void> {
  const part = join(directory, `.new-${options.id}`)
  await rm(part, { recursive: true, force: true })
  await saves.copy(save, part, (store) => {
    const {
      accountId,
      region,
      administrator,
      accounts = [],
      secret,
      hubSecret = secret,
    } = store.get<WorldConfig>(CONFIG_KEY)!.value
    const own = newConfig(options, new Ids(options.seed))
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
  await rename(part, join(directory, options.id))
}

/** Time that went by while the process was away has passed in the world too, at the world's speed. */
function openClock(anchor: ClockAnchor | undefined, speed: number | undefined): Clock {
  if (!anchor) return new Clock({ speed })
  const clock = new Clock({ speed: anchor.speed, now: anchor.virtual })
  clock.jumpTo(anchor.virtual + Math.max(0, clock.hostNow() - anchor.host) * anchor.speed)
  return clock
}

export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
