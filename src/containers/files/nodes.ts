import { type FileHandle, open } from 'node:fs/promises'
import { type Pieces, wholeOf } from './pieces.ts'

/** Bytes in memory. */
export type MemoryContent = Uint8Array | Pieces

/** Bytes in memory, or a stretch of a file on disk that is read when it is needed; `open` opens it where `path` alone must not. */
export type Content =
  | MemoryContent
  | { path: string; offset: number; size: number; open?: () => Promise<FileHandle> }

interface Attributes {
  mode: number
  uid: number
  gid: number
  /** ms since the epoch */
  mtime: number
}

export interface FileNode extends Attributes {
  kind: 'file'
  content: Content
}

export interface DirectoryNode extends Attributes {
  kind: 'directory'
  children: Map<string, TreeNode>
}

export interface SymlinkNode extends Attributes {
  kind: 'symlink'
  target: string
}

/** `/dev/null` and the like; what reading and writing does is the process's affair. */
export interface DeviceNode extends Attributes {
  kind: 'device'
  name: string
  /** Default: a character device. */
  type?: 'block' | 'socket'
}

/** Part of a file tree. Trees share nodes: never change one that is not yours (see FileTree). */
export type TreeNode = FileNode | DirectoryNode | SymlinkNode | DeviceNode

export function directory(
  attributes: Partial<Attributes> = {},
  children = new Map<string, TreeNode>(),
): DirectoryNode {
  return { kind: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, ...attributes, children }
}

export function file(content: Content | string, attributes: Partial<Attributes> = {}): FileNode {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, ...attributes, content: bytes }
}

export function symlink(target: string, attributes: Partial<Attributes> = {}): SymlinkNode {
  return { kind: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime: 0, ...attributes, target }
}

export const contentSize = (content: Content): number =>
  content instanceof Uint8Array ? content.length : content.size

export const isInMemory = (content: Content): content is MemoryContent =>
  content instanceof Uint8Array || 'pieces' in content

/** Contents up to this size are kept while their node is, because many containers read them: /etc/passwd, scripts. */
const SMALL = 4096
const small = new WeakMap<Content, Promise<Uint8Array>>()

/** All bytes of a content. Do not change them. */
export async function readContent(content: Content): Promise<Uint8Array> {
  if (isInMemory(content)) return wholeOf(content)
  if (content.size > SMALL || content.open) return readAll(content)
  const known = small.get(content) ?? readAll(content)
  small.set(content, known)
  known.catch(() => small.delete(content))
  return known
}

const HEAD = 512
const heads = new WeakMap<Content, Promise<Uint8Array>>()

/** The first 512 bytes of a content, by which the kernel knows what kind of executable it is. */
export async function readHead(content: Content): Promise<Uint8Array> {
  if (isInMemory(content) || content.open) return readAll(content, HEAD)
  const known = heads.get(content) ?? readAll(content, HEAD)
  heads.set(content, known)
  known.catch(() => heads.delete(content))
  return known
}

async function readAll(content: Content, limit = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const end = Math.min(limit, contentSize(content))
  for await (const chunk of streamContent(content, 0, end)) chunks.push(chunk)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

const CHUNK = 256 * 1024

/** The bytes of a content from `start` to before `end`, in pieces of at most 256 KiB. */
export async function* streamContent(
  content: Content,
  start = 0,
  end = contentSize(content),
): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) {
    if (end > start) yield content.subarray(start, end)
    return
  }
  if (end <= start) return
  if ('pieces' in content) {
    let at = 0
    for (const piece of content.pieces) {
      if (at >= end) return
      const part = piece.subarray(Math.max(0, start - at), end - at)
      if (part.length > 0) yield part
      at += piece.length
    }
    return
  }
  const handle = await (content.open?.() ?? open(content.path, 'r'))
  try {
    for (let position = start; position < end; ) {
      const length = Math.min(CHUNK, end - position)
      const buffer = Buffer.allocUnsafe(length)
      const { bytesRead } = await handle.read(buffer, 0, length, content.offset + position)
      if (bytesRead === 0) throw new Error(`${content.path} is shorter than its index says`)
      yield buffer.subarray(0, bytesRead)
      position += bytesRead
    }
  } finally {
    await handle.close()
  }
}
