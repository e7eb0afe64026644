import { type DirectoryNode, file, symlink } from '../files/nodes.ts'
import { FileTree } from '../files/tree.ts'

/** Places for what is mounted while a container runs; a text is what a link leads to. */
const PLACES: Record<string, 'folder' | 'file' | `/${string}`> = {
  '/.dockerenv': 'file',
  '/dev/console': 'file',
  '/dev/pts': 'folder',
  '/dev/shm': 'folder',
  '/etc/hostname': 'file',
  '/etc/hosts': 'file',
  '/etc/mtab': '/proc/mounts',
  '/etc/resolv.conf': 'file',
  '/proc': 'folder',
  '/sys': 'folder',
}

/** What is the engine's in a container, and none of its own files: the init layer, and what stands in its place while it runs. */
const ENGINES_OWN = /^\/(?:\.dockerenv|etc\/(?:hosts|hostname|resolv\.conf|mtab)|(?:dev|proc|sys)(?:\/.*)?)$/
export const isEnginesOwn = (path: string): boolean => ENGINES_OWN.test(path)

/**
 * An image with the layer that the engine lays over it for each container, made at a time (ms).
 * Models moby's daemon/initlayer; https://docs.docker.com/engine/storage/drivers/
 */
export function withInitLayer(image: DirectoryNode, mtime: number): DirectoryNode {
  const tree = new FileTree(image)
  for (const [path, kind] of Object.entries(PLACES)) {
    // Whatever the image has there or on the way gives way, but for folders.
    for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      const part = end === -1 ? path : path.slice(0, end)
      if (!['directory', undefined].includes(tree.lookup(part)?.kind)) tree.remove(part)
      if (end === -1) break
    }
    tree.makeFolders(kind === 'folder' ? path : path.slice(0, path.lastIndexOf('/')), { mtime })
    if (kind === 'file') tree.put(path, file('', { mode: 0o755, mtime }))
    else if (kind !== 'folder') tree.put(path, symlink(kind, { mtime }))
  }
  return tree.snapshot()
}
