import { stat } from 'node:fs/promises'
import { hostTime } from '#world/clock.ts'
import type { BlobStore } from './store.ts'

/** What a collection has done. */
export interface Collected {
  blobs: number
  uploads: number
  /** Bytes of the blobs that went. */
  bytes: number
}

/** How long (host time, ms) a blob that nobody names is kept for somebody who may be about to name it: longer than a process may take one to be there without a look. */
const GRACE_MS = 3600 * 1000
/** How often it is collected (host time, ms). */
const INTERVAL_MS = 600 * 1000
/** Documents larger than this are layers: nothing is named in them. */
const DOCUMENT_BYTES = 4 * 1024 * 1024
const NAME = /sha256(?::|%3A|-)([0-9a-f]{64})|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

export interface CollectorOptions {
  blobs: BlobStore
  /**
   * Everything in which blobs and uploads may be named, as text in pieces that cut no name in two: all that any world
   * holds, open or not, and its save points. Whoever keeps a digest there, keeps the blob; nothing has to be declared.
   */
  texts(): AsyncIterable<string>
  graceMs?: number
  /** Whether another process collects, and this one only keeps what is pinned here. Default: this one collects. */
  elsewhere?: boolean
  /** Told of the blobs that went: other processes of the same store have to hear of it. */
  onRemoved?(digests: string[]): void
  log?(message: string): void
}

/**
 * Frees the space of what no world names any more: marks every digest and upload that stands in the worlds' state, goes on
 * through the documents (indexes, manifests) that are named, and removes the rest.
 */
export class BlobCollector {
  readonly #options: CollectorOptions
  /** What a document names, by its digest: it cannot change. */
  readonly #documents = new Map<string, readonly string[]>()
  #running: Promise<Collected> | undefined
  #timer: { cancel(): void } | undefined

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** Collects from now on, every ten minutes. */
  start(): void {
    this.#timer = hostTime.setTimer(INTERVAL_MS, () => {
      this.#work()
        .catch((error) => this.#options.log?.(`cannot collect unused blobs: ${error}`))
        .finally(() => this.#timer && this.start())
    })
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#running?.catch(() => {
      // Told already.
    })
  }

  /** Collects once; a collection that is under way is joined. Removes nothing when something could not be read. */
  collect(): Promise<Collected> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #work(): Promise<void> {
    const { blobs, elsewhere } = this.#options
    await blobs.renewPins()
    if (!elsewhere) await this.collect()
  }

  async #collect(): Promise<Collected> {
    const { blobs, texts, graceMs = GRACE_MS, onRemoved } = this.#options
    const since = hostTime.now() - graceMs
    const uploads = await blobs.uploads.idle(since)
    const marked = new Set<string>()
    for await (const text of texts()) for (const name of names(text)) marked.add(name)
    // A set gives what is added while it is walked.
    for (const name of marked) {
      if (name.startsWith('sha256:')) for (const inner of await this.#namedIn(name)) marked.add(inner)
    }
    const done: Collected = { blobs: 0, uploads: 0, bytes: 0 }
    const gone: string[] = []
    for await (const digest of blobs.digests()) {
      if (marked.has(digest)) continue
      const bytes = await sizeOf(blobs, digest)
      if (bytes === undefined || !blobs.remove(digest, since)) continue
      this.#documents.delete(digest)
      gone.push(digest)
      done.bytes += bytes
    }
    done.blobs = gone.length
    if (gone.length > 0) onRemoved?.(gone)
    for (const id of uploads) {
      if (marked.has(id)) continue
      await blobs.uploads.abort(id)
      done.uploads++
    }
    blobs.forget(since)
    return done
  }

  async #namedIn(digest: string): Promise<readonly string[]> {
    const known = this.#documents.get(digest)
    if (known) return known
    const { blobs } = this.#options
    const size = await sizeOf(blobs, digest)
    if (size === undefined) return []
    let named: readonly string[] = []
    if (size <= DOCUMENT_BYTES) {
      const bytes = await blobs.read(digest)
      if (bytes[0] === OPENING_BRACE) named = [...names(bytes.toString('latin1'))]
    }
    this.#documents.set(digest, named)
    return named
  }
}

const OPENING_BRACE = 0x7b

/** The digests of blobs and the ids of uploads in a text. */
export function* names(text: string): Generator<string> {
  for (const [id, hex] of text.matchAll(NAME)) yield hex === undefined ? id : `sha256:${hex}`
}

/** Size of a file without asking for the blob: to look is not to want. */
export async function sizeOf(blobs: BlobStore, digest: string): Promise<number | undefined> {
  return (await stat(blobs.path(digest)).catch(() => undefined))?.size
}
