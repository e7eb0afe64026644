import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { BlobStore, ByteSource } from '../blobs/store.ts'
import type { Descriptor } from '../image.ts'
import { contentSize, type DirectoryNode, directory, streamContent, type TreeNode } from './nodes.ts'
import { readTar, type TarEntry, tarEnd, tarHeader, tarPadding } from './tar.ts'
import { FileTree } from './tree.ts'

/** Marks of the image-spec's layer changesets: `.wh.name` hides name, `.wh..wh..opq` all that lies below. */
const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** The file tree of image layers, bottom first. Contents stay on disk until they are read. */
export class LayerTrees {
  readonly #blobs: BlobStore
  readonly #trees = new Map<string, Promise<DirectoryNode>>()
  #removals = 0

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  /** The tree that the layers make, shared by everyone who asks for the same ones. Never change it: use a FileTree. */
  tree(layers: readonly Descriptor[]): Promise<DirectoryNode> {
    // Trees name files of the blob store; after a removal they may be gone.
    if (this.#removals !== this.#blobs.removals) this.#trees.clear()
    this.#removals = this.#blobs.removals
    const chain = layers.map(({ digest }) => digest).join(' ')
    let tree = this.#trees.get(chain)
    if (!tree) {
      tree = this.#build(layers)
      this.#trees.set(chain, tree)
      tree.catch(() => this.#trees.delete(chain))
      if (this.#trees.size > MAX_TREES) this.#trees.delete(this.#trees.keys().next().value!)
    }
    return tree
  }

  /** Remembers the tree of layers that were just made from it. */
  remember(layers: readonly Descriptor[], root: DirectoryNode): void {
    this.#trees.set(layers.map(({ digest }) => digest).join(' '), Promise.resolve(root))
  }

  async #build(layers: readonly Descriptor[]): Promise<DirectoryNode> {
    if (layers.length === 0) return directory()
    const below = await this.tree(layers.slice(0, -1))
    const path = await this.#blobs.unpacked(layers.at(-1)!.digest)
    return applyLayer(below, path, await readTar(path))
  }
}

/** How many image states are kept in memory; each costs its folders and names, not its bytes. */
const MAX_TREES = 500

/** The tree after a layer's changes on top of `below`. */
export function applyLayer(below: DirectoryNode, path: string, entries: readonly TarEntry[]): DirectoryNode {
  const tree = new FileTree(below)
  // Whiteouts hide what lower layers have, wherever they stand in the file.
  for (const { name } of entries) {
    const slash = name.lastIndexOf('/')
    const base = name.slice(slash + 1)
    const folder = name.slice(0, Math.max(0, slash))
    if (base === OPAQUE) {
      const node = tree.lookup(folder)
      if (node?.kind === 'directory') tree.put(folder, { ...node, children: new Map() })
    } else if (base.startsWith(WHITEOUT)) {
      const hidden = `/${folder}/${base.slice(WHITEOUT.length)}`
      if (tree.lookup(hidden)) tree.remove(hidden)
    }
  }
  for (const entry of entries) {
    const base = entry.name.slice(entry.name.lastIndexOf('/') + 1)
    if (entry.name === '' || base.startsWith(WHITEOUT)) continue
    const node = nodeOf(entry, path, tree)
    if (!node) continue
    const parent = entry.name.includes('/') ? entry.name.slice(0, entry.name.lastIndexOf('/')) : ''
    const folder = tree.makeFolders(`/${parent}`)
    const target = `${folder === '/' ? '' : folder}/${base}`
    const known = tree.lookup(target)
    if (node.kind === 'directory' && known?.kind === 'directory') node.children = known.children
    tree.put(target, node)
  }
  return tree.snapshot()
}

function nodeOf(entry: TarEntry, path: string, tree: FileTree): TreeNode | undefined {
  const { mode, uid, gid } = entry
  const attributes = { mode, uid, gid, mtime: entry.mtime * 1000 }
  switch (entry.type) {
    case 'file':
      return { kind: 'file', ...attributes, content: { path, offset: entry.offset, size: entry.size } }
    case 'directory':
      return directory(attributes)
    case 'symlink':
      return { kind: 'symlink', ...attributes, target: entry.linkName! }
    case 'link':
      return tree.lookup(entry.linkName!)
    case 'character-device':
    case 'block-device':
      return { kind: 'device', ...attributes, name: entry.name.slice(entry.name.lastIndexOf('/') + 1) }
    default:
      return undefined
  }
}

/** One change between two trees: a node to add, or a path that is gone. */
export interface Change {
  path: string
  kind: 'added' | 'modified' | 'deleted'
  node?: TreeNode
}

/** What has to be done to `before` to get `after`, parents first, names in order. */
export function* changes(before: DirectoryNode, after: DirectoryNode, at = ''): Generator<Change> {
  if (before === after) return
  const names = [...new Set([...before.children.keys(), ...after.children.keys()])].sort()
  for (const name of names) {
    const path = `${at}/${name}`
    const old = before.children.get(name)
    const node = after.children.get(name)
    if (old === node) continue
    if (!node) yield { path, kind: 'deleted' }
    else if (!old) yield* added(path, node)
    else if (old.kind === 'directory' && node.kind === 'directory') {
      if (!sameAttributes(old, node)) yield { path, kind: 'modified', node }
      yield* changes(old, node, path)
    } else if (node.kind === 'directory' || old.kind === 'directory') {
      yield { path, kind: 'deleted' }
      yield* added(path, node)
    } else yield { path, kind: 'modified', node }
  }
}

function* added(path: string, node: TreeNode): Generator<Change> {
  yield { path, kind: 'added', node }
  if (node.kind !== 'directory') return
  for (const name of [...node.children.keys()].sort())
    yield* added(`${path}/${name}`, node.children.get(name)!)
}

const sameAttributes = (a: TreeNode, b: TreeNode) => a.mode === b.mode && a.uid === b.uid && a.gid === b.gid

/** A finished layer: its compressed blob, the digest of its plain tar (`diff_id`) and that tar's size. */
export interface Layer {
  descriptor: Descriptor
  diffId: string
  plainSize: number
}

/** Media type of a layer as Docker makes it. */
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

/** Writes changes as a layer into the blob store, streaming. */
export const writeLayer = (blobs: BlobStore, list: Iterable<Change>): Promise<Layer> =>
  packLayer(blobs, layerTar(list))

/** Compresses a plain tar into the blob store as a layer, streaming. */
export async function packLayer(blobs: BlobStore, tar: ByteSource): Promise<Layer> {
  const hash = createHash('sha256')
  let plainSize = 0
  async function* plain() {
    for await (const chunk of tar) {
      hash.update(chunk)
      plainSize += chunk.length
      yield chunk
    }
  }
  const gzip = createGzip({ level: 1 })
  const [{ digest, size }] = await Promise.all([
    blobs.put(gzip),
    pipeline(Readable.from(plain(), { objectMode: false }), gzip),
  ])
  return {
    descriptor: { mediaType: DOCKER_LAYER, digest, size },
    diffId: `sha256:${hash.digest('hex')}`,
    plainSize,
  }
}

/** The plain tar of some changes, deletions as whiteouts. */
export async function* layerTar(list: Iterable<Change>): AsyncGenerator<Uint8Array> {
  for (const change of list) {
    const name = change.path.slice(1)
    if (change.kind === 'deleted') {
      const slash = name.lastIndexOf('/') + 1
      const mark = `${name.slice(0, slash)}${WHITEOUT}${name.slice(slash)}`
      yield tarHeader({ name: mark, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 })
    } else yield* nodeTar(name, change.node!)
  }
  yield tarEnd()
}

/** Header and bytes of one node (a folder without what is in it). */
export async function* nodeTar(name: string, node: TreeNode): AsyncGenerator<Uint8Array> {
  const { mode, uid, gid } = node
  const common = { name, mode, uid, gid, mtime: Math.floor(node.mtime / 1000), size: 0 }
  if (node.kind === 'directory') yield tarHeader({ ...common, type: 'directory' })
  else if (node.kind === 'symlink') yield tarHeader({ ...common, type: 'symlink', linkName: node.target })
  else if (node.kind === 'device') yield tarHeader({ ...common, type: 'character-device' })
  else {
    const size = contentSize(node.content)
    yield tarHeader({ ...common, type: 'file', size })
    yield* streamContent(node.content)
    const padding = tarPadding(size)
    if (padding.length > 0) yield padding
  }
}
