import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Journal, readJournal, readRecords } from './journal.ts'
import { SavePoints } from './save-points.ts'
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot.ts'
import { type CommitRecord, Store } from './store.ts'

/** Bytes of snapshots and journals that are kept only to look back. */
const HISTORY_BYTES = 32 << 20

/** A journal longer than this, and longer than the latest snapshot, is folded into a new snapshot. */
const SNAPSHOT_BYTES = 4 << 20

export interface FilesOptions {
  /** Journal size (bytes) from which a snapshot is made. */
  snapshotBytes?: number
  /** Bytes of older files to keep for `stateAt`. */
  historyBytes?: number
  /** Told about a torn journal tail that was cut off. */
  onDamage?(path: string, bytes: number): void
  /** Told when a snapshot could not be written; nothing is lost by that. */
  onError?(error: unknown): void
}

/**
 * A world's state on disk: `snapshot-<revision>` and the `journal-<revision>` files since then, and `saves/<name>`.
 * Opening recovers the state: newest whole snapshot, then every later commit of the journals. Older ones are kept for a while:
 * each snapshot with the journals after it holds every moment between.
 */
export class WorldFiles {
  readonly store: Store
  readonly saves: SavePoints
  readonly #directory: string
  readonly #snapshotBytes: number
  readonly #historyBytes: number
  readonly #journal: Journal
  readonly #onError: (error: unknown) => void
  #snapshotSize = 0
  #folding: Promise<void> | undefined
  #saving: Promise<void> = Promise.resolve()

  private constructor(directory: string, store: Store, journal: Journal, options: FilesOptions) {
    this.#directory = directory
    this.store = store
    this.saves = new SavePoints(directory)
    this.#journal = journal
    this.#snapshotBytes = options.snapshotBytes ?? SNAPSHOT_BYTES
    this.#historyBytes = options.historyBytes ?? HISTORY_BYTES
    this.#onError = options.onError ?? (() => {})
    store.attach({
      append: (record) => this.#append(record),
      flushed: () => this.#journal.flushed(),
    })
  }

  static async open(directory: string, options: FilesOptions = {}): Promise<WorldFiles> {
    await mkdir(join(directory, 'saves'), { recursive: true, mode: 0o700 })
    const store = new Store()
    const { snapshots, journals } = await filesIn(directory)
    const newest = snapshots.at(-1)
    if (newest !== undefined) {
      const { entries, revision } = await readSnapshot(join(directory, `snapshot-${newest}`))
      store.restore(entries, revision)
    }
    for (const revision of journalsAfter(journals, newest ?? 0)) {
      const path = join(directory, `journal-${revision}`)
      const replay = (record: CommitRecord) => {
        if (record.revision > store.revision) store.replay(record)
      }
      await readJournal(path, replay, (bytes) => options.onDamage?.(path, bytes))
    }
    const journal = await Journal.open(join(directory, `journal-${journals.at(-1) ?? store.revision}`))
    return new WorldFiles(directory, store, journal, options)
  }

  /** Keeps the present state under a name, replacing an older one of that name. One after the other: two may be asked for under one name. */
  save(name: string): Promise<void> {
    const saved = this.#saving.then(async () => void (await writeSnapshot(this.store, this.saves.path(name))))
    this.#saving = saved.catch(() => {})
    return saved
  }

  /**
   * Puts a saved state on disk in place of the present one; open the folder anew afterwards. Revisions go on from the present
   * one, so that nobody's watch is ahead of the store. Ends the use of this object. Throws when there is no such save point.
   */
  async restore(name: string): Promise<void> {
    const { entries } = await this.saves.read(name)
    const revision = this.store.revision + 1
    await this.close()
    const restored = new Store()
    restored.restore(entries, revision)
    await writeSnapshot(restored, join(this.#directory, `snapshot-${revision}`))
    await this.#prune()
  }

  /** What the world held at a revision: a copy; undefined when so much of the past is not kept, or it is still to come. */
  async stateAt(revision: number): Promise<Snapshot | undefined> {
    if (revision > this.store.revision) return undefined
    await this.store.flushed()
    return this.#past(revision).catch((error: NodeJS.ErrnoException) => {
      // Let go of in this moment.
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  }

  async #past(revision: number): Promise<Snapshot | undefined> {
    const { snapshots, journals } = await filesIn(this.#directory)
    const base = snapshots.findLast((taken) => taken <= revision)
    // A copy of another world begins with a snapshot, a new world with its first journal.
    if (base === undefined && journals[0] !== 0) return undefined
    const then = new Store()
    if (base !== undefined) {
      const { entries, revision: taken } = await readSnapshot(join(this.#directory, `snapshot-${base}`))
      then.restore(entries, taken)
    }
    for (const start of journalsAfter(journals, base ?? 0)) {
      if (start >= revision) break
      await readRecords(join(this.#directory, `journal-${start}`), (record) => {
        if (record.revision > then.revision && record.revision <= revision) then.replay(record)
      })
    }
    return { revision, entries: [...then.snapshot().entries()] }
  }

  /** Writes out everything and closes the files. */
  async close(): Promise<void> {
    await this.#folding
    await this.#journal.close()
  }

  #append(record: CommitRecord): void {
    this.#journal.append(record)
    if (this.#journal.size > Math.max(this.#snapshotBytes, this.#snapshotSize)) this.#folding ??= this.#fold()
  }

  /** Starts a new journal and writes a snapshot that holds all of the old ones; then they can go. */
  async #fold(): Promise<void> {
    try {
      await this.#journal.rotate(join(this.#directory, `journal-${this.store.revision}`))
      const { bytes } = await writeSnapshot(
        this.store,
        join(this.#directory, `snapshot-${this.store.revision}`),
      )
      this.#snapshotSize = bytes
      await this.#prune()
    } catch (error) {
      // The journals still hold everything; the next append tries again.
      this.#onError(error)
    } finally {
      this.#folding = undefined
    }
  }

  /** Lets go of the oldest snapshots and journals when those that only the past needs are too many bytes. */
  async #prune(): Promise<void> {
    const { snapshots, journals } = await filesIn(this.#directory)
    const newest = snapshots.at(-1) ?? 0
    const needed = new Set(journalsAfter(journals, newest))
    const past = [
      ...snapshots.filter((taken) => taken !== newest).map((at) => ({ at, name: `snapshot-${at}` })),
      ...journals.filter((start) => !needed.has(start)).map((at) => ({ at, name: `journal-${at}` })),
    ].sort((a, b) => b.at - a.at)
    let bytes = 0
    for (const { name } of past) {
      const path = join(this.#directory, name)
      bytes += (await stat(path)).size
      if (bytes > this.#historyBytes) await rm(path, { force: true })
    }
  }
}

/** The journals that hold what came after a snapshot: a journal is begun before its snapshot is taken. */
function journalsAfter(journals: number[], snapshot: number): number[] {
  const first = journals.findLastIndex((start) => start <= snapshot)
  return journals.slice(Math.max(0, first))
}

/** Revisions of the snapshots and journals in a folder, oldest first. */
async function filesIn(directory: string): Promise<{ snapshots: number[]; journals: number[] }> {
  const names = await readdir(directory)
  const revisions = (kind: string) =>
    names
      .map((name) => new RegExp(`^${kind}-(\\d+)$`).exec(name)?.[1])
      .filter((revision) => revision !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
  return { snapshots: revisions('snapshot'), journals: revisions('journal') }
}
