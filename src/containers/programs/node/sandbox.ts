import { Worker } from 'node:worker_threads'
import { bootstrap } from './libraries.ts'

/** What a sandbox's thread starts with. */
export interface SandboxData {
  /** Two numbers (ready, length), then the bytes of an answer. */
  shared: SharedArrayBuffer
  bootstrap: string
  /** The world's time, ms. */
  now: number
}

/** From the thread: a question that waits, a notice, the cost of a turn, an error that nobody caught. */
export type FromSandbox =
  | { kind: 'call'; name: string; args: string }
  | { kind: 'send'; name: string; args: string }
  | { kind: 'turned'; cpuMs: number; memoryBytes: number; exitCode: number }
  | { kind: 'failed'; message: string }

/** To the thread: something has happened. */
export interface ToSandbox {
  name: string
  /** JSON. */
  args: string
  now: number
}

/** An answer of more is an error, bytes. */
const ANSWER_BYTES = 8 * 1024 ** 2
/** How many run at a time in this process: each is a thread with an engine of its own. */
const MOST_SANDBOXES = 32
let running = 0

export interface SandboxOptions {
  now: () => number
  /** Answers a question; what it throws goes to the script as an error with its `code` and `message`. */
  answer: (name: string, args: unknown[]) => unknown
  notice: (name: string, args: unknown[]) => void
  turned: (cost: { cpuMs: number; memoryBytes: number; exitCode: number }) => void
  failed: (message: string) => void
}

/** A thread in which a learner's JavaScript runs in QuickJS. */
export class Sandbox {
  readonly #worker: Worker
  readonly #options: SandboxOptions
  readonly #control: Int32Array
  readonly #bytes: Uint8Array
  /** Turns that the thread still has to take. */
  #pending = 1
  #closed = false

  private constructor(options: SandboxOptions) {
    this.#options = options
    const shared = new SharedArrayBuffer(8 + ANSWER_BYTES)
    this.#control = new Int32Array(shared, 0, 2)
    this.#bytes = new Uint8Array(shared, 8)
    const data: SandboxData = { shared, bootstrap: bootstrap(), now: options.now() }
    this.#worker = new Worker(new URL('./sandbox-worker.ts', import.meta.url), {
      workerData: data,
      env: {},
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    })
    this.#worker.on('message', (message: FromSandbox) => this.#message(message))
    this.#worker.on('error', (error) => options.failed(error.message))
  }

  /** Undefined when too many run already. */
  static start(options: SandboxOptions): Sandbox | undefined {
    if (running >= MOST_SANDBOXES) return undefined
    running++
    return new Sandbox(options)
  }

  /** Whether it has nothing left to do but to wait. */
  get idle(): boolean {
    return this.#pending === 0
  }

  /** Tells the script of something. */
  event(name: string, ...args: unknown[]): void {
    if (this.#closed) return
    this.#pending++
    const message: ToSandbox = { name, args: JSON.stringify(args), now: this.#options.now() }
    this.#worker.postMessage(message)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    running--
    void this.#worker.terminate()
  }

  #message(message: FromSandbox): void {
    if (this.#closed) return
    switch (message.kind) {
      case 'call':
        void this.#call(message.name, JSON.parse(message.args))
        break
      case 'send':
        this.#options.notice(message.name, JSON.parse(message.args))
        break
      case 'failed':
        this.#options.failed(message.message)
        break
      case 'turned':
        this.#pending--
        this.#options.turned(message)
    }
  }

  async #call(name: string, args: unknown[]): Promise<void> {
    let result: string
    try {
      result = JSON.stringify({ value: (await this.#options.answer(name, args)) ?? null })
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      result = JSON.stringify({ error: { code, message } })
    }
    let answer = Buffer.from(result)
    if (answer.length > ANSWER_BYTES) {
      answer = Buffer.from(
        JSON.stringify({ error: { code: 'EFBIG', message: 'EFBIG: file too large, read' } }),
      )
    }
    this.#bytes.set(answer)
    this.#control[1] = answer.length
    Atomics.store(this.#control, 0, 1)
    Atomics.notify(this.#control, 0)
  }
}
