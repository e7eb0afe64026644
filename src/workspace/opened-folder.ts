import { constants } from 'node:fs'
import { type FileHandle, lstat, open, opendir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
/** Not to wait at a pipe that took a file's place. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Folders in one another that are gone down: each is open while what is in it is read. */
export const MAX_DEPTH = 100

/** A file or folder that is open. */
export interface Opened {
  handle: FileHandle
  /**
   * A path to it. Where the system can look something up in what is open, that is in this very one, wherever it is by now; elsewhere
   * nobody works in the folder but the person who runs this process.
   */
  place: string
}

/** What stands in a folder. `other`: a pipe, a socket, a device, what cannot be read, and what has just gone. */
export type FolderEntry = { name: string } & (
  | { kind: 'file' | 'folder'; opened: Opened }
  | { kind: 'link'; target: string }
  | { kind: 'other' }
)

/** Opens a folder, not through a link. Throws when there is none. */
export async function openFolder(path: string): Promise<Opened & AsyncDisposable> {
  return opened(await open(path, FOLDER), path)
}

/**
 * What is in a folder in which somebody else may be at work. No link is followed, so that nothing from outside of the folder is among it,
 * whatever is put in the place of a file or folder meanwhile. Each is open until the next is asked for.
 */
export async function* entriesOf({ place }: Opened): AsyncGenerator<FolderEntry> {
  for await (const { name } of await opendir(place)) {
    const path = join(place, name)
    const stat = await present(lstat(path))
    if (stat?.isSymbolicLink()) {
      const target = await present(readlink(path))
      yield target === undefined ? { name, kind: 'other' } : { name, kind: 'link', target }
      continue
    }
    const isFolder = stat?.isDirectory()
    const handle =
      isFolder || stat?.isFile() ? await present(open(path, isFolder ? FOLDER : FILE)) : undefined
    if (!handle) {
      yield { name, kind: 'other' }
      continue
    }
    await using there = opened(handle, path)
    const isSame = isFolder || (await handle.stat()).isFile()
    yield isSame ? { name, kind: isFolder ? 'folder' : 'file', opened: there } : { name, kind: 'other' }
  }
}

function opened(handle: FileHandle, path: string): Opened & AsyncDisposable {
  const place = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path
  return { handle, place, [Symbol.asyncDispose]: () => handle.close() }
}

/** What could not be had, for whoever works in the folder has taken it away or closed it. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO', 'EINVAL'])

function present<Value>(value: Promise<Value>): Promise<Value | undefined> {
  return value.catch((error: NodeJS.ErrnoException) => {
    if (error.code && GONE.has(error.code)) return undefined
    throw error
  })
}
