import { constants } from 'node:fs'
import { copyFile, mkdir, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { entriesOf, type FolderEntry, MAX_DEPTH, type Opened, openFolder } from './opened-folder.ts'

export interface CopyLimits {
  /** Bytes of all files together. */
  bytes: number
  /** Files, folders and links. */
  entries: number
}

/** A folder holds more than is copied. */
export class FolderTooLarge extends Error {
  override readonly name = 'FolderTooLarge'
}

/**
 * Copies a folder in which somebody else may be at work (`entriesOf`), to a place where nobody is. Links are copied as they are; what is
 * none of files, folders and links, and what cannot be read, is left out. `to` must not exist. Throws FolderTooLarge.
 */
export async function copyFolder(from: string, to: string, limits: CopyLimits): Promise<void> {
  await using folder = await openFolder(from)
  await new Copy(limits).folder(folder, to, 0)
}

class Copy {
  readonly #limits: CopyLimits
  #bytes = 0
  #entries = 0

  constructor(limits: CopyLimits) {
    this.#limits = limits
  }

  async folder(opened: Opened, to: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new FolderTooLarge(`there are more than ${MAX_DEPTH} folders in one another`)
    const { mode, atime, mtime } = await opened.handle.stat()
    // Writable for us as long as it is filled.
    await mkdir(to, { mode: (mode & 0o777) | 0o700 })
    for await (const entry of entriesOf(opened)) await this.#entry(entry, join(to, entry.name), depth)
    await utimes(to, atime, mtime)
  }

  async #entry(entry: FolderEntry, to: string, depth: number): Promise<void> {
    if (++this.#entries > this.#limits.entries)
      throw new FolderTooLarge(`it holds more than ${this.#limits.entries} files and folders`)
    if (entry.kind === 'link') await symlink(entry.target, to)
    else if (entry.kind === 'folder') await this.folder(entry.opened, to, depth + 1)
    else if (entry.kind === 'file') await this.#file(entry.opened, to)
  }

  async #file({ handle, place }: Opened, to: string): Promise<void> {
    const stat = await handle.stat()
    this.#bytes += stat.size
    if (this.#bytes > this.#limits.bytes)
      throw new FolderTooLarge(`it holds more than ${this.#limits.bytes} bytes`)
    await copyFile(place, to, constants.COPYFILE_FICLONE)
    await utimes(to, stat.atime, stat.mtime)
  }
}
