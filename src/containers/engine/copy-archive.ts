import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { BlobStore } from '../blobs/store.ts'
import { nodeTar } from '../files/layers.ts'
import { contentSize, file, readContent, type TreeNode } from '../files/nodes.ts'
import { readTar, type TarEntry, tarEnd } from '../files/tar.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import type { ContainerFs } from '../processes/container-fs.ts'
import { badRequest, EngineError, notFound } from './api.ts'
import { receiveContext } from './build/context.ts'

/** What the `X-Docker-Container-Path-Stat` header says of a path, in Go's terms. */
export interface PathStat {
  name: string
  size: number
  /** Go's `os.FileMode`. */
  mode: number
  mtime: string
  linkTarget: string
}

const GO_DIRECTORY = 2 ** 31
const GO_SYMLINK = 2 ** 27
const GO_DEVICE = 2 ** 26
/** Copied files live in memory: more than this in one copy is refused, bytes. */
const MOST_BYTES = 512 * 1024 ** 2

/** The node that `docker cp` names; a last symlink is not followed. Throws EngineError. */
function nodeAt(files: ContainerFs, path: string, container: string): { node: TreeNode; real: string } {
  try {
    const real = files.tree.realPath(resolvePath('/', path), 'lstat', /\/\.?$/.test(path))
    const node = files.tree.lookup(real)
    if (node) return { node, real }
  } catch (error) {
    if (!(error instanceof FileError)) throw error
  }
  throw notFound(`Could not find the file ${path} in container ${container}`)
}

export function pathStat(files: ContainerFs, path: string, container: string): PathStat {
  const { node, real } = nodeAt(files, path, container)
  const kind =
    node.kind === 'directory'
      ? GO_DIRECTORY
      : node.kind === 'symlink'
        ? GO_SYMLINK
        : node.kind === 'device'
          ? GO_DEVICE
          : 0
  let linkTarget = ''
  if (node.kind === 'symlink') {
    try {
      linkTarget = files.tree.realPath(real)
    } catch {
      linkTarget = node.target
    }
  }
  return {
    name: real === '/' ? '/' : real.slice(real.lastIndexOf('/') + 1),
    size: node.kind === 'file' ? contentSize(node.content) : node.kind === 'directory' ? 4096 : 0,
    mode: (node.mode & 0o777) + kind,
    mtime: new Date(node.mtime).toISOString(),
    linkTarget,
  }
}

/** The tar that `docker cp` gets: the file, or the folder with all that is in it. */
export async function* archiveOf(
  files: ContainerFs,
  path: string,
  container: string,
): AsyncGenerator<Uint8Array> {
  const { node, real } = nodeAt(files, path, container)
  const name = /\/\.$/.test(path) || real === '/' ? '.' : real.slice(real.lastIndexOf('/') + 1)
  yield* subtree(files, real, node, name)
  yield tarEnd()
}

async function* subtree(
  files: ContainerFs,
  real: string,
  node: TreeNode,
  name: string,
): AsyncGenerator<Uint8Array> {
  yield* nodeTar(name, node)
  if (node.kind !== 'directory') return
  for (const [child] of [...node.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = `${real === '/' ? '' : real}/${child}`
    // By its path, so that what is mounted there is found.
    const found = files.tree.lookup(path)
    if (found) yield* subtree(files, path, found, `${name}/${child}`)
  }
}

interface ExtractOptions {
  /** An existing folder. */
  path: string
  /** Refuse to put a file where a folder is, or the other way round. */
  keepKinds: boolean
  /** Keep the archive's owners; else all is root's. */
  keepOwners: boolean
  blobs: BlobStore
}

/** Unpacks the tar of a `docker cp` into a folder. Throws EngineError. */
export async function extractInto(
  files: ContainerFs,
  body: Readable,
  options: ExtractOptions,
): Promise<void> {
  const { path, blobs } = options
  const target = files.find(path)
  if (!target) throw notFound(`Could not find the file ${path} in container`)
  if (target.kind !== 'directory') throw badRequest('extraction point is not a directory')
  const archive = blobs.temporaryPath()
  try {
    await receiveContext(body, archive)
    const entries = await readTar(archive)
    const total = entries.reduce((sum, { size }) => sum + size, 0)
    if (total > MOST_BYTES)
      throw new EngineError(
        413,
        `drydock: docker cp of more than ${MOST_BYTES / 1024 ** 2} MiB is not simulated`,
      )
    for (const entry of entries) await extractEntry(files, entry, archive, options)
  } catch (error) {
    if (error instanceof FileError && error.code === 'EROFS')
      throw badRequest('mounted volume is marked read-only')
    throw error
  } finally {
    await rm(archive, { force: true })
  }
}

async function extractEntry(
  files: ContainerFs,
  entry: TarEntry,
  archive: string,
  { path, keepKinds, keepOwners }: ExtractOptions,
): Promise<void> {
  if (entry.name === '') return
  const at = resolvePath(path, entry.name)
  const attributes = {
    mode: entry.mode,
    uid: keepOwners ? entry.uid : 0,
    gid: keepOwners ? entry.gid : 0,
    mtime: entry.mtime * 1000,
  }
  const known = files.find(at, false)
  if (keepKinds && known && (known.kind === 'directory') !== (entry.type === 'directory')) {
    throw badRequest(
      known.kind === 'directory'
        ? `cannot overwrite directory "${at}" with non-directory "${path}"`
        : `cannot overwrite non-directory "${at}" with directory "${path}"`,
    )
  }
  switch (entry.type) {
    case 'directory':
      if (known?.kind === 'directory') return files.change(at, attributes)
      files.makeFolder(at, { recursive: true, mode: entry.mode })
      return files.change(at, attributes)
    case 'symlink':
      return files.putNode(at, { kind: 'symlink', target: entry.linkName!, ...attributes })
    case 'link':
      return files.copyNode(at, files.node(resolvePath(path, entry.linkName!)))
    case 'file': {
      files.makeFolder(resolvePath(at, '..'), { recursive: true })
      const content = await readContent({ path: archive, offset: entry.offset, size: entry.size })
      return files.putNode(at, file(content, attributes))
    }
    default:
      // Devices and pipes are nothing that a simulated process could use.
      return
  }
}
