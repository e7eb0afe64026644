import type { IFileSystem } from 'just-bash'
import { contentSize, type TreeNode } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import type { ContainerFs } from '../processes/container-fs.ts'
import { nodeSize } from '../processes/container-fs.ts'
import type { Process } from '../processes/process.ts'

type Encoding = Parameters<IFileSystem['readFile']>[1]
type Content = Parameters<IFileSystem['writeFile']>[1]

/** Larger files are not read by just-bash's commands: they hold everybody up meanwhile. bytes */
const READ_BYTES = 16 * 1024 * 1024

/** A container's files as just-bash's commands use them. */
export class LibraryFs implements IFileSystem {
  readonly #process: Process
  readonly #now: () => number

  constructor(process: Process) {
    this.#process = process
    this.#now = () => process.machine.clock.now()
  }

  get #files(): ContainerFs {
    return this.#process.files
  }

  async readFile(path: string, options?: Encoding): Promise<string> {
    const encoding = typeof options === 'string' ? options : options?.encoding
    return Buffer.from(await this.readFileBuffer(path)).toString((encoding as BufferEncoding) ?? 'utf8')
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    if (contentSize(this.#files.content(path)) > READ_BYTES) throw new FileError('ENOMEM', 'read', path)
    return this.#files.read(path)
  }

  async writeFile(
    path: string,
    content: Content,
    options?: Parameters<IFileSystem['writeFile']>[2],
  ): Promise<void> {
    this.#files.writeSync(path, toBytes(content, options))
  }

  appendFile(
    path: string,
    content: Content,
    options?: Parameters<IFileSystem['writeFile']>[2],
  ): Promise<void> {
    return this.#files.append(path, toBytes(content, options))
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.exists(path)
  }

  async stat(path: string) {
    return statOf(this.#files.node(path, 'stat'))
  }

  async lstat(path: string) {
    return statOf(this.#files.node(path, 'lstat', false))
  }

  async mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    this.#files.makeFolder(path, options)
  }

  async readdir(path: string): Promise<string[]> {
    return this.#files.listSync(path)
  }

  async rm(path: string, options: { recursive?: boolean; force?: boolean } = {}): Promise<void> {
    if (options.force && !this.#files.find(path, false)) return
    this.#files.remove(path, options)
  }

  async cp(from: string, to: string, options: { recursive?: boolean } = {}): Promise<void> {
    const node = this.#files.node(from, 'cp')
    if (node.kind === 'directory' && !options.recursive) throw new FileError('EISDIR', 'cp', from)
    await this.#files.copyNode(to, { ...node, mtime: this.#now() })
  }

  async mv(from: string, to: string): Promise<void> {
    const node = this.#files.node(from, 'rename', false)
    const target = this.#files.find(to, false)
    if (target?.kind === 'directory' && target.children.size > 0)
      throw new FileError('ENOTEMPTY', 'rename', to)
    const [old, fresh] = [from, to].map((path) => this.#files.tree.realPath(path, 'rename', false))
    if (old === fresh) return
    if (fresh!.startsWith(`${old}/`)) throw new FileError('EINVAL', 'rename', to)
    // Removed last: what cannot be put there must not be lost.
    await this.#files.copyNode(to, node)
    this.#files.remove(from, { recursive: true })
  }

  resolvePath(base: string, path: string): string {
    return resolvePath(base, path)
  }

  getAllPaths(): string[] {
    return []
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.#files.change(path, { mode })
  }

  async symlink(target: string, path: string): Promise<void> {
    this.#files.symlink(target, path)
  }

  async link(existing: string, path: string): Promise<void> {
    if (this.#files.find(path, false)) throw new FileError('EEXIST', 'link', path)
    await this.#files.copyNode(path, this.#files.node(existing, 'link'))
  }

  async readlink(path: string): Promise<string> {
    const node = this.#files.node(path, 'readlink', false)
    if (node.kind !== 'symlink') throw new FileError('EINVAL', 'readlink', path)
    return node.target
  }

  async realpath(path: string): Promise<string> {
    this.#files.node(path, 'realpath')
    return this.#files.tree.realPath(path, 'realpath')
  }

  async utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
    this.#files.change(path, { mtime: modified.getTime() })
  }
}

function toBytes(content: Content, options: unknown): Uint8Array {
  if (typeof content !== 'string') return content
  const encoding = typeof options === 'string' ? options : (options as { encoding?: string })?.encoding
  return Buffer.from(content, (encoding as BufferEncoding) ?? 'utf8')
}

const statOf = (node: TreeNode) => ({
  isFile: node.kind === 'file' || node.kind === 'device',
  isDirectory: node.kind === 'directory',
  isSymbolicLink: node.kind === 'symlink',
  mode: node.mode,
  size: nodeSize(node),
  mtime: new Date(node.mtime),
})
