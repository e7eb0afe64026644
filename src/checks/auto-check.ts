import type { CloudClient } from '#cloud/api.ts'
import { type HostTime, hostTime, type Timer } from '#world/clock.ts'
import { watchFiles } from './file-watch.ts'
import type { CheckReport } from './finding.ts'
import { concerns, type StepWatch, watchPrefixes } from './watch.ts'

export interface AutoCheckOptions {
  cloud: Pick<CloudClient, 'watch'>
  worldId: string
  /** The learner's home folder. */
  home: string
  /** Runs a step's check against the world: a bound `CheckRunner.run`. */
  run(step: string, signal: AbortSignal): Promise<CheckReport>
  onChecking?(step: string): void
  /** Until it has been taken, nothing is checked again. */
  onReport(report: CheckReport): void | Promise<void>
  /** A check that began is over, also one that was given up and says nothing. */
  onEnd?(step: string): void
  /** The check could not even be started. */
  onError?(error: unknown): void
  time?: HostTime
}

/** A change starts a check when nothing else has changed for so long, or after the longer wait at the latest (ms). */
const QUIET_MS = 300
const LONGEST_WAIT_MS = 2_000

/**
 * Runs the current step's check when what it looks at changes. One run at a time; a change during a run leads to one
 * more run after it, and a run of a step that is no longer current is given up.
 */
export class AutoCheck {
  readonly #options: AutoCheckOptions
  readonly #time: HostTime
  #step: string | undefined
  #sources: { close(): void }[] = []
  #timer: Timer | undefined
  #changedAt: number | undefined
  #running: AbortController | undefined

  constructor(options: AutoCheckOptions) {
    this.#options = options
    this.#time = options.time ?? hostTime
  }

  /** Follows a step from now on, and checks it once at once: its work may be done already. */
  follow(step: { id: string; watch: StepWatch }): void {
    this.stop()
    this.#step = step.id
    const { cloud, worldId, home } = this.#options
    const prefixes = watchPrefixes(step.watch)
    if (prefixes.length > 0) {
      this.#sources.push(
        cloud.watch(worldId, { prefixes }, (events) => {
          if (events.some(({ key }) => concerns(step.watch, key))) this.changed()
        }),
      )
    }
    const files = step.watch.files ?? []
    if (files.length > 0) this.#sources.push(watchFiles(home, files, () => this.changed()))
    this.changed()
  }

  /** Says that something the step depends on has changed. */
  changed(): void {
    if (this.#step === undefined) return
    this.#changedAt ??= this.#time.now()
    if (this.#running) return
    this.#timer?.cancel()
    const latest = this.#changedAt + LONGEST_WAIT_MS - this.#time.now()
    this.#timer = this.#time.setTimer(Math.max(0, Math.min(QUIET_MS, latest)), () => this.#check())
  }

  /** Follows nothing any more; a run under way is given up. */
  stop(): void {
    for (const source of this.#sources.splice(0)) source.close()
    this.#timer?.cancel()
    this.#running?.abort()
    this.#running = undefined
    this.#step = undefined
    this.#changedAt = undefined
  }

  async #check(): Promise<void> {
    const step = this.#step!
    const running = new AbortController()
    this.#running = running
    this.#changedAt = undefined
    this.#options.onChecking?.(step)
    try {
      const report = await this.#options.run(step, running.signal)
      if (!running.signal.aborted) await this.#options.onReport(report)
    } catch (error) {
      if (!running.signal.aborted) this.#options.onError?.(error)
    } finally {
      this.#options.onEnd?.(step)
    }
    if (this.#running !== running) return
    this.#running = undefined
    if (this.#changedAt !== undefined) this.changed()
  }
}
