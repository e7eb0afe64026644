import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from './clock.ts'
import { KeyQueue } from './key-queue.ts'
import type { Store, StoreEvent, WatchHandle } from './store.ts'
import { inTurn, whenQuiet } from './turns.ts'

/** What a reconcile may ask for: to be called again after a while, whatever happens in between. */
export interface Result {
  requeueAfterMs?: number
}

/** A prefix to watch, and the reconcile keys that an event under it concerns. */
export interface Source<T = unknown> {
  prefix: string
  keys(event: Pick<StoreEvent<T>, 'type' | 'key' | 'entry' | 'previous'>): string[]
}

/**
 * A level-triggered controller: whenever something it watches changes, `reconcile(key)` looks at the present state and
 * moves it one step towards the wanted one. It may be called too often, never too seldom, and never twice at once for one key.
 */
export interface Controller {
  name: string
  // biome-ignore lint/suspicious/noExplicitAny: sources of one controller watch values of several shapes.
  sources: Source<any>[]
  /** A thrown error is retried with growing delays; ConflictError is retried at once. One that is `refused` is an answer, not a fault: it is not logged. */
  reconcile(key: string): Promise<Result | void> | Result | void
  /** How many different keys may be reconciled at once. Default 1. */
  concurrency?: number
  /** Comes before all others: for the signs of life of machines that a busy process must not seem to lose. Must be cheap. */
  urgent?: boolean
}

/** Thrown by a reconcile that must wait for something outside: it is called again once that has settled. */
export class Pending extends Error {
  override readonly name = 'Pending'
  readonly settled: Promise<unknown>
  constructor(what: string, settled: Promise<unknown>) {
    super(`waiting for ${what}`)
    this.settled = settled
  }
}

export interface ControllerLog {
  error(controller: string, key: string, error: unknown): void
}

/** Retry delays of client-go's default rate limiter: 5 ms doubling up to 1000 s. */
const RETRY_BASE_MS = 5
const RETRY_MAX_MS = 1_000_000

/**
 * A key whose reconcile took long (host ms) rests for so many times as long while others have work to do, and the events of that time
 * come together. So what looks at all pods of a set at each event of one of them costs a tenth of the time, however large the set is.
 */
const LONG_MS = 0.25
const REST = 9
const LONGEST_REST_MS = 300
/** So many keys that may have rested enough are worth a look. */
const MANY_RESTED = 500

class Runner {
  readonly #controller: Controller
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: ControllerLog
  readonly #changed: () => void
  readonly #watches: WatchHandle[] = []
  readonly #queue = new KeyQueue()
  /** Until when (host ms) keys rest. */
  readonly #rests = new Map<string, number>()
  /** Keys to be reconciled when they have rested. */
  readonly #resting = new KeyQueue()
  readonly #running = new Set<string>()
  /** Keys that are wanted again while they run: they join the queue when they have done. */
  readonly #again = new Set<string>()
  readonly #timers = new Map<string, { due: number; timer: Timer }>()
  readonly #failures = new Map<string, number>()
  readonly #limit: number
  #stopped = false

  constructor(controller: Controller, store: Store, clock: Clock, log: ControllerLog, changed: () => void) {
    this.#controller = controller
    this.#limit = controller.concurrency ?? 1
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#changed = changed
  }

  start(): void {
    for (const source of this.#controller.sources) {
      const enqueue = (event: Pick<StoreEvent, 'type' | 'key' | 'entry' | 'previous'>) => {
        for (const key of source.keys(event)) this.add(key)
      }
      for (const entry of this.#store.list(source.prefix).entries) {
        enqueue({ type: 'put', key: entry.key, entry, previous: undefined })
      }
      this.#watches.push(this.#store.watch(source.prefix, enqueue))
    }
  }

  stop(): void {
    this.#stopped = true
    for (const watch of this.#watches) watch.close()
    for (const { timer } of this.#timers.values()) timer.cancel()
    this.#queue.clear()
    this.#resting.clear()
    this.#again.clear()
    this.#changed()
  }

  get busy(): boolean {
    return this.#queue.size > 0 || this.#resting.size > 0 || this.#running.size > 0
  }

  add(key: string): void {
    if (this.#stopped || this.#resting.has(key)) return
    const until = this.#rests.get(key)
    if (until !== undefined && performance.now() < until) {
      this.#resting.add(key)
      whenQuiet(this.#rested, until)
    } else {
      this.#enqueue(key)
      this.#schedule()
    }
  }

  #enqueue(key: string): void {
    if (this.#running.has(key)) this.#again.add(key)
    else this.#queue.add(key)
  }

  #addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return
    const due = this.#clock.now() + delayMs
    const known = this.#timers.get(key)
    if (known && known.due <= due) return
    known?.timer.cancel()
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(key)
      this.add(key)
    })
    this.#timers.set(key, { due, timer })
  }

  /** Asks for a turn. One that is busy asks when it has done: whoever its writes have set to work comes first. */
  #schedule(): void {
    if (!this.#stopped && this.#running.size < this.#limit) inTurn(this.#next, this.#controller.urgent)
  }

  /** Begins with the first key. */
  readonly #next = (): void => {
    if (this.#stopped || this.#running.size >= this.#limit) return
    const key = this.#queue.take()
    if (key === undefined) return
    void this.#run(key)
    if (this.#queue.size > 0) this.#schedule()
  }

  /** Brings back the key that has rested longest. */
  readonly #rested = (): void => {
    const key = this.#resting.take()
    if (key !== undefined) {
      this.#rests.delete(key)
      this.#enqueue(key)
    }
    const next = this.#resting.first()
    if (next !== undefined) whenQuiet(this.#rested, this.#rests.get(next)!)
    this.#next()
  }

  /** Notes how long a key is to rest, and sends it to rest if it is wanted again already. */
  #rest(key: string, tookMs: number): void {
    if (tookMs < LONG_MS || this.#controller.urgent) return
    const now = performance.now()
    if (this.#rests.size > MANY_RESTED) {
      for (const [other, until] of this.#rests) {
        if (until < now && !this.#resting.has(other)) this.#rests.delete(other)
      }
    }
    this.#rests.set(key, now + Math.min(tookMs * REST, LONGEST_REST_MS))
    if (this.#again.delete(key)) this.add(key)
  }

  async #run(key: string): Promise<void> {
    this.#running.add(key)
    try {
      const begin = performance.now()
      const reconciled = this.#controller.reconcile(key)
      this.#rest(key, performance.now() - begin)
      const result = await reconciled
      this.#failures.delete(key)
      if (result?.requeueAfterMs !== undefined) this.#addAfter(key, result.requeueAfterMs)
    } catch (error) {
      if (!this.#stopped) this.#retry(key, error)
    } finally {
      this.#running.delete(key)
      if (this.#again.delete(key)) this.#queue.add(key)
      if (this.#queue.size > 0) this.#schedule()
      else this.#changed()
    }
  }

  #retry(key: string, error: unknown): void {
    if (error instanceof Pending) {
      const again = () => this.add(key)
      error.settled.then(again, again)
      return
    }
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const { name, refused } = (error ?? {}) as Error & { refused?: boolean }
    if (name !== 'ConflictError' && !refused) this.#log.error(this.#controller.name, key, error)
    this.#addAfter(key, Math.min(RETRY_BASE_MS * 2 ** failures, RETRY_MAX_MS))
  }
}

/** Runs the controllers of a world. */
export class ControllerManager {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: ControllerLog
  readonly #runners = new Map<Controller, Runner>()
  #waiting: (() => void)[] = []

  constructor(store: Store, clock: Clock, log: ControllerLog) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /** Starts a controller: everything that exists is reconciled once, then what changes. */
  start(controller: Controller): { enqueue(key: string): void; stop(): void } {
    const runner = new Runner(controller, this.#store, this.#clock, this.#log, () => this.#check())
    this.#runners.set(controller, runner)
    runner.start()
    return {
      enqueue: (key) => runner.add(key),
      stop: () => {
        runner.stop()
        this.#runners.delete(controller)
      },
    }
  }

  /** Resolves when no controller has anything left to do but wait for the clock or for I/O from outside. */
  async settled(): Promise<void> {
    for (;;) {
      // Work that a reconcile set off elsewhere (promises, immediates) gets a turn before the verdict.
      await new Promise((resolve) => setImmediate(resolve))
      if (!this.#busy()) return
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
  }

  stop(): void {
    for (const runner of this.#runners.values()) runner.stop()
    this.#runners.clear()
  }

  #busy(): boolean {
    for (const runner of this.#runners.values()) if (runner.busy) return true
    return false
  }

  #check(): void {
    if (this.#waiting.length === 0 || this.#busy()) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
