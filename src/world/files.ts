import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Journal, readJournal } from './journal.ts'
import { SavePoints } from './save-points.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { type CommitRecord, Store } from './store.ts'

/** A journal longer than this, and longer than the latest snapshot, is folded into a new snapshot. */
const SNAPSHOT_BYTES = 4 << 20

export interface FilesOptions {
  /** Journal size (bytes) from which a snapshot is made. */
  snapshotBytes?: number
  /** Told about a torn journal tail that was cut off. */
  onDamage?(path: string, bytes: number): void
  /** Told when a snapshot could not be written; nothing is lost by that. */
  onError?(error: unknown): void
}

/**
 * A world's state on disk: `snapshot-<revision>` and the `journal-<revision>` files since then, and `saves/<name>`.
 * Opening recovers the state: newest whole snapshot, then every later commit of the journals.
 */
export class WorldFiles {
  readonly store: Store
  readonly saves: SavePoints
  readonly #directory: string
  readonly #snapshotBytes: number
  readonly #journal: Journal
  readonly #onError: (error: unknown) => void
  #snapshotSize = 0
  #folding: Promise<void> | undefined

  private constructor(directory: string, store: Store, journal: Journal, options: FilesOptions) {
    this.#directory = directory
    this.store = store
    this.saves = new SavePoints(directory)
    this.#journal = journal
    this.#snapshotBytes = options.snapshotBytes ?? SNAPSHOT_BYTES
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
    for (const revision of journals) {
      const path = join(directory, `journal-${revision}`)
      const replay = (record: CommitRecord) => {
        if (record.revision > store.revision) store.replay(record)
      }
      await readJournal(path, replay, (bytes) => options.onDamage?.(path, bytes))
    }
    const journal = await Journal.open(join(directory, `journal-${journals.at(-1) ?? store.revision}`))
    return new WorldFiles(directory, store, journal, options)
  }

  /** Keeps the present state under a name, replacing an older one of that name. */
  async save(name: string): Promise<void> {
    await writeSnapshot(this.store, this.saves.path(name))
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
    const before = await filesIn(this.#directory)
    await writeSnapshot(restored, join(this.#directory, `snapshot-${revision}`))
    await this.#remove(before)
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
      const before = await filesIn(this.#directory)
      await this.#journal.rotate(join(this.#directory, `journal-${this.store.revision}`))
      const { bytes } = await writeSnapshot(
        this.store,
        join(this.#directory, `snapshot-${this.store.revision}`),
      )
      this.#snapshotSize = bytes
      await this.#remove(before)
    } catch (error) {
      // The journals still hold everything; the next append tries again.
      this.#onError(error)
    } finally {
      this.#folding = undefined
    }
  }

  async #remove(files: { snapshots: number[]; journals: number[] }): Promise<void> {
    for (const revision of files.snapshots)
      await rm(join(this.#directory, `snapshot-${revision}`), { force: true })
    for (const revision of files.journals)
      await rm(join(this.#directory, `journal-${revision}`), { force: true })
  }
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
