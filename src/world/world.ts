import { Clock } from './clock.ts'
import { type ControllerLog, ControllerManager } from './controller.ts'
import { FairUse, type Quotas } from './fair-use.ts'
import { Ids } from './ids.ts'
import { DEFAULT_PROVISIONING, type ProvisioningSpeed, provisioningDuration } from './provisioning.ts'
import { Store } from './store.ts'

export interface WorldOptions {
  /** Names the world in proxy credentials and folders: `[a-z0-9-]{1,63}`. */
  id: string
  store?: Store
  clock?: Clock
  /** Fixes the ids for tests. */
  seed?: string
  provisioning?: ProvisioningSpeed
  log?: ControllerLog
  /** Default: none. */
  quotas?: Quotas
  /** It begins from a save point. Default: false. */
  resumed?: boolean
}

/** History is forgotten after between one and two of these, ms: kube-apiserver's `--etcd-compaction-interval`. */
const COMPACTION_MS = 300_000

/** One learner's environment: its state, its time, its controllers. Everything else is built on these. */
export class World {
  readonly id: string
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly controllers: ControllerManager
  readonly provisioning: ProvisioningSpeed
  readonly fairUse: FairUse
  /** What has come up already since it was resumed; undefined: it was not. */
  readonly #resumed: Set<string> | undefined
  readonly #end = new AbortController()

  constructor(options: WorldOptions) {
    this.id = options.id
    this.store = options.store ?? new Store()
    this.clock = options.clock ?? new Clock()
    // Mixing in the revision keeps a seeded world from giving out the same ids again after a restart.
    this.ids = new Ids(options.seed && `${options.seed}:${this.store.revision}`)
    this.provisioning = options.provisioning ?? DEFAULT_PROVISIONING
    if (options.resumed) this.#resumed = new Set()
    this.fairUse = new FairUse(options.quotas ?? {}, this.store)
    this.controllers = new ControllerManager(this.store, this.clock, options.log ?? { error: logToStderr })
    this.#compactLater()
  }

  /**
   * Whether what ran under a name goes on as if nothing had been: where it first comes up in a world that begins from a save point, its
   * time stood still. Else it was ended, as by a reboot. Asked once for each time that it comes up.
   */
  resumes(name: string): boolean {
    if (!this.#resumed || this.#resumed.has(name)) return false
    this.#resumed.add(name)
    return true
  }

  /** How long (virtual ms) something takes here that takes `realMs` on AWS to provision. */
  provisioningTime(realMs: number): number {
    return provisioningDuration(realMs, this.provisioning)
  }

  /** Moves the clock forward step by step, letting the controllers finish at each timer. For tests and "until ready". */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    await this.controllers.settled()
    for (let due = this.clock.nextDue(); due !== undefined && due <= end; due = this.clock.nextDue()) {
      this.clock.jumpTo(due)
      await this.controllers.settled()
    }
    this.clock.jumpTo(end)
    await this.controllers.settled()
  }

  #compactLater(): void {
    const present = this.store.revision
    this.clock.setTimer(COMPACTION_MS, () => {
      this.store.compact(present)
      this.#compactLater()
    })
  }

  /** Aborted when the world is closed. */
  get closed(): AbortSignal {
    return this.#end.signal
  }

  close(): void {
    this.#end.abort()
    this.controllers.stop()
    this.clock.close()
  }
}

function logToStderr(controller: string, key: string, error: unknown): void {
  console.error(`controller ${controller} failed on ${key}:`, error)
}
