import { BTree } from './btree.ts'

/** A JSON value as the store holds it: deeply immutable by convention; never change one after writing it. */
export type Json = unknown

/** One key with its value and etcd's counters. */
export interface Entry<T = Json> {
  readonly key: string
  readonly value: T
  /** Revision of the write that made the key. */
  readonly createRevision: number
  /** Revision of the latest write; the one to compare in `expect`. */
  readonly modRevision: number
  /** Number of writes since the key was made, starting at 1. */
  readonly version: number
}

/** One write of a commit. `value: undefined` deletes. */
export interface Write {
  key: string
  value: Json | undefined
  /** Compare-and-swap: the `modRevision` that the key must have now; 0 means that it must not exist. */
  expect?: number
}

export interface StoreEvent<T = Json> {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** The entry after the write; for a delete, the last entry before it with `modRevision` of the delete. */
  readonly entry: Entry<T>
  /** The entry before the write, if the key existed. */
  readonly previous: Entry<T> | undefined
}

/** What a commit appends to the journal: one revision and its writes. */
export interface CommitRecord {
  revision: number
  writes: { key: string; value: Json | undefined }[]
}

/** Where commits become durable. The journal implements it; a store without one lives in memory. */
export interface CommitLog {
  append(record: CommitRecord): void
  /** Resolves when everything appended so far survives the end of the process. */
  flushed(): Promise<void>
}

/** A compare-and-swap lost: somebody else wrote the key first. Read it again and retry. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly key: string
  readonly expected: number
  readonly actual: number
  constructor(key: string, expected: number, actual: number) {
    super(`${key}: expected revision ${expected}, found ${actual}`)
    this.key = key
    this.expected = expected
    this.actual = actual
  }
}

/** The asked-for revision is older than the history that is kept. List again and watch from there. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError'
  readonly compactRevision: number
  constructor(revision: number, compactRevision: number) {
    super(`revision ${revision} has been compacted; history starts at ${compactRevision}`)
    this.compactRevision = compactRevision
  }
}

export interface ListOptions {
  /** At most this many entries. */
  limit?: number
  /** Only keys after this one. */
  startAfter?: string
  /** State as of this revision instead of now. Throws CompactedError when it is gone. */
  revision?: number
}

export interface Listing<T = Json> {
  entries: Entry<T>[]
  /** The revision that the listing shows; watch from `revision + 1`. */
  revision: number
  /** Whether entries were left out because of `limit`. */
  more: boolean
}

export interface WatchHandle {
  close(): void
}

type Listener = (event: StoreEvent) => void

/** How many events of history are kept before the oldest half is compacted away by itself. */
const HISTORY_LIMIT = 50_000

/**
 * The one versioned store of a world, with etcd's semantics: every commit gets a revision, compare-and-swap on
 * it, watches resume from it. Reads and commits are synchronous; `flushed()` tells when they are durable.
 * Keys are paths (`a/b/c`); prefixes end in `/` (or name one whole key), so that a watch costs the depth of a key.
 */
export class Store {
  /** By key: in the tree a look-up compares keys that begin alike, again and again. */
  readonly #entries = new Map<string, Entry>()
  /** In key order. */
  #tree = new BTree<string, Entry>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0))
  #revision = 0
  #compactRevision = 0
  #history: StoreEvent[] = []
  readonly #listeners = new Map<string, Set<Listener>>()
  /** How many keys are in each folder. */
  readonly #counts = new Map<string, number>()
  #log: CommitLog | undefined

  /** The revision of the latest commit; 0 when nothing was ever written. */
  get revision(): number {
    return this.#revision
  }

  /** The oldest revision from which a watch or a listing can still be served is the one after this. */
  get compactRevision(): number {
    return this.#compactRevision
  }

  get size(): number {
    return this.#entries.size
  }

  /** Sends every later commit to `log`. */
  attach(log: CommitLog): void {
    this.#log = log
  }

  /** Resolves when every commit so far is durable. Answer a mutating request only after this. */
  flushed(): Promise<void> {
    return this.#log?.flushed() ?? Promise.resolve()
  }

  get<T = Json>(key: string): Entry<T> | undefined {
    return this.#entries.get(key) as Entry<T> | undefined
  }

  /** The entries whose keys start with `prefix`, in key order. */
  list<T = Json>(prefix: string, options: ListOptions = {}): Listing<T> {
    const revision = options.revision ?? this.#revision
    // Much is asked for that most worlds have none of: webhooks, policies, quotas.
    if (revision === this.#revision && prefix.endsWith('/') && this.count(prefix) === 0) {
      return { entries: [], revision, more: false }
    }
    const tree = revision === this.#revision ? this.#tree : this.#treeAt(revision, prefix)
    const entries: Entry[] = []
    const start =
      options.startAfter !== undefined && options.startAfter >= prefix ? options.startAfter : prefix
    let more = false
    for (const [key, entry] of tree.entries(start)) {
      if (!key.startsWith(prefix)) break
      if (key === options.startAfter) continue
      if (options.limit !== undefined && entries.length >= options.limit) {
        more = true
        break
      }
      entries.push(entry)
    }
    return { entries: entries as Entry<T>[], revision, more }
  }

  /** How many keys there are in a folder (`a/b/`), at no cost however many there are. */
  count(folder: string): number {
    return this.#counts.get(folder) ?? 0
  }

  /** The values under `prefix`, in key order. */
  values<T = Json>(prefix: string): T[] {
    return this.list<T>(prefix).entries.map((entry) => entry.value)
  }

  /** Writes one key. Throws ConflictError when `expect` does not hold. */
  put<T>(key: string, value: T, expect?: number): Entry<T> {
    const [event] = this.#commit([{ key, value, expect }])
    return event!.entry as Entry<T>
  }

  /** Deletes one key; gives the entry that was there. Throws ConflictError when `expect` does not hold. */
  delete<T = Json>(key: string, expect?: number): Entry<T> | undefined {
    const entry = this.get<T>(key)
    if (entry || expect !== undefined) this.commit([{ key, value: undefined, expect }])
    return entry
  }

  /**
   * Reads, changes and writes one key, giving back what was stored.
   * `change` gets the present value (undefined when there is none) and gives the next one; returning the same
   * reference writes nothing, returning undefined deletes.
   */
  update<T>(key: string, change: (value: T | undefined) => T | undefined): T | undefined {
    const entry = this.get<T>(key)
    const next = change(entry?.value)
    if (next !== entry?.value) this.commit([{ key, value: next, expect: entry?.modRevision ?? 0 }])
    return next
  }

  /** All writes at one revision, or none: throws ConflictError and changes nothing when an `expect` does not hold. */
  commit(writes: Write[]): number {
    this.#commit(writes)
    return this.#revision
  }

  #commit(writes: Write[]): StoreEvent[] {
    const effective: CommitRecord['writes'] = []
    for (const { key, value, expect } of writes) {
      const present = this.#entries.get(key)
      const actual = present?.modRevision ?? 0
      if (expect !== undefined && actual !== expect) throw new ConflictError(key, expect, actual)
      if (value !== undefined || present) effective.push({ key, value })
    }
    if (effective.length === 0) return []
    const record = { revision: this.#revision + 1, writes: effective }
    const events = this.#apply(record)
    this.#log?.append(record)
    for (const event of events) this.#notify(event)
    return events
  }

  /** Applies a record read back from a journal, without appending it again. Records must come in order. */
  replay(record: CommitRecord): void {
    for (const event of this.#apply(record)) this.#notify(event)
  }

  /** Replaces everything by a snapshot's entries. History starts anew at `revision`. */
  restore(entries: Iterable<Entry>, revision: number): void {
    this.#entries.clear()
    this.#tree.clear()
    this.#counts.clear()
    for (const entry of entries) {
      this.#entries.set(entry.key, entry)
      this.#tree.set(entry.key, entry)
      this.#count(entry.key, 1)
    }
    this.#revision = revision
    this.#compactRevision = revision
    this.#history = []
  }

  /** A copy of the state that later commits do not change; costs nothing until they do. */
  snapshot(): { revision: number; size: number; entries(): Iterable<Entry> } {
    const tree = this.#tree.clone()
    return { revision: this.#revision, size: tree.size, entries: () => tree.values() }
  }

  /**
   * Calls `listener` for each event under `prefix`, first those since `fromRevision` (inclusive), then as they happen.
   * The listener runs inside the commit: it must be cheap and must not write (put a key in a queue instead).
   * Throws CompactedError when `fromRevision` is older than the history.
   */
  watch<T = Json>(
    prefix: string,
    listener: (event: StoreEvent<T>) => void,
    options: { fromRevision?: number } = {},
  ): WatchHandle {
    if (options.fromRevision !== undefined) {
      for (const event of this.history(prefix, options.fromRevision)) listener(event as StoreEvent<T>)
    }
    const listeners = this.#listeners.get(prefix) ?? new Set()
    this.#listeners.set(prefix, listeners)
    // Wrapped, so that the same function may watch twice.
    const own: Listener = (event) => listener(event as StoreEvent<T>)
    listeners.add(own)
    return {
      close: () => {
        listeners.delete(own)
        if (listeners.size === 0 && this.#listeners.get(prefix) === listeners) this.#listeners.delete(prefix)
      },
    }
  }

  /** The kept events under `prefix` since `fromRevision` (inclusive). Throws CompactedError. */
  history(prefix: string, fromRevision: number): StoreEvent[] {
    if (fromRevision <= this.#compactRevision) throw new CompactedError(fromRevision, this.#compactRevision)
    return this.#history
      .slice(this.#historyIndex(fromRevision))
      .filter((event) => event.key.startsWith(prefix))
  }

  /** Forgets events up to and including `revision`. */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) return
    const limit = Math.min(revision, this.#revision)
    this.#history = this.#history.slice(this.#historyIndex(limit + 1))
    this.#compactRevision = limit
  }

  #apply(record: CommitRecord): StoreEvent[] {
    this.#revision = record.revision
    const events: StoreEvent[] = []
    for (const { key, value } of record.writes) {
      const previous = this.#entries.get(key)
      if (value === undefined) {
        if (!previous) continue
        this.#entries.delete(key)
        this.#tree.delete(key)
        this.#count(key, -1)
        const entry = { ...previous, modRevision: record.revision }
        events.push({ type: 'delete', key, revision: record.revision, entry, previous })
      } else {
        const entry: Entry = {
          key,
          value,
          createRevision: previous?.createRevision ?? record.revision,
          modRevision: record.revision,
          version: (previous?.version ?? 0) + 1,
        }
        this.#entries.set(key, entry)
        this.#tree.set(key, entry)
        if (!previous) this.#count(key, 1)
        events.push({ type: 'put', key, revision: record.revision, entry, previous })
      }
    }
    this.#history.push(...events)
    if (this.#history.length > HISTORY_LIMIT) this.compact(this.#history[HISTORY_LIMIT / 2]!.revision)
    return events
  }

  #count(key: string, change: 1 | -1): void {
    for (const folder of foldersOf(key)) {
      const count = (this.#counts.get(folder) ?? 0) + change
      if (count > 0) this.#counts.set(folder, count)
      else this.#counts.delete(folder)
    }
  }

  #notify(event: StoreEvent): void {
    const { key } = event
    for (const folder of foldersOf(key)) this.#tell(folder, event)
    this.#tell(key, event)
    this.#tell('', event)
  }

  #tell(prefix: string, event: StoreEvent): void {
    const listeners = this.#listeners.get(prefix)
    if (listeners) for (const listener of [...listeners]) listener(event)
  }

  /** Index in the history of the first event at or after `revision`. */
  #historyIndex(revision: number): number {
    let low = 0
    let high = this.#history.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#history[middle]!.revision < revision) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The state under `prefix` as it was at `revision`, by undoing later events. */
  #treeAt(revision: number, prefix: string): BTree<string, Entry> {
    if (revision > this.#revision)
      throw new RangeError(`revision ${revision} is in the future (now ${this.#revision})`)
    const tree = this.#tree.clone()
    for (const event of this.history(prefix, revision + 1).reverse()) {
      if (event.previous) tree.set(event.key, event.previous)
      else tree.delete(event.key)
    }
    return tree
  }
}

const folders = new Map<string, string[]>()
const FOLDERS_KEPT = 10_000

/** The folders that a key is in: `a/`, `a/b/` of `a/b/c`. Kept by the innermost, which many keys are in. */
function foldersOf(key: string): string[] {
  const innermost = key.slice(0, key.lastIndexOf('/') + 1)
  let found = folders.get(innermost)
  if (!found) {
    found = []
    for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1))
      found.push(key.slice(0, slash + 1))
    if (folders.size >= FOLDERS_KEPT) folders.clear()
    folders.set(innermost, found)
  }
  return found
}
