import { hostTime } from './clock.ts'
import type { Store } from './store.ts'

/** What a world may use where others share the machine. What is left out has no limit. */
export interface Quotas {
  /** Records in its store: objects of its clusters, AWS resources, containers; histories of calls are not counted. */
  objects?: number
  /** EKS clusters of an account in a region. */
  clusters?: number
  /** Bytes of image layers that it has made or uploaded. */
  blobBytes?: number
  /** Calls of its APIs a second of the host, on average; ten seconds' worth may come at once. */
  callsPerSecond?: number
}

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** So many seconds of calls may have been saved up. */
const BURST_SECONDS = 10

/**
 * Whether a world keeps to its quotas. Each API refuses in its own words; what is there already may always be read, changed and
 * deleted. It is the host that is shared, so rates are of the host's time.
 */
export class FairUse {
  readonly quotas: Quotas
  /** Tells how many bytes the world's blobs have, where something counts them. */
  measure: (() => Promise<number>) | undefined
  readonly #store: Store
  readonly #histories = new Set<string>()
  /** At most so many bytes; unknown until they are counted. What is deleted is only seen when they are counted again. */
  #bytes = Number.POSITIVE_INFINITY
  /** Of those that are being written where `measure` does not look. */
  #pending = 0
  #calls: number
  #at = hostTime.now()

  constructor(quotas: Quotas, store: Store) {
    this.quotas = quotas
    this.#store = store
    this.#calls = (quotas.callsPerSecond ?? 0) * BURST_SECONDS
  }

  /** Whether nothing more may be made. */
  get full(): boolean {
    const { objects } = this.quotas
    return objects !== undefined && this.objects >= objects
  }

  /** How many records count. */
  get objects(): number {
    let { size } = this.#store
    for (const folder of this.#histories) size -= this.#store.count(folder)
    return size
  }

  /** Says that what is in a folder of the store is no object of the world's user: a history with a length of its own. */
  leaveOut(folder: string): void {
    this.#histories.add(folder)
  }

  /** Counts a call; false when there were too many. */
  call(): boolean {
    const { callsPerSecond } = this.quotas
    if (callsPerSecond === undefined) return true
    this.#refill(callsPerSecond)
    if (this.#calls < 1) return false
    this.#calls--
    return true
  }

  /**
   * The same bytes, counted. Throws as a full disk does (ENOSPC) where there were too many; what came before stays.
   * `seen`: `measure` tells of them while they are written, as of an upload that has a name in the world.
   */
  metered(source: Bytes, { seen = false } = {}): Bytes {
    const { blobBytes } = this.quotas
    return blobBytes === undefined ? source : this.#metered(source, blobBytes, seen)
  }

  async *#metered(source: Bytes, limit: number, seen: boolean): AsyncGenerator<Uint8Array> {
    let own = 0
    try {
      for await (const chunk of source) {
        await this.#take(chunk.length, limit)
        if (!seen) {
          own += chunk.length
          this.#pending += chunk.length
        }
        yield chunk
      }
    } finally {
      this.#pending -= own
    }
  }

  /** Counts a call of an API that has no word for "too many": it waits for its turn instead. */
  async wait(): Promise<void> {
    while (!this.call())
      await new Promise<void>((resolve) =>
        hostTime.setTimer(1000 / (this.quotas.callsPerSecond ?? 1), resolve),
      )
  }

  async #take(bytes: number, limit: number): Promise<void> {
    if (this.#bytes + bytes > limit) this.#bytes = ((await this.measure?.()) ?? 0) + this.#pending
    if (this.#bytes + bytes > limit)
      throw Object.assign(new Error('write: no space left on device'), { code: 'ENOSPC' })
    this.#bytes += bytes
  }

  #refill(callsPerSecond: number): void {
    const now = hostTime.now()
    this.#calls = Math.min(
      callsPerSecond * BURST_SECONDS,
      this.#calls + ((now - this.#at) / 1000) * callsPerSecond,
    )
    this.#at = now
  }
}
