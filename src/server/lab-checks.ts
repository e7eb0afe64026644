import { AutoCheck } from '#checks/auto-check.ts'
import type { CheckReport } from '#checks/finding.ts'
import { currentStep } from '#checks/progress.ts'
import type { CheckRunner } from '#checks/runner.ts'
import { simulatedTarget } from '#checks/target.ts'
import type { DatabaseProgress } from '#database/progress.ts'
import type { Lab } from '#labs/lab.ts'
import type { ServerCloud } from './cloud.ts'
import type { LabWorld } from './lab-world.ts'

export interface LabChecksOptions {
  cloud: ServerCloud
  runner: Pick<CheckRunner, 'run'>
  progress: Pick<DatabaseProgress, 'read'>
  learner: string
  lab: Lab
  /** The learner's home folder. */
  home: string
  world: LabWorld
  /** Whether somebody looks: only then is anything checked by itself. */
  watched(): boolean
  /** A step's check begins. */
  onChecking(step: string): void
  /** One that ran by itself is over, with a report or without. */
  onEnd(step: string): void
  /** Takes what a check says of the lab as it is. */
  record(report: CheckReport): Promise<void>
  /** An error that nobody waits for. */
  onError(error: unknown): void
}

/** The checks of a learner's lab: of a step that is asked for, and of the current one by itself while somebody looks. */
export class LabChecks {
  readonly #options: LabChecksOptions
  /** Those that run because somebody asked, by step. */
  readonly #running = new Map<string, Promise<CheckReport>>()
  #auto: AutoCheck | undefined
  /** The step that is checked by itself. */
  #following: string | undefined
  /** Counts resets: a check that was begun before one says nothing any more. */
  #generation = 0

  constructor(options: LabChecksOptions) {
    this.#options = options
  }

  /** Ends when no check of a step that was asked for runs any more. */
  async settled(step: string): Promise<void> {
    await this.#running.get(step)
  }

  /** Runs a step's check; a run under way is joined. */
  run(step: string): Promise<CheckReport> {
    const running = this.#running.get(step)
    if (running) return running
    this.#options.onChecking(step)
    const generation = this.#generation
    const run = this.#run(step)
      .then(async (report) => {
        if (generation === this.#generation) await this.#options.record(report)
        return report
      })
      .finally(() => this.#running.delete(step))
    this.#running.set(step, run)
    return run
  }

  /** Lets the current step be checked by itself while somebody looks. */
  async follow(): Promise<void> {
    const { cloud, progress, learner, lab, home, watched, record, onChecking, onEnd, onError } = this.#options
    const world = await this.#options.world.find()
    if (!world || !watched() || cloud.status !== 'up') return
    const step = currentStep(lab.steps, await progress.read(learner, lab.id))
    if (!step) return this.stop()
    if (this.#auto && this.#following === step.id) return
    const client = await cloud.client
    this.#auto ??= new AutoCheck({
      cloud: client,
      worldId: world.id,
      home,
      run: (id, signal) => this.#run(id, signal),
      onChecking,
      onReport: (report) =>
        record(report)
          .then(() => this.follow())
          .catch(onError),
      // One that somebody asked for goes on.
      onEnd: (id) => {
        if (!this.#running.has(id)) onEnd(id)
      },
      onError,
    })
    this.#following = step.id
    this.#auto.follow(step)
  }

  /** Checks nothing by itself any more, until it is to follow again. */
  stop(): void {
    this.#auto?.stop()
    this.#auto = undefined
    this.#following = undefined
  }

  /** The lab is put back: what runs says nothing of what comes. */
  discard(): void {
    this.#generation++
    this.stop()
  }

  async #run(step: string, signal?: AbortSignal): Promise<CheckReport> {
    const { runner, lab, home } = this.#options
    const world = await this.#options.world.started()
    const { id, checker, rules } = lab
    return runner.run(
      { lab: id, step, checker, target: simulatedTarget(world), home, ...(rules && { rules }) },
      signal,
    )
  }
}
