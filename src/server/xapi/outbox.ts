import type { Statements, WaitingStatement } from '#database/statements.ts'
import type { RecordStore } from './record-store.ts'
import type { Statement } from './statement.ts'

/** So many statements are sent at once: some 100 kB. */
const BATCH = 100
/** So many are kept for a store that is away; then the oldest are given up. Some 60 MB. */
const LIMIT = 50_000
/** Until a store that was away is asked again: twice as long each time, ms. */
const PAUSES = { first: 1_000, longest: 5 * 60_000 }

export interface OutboxOptions {
  statements: Statements
  store: Pick<RecordStore, 'send'>
  onError(error: unknown): void
  limit?: number
  pauses?: { first: number; longest: number }
}

/**
 * Tells a learning record store what is queued, in order. What is queued stays until the store has it: while the store is away, and over
 * restarts. A statement that was stored without our hearing of it is sent again with the same id, of which the store keeps one.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #pauses: { first: number; longest: number }
  readonly #end = new AbortController()
  #asked = false
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  /** Of how many tries in a row the store was away. */
  #failures = 0

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#pauses = options.pauses ?? PAUSES
    this.#wake()
  }

  /** Queues statements about a person; they are sent when their turn comes. */
  async put(person: string, statements: Statement[]): Promise<void> {
    await this.#options.statements.add(person, statements)
    this.#wake()
  }

  /** Ends the sending; what is not stored yet is sent at the next start. */
  async close(): Promise<void> {
    this.#end.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #wake(): void {
    this.#asked = true
    if (this.#end.signal.aborted || this.#timer) return
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    try {
      while (this.#asked && !this.#end.signal.aborted) {
        this.#asked = false
        await this.#sendAll()
      }
    } catch (error) {
      if (!this.#end.signal.aborted) await this.#pause(error)
    } finally {
      this.#running = undefined
    }
  }

  async #sendAll(): Promise<void> {
    const { statements } = this.#options
    for (;;) {
      const batch = await statements.oldest(BATCH)
      if (batch.length === 0) return
      await this.#send(batch)
    }
  }

  /** A store takes all of a batch or nothing: by halves the one that it does not take is found, and holds up no other. */
  async #send(batch: WaitingStatement[]): Promise<void> {
    const { statements, store, onError } = this.#options
    const result = await store.send(
      batch.map(({ statement }) => statement),
      this.#end.signal,
    )
    this.#failures = 0
    if (result !== 'stored' && batch.length > 1) {
      const half = Math.ceil(batch.length / 2)
      await this.#send(batch.slice(0, half))
      await this.#send(batch.slice(half))
      return
    }
    const ids = batch.map(({ id }) => id)
    // A conflict of one alone: the store has it already.
    if (result === 'refused')
      onError(new Error(`The learning record store does not take the statement ${ids[0]}. It is given up.`))
    await statements.delete(ids)
  }

  async #pause(error: unknown): Promise<void> {
    const { statements, onError, limit = LIMIT } = this.#options
    const { first, longest } = this.#pauses
    // Told once, not at each try.
    if (this.#failures === 0) onError(error)
    const pause = Math.min(first * 2 ** this.#failures, longest)
    this.#failures++
    const dropped = await statements.trim(limit).catch(() => 0)
    if (dropped > 0)
      onError(
        new Error(
          `${dropped} statements for the learning record store were given up: more than ${limit} wait.`,
        ),
      )
    if (this.#end.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#wake()
    }, pause)
    this.#timer.unref()
  }
}
