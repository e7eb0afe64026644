import { FileError } from '../files/tree.ts'
import type { ExitStatus } from '../runtime.ts'
import type { ContainerFs } from './container-fs.ts'
import type { Machine, User } from './machine.ts'
import type { Reader, Writer } from './pipe.ts'
import { IGNORED_BY_DEFAULT, signalExitCode } from './signals.ts'
import type { Tty } from './tty.ts'

/** The model of an executable: runs until it returns its exit code. */
export type Program = (process: Process) => Promise<number>

/** Thrown out of a program's waits when its process has been killed. Never catch it for long. */
export class KilledError extends Error {
  override readonly name = 'KilledError'
}

export interface ProcessOptions {
  pid: number
  parent: Process | undefined
  machine: Machine
  argv: string[]
  env: Map<string, string>
  cwd: string
  stdin: Reader
  stdout: Writer
  stderr: Writer
  tty: Tty | undefined
  /** Whom it runs as; default: its parent's user, or the container's. */
  user?: User | undefined
}

/** What a small program holds in memory, bytes. */
const RESIDENT_BYTES = 3 * 1024 * 1024

/** Bytes that the simulation keeps of what a process has in its memory. */
export const KEPT_BYTES: number = 64 * 1024 * 1024
/** Growth that is looked at, bytes. */
const LOOK_AT_BYTES = 1024 * 1024

/** A running program in a container. */
export class Process {
  readonly pid: number
  readonly parent: Process | undefined
  readonly machine: Machine
  argv: string[]
  env: Map<string, string>
  cwd: string
  stdin: Reader
  stdout: Writer
  stderr: Writer
  readonly tty: Tty | undefined
  readonly user: User
  readonly startedAt: number
  readonly exited: Promise<ExitStatus>
  /** Aborted when the process is killed. */
  readonly signal: AbortSignal
  readonly #abort = new AbortController()
  #handlers: Map<string, (() => void) | 'ignore'> | undefined
  #resolve!: (status: ExitStatus) => void
  #files: ContainerFs | undefined
  #status: ExitStatus | undefined
  #memoryBytes = RESIDENT_BYTES
  #memorySeen = 0
  #cpuMs = 0

  constructor(options: ProcessOptions) {
    this.pid = options.pid
    this.parent = options.parent
    this.machine = options.machine
    this.argv = options.argv
    this.env = options.env
    this.cwd = options.cwd
    this.stdin = options.stdin
    this.stdout = options.stdout
    this.stderr = options.stderr
    this.tty = options.tty
    this.user = options.user ?? options.parent?.user ?? options.machine.user
    this.startedAt = options.machine.clock.now()
    this.signal = this.#abort.signal
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** The container's files, by its user's rights. */
  get files(): ContainerFs {
    this.machine.current = this
    this.#files ??= this.machine.files.as(this.user)
    return this.#files
  }

  /** CPU time that it has used, ms. */
  get cpuMs(): number {
    return this.#cpuMs
  }

  /** Uses CPU time, ms, of its own and of its container; `cores`: see `Machine.spend`. */
  spend(ms: number, cores?: number): void {
    this.#cpuMs += ms
    this.machine.spend(ms, cores)
  }

  /** Whether it has ended. */
  get status(): ExitStatus | undefined {
    return this.#status
  }

  /** Runs the program in this process; the exit code ends it. */
  run(program: Program): void {
    program(this).then(
      (code) => this.end({ exitCode: code & 255 }),
      (error) => {
        if (error instanceof KilledError) return
        if (error?.name === 'BrokenPipeError') return this.end({ exitCode: 141, signal: 'SIGPIPE' })
        if (error instanceof FileError) return void this.#failed(error)
        this.machine.reportFault(this, error)
        this.end({ exitCode: 139, signal: 'SIGSEGV' })
      },
    )
  }

  /** Ends as a program that could not write its output. */
  async #failed(error: FileError): Promise<void> {
    const name = this.argv[0]!.slice(this.argv[0]!.lastIndexOf('/') + 1)
    await this.stderr.write(Buffer.from(`${name}: write error: ${error.reason}\n`)).catch(() => {})
    this.end({ exitCode: 1 })
  }

  /** Bytes of memory that it holds. */
  get memoryBytes(): number {
    return this.#memoryBytes
  }

  /** Sets what it holds beside its own code. Past the container's limit the kernel kills who holds most. */
  holdMemory(bytes: number): void {
    this.#memoryBytes = RESIDENT_BYTES + bytes
    if (bytes < this.#memorySeen + LOOK_AT_BYTES) {
      this.#memorySeen = Math.min(this.#memorySeen, bytes)
      return
    }
    this.#memorySeen = bytes
    this.machine.enforceMemoryLimit()
  }

  /**
   * Holds bytes that this machine really keeps. A program that wants more of them than the simulation keeps is taken for one that grows
   * without end: it is killed for want of memory, whatever its container's limit.
   */
  keepMemory(bytes: number): void {
    this.holdMemory(bytes)
    if (bytes > KEPT_BYTES && !this.#status) this.machine.killForMemory(this)
    this.check()
  }

  /**
   * Sends a signal: the handler, or what the kernel does without one (nothing for process 1, but SIGKILL). While the
   * container is frozen only SIGKILL is delivered at once.
   */
  kill(signal: string): void {
    if (this.#status) return
    const { frozen } = this.machine
    if (frozen && signal !== 'SIGKILL') {
      void frozen.then(() => this.kill(signal))
      return
    }
    const handler = signal === 'SIGKILL' ? undefined : this.#handlers?.get(signal)
    if (handler === 'ignore') return
    if (handler) return handler()
    if (IGNORED_BY_DEFAULT.has(signal)) return
    if (this.pid === 1 && signal !== 'SIGKILL') return
    this.end({ exitCode: signalExitCode(signal), signal })
  }

  /** Handles a signal, ignores it, or (undefined) takes the default again. */
  on(signal: string, handler: (() => void) | 'ignore' | undefined): void {
    this.#handlers ??= new Map()
    if (handler) this.#handlers.set(signal, handler)
    else this.#handlers.delete(signal)
  }

  /** Drops all handlers, as `execve` does. */
  resetHandlers(): void {
    for (const [signal, handler] of this.#handlers ?? []) {
      if (handler !== 'ignore') this.#handlers!.delete(signal)
    }
  }

  end(status: ExitStatus): void {
    if (this.#status) return
    this.#status = this.machine.oomKilled ? { ...status, oomKilled: true } : status
    this.#abort.abort(new KilledError())
    this.machine.processEnded(this)
    this.#resolve(this.#status)
  }

  // --- what programs use

  async print(text: string | Uint8Array): Promise<void> {
    this.check()
    if (this.machine.frozen) await this.thawed()
    return this.stdout.write(typeof text === 'string' ? Buffer.from(text) : text)
  }

  async complain(text: string): Promise<void> {
    this.check()
    if (this.machine.frozen) await this.thawed()
    return this.stderr.write(Buffer.from(text))
  }

  /** Throws KilledError when the process is gone, so that its program stops. */
  check(): void {
    if (this.#status) throw new KilledError()
  }

  /** Waits on the world's clock. Throws KilledError. */
  async sleep(ms: number): Promise<void> {
    await this.machine.clock.sleep(ms, this.signal)
    if (this.machine.frozen) await this.thawed()
  }

  /** Waits while the container is frozen. Throws KilledError. */
  async thawed(): Promise<void> {
    while (this.machine.frozen) {
      await this.machine.frozen
      this.check()
    }
  }

  /** Waits for something, but no longer than the process lives. Throws KilledError. */
  waitFor<T>(promise: Promise<T>): Promise<T> {
    if (this.#status) promise.catch(() => {})
    this.check()
    return new Promise((resolve, reject) => {
      const abort = () => reject(new KilledError())
      this.signal.addEventListener('abort', abort, { once: true })
      promise
        .then((value) => {
          if (!this.machine.frozen) return resolve(value)
          return this.thawed().then(() => resolve(value))
        })
        .catch(reject)
        .finally(() => this.signal.removeEventListener('abort', abort))
    })
  }

  /** Waits until it is killed. */
  forever(): Promise<never> {
    this.check()
    return new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => reject(new KilledError()), { once: true })
    })
  }

  read(): Promise<Uint8Array | undefined> {
    return this.waitFor(this.stdin.read())
  }
}
