import { type DirectoryNode, directory, type TreeNode } from './nodes.ts'

/** A file system error with Node's code and text (`ENOENT: no such file or directory, open '/x'`). */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: string
  constructor(code: ErrorCode, operation: string, path: string) {
    super(`${code}: ${MESSAGES[code]}, ${operation} '${path}'`)
    this.code = code
  }

  /** As programs write it: `No space left on device`. */
  get reason(): string {
    const text = MESSAGES[this.code as keyof typeof MESSAGES]
    return text[0]!.toUpperCase() + text.slice(1)
  }

  static isCode(code: string | undefined): code is ErrorCode {
    return code !== undefined && Object.hasOwn(MESSAGES, code)
  }
}

const MESSAGES = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EISDIR: 'illegal operation on a directory',
  EEXIST: 'file already exists',
  ENOTEMPTY: 'directory not empty',
  ELOOP: 'too many symbolic links encountered',
  EROFS: 'read-only file system',
  EINVAL: 'invalid argument',
  EBUSY: 'resource busy or locked',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EFBIG: 'file too large',
  EOVERFLOW: 'value too large for defined data type',
  ENAMETOOLONG: 'name too long',
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
  ENOMEM: 'cannot allocate memory',
}

type ErrorCode = keyof typeof MESSAGES

const MAX_SYMLINKS = 40

/** A path as a list of names; `.` and empty parts dropped, `..` kept. */
export const splitPath = (path: string): string[] => path.split('/').filter((part) => part && part !== '.')

/** Joins and normalizes; `path` may be absolute. */
export function resolvePath(base: string, path: string): string {
  const parts: string[] = []
  for (const part of splitPath(path.startsWith('/') ? path : `${base}/${path}`)) {
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** What is in a folder that a tree has made for itself. Of small trees there are as many as containers: each with a WeakSet of its own would weigh on the collector. */
class MarkedChildren extends Map<string, TreeNode> {
  readonly mark: symbol

  constructor(children: Iterable<[string, TreeNode]>, mark: symbol) {
    super(children)
    this.mark = mark
  }
}

/**
 * A mutable view of a file tree. Nodes may be shared with other trees (an image's with all its containers'): a folder is
 * copied when it is first changed here, along the path to the root. So a fork costs nothing, and comparing two trees by
 * identity finds what changed.
 */
export class FileTree {
  /** What is mounted at a real path, in place of what the tree has there. */
  mountAt: ((path: string) => TreeNode | undefined) | undefined
  /** Told the path of each change. */
  readonly observers = new Set<(path: string) => void>()
  #root: DirectoryNode
  /** Marks the folders that this tree has made since its last snapshot. */
  #mark = Symbol()

  constructor(root: DirectoryNode = directory()) {
    this.#root = root
  }

  /** The present state; later changes of this tree do not touch it. */
  snapshot(): DirectoryNode {
    this.#mark = Symbol()
    return this.#root
  }

  get root(): DirectoryNode {
    return this.#root
  }

  /** The node at an absolute path without following a last symlink; undefined when there is none. */
  lookup(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.#root
    let at = ''
    for (const name of splitPath(path)) {
      if (node?.kind !== 'directory') return undefined
      at += `/${name}`
      node = this.mountAt?.(at) ?? node.children.get(name)
    }
    return node
  }

  /** The absolute path without symlinks; the last name may be missing. With `last: false` a last symlink stays. Throws FileError. */
  realPath(path: string, operation = 'stat', last = true): string {
    const found = this.#follow(path, last)
    if (typeof found === 'string') throw new FileError(found, operation, path)
    return found.path
  }

  /** Where a path leads to, symlinks followed, and what is there; or the code of the error that it leads to. */
  #follow(path: string, last: boolean): { path: string; node: TreeNode | undefined } | ErrorCode {
    let links = 0
    const todo = splitPath(path).reverse()
    const done: string[] = []
    const nodes: TreeNode[] = [this.#root]
    while (todo.length > 0) {
      const name = todo.pop()!
      const parent = nodes.at(-1)!
      if (parent.kind !== 'directory') return 'ENOTDIR'
      if (name === '..') {
        if (done.pop() !== undefined) nodes.pop()
        continue
      }
      const node = this.mountAt?.(`/${[...done, name].join('/')}`) ?? parent.children.get(name)
      if (node?.kind === 'symlink' && (last || todo.length > 0)) {
        if (++links > MAX_SYMLINKS) return 'ELOOP'
        if (node.target.startsWith('/')) {
          done.length = 0
          nodes.length = 1
        }
        todo.push(...splitPath(node.target).reverse())
        continue
      }
      if (!node) {
        if (todo.length > 0) return 'ENOENT'
        return { path: `/${[...done, name].join('/')}`, node: undefined }
      }
      done.push(name)
      nodes.push(node)
    }
    return { path: `/${done.join('/')}`, node: nodes.at(-1) }
  }

  /** The node at a path, symlinks followed. Throws FileError. */
  get(path: string, operation = 'stat', last = true): TreeNode {
    const found = this.#follow(path, last)
    if (typeof found === 'string') throw new FileError(found, operation, path)
    if (!found.node) throw new FileError('ENOENT', operation, path)
    return found.node
  }

  /** As `get`; undefined for a path that leads nowhere. */
  find(path: string, last = true): TreeNode | undefined {
    const found = this.#follow(path, last)
    return typeof found === 'string' ? undefined : found.node
  }

  /** Puts a node at a path whose parents are real folders. Throws FileError. */
  put(path: string, node: TreeNode, operation = 'open'): void {
    const parts = splitPath(path)
    const name = parts.pop()
    if (name === undefined) {
      if (node.kind !== 'directory') throw new FileError('EISDIR', operation, path)
      this.#root = node
      return
    }
    this.#writable(parts, operation, path).children.set(name, node)
    this.#changed(path)
  }

  /** Removes a node with all that is under it; gives what was there. */
  remove(path: string, operation = 'unlink'): TreeNode | undefined {
    const parts = splitPath(path)
    const name = parts.pop()
    if (name === undefined) throw new FileError('EBUSY', operation, path)
    const node = this.lookup(path)
    if (node) {
      this.#writable(parts, operation, path).children.delete(name)
      this.#changed(path)
    }
    return node
  }

  /** Makes a folder and its missing parents, following symlinks in the path. */
  makeFolders(path: string, attributes: Partial<DirectoryNode> = {}): string {
    let at = '/'
    for (const name of splitPath(path)) {
      if (name === '..') {
        at = resolvePath(at, '..')
        continue
      }
      at = this.realPath(at === '/' ? `/${name}` : `${at}/${name}`, 'mkdir')
      const node = this.lookup(at)
      if (!node) this.put(at, directory(attributes), 'mkdir')
      else if (node.kind !== 'directory') throw new FileError('ENOTDIR', 'mkdir', path)
    }
    return at
  }

  #changed(path: string): void {
    for (const observer of this.observers) observer(path)
  }

  /** The folder at `parts`, copied so far as others share it. */
  #writable(parts: string[], operation: string, path: string): DirectoryNode {
    if (!this.#owns(this.#root)) this.#root = this.#own(this.#root)
    let folder = this.#root
    for (const name of parts) {
      const child = folder.children.get(name)
      if (!child) throw new FileError('ENOENT', operation, path)
      if (child.kind !== 'directory') throw new FileError('ENOTDIR', operation, path)
      const own = this.#owns(child) ? child : this.#own(child)
      if (own !== child) folder.children.set(name, own)
      folder = own
    }
    return folder
  }

  #owns({ children }: DirectoryNode): boolean {
    return children instanceof MarkedChildren && children.mark === this.#mark
  }

  #own(node: DirectoryNode): DirectoryNode {
    return { ...node, children: new MarkedChildren(node.children, this.#mark) }
  }
}
