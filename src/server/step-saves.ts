import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CloudClient } from '#cloud/api.ts'
import { copyFolder } from '#workspace/copy-folder.ts'

/** What is kept of a home folder at most: the work of a lab, not downloads. */
const LIMITS = { bytes: 256 * 1024 * 1024, entries: 20_000 }

const saveName = (step: string) => `step-${step}`

/** Where the steps of a lab began: a save point of the world, and a copy of the home folder beside it. */
export class StepSaves {
  readonly #home: string
  readonly #folder: string
  /** What is being kept, by step: two checks of a step may pass at once, and both keep the beginning of the next. */
  readonly #keeping = new Map<string, Promise<void>>()

  constructor(home: string) {
    this.#home = home
    this.#folder = join(dirname(home), 'steps')
  }

  /** Keeps the present state as the one in which a step begins, unless there is one. Throws FolderTooLarge. */
  keep(cloud: CloudClient, world: string, step: string): Promise<void> {
    const known = this.#keeping.get(step)
    if (known) return known
    const keeping = this.#keep(cloud, world, step).finally(() => this.#keeping.delete(step))
    this.#keeping.set(step, keeping)
    return keeping
  }

  async #keep(cloud: CloudClient, world: string, step: string): Promise<void> {
    const target = join(this.#folder, step)
    if (await exists(target)) return
    await cloud.save(world, saveName(step))
    const part = `${target}.partial`
    await rm(part, { recursive: true, force: true })
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await copyFolder(this.#home, part, LIMITS)
    await rename(part, target)
  }

  /** Which steps can be gone back to. */
  async list(steps: string[]): Promise<Set<string>> {
    const kept = await Promise.all(
      steps.map(async (step) => ((await exists(join(this.#folder, step))) ? step : undefined)),
    )
    return new Set(kept.filter((step) => step !== undefined))
  }

  /** Puts the world back to where a step began. */
  restoreWorld(cloud: CloudClient, world: string, step: string): Promise<void> {
    return cloud.restore(world, saveName(step))
  }

  /** Puts the home folder back to where a step began; there must be none. */
  restoreHome(step: string): Promise<void> {
    return copyFolder(join(this.#folder, step), this.#home, LIMITS)
  }

  /** The save point of the world. */
  nameOf(step: string): string {
    return saveName(step)
  }

  picture(cloud: CloudClient, world: string, step: string) {
    return cloud.pictureAt(world, saveName(step))
  }

  /** Forgets the beginnings of steps. */
  async forget(steps: string[]): Promise<void> {
    for (const step of steps) await rm(join(this.#folder, step), { recursive: true, force: true })
  }
}

const exists = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined
