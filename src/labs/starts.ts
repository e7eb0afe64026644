import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CloudClient, CreateWorldOptions, WorldInfo } from '#cloud/api.ts'
import { LabError } from './load.ts'
import { runScript } from './shell.ts'

/** What labs and lessons may start from: `starts/<name>.sh` makes it, `starts/<name>.ready.sh` waits until a copy of it is up. */
export const STARTS_FOLDER = fileURLToPath(new URL('../../starts', import.meta.url))

/** The environment of a learner's shell in a world; adds to the home folder what a start of the lab puts there. */
export type ShellEnvironment = (world: WorldInfo, home: string) => Promise<Record<string, string>>

export interface PreparedWorldsOptions {
  cloud: CloudClient | Promise<CloudClient>
  environment: ShellEnvironment
  /** Where the homes of prepared worlds are kept, as long as the cloud keeps its worlds. */
  folder: string
  starts?: string
}

/** What a lab or lesson begins in. */
export interface Begun {
  world: WorldInfo
  /** A folder with what its home begins with, such as a kubeconfig. */
  files: string | undefined
}

interface Prepared {
  world: string
  home: string
  /** Script that waits until a copy is up. */
  ready: string
}

const SAVE = 'ready'
const TIME_LIMIT_MS = 5 * 60_000

/**
 * Worlds in which the slow part is done already, such as creating a cluster. A start's script runs once in a world of its own, with
 * nothing to wait for; whoever begins from it gets a copy of that world and of the home folder it left.
 */
export class PreparedWorlds {
  readonly #options: PreparedWorldsOptions
  readonly #prepared = new Map<string, Promise<Prepared>>()

  constructor(options: PreparedWorldsOptions) {
    this.#options = options
  }

  /**
   * A new world that begins as `starts/<start>.sh` leaves one; an empty account without a start. Throws LabError when there is no such
   * start, or its script fails.
   */
  async create(start: string | undefined, options: Omit<CreateWorldOptions, 'from'>): Promise<Begun> {
    const cloud = await this.#options.cloud
    if (start === undefined) return { world: await cloud.createWorld(options), files: undefined }
    const { world: prepared, home, ready } = await this.#prepare(start)
    const world = await cloud.createWorld({ ...options, from: { world: prepared, save: SAVE } })
    await this.#awaitCopy(world, home, ready)
    return { world, files: home }
  }

  /** What ran in the prepared world starts anew in a copy. Its script has a home of its own: others begin from the prepared one meanwhile. */
  async #awaitCopy(world: WorldInfo, files: string, ready: string): Promise<void> {
    const home = await mkdtemp(join(tmpdir(), 'drydock-start-'))
    try {
      await cp(files, home, { recursive: true })
      const env = await this.#options.environment(world, home)
      const { code, output } = await runScript({ file: ready, cwd: home, env, timeout: TIME_LIMIT_MS })
      if (code !== 0) throw new LabError(`${ready} ended with ${code ?? 'a time-out'}:\n${output}`)
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  }

  #prepare(start: string): Promise<Prepared> {
    let prepared = this.#prepared.get(start)
    if (!prepared) {
      prepared = this.#findOrMake(start)
      // The next one who asks tries again.
      prepared.catch(() => this.#prepared.delete(start))
      this.#prepared.set(start, prepared)
    }
    return prepared
  }

  async #findOrMake(start: string): Promise<Prepared> {
    const { environment, folder, starts = STARTS_FOLDER } = this.#options
    const cloud = await this.#options.cloud
    const file = join(starts, `${start}.sh`)
    const script = await readFile(file, 'utf8').catch(() => undefined)
    if (script === undefined || !/^[a-z0-9-]+$/.test(start))
      throw new LabError(`There is no start "${start}". Write starts/${start}.sh.`)
    // A changed script is another world.
    const id = `start-${start}-${createHash('sha256').update(script).digest('hex').slice(0, 8)}`
    const home = join(folder, id)
    const ready = join(starts, `${start}.ready.sh`)
    const known = await cloud.world(id)
    if (known && (await exists(home)) && (await cloud.savePoints(id)).includes(SAVE))
      return { world: id, home, ready }
    if (known) await cloud.deleteWorld(id)
    await rm(home, { recursive: true, force: true })
    await mkdir(home, { recursive: true, mode: 0o700 })
    const world = await cloud.createWorld({ id, seed: id, provisioning: 'instant', home })
    const env = await environment(world, home)
    const { code, output } = await runScript({ file, cwd: home, env, timeout: TIME_LIMIT_MS })
    if (code !== 0) throw new LabError(`starts/${start}.sh ended with ${code ?? 'a time-out'}:\n${output}`)
    // Tokens of this world are of no use in its copies.
    await rm(join(home, '.aws/cli'), { recursive: true, force: true })
    await cloud.save(id, SAVE)
    // Nobody looks at this one any more; let it stand still.
    await cloud.setSpeed(id, 0)
    return { world: id, home, ready }
  }
}

const exists = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined
