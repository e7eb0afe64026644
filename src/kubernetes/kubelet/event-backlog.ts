import type { Clock, Timer } from '#world/clock.ts'
import type { ClusterApi } from '../api.ts'

/** How long until an event that the API server did not take is tried again, ms. */
const RETRY_MS = 10_000
/** How often an event is tried before it is given up. */
const MOST_TRIES = 12
/** Events beyond these are dropped. */
const LONGEST = 1000

type Event = Parameters<ClusterApi['event']>

/**
 * The events of one kubelet: while its API server does not answer they wait, and are written with the times at which they happened.
 * Models client-go tools/record/event.go (recordToSink), read 2026-11.
 */
export class EventBacklog {
  readonly #clock: Clock
  readonly #write: (...event: Event) => void
  readonly #reaches: () => boolean
  readonly #waiting: Event[] = []
  #tries = 0
  #timer: Timer | undefined

  constructor(clock: Clock, reaches: () => boolean, write: (...event: Event) => void) {
    this.#clock = clock
    this.#reaches = reaches
    this.#write = write
  }

  tell(...[about, type, reason, message, source, fieldPath]: Event): void {
    if (this.#waiting.length === 0 && this.#reaches()) {
      this.#write(about, type, reason, message, source, fieldPath)
      return
    }
    if (this.#waiting.length >= LONGEST) return
    this.#waiting.push([about, type, reason, message, source, fieldPath, this.#clock.now()])
    this.#timer ??= this.#clock.setTimer(RETRY_MS, () => this.#retry())
  }

  /** The kubelet ended: what it had not told is lost. */
  forget(): void {
    this.#waiting.length = 0
    this.#tries = 0
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #retry(): void {
    this.#timer = undefined
    if (this.#reaches()) {
      this.#tries = 0
      for (const event of this.#waiting.splice(0)) this.#write(...event)
      return
    }
    if (++this.#tries >= MOST_TRIES) {
      this.#waiting.shift()
      this.#tries = 0
    }
    if (this.#waiting.length > 0) this.#timer = this.#clock.setTimer(RETRY_MS, () => this.#retry())
  }
}
