import { signalExitCode } from '../processes/signals.ts'
import type { Shell } from './shell.ts'
import { type Descriptors, ExitSignal, type Job, ShellError } from './state.ts'

/** A shell's traps: signals wait until the command that runs has ended, or end a `wait`. */
export class Traps {
  readonly #shell: Shell
  #pending: string[] = []
  #wake: (() => void) | undefined

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Arranges for `trap`'s action; undefined takes it back. */
  set(signal: string, action: string | undefined): void {
    if (action === undefined) {
      this.#shell.state.traps.delete(signal)
      this.#shell.process.on(signal, undefined)
      return
    }
    this.#shell.state.traps.set(signal, action)
    if (signal === 'EXIT') return
    this.#shell.process.on(
      signal,
      action === ''
        ? 'ignore'
        : () => {
            this.#pending.push(signal)
            this.#wake?.()
          },
    )
  }

  /** Runs the actions of the signals that have come. */
  async run(io: Descriptors): Promise<void> {
    while (this.#pending.length > 0) {
      const action = this.#shell.state.traps.get(this.#pending.shift()!)
      if (!action) continue
      const { status } = this.#shell.state
      await this.#shell.evaluate(action, io)
      this.#shell.state.status = status
    }
  }

  /** Runs the action on `EXIT`; gives the status that the shell ends with. */
  async atExit(io: Descriptors, status: number): Promise<number> {
    const action = this.#shell.state.traps.get('EXIT')
    if (action === undefined) return status
    this.#shell.state.traps.delete('EXIT')
    this.#shell.state.status = status
    try {
      await this.#shell.evaluate(action, io)
    } catch (error) {
      if (error instanceof ExitSignal) return error.status
      if (!(error instanceof ShellError)) throw error
    }
    return status
  }

  /** `wait`: for these processes; a trapped signal ends it early with 128+n. */
  async waitJobs(jobs: Job[]): Promise<number> {
    let status = 0
    for (const job of jobs) {
      const signalled = new Promise<undefined>((resolve) => {
        this.#wake = () => resolve(undefined)
        if (this.#pending.length > 0) resolve(undefined)
      })
      const ended = await this.#shell.process.waitFor(Promise.race([job.process.exited, signalled]))
      this.#wake = undefined
      if (!ended) return signalExitCode(this.#pending[0] ?? 'SIGTERM')
      status = ended.exitCode
      this.#shell.jobs.splice(this.#shell.jobs.indexOf(job), 1)
    }
    return status
  }
}
