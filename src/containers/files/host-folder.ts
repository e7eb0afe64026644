import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { MountedFolder } from '../runtime.ts'
import { LiveChildren } from './live-children.ts'
import { contentSize, directory, file, readContent, symlink, type TreeNode } from './nodes.ts'
import { FileError, splitPath } from './tree.ts'

/** Bytes of a file that a container may read, and write in one go: the latter happens at once, so it has to be short. */
const MAX_READ = 64 * 1024 * 1024
const MAX_WRITE = 16 * 1024 * 1024
/** Names in one folder: more are an error, not a long wait. */
const MAX_NAMES = 2000
/** Folders in one another. */
const MAX_DEPTH = 64

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
/** Not to wait at a pipe that took a file's place. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Open folders of this process as paths: a name below one is looked up in that very folder, wherever it is by now. */
const OPEN_FOLDERS = '/proc/self/fd'

/** Whether this machine can keep containers inside of a folder. */
export const canMountHostFolders = (): boolean => existsSync(OPEN_FOLDERS)

/**
 * A file or folder of this machine below `root`, live: each access goes down from `root` name by name and follows no
 * link, so that nothing leads out, whatever is put in the place of a folder meanwhile. A symlink is one to the container,
 * which follows it among its own files. Pipes, sockets and devices are not there. Throws FileError.
 */
export class HostFolder implements MountedFolder {
  readonly #root: string
  readonly #names: readonly string[]

  /** `root`: a real path; `names`: the way down from it. */
  constructor(root: string, names: readonly string[]) {
    this.#root = root
    this.#names = names
  }

  node(): TreeNode | undefined {
    const node = this.#node(this.#names)
    // Mounts are resolved once: a link that came later is none of the container's.
    return node?.kind === 'symlink' ? undefined : node
  }

  /** Makes the folders that are missing on the way. */
  make(): void {
    for (let depth = 1; depth <= this.#names.length; depth++) {
      const names = this.#names.slice(0, depth)
      if (!this.#node(names)) this.#at(names, 'mkdir', (path) => mkdirSync(path, 0o755))
    }
  }

  write(inside: string, content: Uint8Array, mode?: number): void {
    if (content.length > MAX_WRITE) throw new FileError('EFBIG', 'write', inside)
    const names = this.#below(inside)
    const known = this.#node(names)
    if (known && known.kind !== 'file') throw new FileError('EISDIR', 'open', inside)
    this.#at(names, 'open', (path, folder) => {
      if (!known) requireRoom(folder, inside)
      const fresh = `${folder}/.${randomBytes(8).toString('hex')}.partial`
      const bits = (mode ?? known?.mode ?? 0o644) & 0o777
      const fd = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, bits)
      try {
        try {
          for (let done = 0; done < content.length; ) done += writeSync(fd, content, done)
          fchmodSync(fd, bits)
        } finally {
          closeSync(fd)
        }
        renameSync(fresh, path)
      } catch (error) {
        unlinkSync(fresh)
        throw error
      }
    })
  }

  makeFolder(inside: string, mode: number): void {
    const names = this.#below(inside)
    if (names.length > MAX_DEPTH) throw new FileError('EINVAL', 'mkdir', inside)
    if (this.#node(names)?.kind === 'directory') return
    this.#at(names, 'mkdir', (path, folder) => {
      requireRoom(folder, inside)
      mkdirSync(path, mode & 0o777)
    })
  }

  remove(inside: string): void {
    this.#at(this.#below(inside), 'unlink', removeAll)
  }

  setMode(inside: string, mode: number): void {
    this.#at(this.#below(inside), 'chmod', (path) => {
      const fd = openSync(path, FILE)
      try {
        const stats = fstatSync(fd)
        if (stats.isFile() || stats.isDirectory()) fchmodSync(fd, mode & 0o777)
      } finally {
        closeSync(fd)
      }
    })
  }

  #below(inside: string): string[] {
    return [...this.#names, ...splitPath(inside)]
  }

  #node(names: readonly string[]): TreeNode | undefined {
    try {
      return this.#at(names, 'stat', (path) => this.#nodeOf(names, lstatSync(path), path))
    } catch (error) {
      if (error instanceof FileError && GONE.has(error.code)) return undefined
      throw error
    }
  }

  #nodeOf(names: readonly string[], stats: Stats, path: string): TreeNode | undefined {
    const { uid, gid, mtimeMs: mtime, size } = stats
    const attributes = { mode: stats.mode & 0o777, uid, gid, mtime }
    if (stats.isDirectory()) {
      const children = new LiveChildren(
        () => this.#list(names),
        (name) => this.#node([...names, name]),
      )
      return directory(attributes, children)
    }
    if (stats.isSymbolicLink()) return symlink(readlinkSync(path), attributes)
    if (!stats.isFile()) return undefined
    return file({ path: names.at(-1) ?? '', offset: 0, size, open: () => this.#open(names) }, attributes)
  }

  #list(names: readonly string[]): string[] {
    return this.#at(names, 'scandir', (path) => listFolder(path, FOLDER))
  }

  /** Opened by the folder that was reached, and looked at only then: what is behind the name may change at any time. */
  async #open(names: readonly string[]): Promise<FileHandle> {
    const { folder, close } = this.#reach(names, 'open')
    let handle: FileHandle
    try {
      handle = await open(`${folder}/${names.at(-1)}`, FILE)
    } catch (error) {
      throw fileError(error, 'open', names)
    } finally {
      close()
    }
    const stats = await handle.stat()
    if (stats.isFile() && stats.size <= MAX_READ) return handle
    await handle.close()
    throw new FileError(stats.isFile() ? 'EFBIG' : 'EINVAL', 'open', names.join('/'))
  }

  /** Calls `act` with a path to what `names` lead to, and one to the folder that it is in. */
  #at<T>(names: readonly string[], operation: string, act: (path: string, folder: string) => T): T {
    const { folder, close } = this.#reach(names, operation)
    try {
      return act(names.length === 0 ? `${folder}/.` : `${folder}/${names.at(-1)}`, folder)
    } catch (error) {
      throw fileError(error, operation, names)
    } finally {
      close()
    }
  }

  /** Opens the folder that holds the last of `names`. */
  #reach(names: readonly string[], operation: string): { folder: string; close(): void } {
    let fd: number | undefined
    try {
      fd = openSync(this.#root, FOLDER)
      for (const [index, name] of names.entries()) {
        if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name) || index > MAX_DEPTH)
          throw new FileError('EINVAL', operation, names.join('/'))
        if (index === names.length - 1) break
        const next = openSync(`${OPEN_FOLDERS}/${fd}/${name}`, FOLDER)
        closeSync(fd)
        fd = next
      }
      const reached = fd
      return { folder: `${OPEN_FOLDERS}/${reached}`, close: () => closeSync(reached) }
    } catch (error) {
      if (fd !== undefined) closeSync(fd)
      throw fileError(error, operation, names)
    }
  }
}

/** Whether a node is made at each access, and of no tree: of this machine's files, or of the kernel's. */
export const isLive = (node: TreeNode): boolean =>
  node.kind === 'directory'
    ? node.children instanceof LiveChildren
    : node.kind === 'file' && 'open' in node.content

/** A copy of a node with its contents in memory. Throws FileError when that is too much. */
export async function inMemory(node: TreeNode): Promise<TreeNode> {
  let names = 0
  let bytes = 0
  const copy = async (at: TreeNode): Promise<TreeNode> => {
    names++
    if (at.kind === 'file') bytes += contentSize(at.content)
    if (names > MAX_NAMES || bytes > MAX_READ) throw new FileError('EFBIG', 'copy', '')
    if (at.kind === 'file') return { ...at, content: await readContent(at.content) }
    if (at.kind !== 'directory') return at
    const children = new Map<string, TreeNode>()
    for (const [name, child] of at.children) children.set(name, await copy(child))
    return { ...at, children }
  }
  return copy(node)
}

/** The names of the files, folders and links in a folder. */
function listFolder(path: string, flags: number): string[] {
  const fd = openSync(path, flags)
  try {
    const folder = opendirSync(`${OPEN_FOLDERS}/${fd}`)
    try {
      const names: string[] = []
      for (let entry = folder.readSync(); entry; entry = folder.readSync()) {
        if (!entry.isFile() && !entry.isDirectory() && !entry.isSymbolicLink()) continue
        names.push(entry.name)
        if (names.length > MAX_NAMES) throw new FileError('EOVERFLOW', 'scandir', path)
      }
      return names
    } finally {
      folder.closeSync()
    }
  } finally {
    closeSync(fd)
  }
}

function requireRoom(folder: string, inside: string): void {
  if (listFolder(folder, constants.O_RDONLY | constants.O_DIRECTORY).length >= MAX_NAMES)
    throw new FileError('ENOSPC', 'open', inside)
}

/** Removes what is at a path below an open folder, again without following a link. */
function removeAll(path: string): void {
  if (!lstatSync(path).isDirectory()) return unlinkSync(path)
  const fd = openSync(path, FOLDER)
  try {
    const folder = `${OPEN_FOLDERS}/${fd}`
    for (const name of listFolder(folder, constants.O_RDONLY | constants.O_DIRECTORY))
      removeAll(`${folder}/${name}`)
  } finally {
    closeSync(fd)
  }
  rmdirSync(path)
}

/** Where nothing is, or not what was there. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

/** The error as a container sees it: without this machine's paths. */
function fileError(error: unknown, operation: string, names: readonly string[]): Error {
  if (error instanceof FileError) return error
  const { code } = error as NodeJS.ErrnoException
  return new FileError(FileError.isCode(code) ? code : 'EIO', operation, names.join('/'))
}
