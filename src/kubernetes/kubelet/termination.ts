import type { Instance } from './instance.ts'
import type { PodContext } from './pod-context.ts'
import { MINIMUM_GRACE_MS } from './timings.ts'
import { turns } from './turns.ts'

/**
 * The end of an instance: its preStop hook, its stop signal when the hook is done or the grace period is over, and
 * SIGKILL. What the hook takes counts; the process has two seconds in any case. Models killContainer of pkg/kubelet/kuberuntime.
 */
export class Termination {
  readonly #context: PodContext
  readonly #instance: Instance
  /** When the grace period is over, ms. */
  #graceEnd = Number.POSITIVE_INFINITY
  #signalledAt: number | undefined
  #hookDone: boolean
  /** Whoever has to end before it has ended. */
  #turn = true

  /** `hook`: settles when the preStop hook has ended. */
  constructor(context: PodContext, instance: Instance, hook: Promise<unknown> | undefined) {
    this.#context = context
    this.#instance = instance
    this.#hookDone = hook === undefined
    void hook?.finally(() => {
      this.#hookDone = true
      context.enqueue()
    })
  }

  /** Its grace ends then, or has ended before; `turn`: whoever has to end before it has ended. */
  limit(graceEnd: number, turn: boolean): void {
    this.#graceEnd = Math.min(this.#graceEnd, graceEnd)
    this.#turn = turn
  }

  /** Does what is due. */
  async advance(): Promise<void> {
    const { now } = this.#context
    const wakeAt = (time: number) => this.#context.wakeAt(time)
    if (this.#signalledAt === undefined) {
      if (now() < this.#graceEnd && !(this.#hookDone && this.#turn)) return wakeAt(this.#graceEnd)
      this.#signalledAt = now()
      this.#kill(this.#instance.container.spec.image.config.config.StopSignal ?? 'SIGTERM')
      await turns(this.#instance.process!.exited)
      if (!this.#instance.running) return
    }
    const killAt = Math.max(this.#graceEnd, this.#signalledAt + MINIMUM_GRACE_MS)
    if (now() < killAt) return wakeAt(killAt)
    this.#kill('SIGKILL')
    await turns(this.#instance.process!.exited)
  }

  #kill(signal: string): void {
    this.#instance.process!.kill(signal)
  }
}
