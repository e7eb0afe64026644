import { readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

const FILE_LIMIT_BYTES = 1024 * 1024

/** The learner's home folder, read only. Paths are relative to it; nothing outside of it is read. */
export class WorkspaceFiles {
  readonly #home: string
  constructor(home: string) {
    this.#home = home
  }

  /** A file's text; undefined when there is no such file inside the folder, or it is larger than 1 MiB. */
  async read(path: string): Promise<string | undefined> {
    try {
      const home = await realpath(this.#home)
      const file = await realpath(join(home, path))
      if (!file.startsWith(home + sep)) return undefined
      const status = await stat(file)
      // A pipe or a device would never end.
      if (!status.isFile() || status.size > FILE_LIMIT_BYTES) return undefined
      return await readFile(file, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      throw error
    }
  }
}
