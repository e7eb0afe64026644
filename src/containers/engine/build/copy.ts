import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { BlobStore } from '../../blobs/store.ts'
import { applyLayer } from '../../files/layers.ts'
import {
  type Content,
  contentSize,
  type DirectoryNode,
  directory,
  type FileNode,
  streamContent,
  type TreeNode,
} from '../../files/nodes.ts'
import { readTar } from '../../files/tar.ts'
import { type FileTree, resolvePath } from '../../files/tree.ts'
import { ContainerFs } from '../../processes/container-fs.ts'
import { findUser } from '../../processes/users.ts'
import { matches } from '../../shell/pattern.ts'
import { badRequest } from '../api.ts'

export interface CopyOptions {
  source: FileTree
  words: string[]
  tree: FileTree
  /** Absolute. */
  destination: string
  intoFolder: boolean
  owner: string | undefined
  /** Without an owner given, each file keeps its own: what comes from another image. */
  keepOwner: boolean
  /** Unpack tar archives, as ADD does. */
  extract: boolean
  command: string
  mtime: number
  blobs: BlobStore
}

/** What a COPY or ADD takes: each source's path and node. Throws EngineError for what is not there. */
function sources(
  source: FileTree,
  words: readonly string[],
  command: string,
): { path: string; node: TreeNode }[] {
  return words.flatMap((word) => {
    const path = resolvePath('/', word)
    const found = /[*?[]/.test(word) ? wild(source, path) : [path]
    const result = found.flatMap((name) => {
      const real = source.realPath(name, 'stat')
      const node = source.lookup(real)
      return node ? [{ path: name, node }] : []
    })
    if (result.length > 0) return result
    if (/[*?[]/.test(word)) throw badRequest(`${command} failed: no source files were specified`)
    throw badRequest(
      `${command} failed: file not found in build context or excluded by .dockerignore: stat ${word.replace(/^\//, '')}: file does not exist`,
    )
  })
}

function wild(source: FileTree, path: string): string[] {
  let found = ['']
  for (const part of path.slice(1).split('/')) {
    found = found.flatMap((base) => {
      const node = base === '' ? source.root : source.lookup(base)
      if (node?.kind !== 'directory') return []
      return [...node.children.keys()]
        .filter((name) => matches([{ text: part, quoted: false }], name))
        .sort()
        .map((name) => `${base}/${name}`)
    })
  }
  return found
}

/** A digest of everything that would be copied (names, modes, bytes), for the cache and the history. */
export async function hashSources(
  source: FileTree,
  words: readonly string[],
  command: string,
): Promise<{ label: string }> {
  const list = sources(source, words, command)
  const hash = createHash('sha256')
  for (const { path, node } of list) await hashNode(hash, path, node)
  const kind = list.length > 1 ? 'multi' : list[0]!.node.kind === 'directory' ? 'dir' : 'file'
  return { label: `${kind}:${hash.digest('hex')}` }
}

async function hashNode(hash: ReturnType<typeof createHash>, path: string, node: TreeNode): Promise<void> {
  hash.update(`${path}\0${node.kind}\0${node.mode}\0`)
  if (node.kind === 'symlink') hash.update(node.target)
  else if (node.kind === 'file') for await (const chunk of streamContent(node.content)) hash.update(chunk)
  else if (node.kind === 'directory') {
    for (const name of [...node.children.keys()].sort())
      await hashNode(hash, `${path}/${name}`, node.children.get(name)!)
  }
}

/** Copies into the tree as COPY and ADD do: folders by their contents, owners 0:0 unless given. Throws EngineError. */
export async function copyFiles(options: CopyOptions): Promise<void> {
  const { tree, destination, mtime } = options
  const list = sources(options.source, options.words, options.command)
  if (list.length > 1 && !options.intoFolder) {
    throw badRequest(
      `When using ${options.command} with more than one source file, the destination must be a directory and end with a /`,
    )
  }
  const owner = options.owner
    ? await findUser(new ContainerFs(tree, [], () => mtime), options.owner).catch((error: Error) => {
        throw badRequest(error.message)
      })
    : { uid: 0, gid: 0 }
  const attributes = options.keepOwner && !options.owner ? {} : { uid: owner.uid, gid: owner.gid }
  for (const { path, node } of list) {
    if (node.kind === 'directory')
      merge(tree, tree.makeFolders(destination, { mtime, uid: owner.uid, gid: owner.gid }), node, attributes)
    else {
      const archive =
        options.extract && node.kind === 'file' ? await unpack(node.content, options.blobs) : undefined
      if (archive) {
        merge(tree, tree.makeFolders(destination, { mtime }), archive, {})
        continue
      }
      const folder = options.intoFolder || tree.lookup(safeReal(tree, destination))?.kind === 'directory'
      const name = path.slice(path.lastIndexOf('/') + 1)
      const parent = tree.makeFolders(folder ? destination : resolvePath(destination, '..'), { mtime })
      tree.put(
        `${parent === '/' ? '' : parent}/${folder ? name : destination.slice(destination.lastIndexOf('/') + 1)}`,
        { ...node, ...attributes },
      )
    }
  }
}

function safeReal(tree: FileTree, path: string): string {
  try {
    return tree.realPath(path)
  } catch {
    return path
  }
}

function merge(tree: FileTree, at: string, from: DirectoryNode, attributes: Partial<FileNode>): void {
  for (const [name, child] of from.children) {
    const path = `${at === '/' ? '' : at}/${name}`
    if (child.kind !== 'directory') {
      tree.put(path, { ...child, ...(attributes as object) })
      continue
    }
    const real = safeReal(tree, path)
    const known = tree.lookup(real)
    if (known?.kind !== 'directory')
      tree.put(
        real,
        directory({
          mode: child.mode,
          mtime: child.mtime,
          uid: child.uid,
          gid: child.gid,
          ...(attributes as object),
        }),
      )
    merge(tree, real, child, attributes)
  }
}

/** The tree in a tar archive (plain or gzip) that ADD names; undefined for any other file. */
async function unpack(content: Content, blobs: BlobStore): Promise<DirectoryNode | undefined> {
  const head: Uint8Array[] = []
  for await (const chunk of streamContent(content, 0, Math.min(512, contentSize(content)))) head.push(chunk)
  const bytes = Buffer.concat(head)
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  if (!gzip && bytes.toString('latin1', 257, 262) !== 'ustar') return undefined
  const file = blobs.temporaryPath()
  const source = Readable.from(streamContent(content), { objectMode: false })
  if (gzip) await pipeline(source, createGunzip(), createWriteStream(file))
  else await pipeline(source, createWriteStream(file))
  return applyLayer(directory(), file, await readTar(file))
}
