import { rename, rm } from 'node:fs/promises'
import type { LabState } from './api.ts'
import { Problem } from './problem.ts'

/** By so much (bytes) a full home may grow before its programs are ended again: what a shell writes that is opened to clear up. */
const FULL_SLACK = 1024 * 1024

/** What a home holds and what it may hold, bytes. */
export interface HomeSize {
  used: number
  quota: number
}

/** A learner's home folder in a lab: whether it holds more than it may, and how it goes. */
export class LabHome {
  readonly folder: string
  #full: LabState['full']
  /** What it held when its programs were ended, bytes. */
  #fullSince: number | undefined

  constructor(folder: string) {
    this.folder = folder
  }

  /** What it holds, while it is more than it may. */
  get full(): LabState['full'] {
    return this.#full
  }

  /** Whether its programs have to end when it holds so much (bytes): it has grown past its quota. */
  outgrown({ used, quota }: HomeSize): boolean {
    return used > quota && (this.#fullSince === undefined || used > this.#fullSince + FULL_SLACK)
  }

  /** It holds so much (bytes), and programs that had to end have ended. */
  measured(size: HomeSize): void {
    const { used, quota } = size
    const since = this.outgrown(size) ? used : Math.min(this.#fullSince ?? used, used)
    this.#fullSince = used > quota ? since : undefined
    this.#full = used > quota ? { used, quota } : undefined
  }

  /** Throws a Problem where it holds as much as it may. */
  assertRoom(): void {
    if (!this.#full) return
    const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`
    throw new Problem(507, {
      code: 'home-full',
      what: 'Your home folder is full.',
      why: `It holds ${mib(this.#full.used)} of the ${mib(this.#full.quota)} that it may.`,
      next: 'Delete what you no longer need.',
    })
  }

  /** Renamed first, so that a new home can be made while the old one, which may be large, goes: `onError` is told when it does not. */
  async remove(onError: (error: unknown) => void): Promise<void> {
    // It will be another one: nothing is known of it.
    this.#full = this.#fullSince = undefined
    const gone = `${this.folder}.${Date.now()}.old`
    await rename(this.folder, gone).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    rm(gone, { recursive: true, force: true }).catch(onError)
  }
}
