import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot.ts'
import { Store } from './store.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** The states that were kept of a world: a snapshot each in its folder `saves`. They can be read whether the world is open or not. */
export class SavePoints {
  readonly #folder: string

  /** `directory`: the world's folder. */
  constructor(directory: string) {
    this.#folder = join(directory, 'saves')
  }

  /** The file of a save point. Throws for what cannot be a name. */
  path(name: string): string {
    if (!NAME.test(name)) {
      throw new Error(`"${name}" cannot name a save point: use up to 100 letters, digits, ".", "_" and "-"`)
    }
    return join(this.#folder, name)
  }

  /** Their names, sorted; none when there is no such world. */
  async names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return files.filter((name) => !name.endsWith('.tmp')).sort()
  }

  /** Throws when there is no such save point. */
  async read(name: string): Promise<Snapshot> {
    return readSnapshot(this.path(name)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new Error(`there is no save point "${name}"`) : error
    })
  }

  /** What a save point holds; undefined when there is none. */
  async find(name: string): Promise<Snapshot | undefined> {
    return (await this.names()).includes(name) ? this.read(name) : undefined
  }

  /** Writes a saved state, changed by `change`, into another folder, from which a world can be opened. Throws when there is none. */
  async copy(name: string, directory: string, change: (store: Store) => void): Promise<void> {
    const { entries, revision } = await this.read(name)
    const copy = new Store()
    copy.restore(entries, revision)
    change(copy)
    await mkdir(join(directory, 'saves'), { recursive: true, mode: 0o700 })
    await writeSnapshot(copy, join(directory, `snapshot-${copy.revision}`))
  }
}
