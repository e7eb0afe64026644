import { inMemory, isLive } from '../files/host-folder.ts'
import {
  type Content,
  contentSize,
  directory,
  file,
  isInMemory,
  type MemoryContent,
  readContent,
  symlink,
  type TreeNode,
} from '../files/nodes.ts'
import { grown, keptBytes, wholeOf } from '../files/pieces.ts'
import { FileError, FileTree, resolvePath } from '../files/tree.ts'
import type { ContainerFiles, Mount } from '../runtime.ts'

/** What a container has of `/dev/shm`, bytes: what containerd and the Docker Engine give by default. */
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024
const SHARED_MEMORY = '/dev/shm'
/** Bytes that the simulation keeps of what a container has written; zeros take no room. Beyond it the disk is full. */
const KEPT_BYTES = 64 * 1024 * 1024
/** Files larger than this are streamed, never read as a whole, bytes. */
const READ_BYTES = 128 * 1024 * 1024

/** By whose rights files are used, and who owns what is made. */
export interface FileUser {
  uid: number
  gid: number
  /** Further groups. */
  groups: readonly number[]
}

/** What all users of a container's files have in common. */
interface Shared {
  /** Whether only mounts and devices can be written to (`docker run --read-only`). */
  readOnlyRoot: boolean
  /** Told when what was written to memory has grown. */
  onMemory: (() => void) | undefined
  /** Bytes written to memory, by the path of its file system. */
  memory: Map<string, number>
  /** Bytes kept since the last count; never too few. */
  kept: number
}

/** The file system that a container's processes see: its image's tree, changed here only, and its mounts. */
export class ContainerFs implements ContainerFiles {
  readonly tree: FileTree
  readonly #now: () => number
  #mounts: readonly Mount[]
  #shared: Shared = { readOnlyRoot: false, onMemory: undefined, memory: new Map(), kept: 0 }
  /** Whose view it is; undefined: root's, whom nothing is forbidden. */
  #user: FileUser | undefined

  constructor(tree: FileTree, mounts: readonly Mount[], now: () => number) {
    this.tree = tree
    this.#now = now
    this.#mounts = [...mounts].sort((a, b) => b.path.length - a.path.length)
    for (const mount of mounts) this.#makePlace(mount)
    tree.mountAt = mounts.length > 0 ? (path) => this.#mountNode(path) : undefined
  }

  /** Mounts something while it is in use. Views of users that were made before do not see it. */
  mount(mount: Mount): void {
    this.#makePlace(mount)
    this.#mounts = [...this.#mounts, mount].sort((a, b) => b.path.length - a.path.length)
    this.tree.mountAt = (path) => this.#mountNode(path)
  }

  #makePlace(mount: Mount): void {
    const { tree } = this
    const parent = tree.makeFolders(resolvePath(mount.path, '..'))
    const target = resolvePath(parent, mount.path.slice(mount.path.lastIndexOf('/') + 1))
    if (mount.single) {
      if (tree.lookup(target)?.kind !== 'file') tree.put(target, file(''))
    } else tree.makeFolders(target)
  }

  /** The same files as a user sees them: what its rights do not allow fails with EACCES, and what it makes is its own. */
  as(user: FileUser): ContainerFs {
    if (user.uid === 0) return this
    const view = new ContainerFs(this.tree, [], this.#now)
    view.#mounts = this.#mounts
    view.#shared = this.#shared
    view.#user = user
    this.tree.mountAt = this.#mounts.length > 0 ? (path) => this.#mountNode(path) : undefined
    return view
  }

  set readOnlyRoot(value: boolean) {
    this.#shared.readOnlyRoot = value
  }

  set onMemory(told: () => void) {
    this.#shared.onMemory = told
  }

  /** The node at a path, symlinks followed. Throws FileError. */
  node(path: string, operation = 'stat', last = true): TreeNode {
    return this.tree.get(path, operation, last)
  }

  /** The node, or undefined for a path that leads nowhere. */
  find(path: string, last = true): TreeNode | undefined {
    try {
      return this.tree.find(path, last)
    } catch {
      // A folder of this machine that cannot be read.
      return undefined
    }
  }

  exists(path: string): boolean {
    return this.find(path) !== undefined
  }

  async read(path: string): Promise<Uint8Array> {
    const content = this.content(path)
    if (contentSize(content) > READ_BYTES) throw new FileError('ENOMEM', 'read', path)
    return readContent(content)
  }

  /** What a file holds, to be read or streamed. Throws FileError. */
  content(path: string): Content {
    const node = this.node(path, 'open')
    if (node.kind === 'directory') throw new FileError('EISDIR', 'read', path)
    this.#allow(node, READ, 'open', path)
    return node.kind === 'file' ? node.content : new Uint8Array()
  }

  async write(path: string, content: Uint8Array, mode?: number): Promise<void> {
    this.writeSync(path, content, mode)
  }

  /** Throws FileError when a file that is there may not be written to. */
  requireWrite(path: string): void {
    this.#allow(this.node(path, 'open'), WRITE, 'open', path)
  }

  /** What it has written to memory, bytes. */
  get memoryBytes(): number {
    let bytes = 0
    for (const part of this.#shared.memory.values()) bytes += part
    return bytes
  }

  /** What it has written to the memory that is mounted at a path, bytes. */
  memoryAt(path: string): number {
    return this.#shared.memory.get(path) ?? 0
  }

  /** What of its own it keeps on the machine's disk, bytes. */
  get writtenBytes(): number {
    return this.#shared.kept
  }

  /** Creates or replaces a file. Throws FileError. */
  writeSync(path: string, content: MemoryContent, mode?: number): void {
    const real = this.tree.realPath(path, 'open')
    const known = this.tree.lookup(real)
    if (known?.kind === 'directory') throw new FileError('EISDIR', 'open', path)
    if (known?.kind === 'device') return
    const mount = this.#mountOf(real)
    if (mount?.mount.readOnly) throw new FileError('EROFS', 'open', path)
    if (known) this.#allow(known, WRITE, 'open', path)
    else this.#allowIn(real, 'open', path)
    const owner = known ?? this.#ownerIn(real)
    if (mount) {
      if (mount.mount.folder) return mount.mount.folder.write(mount.inside, wholeOf(content), mode)
      const old = mount.mount.files.get(mount.inside)
      const { memoryBytes } = mount.mount
      if (memoryBytes !== undefined) this.#useMemory(mount.mount.path, memoryBytes, content, old?.content)
      const { uid, gid } = owner
      mount.mount.files.set(mount.inside, { content, mode: mode ?? old?.mode ?? 0o644, uid, gid })
      if (memoryBytes !== undefined) this.#shared.onMemory?.()
      return
    }
    this.#requireWritable(real, 'open', path)
    const old = known?.kind === 'file' && isInMemory(known.content) ? known.content : undefined
    const shared = real.startsWith(`${SHARED_MEMORY}/`)
    if (shared) this.#useMemory(SHARED_MEMORY, SHARED_MEMORY_BYTES, content, old)
    this.#keep(keptBytes(content) - (old ? keptBytes(old) : 0))
    const { uid, gid } = owner
    this.tree.put(
      real,
      file(content, { mode: mode ?? known?.mode ?? 0o644, uid, gid, mtime: this.#now() }),
      'open',
    )
    if (shared) this.#shared.onMemory?.()
  }

  /** Adds to the end of a file; its cost does not grow with the file. Throws FileError. */
  async append(path: string, bytes: Uint8Array): Promise<void> {
    const node = this.find(path)
    const old = node?.kind === 'file' ? node.content : new Uint8Array()
    this.writeSync(path, grown(isInMemory(old) ? old : await readContent(old), bytes))
  }

  #useMemory(at: string, limit: number, content: MemoryContent, old: MemoryContent | undefined): void {
    const { memory } = this.#shared
    const used = (memory.get(at) ?? 0) + contentSize(content) - (old ? contentSize(old) : 0)
    if (used > limit) throw new FileError('ENOSPC', 'write', at)
    memory.set(at, Math.max(0, used))
  }

  /** Counts what this machine keeps of it. Throws FileError when that is too much. */
  #keep(bytes: number): void {
    const shared = this.#shared
    shared.kept += bytes
    if (bytes <= 0 || shared.kept <= KEPT_BYTES) return
    shared.kept = bytes + keptIn(this.tree.root)
    if (shared.kept <= KEPT_BYTES) return
    shared.kept -= bytes
    throw new FileError('ENOSPC', 'write', '/')
  }

  /** Gives back the memory of what was removed. */
  #freeMemory(at: string, node: TreeNode): void {
    const { memory } = this.#shared
    const used = memory.get(at)
    if (used !== undefined) memory.set(at, Math.max(0, used - sizeOf(node)))
  }

  async list(path: string): Promise<string[]> {
    return this.listSync(path)
  }

  listSync(path: string): string[] {
    const node = this.node(path, 'scandir')
    if (node.kind !== 'directory') throw new FileError('ENOTDIR', 'scandir', path)
    this.#allow(node, READ, 'scandir', path)
    return [...node.children.keys()].sort()
  }

  async stat(path: string): Promise<{ type: 'file' | 'directory' | 'symlink'; size: number; mode: number }> {
    const node = this.node(path, 'lstat', false)
    return {
      type: node.kind === 'device' ? 'file' : node.kind,
      size: nodeSize(node),
      mode: node.mode,
    }
  }

  /** Makes one folder, or with `recursive` all that are missing. Throws FileError. */
  makeFolder(path: string, options: { recursive?: boolean; mode?: number } = {}): void {
    let real: string
    try {
      real = this.tree.realPath(path, 'mkdir')
    } catch (error) {
      if (!options.recursive || (error as FileError).code !== 'ENOENT') throw error
      this.makeFolder(resolvePath(path, '..'), options)
      real = this.tree.realPath(path, 'mkdir')
    }
    const known = this.tree.lookup(real)
    if (known) {
      if (options.recursive && known.kind === 'directory') return
      throw new FileError('EEXIST', 'mkdir', path)
    }
    const mount = this.#mountOf(real)
    if (mount?.mount.readOnly) throw new FileError('EROFS', 'mkdir', path)
    if (!mount) this.#requireWritable(real, 'mkdir', path)
    this.#allowIn(real, 'mkdir', path)
    const mode = options.mode ?? 0o755
    const owner = this.#ownerIn(real)
    if (!mount) this.tree.put(real, directory({ mode, mtime: this.#now(), ...owner }), 'mkdir')
    else if (mount.mount.folder) mount.mount.folder.makeFolder(mount.inside, mode)
    else mount.mount.files.set(`${mount.inside}/`, { content: new Uint8Array(), mode, ...owner })
  }

  /** Removes a file, or with `recursive` a folder with all in it. Throws FileError. */
  remove(path: string, options: { recursive?: boolean } = {}): void {
    const real = this.tree.realPath(path, 'unlink', false)
    const node = this.tree.lookup(real)
    if (!node) throw new FileError('ENOENT', 'unlink', path)
    if (node.kind === 'directory' && node.children.size > 0 && !options.recursive) {
      throw new FileError('ENOTEMPTY', 'rmdir', path)
    }
    const mount = this.#mountOf(real)
    if (!mount) {
      this.#requireWritable(real, 'unlink', path)
      this.#allowIn(real, 'unlink', path, node)
      this.tree.remove(real)
      if (real.startsWith(`${SHARED_MEMORY}/`)) this.#freeMemory(SHARED_MEMORY, node)
      return
    }
    if (mount.mount.readOnly) throw new FileError('EROFS', 'unlink', path)
    if (mount.inside === '') throw new FileError('EBUSY', 'unlink', path)
    this.#allowIn(real, 'unlink', path, node)
    if (mount.mount.folder) return mount.mount.folder.remove(mount.inside)
    this.#freeMemory(mount.mount.path, node)
    for (const name of [...mount.mount.files.keys()]) {
      if (name === mount.inside || name.startsWith(`${mount.inside}/`)) mount.mount.files.delete(name)
    }
  }

  /** Puts a node (with all under it) at a path. Throws FileError. */
  putNode(path: string, node: TreeNode): void {
    const real = this.tree.realPath(path, 'open', false)
    const mount = this.#mountOf(real)
    if (mount?.mount.readOnly) throw new FileError('EROFS', 'open', path)
    if (!mount) this.#requireWritable(real, 'open', path)
    this.#allowIn(real, 'open', path)
    const own = this.#user ? { ...node, ...this.#ownerIn(real) } : node
    if (mount) putIntoMount(mount.mount, mount.inside, own)
    else this.tree.put(real, own)
  }

  /** Puts a copy of a node (with all under it) at a path, its contents read where a mount is concerned: they are no tree's. Throws FileError. */
  async copyNode(path: string, node: TreeNode): Promise<void> {
    const mounted = this.#mountOf(this.tree.realPath(path, 'open', false)) !== undefined
    this.putNode(path, mounted || isLive(node) ? await inMemory(node) : node)
  }

  symlink(target: string, path: string): void {
    if (this.find(path, false)) throw new FileError('EEXIST', 'symlink', path)
    this.putNode(path, symlink(target, { mtime: this.#now() }))
  }

  /** Changes mode, owner or time of a node. Throws FileError. */
  change(path: string, attributes: { mode?: number; uid?: number; gid?: number; mtime?: number }): void {
    const real = this.tree.realPath(path, 'chmod')
    const node = this.tree.lookup(real)
    if (!node) throw new FileError('ENOENT', 'chmod', path)
    const user = this.#user
    const givesAway =
      (attributes.uid !== undefined && attributes.uid !== node.uid) ||
      (attributes.gid !== undefined && user && !inGroup(user, attributes.gid))
    if (user && (user.uid !== node.uid || givesAway)) throw new FileError('EPERM', 'chmod', path)
    const mount = this.#mountOf(real)
    if (mount) {
      if (mount.mount.readOnly) throw new FileError('EROFS', 'chmod', path)
      if (mount.mount.folder) {
        if (attributes.mode !== undefined) mount.mount.folder.setMode(mount.inside, attributes.mode)
        return
      }
      const name = node.kind === 'directory' ? `${mount.inside}/` : mount.inside
      const entry = mount.mount.files.get(name)
      const { mode = entry?.mode, uid = entry?.uid, gid = entry?.gid } = attributes
      if (entry) mount.mount.files.set(name, { ...entry, mode, uid, gid })
      return
    }
    this.#requireWritable(real, 'chmod', path)
    this.tree.put(real, { ...node, ...attributes })
  }

  /** Throws FileError for a place of the root that is read-only. */
  #requireWritable(real: string, operation: string, path: string): void {
    if (this.#shared.readOnlyRoot && !real.startsWith('/dev/')) throw new FileError('EROFS', operation, path)
  }

  /** Throws EACCES when the user may not do with a node what `right` says. */
  #allow(node: TreeNode, right: number, operation: string, path: string): void {
    const user = this.#user
    if (!user || node.kind === 'device' || (node.mode >> shiftOf(user, node)) & right) return
    throw new FileError('EACCES', operation, path)
  }

  /** Throws EACCES when the user may not make or, with `node`, remove a name in the folder of a real path. */
  #allowIn(real: string, operation: string, path: string, node?: TreeNode): void {
    const user = this.#user
    const folder = user && this.tree.lookup(resolvePath(real, '..'))
    if (!folder) return
    this.#allow(folder, WRITE, operation, path)
    const sticky = (folder.mode & 0o1000) !== 0
    if (node && sticky && node.uid !== user.uid && folder.uid !== user.uid)
      throw new FileError('EPERM', operation, path)
  }

  /** Who owns what is made at a real path. */
  #ownerIn(real: string): { uid: number; gid: number } {
    const folder = this.tree.lookup(resolvePath(real, '..'))
    const { uid, gid } = this.#user ?? { uid: 0, gid: 0 }
    return { uid, gid: folder && folder.mode & 0o2000 ? folder.gid : gid }
  }

  /** The mount that a real path lies in, and the path inside it. */
  #mountOf(path: string): { mount: Mount; inside: string } | undefined {
    for (const mount of this.#mounts) {
      if (path === mount.path) return { mount, inside: '' }
      if (!mount.single && path.startsWith(`${mount.path}/`))
        return { mount, inside: path.slice(mount.path.length + 1) }
    }
    return undefined
  }

  #mountNode(path: string): TreeNode | undefined {
    const mount = this.#mounts.find((candidate) => candidate.path === path)
    if (!mount) return undefined
    if (mount.folder) return mount.folder.node() ?? (mount.single ? undefined : directory())
    if (mount.single) {
      const entry = mount.files.get('')
      return file(entry?.content ?? '', { mode: entry?.mode, ...ownerOf(mount, entry) })
    }
    const group = mount.group === undefined ? 0 : 0o2070
    const tree = new FileTree(directory({ mode: 0o777 | group, gid: mount.group ?? 0 }))
    for (const [name, entry] of mount.files) {
      const { content, mode } = entry
      const owner = ownerOf(mount, entry)
      if (name.endsWith('/')) tree.makeFolders(name, { mode: (mode ?? 0o755) | group, ...owner })
      else {
        const slash = name.lastIndexOf('/')
        if (slash > 0) tree.makeFolders(name.slice(0, slash), { mode: 0o755 | group, gid: mount.group ?? 0 })
        tree.put(
          name,
          file(content, { mode: (mode ?? 0o644) | (group & (mount.readOnly ? 0o040 : 0o060)), ...owner }),
        )
      }
    }
    return tree.root
  }
}

const READ = 4
const WRITE = 2

/** Who owns an entry of a mount: its maker, in the group of the mount if that has one. */
const ownerOf = (
  mount: Mount,
  entry: { uid?: number | undefined; gid?: number | undefined } | undefined,
) => ({
  uid: entry?.uid ?? 0,
  gid: mount.group ?? entry?.gid ?? 0,
})

const inGroup = (user: FileUser, gid: number) => user.gid === gid || user.groups.includes(gid)

/** Where in a mode the rights of a user stand. */
const shiftOf = (user: FileUser, { uid, gid }: TreeNode): number =>
  user.uid === uid ? 6 : inGroup(user, gid) ? 3 : 0

function putIntoMount(mount: Mount, inside: string, node: TreeNode): void {
  if (node.kind === 'directory') {
    if (mount.folder) mount.folder.makeFolder(inside, node.mode)
    else {
      const { mode, uid, gid } = node
      mount.files.set(`${inside}/`, { content: new Uint8Array(), mode, uid, gid })
    }
    for (const [name, child] of node.children) putIntoMount(mount, `${inside}/${name}`, child)
  } else if (node.kind === 'file' && isInMemory(node.content)) {
    if (mount.folder) mount.folder.write(inside, wholeOf(node.content), node.mode)
    else {
      const { content, mode, uid, gid } = node
      mount.files.set(inside, { content, mode, uid, gid })
    }
  } else throw new FileError('EINVAL', 'open', inside)
}

/** Size as `stat` gives it, bytes. */
export function nodeSize(node: TreeNode): number {
  if (node.kind === 'file') return contentSize(node.content)
  return node.kind === 'symlink' ? node.target.length : node.kind === 'directory' ? 4096 : 0
}

/** Bytes that the simulation keeps of a tree's files. */
function keptIn(node: TreeNode): number {
  if (node.kind === 'file') return isInMemory(node.content) ? keptBytes(node.content) : 0
  let bytes = 0
  if (node.kind === 'directory') for (const child of node.children.values()) bytes += keptIn(child)
  return bytes
}

/** Bytes of all files in a tree. */
function sizeOf(node: TreeNode): number {
  if (node.kind !== 'directory') return nodeSize(node)
  let bytes = 0
  for (const child of node.children.values()) bytes += sizeOf(child)
  return bytes
}
