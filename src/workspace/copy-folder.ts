import { constants } from 'node:fs'
import {
  copyFile,
  cp,
  type FileHandle,
  lstat,
  mkdir,
  open,
  opendir,
  readlink,
  symlink,
  utimes,
} from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
/** Not to wait at a pipe that took a file's place. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** An opened file or folder as a path: what is looked up below it is in that very folder, wherever it is by now. */
const placeOf = (opened: FileHandle): string => `/proc/self/fd/${opened.fd}`

/** Folders in one another, each of them open while it is copied. */
const MAX_DEPTH = 100

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
 * Copies a folder in which somebody else may be at work, to a place where nobody is. Goes down name by name and follows no link, so that
 * nothing from outside of the folder comes along, whatever is put in the place of a file or folder meanwhile. Links are copied as they
 * are; pipes, sockets, devices, what cannot be read and what goes away meanwhile are left out. `to` must not exist. Throws FolderTooLarge.
 */
export async function copyFolder(from: string, to: string, limits: CopyLimits): Promise<void> {
  if (process.platform !== 'linux') {
    // No way to look something up in an opened folder. Here nobody works in the folder but the person who runs this process.
    return cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  }
  await using folder = await open(from, FOLDER)
  await new Copy(limits).folder(folder, to, 0)
}

class Copy {
  readonly #limits: CopyLimits
  #bytes = 0
  #entries = 0

  constructor(limits: CopyLimits) {
    this.#limits = limits
  }

  async folder(opened: FileHandle, to: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new FolderTooLarge(`there are more than ${MAX_DEPTH} folders in one another`)
    const { mode, atime, mtime } = await opened.stat()
    // Writable for us as long as it is filled.
    await mkdir(to, { mode: (mode & 0o777) | 0o700 })
    const place = placeOf(opened)
    for await (const { name } of await opendir(place))
      await this.#entry(join(place, name), join(to, name), depth)
    await utimes(to, atime, mtime)
  }

  async #entry(from: string, to: string, depth: number): Promise<void> {
    if (++this.#entries > this.#limits.entries)
      throw new FolderTooLarge(`it holds more than ${this.#limits.entries} files and folders`)
    const stat = await present(lstat(from))
    if (stat?.isSymbolicLink()) {
      const target = await present(readlink(from))
      if (target !== undefined) await symlink(target, to)
    } else if (stat?.isDirectory()) {
      await using folder = await present(open(from, FOLDER))
      if (folder) await this.folder(folder, to, depth + 1)
    } else if (stat?.isFile()) {
      await using file = await present(open(from, FILE))
      if (file) await this.#file(file, to)
    }
  }

  async #file(file: FileHandle, to: string): Promise<void> {
    const stat = await file.stat()
    if (!stat.isFile()) return
    this.#bytes += stat.size
    if (this.#bytes > this.#limits.bytes)
      throw new FolderTooLarge(`it holds more than ${this.#limits.bytes} bytes`)
    await copyFile(placeOf(file), to, constants.COPYFILE_FICLONE)
    await utimes(to, stat.atime, stat.mtime)
  }
}

/** What could not be had, for whoever works in the folder has taken it away or closed it. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO', 'EINVAL'])

function present<Value>(value: Promise<Value>): Promise<Value | undefined> {
  return value.catch((error: NodeJS.ErrnoException) => {
    if (error.code && GONE.has(error.code)) return undefined
    throw error
  })
}
