import { devNull } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { CheckReport, Finding } from './finding.ts'
import type { CheckRequest, WorkerMessage } from './protocol.ts'

export interface CheckRunnerOptions {
  /** How many checks may run at once, each in a warm thread of its own. Default 1. */
  threads?: number
  /** Until a check is ended with an error report, in ms. Default 20 s. */
  timeout?: number
  /**
   * What the checks' clients see of this process's environment. Default `none`, so that the AWS settings of whoever
   * started the server never matter; a check of a real account needs `inherit`.
   */
  environment?: 'none' | 'inherit'
}

const DEFAULT_TIMEOUT_MS = 20_000
/** Until a thread must have started and read its checker; on a busy machine that alone may take seconds. */
const LOAD_TIMEOUT_MS = 30_000
const WORKER = new URL('./worker.ts', import.meta.url)

/** Keeps the SDK from configuration files and from the metadata address of a machine. */
const EMPTY_ENVIRONMENT = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
}

interface Job {
  request: CheckRequest
  signal: AbortSignal | undefined
  resolve(report: CheckReport): void
  reject(reason: unknown): void
}

/**
 * Runs checks in warm worker threads, so that one that blocks or never ends costs nothing but itself.
 * Further runs wait in order.
 */
export class CheckRunner {
  readonly #options: CheckRunnerOptions
  readonly #idle: Worker[] = []
  readonly #queue: Job[] = []
  #running = 0
  #closed = false

  constructor(options: CheckRunnerOptions = {}) {
    this.#options = options
  }

  /** Runs a step's check to its report. Rejects only when aborted by the signal or when the runner is closed. */
  run(request: CheckRequest, signal?: AbortSignal): Promise<CheckReport> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('the check runner is closed'))
      this.#queue.push({ request, signal, resolve, reject })
      this.#next()
    })
  }

  /** Starts the threads now, so that the first check is as fast as the others. */
  warm(): void {
    while (this.#idle.length + this.#running < this.#threads) this.#idle.push(this.#start())
  }

  /** Ends all threads and what runs in them. */
  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#queue.splice(0)) job.reject(new Error('the check runner is closed'))
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()))
  }

  get #threads(): number {
    return this.#options.threads ?? 1
  }

  #start(): Worker {
    const env = this.#options.environment === 'inherit' ? process.env : EMPTY_ENVIRONMENT
    const worker = new Worker(WORKER, { env, execArgv: [] })
    worker.unref()
    return worker
  }

  #next(): void {
    while (this.#running < this.#threads && this.#queue.length > 0) {
      const job = this.#queue.shift()!
      if (job.signal?.aborted) {
        job.reject(job.signal.reason)
        continue
      }
      this.#running++
      this.#execute(job).finally(() => {
        this.#running--
        this.#next()
      })
    }
  }

  /** Runs a job in a thread, which goes back to the idle ones only when it came to its own end. */
  async #execute({ request, signal, resolve, reject }: Job): Promise<void> {
    const worker = this.#idle.pop() ?? this.#start()
    const at = Date.now()
    const start = performance.now()
    const findings: Finding[] = []
    const finish = (status: CheckReport['status']) =>
      resolve({
        lab: request.lab,
        step: request.step,
        status,
        findings,
        at,
        duration: Math.round(performance.now() - start),
      })
    const limit = this.#options.timeout ?? DEFAULT_TIMEOUT_MS

    worker.ref()
    const end = await conclusion(worker, request, findings, limit, signal)
    worker.unref()
    if (end.type === 'aborted' || end.type === 'broken') {
      await worker.terminate()
      if (!this.#closed) this.#idle.push(this.#start())
    } else if (this.#closed) await worker.terminate()
    else this.#idle.push(worker)

    if (end.type === 'aborted') return reject(signal!.reason)
    if (end.type === 'done') return finish(end.outcome)
    findings.push(end.finding)
    finish('error')
  }
}

/** `broken`: the thread can run nothing any more. */
type End =
  | Exclude<WorkerMessage, { type: 'finding' | 'started' }>
  | { type: 'broken'; finding: Finding }
  | { type: 'aborted' }

/** Waits for the end of a check, whichever it is. Findings arrive as they are made, so a time-out keeps them. */
function conclusion(
  worker: Worker,
  request: CheckRequest,
  findings: Finding[],
  limit: number,
  signal: AbortSignal | undefined,
): Promise<End> {
  return new Promise((resolve) => {
    const settle = (end: End) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      worker.off('message', hear).off('error', fail).off('exit', exit)
      resolve(end)
    }
    const abort = () => settle({ type: 'aborted' })
    const endAfter = (ms: number) =>
      setTimeout(() => settle({ type: 'broken', finding: timedOut(ms, findings.at(-1)) }), ms)
    let timer = endAfter(LOAD_TIMEOUT_MS)
    const hear = (message: WorkerMessage) => {
      if (message.type === 'started') {
        clearTimeout(timer)
        timer = endAfter(limit)
      } else if (message.type === 'finding') findings.push(message.finding)
      else settle(message)
    }
    const fail = (error: unknown) => settle({ type: 'broken', finding: crashed(String(error)) })
    const exit = (code: number) =>
      settle({ type: 'broken', finding: crashed(`its thread ended with ${code}`) })
    signal?.addEventListener('abort', abort)
    worker.on('message', hear).on('error', fail).on('exit', exit)
    worker.postMessage(request)
  })
}

function timedOut(limit: number, last: Finding | undefined): Finding {
  return {
    id: 'check-timed-out',
    status: 'failed',
    title: 'The check came to an end in time',
    expected: `an end within ${limit / 1000} s`,
    observed: last ? `it got no further than: ${last.title}` : 'it got no answer at all',
    hint: 'Check again. If it stays so, run the last evidence command yourself to see what does not answer.',
  }
}

function crashed(observed: string): Finding {
  return {
    id: 'check-crashed',
    status: 'failed',
    title: 'The check could run',
    observed,
    cause: 'The checker has a fault; it says nothing about your work.',
    hint: 'Check again, and please report it if it stays so.',
  }
}
