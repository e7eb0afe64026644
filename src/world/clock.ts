/** A pending timer of a clock. */
export interface Timer {
  cancel(): void
}

/** The host's time, the only place where the simulation touches it. Tests may pass their own. */
export interface HostTime {
  now(): number
  setTimer(delayMs: number, callback: () => void): Timer
}

/** Longest delay that the host's timers take. */
const HOST_TIMER_LIMIT = 2 ** 31 - 1
/** So many cancelled timers are not worth a sweep. */
const MIN_SWEEP = 1000

export const hostTime: HostTime = {
  now: () => Date.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, HOST_TIMER_LIMIT))
    return { cancel: () => clearTimeout(timer) }
  },
}

interface Pending {
  due: number
  order: number
  callback: () => void
  cancelled: boolean
}

export interface ClockOptions {
  /** Virtual time at start, ms since the epoch. Default: the host's. */
  now?: number
  /** Virtual ms for each host ms; 0 is paused. Default 1. */
  speed?: number
  host?: HostTime
}

/**
 * A world's own time. Runs at the host's speed by default; can be paused, sped up, or moved by hand.
 * All durations are virtual milliseconds; `now()` is virtual milliseconds since the epoch.
 */
export class Clock {
  readonly #host: HostTime
  #speed: number
  /** Virtual and host time at the latest change of speed. */
  #anchor: { virtual: number; host: number }
  #heap: Pending[] = []
  #order = 0
  /** Cancelled timers that still stand in the heap. */
  #cancelled = 0
  #wake: Timer | undefined
  #closed = false
  readonly #observers = new Set<() => void>()

  constructor(options: ClockOptions = {}) {
    this.#host = options.host ?? hostTime
    this.#speed = options.speed ?? 1
    this.#anchor = { virtual: options.now ?? this.#host.now(), host: this.#host.now() }
  }

  now(): number {
    return this.#anchor.virtual + (this.#host.now() - this.#anchor.host) * this.#speed
  }

  /** The current virtual time as a Date. */
  date(): Date {
    return new Date(Math.floor(this.now()))
  }

  /** The host's time, ms since the epoch: only for what comes from real clients, such as a signature's date. */
  hostNow(): number {
    return this.#host.now()
  }

  get speed(): number {
    return this.#speed
  }

  /** Changes the speed from now on; 0 pauses. */
  setSpeed(speed: number): void {
    if (!(speed >= 0 && Number.isFinite(speed)))
      throw new RangeError(`clock speed must be 0 or more, not ${speed}`)
    this.#anchor = { virtual: this.now(), host: this.#host.now() }
    this.#speed = speed
    this.#arm()
    for (const observer of this.#observers) observer()
  }

  /** Calls `observer` when the speed changes or the time is moved by hand. */
  observe(observer: () => void): { close(): void } {
    this.#observers.add(observer)
    return { close: () => this.#observers.delete(observer) }
  }

  /** Calls back once, `delayMs` virtual milliseconds from now. */
  setTimer(delayMs: number, callback: () => void): Timer {
    const pending: Pending = {
      due: this.now() + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancelled: false,
    }
    push(this.#heap, pending)
    if (this.#heap[0] === pending) this.#arm()
    return {
      cancel: () => this.#cancel(pending),
    }
  }

  /** Resolves after `ms` virtual milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = () => {
        timer.cancel()
        reject(signal!.reason)
      }
      const timer = this.setTimer(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Virtual time of the next timer, if there is one. */
  nextDue(): number | undefined {
    this.#dropCancelled()
    return this.#heap[0]?.due
  }

  /** Moves virtual time forward to `time` and fires what is due, in order of time. */
  jumpTo(time: number): void {
    if (time > this.now()) this.#anchor = { virtual: time, host: this.#host.now() }
    this.#fire()
    for (const observer of this.#observers) observer()
  }

  /** Drops all timers; nothing fires any more. */
  close(): void {
    this.#closed = true
    this.#wake?.cancel()
    this.#heap = []
  }

  #fire(): void {
    for (;;) {
      this.#dropCancelled()
      const first = this.#heap[0]
      if (this.#closed || !first || first.due > this.now()) break
      pop(this.#heap)
      first.callback()
    }
    this.#arm()
  }

  #arm(): void {
    this.#wake?.cancel()
    this.#wake = undefined
    this.#dropCancelled()
    const first = this.#heap[0]
    if (this.#closed || !first || this.#speed === 0) return
    const delay = Math.max(0, Math.ceil((first.due - this.now()) / this.#speed))
    this.#wake = this.#host.setTimer(delay, () => this.#fire())
  }

  #cancel(pending: Pending): void {
    if (pending.cancelled) return
    pending.cancelled = true
    // What the callback held on to is free now, though its place in the heap is not.
    pending.callback = nothing
    // What waits for a far future must not pile up: half of the heap may be dead, not more.
    if (++this.#cancelled <= MIN_SWEEP || this.#cancelled * 2 <= this.#heap.length) return
    const alive = this.#heap.filter(({ cancelled }) => !cancelled)
    this.#heap = []
    this.#cancelled = 0
    for (const item of alive) push(this.#heap, item)
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.cancelled) {
      pop(this.#heap)
      this.#cancelled--
    }
  }
}

const nothing = () => {}

const before = (a: Pending, b: Pending) => a.due < b.due || (a.due === b.due && a.order < b.order)

function push(heap: Pending[], item: Pending): void {
  let index = heap.push(item) - 1
  while (index > 0) {
    const parent = (index - 1) >>> 1
    if (before(heap[parent]!, item)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = item
}

function pop(heap: Pending[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (before(last, heap[child]!)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
}
