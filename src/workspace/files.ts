import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HostFolder } from '#containers/files/host-folder.ts'
import { readContent, type TreeNode } from '#containers/files/nodes.ts'
import { FileError } from '#containers/files/tree.ts'
import type { FileEntry, OpenedFile } from '#server/api.ts'

/** Bytes of a file that is opened and saved here: what people write, not what they download. */
export const FILE_LIMIT = 512 * 1024
/** Names of the home that are listed. */
const LIST_LIMIT = 1000
const DEPTH_LIMIT = 10

/** Why a file is not read or written: `FileError`s of the operating system have their own codes. */
export class WorkspaceFileError extends Error {
  readonly code: 'not-found' | 'no-text' | 'too-large' | 'changed' | 'refused'
  constructor(code: WorkspaceFileError['code']) {
    super(code)
    this.code = code
  }
}

/**
 * The files of a learner's home, as the page's editor has them. Each access goes down from the home name by name and follows no
 * link (`HostFolder`), so that nothing of this machine outside of it is read or written, whatever the learner puts there.
 */
export class WorkspaceFiles {
  readonly #home: HostFolder
  readonly #starters: string[]

  /** `starters`: folders of what the lab brings, later ones over earlier ones. */
  constructor(home: string, starters: (string | undefined)[]) {
    this.#home = new HostFolder(home, [])
    this.#starters = starters.filter((folder) => folder !== undefined)
  }

  /** Files and folders, those of a folder after it; at most 1000. */
  async list(): Promise<FileEntry[]> {
    const entries: FileEntry[] = []
    const root = this.#home.node()
    const walk = async (node: TreeNode | undefined, path: string, depth: number): Promise<void> => {
      if (node?.kind !== 'directory' || depth > DEPTH_LIMIT) return
      for (const name of [...node.children.keys()].sort()) {
        if (entries.length >= LIST_LIMIT) return
        const child = node.children.get(name)
        const at = path ? `${path}/${name}` : name
        if (child?.kind === 'directory') {
          entries.push({ path: at, kind: 'folder' })
          await walk(child, at, depth + 1)
        } else if (child?.kind === 'file') {
          const starter = (await this.#starter(at)) !== undefined
          const size = 'size' in child.content ? child.content.size : child.content.length
          entries.push({ path: at, kind: 'file', size, ...(starter && { starter: true as const }) })
        }
      }
    }
    await walk(root, '', 0)
    return entries
  }

  /** Throws WorkspaceFileError. */
  async read(path: string): Promise<OpenedFile> {
    const bytes = await this.#bytes(path)
    if (!bytes) throw new WorkspaceFileError('not-found')
    const starter = await this.#starter(path)
    return { path, text: textOf(bytes), version: versionOf(bytes), ...(starter !== undefined && { starter }) }
  }

  /**
   * Saves a file, making its folders. `before` names what the writer thinks is there (undefined: nothing), and what another
   * program wrote meanwhile is not overwritten. Gives the new version. Throws WorkspaceFileError.
   */
  async write(path: string, text: string, before: string | undefined): Promise<string> {
    const bytes = Buffer.from(text)
    if (bytes.length > FILE_LIMIT) throw new WorkspaceFileError('too-large')
    const present = await this.#bytes(path)
    if ((present && versionOf(present)) !== before) throw new WorkspaceFileError('changed')
    this.#inside(() => {
      const folders = path.split('/').slice(0, -1)
      for (let depth = 1; depth <= folders.length; depth++)
        this.#home.makeFolder(folders.slice(0, depth).join('/'), 0o755)
      this.#home.write(path, bytes)
    })
    return versionOf(bytes)
  }

  /** Puts back what the lab brought. Throws WorkspaceFileError when it brought no such file. */
  async reset(path: string): Promise<OpenedFile> {
    const starter = await this.#starter(path)
    if (starter === undefined) throw new WorkspaceFileError('not-found')
    const present = await this.#bytes(path).catch(() => undefined)
    await this.write(path, starter, present && versionOf(present))
    return this.read(path)
  }

  remove(path: string): void {
    if (!this.#find(path)) throw new WorkspaceFileError('not-found')
    this.#inside(() => this.#home.remove(path))
  }

  async #bytes(path: string): Promise<Uint8Array | undefined> {
    const node = this.#find(path)
    if (!node) return undefined
    if (node.kind !== 'file') throw new WorkspaceFileError('refused')
    if ('size' in node.content && node.content.size > FILE_LIMIT) throw new WorkspaceFileError('too-large')
    return readContent(node.content)
  }

  #find(path: string): TreeNode | undefined {
    let node = this.#home.node()
    for (const name of path.split('/'))
      node = node?.kind === 'directory' ? node.children.get(name) : undefined
    return node
  }

  #inside(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (error instanceof FileError) throw new WorkspaceFileError('refused')
      throw error
    }
  }

  /** The lab's own files are trusted; the path is checked at the edge (`filePath`). */
  async #starter(path: string): Promise<string | undefined> {
    for (const folder of this.#starters.toReversed()) {
      const text = await readFile(join(folder, path), 'utf8').catch(() => undefined)
      if (text !== undefined) return text
    }
    return undefined
  }
}

/** A path in the home: names joined by `/`, none of them `.` or `..`. */
export const FILE_PATH = /^(?!\.\.?(?:\/|$))[^/\0]{1,255}(?:\/(?!\.\.?(?:\/|$))[^/\0]{1,255}){0,9}$/

const versionOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64url').slice(0, 22)

/** Throws for what is no text: an image, a program. */
function textOf(bytes: Uint8Array): string {
  try {
    if (bytes.includes(0)) throw new TypeError()
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new WorkspaceFileError('no-text')
  }
}
