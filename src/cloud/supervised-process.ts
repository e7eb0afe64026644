import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hostTime } from '#world/clock.ts'
import type { CloudStatus } from './api.ts'

/** Delay before a restart: doubles each time that the process does not even become ready. */
const RESTART_MIN_MS = 50
const RESTART_MAX_MS = 5000

export interface SupervisedOptions {
  /** What the process is told: `CloudSettings`, as JSON. */
  settings: object
  /** What the log calls it. */
  name: string
  log(message: string): void
  onStatus(status: CloudStatus): void
  /** What it says over IPC once it is ready. */
  onMessage?(message: unknown): void
}

/** A process of the cloud that is restarted whenever it dies. */
export class SupervisedProcess {
  readonly #options: SupervisedOptions
  #child: ChildProcess | undefined
  #stopping = false
  #delay = RESTART_MIN_MS

  private constructor(options: SupervisedOptions) {
    this.#options = options
  }

  /** Resolves when the process is ready; rejects when its first start fails. */
  static async start(options: SupervisedOptions): Promise<SupervisedProcess> {
    const supervised = new SupervisedProcess(options)
    await supervised.#start()
    return supervised
  }

  /** Process id of the running process. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Tells the process something, if it is there. */
  send(message: object): void {
    if (this.#child?.connected) this.#child.send(message)
  }

  /** Ends the process and waits for that. */
  async stop(): Promise<void> {
    this.#stopping = true
    const running = this.#child
    if (!running || running.exitCode !== null) return
    const exited = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGTERM')
    await exited
  }

  /** Starts the process; resolves when it is ready, rejects when it ends before. */
  #start(): Promise<void> {
    const { settings, name, log, onStatus, onMessage } = this.#options
    return new Promise<void>((resolve, reject) => {
      const entry = fileURLToPath(new URL('./process.ts', import.meta.url))
      const errors: string[] = []
      const started = spawn(process.execPath, [entry, JSON.stringify(settings)], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      this.#child = started
      let ready = false
      started.stderr!.setEncoding('utf8').on('data', (text: string) => {
        errors.splice(0, errors.length, `${errors.join('')}${text}`.slice(-4000))
        log(text.trimEnd())
      })
      started.on('message', (message) => {
        if (ready) return onMessage?.(message)
        ready = true
        this.#delay = RESTART_MIN_MS
        resolve()
        onStatus('up')
      })
      started.on('error', reject)
      started.on('exit', (code, signal) => {
        if (this.#child === started) this.#child = undefined
        if (this.#stopping) return
        if (ready) return this.#restart(`${name} ended (${signal ?? code}); starting it again`)
        reject(new Error(`${name} ended at its start (${signal ?? code}):\n${errors.join('').trim()}`))
      })
    })
  }

  #restart(reason: string): void {
    this.#options.log(reason)
    this.#options.onStatus('restarting')
    hostTime.setTimer(this.#delay, () => {
      if (this.#stopping) return
      this.#start().catch((error: Error) => this.#restart(error.message))
    })
    this.#delay = Math.min(this.#delay * 2, RESTART_MAX_MS)
  }
}
