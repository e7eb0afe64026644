import type { TreeNode } from '#containers/files/nodes.ts'
import { resolvePath } from '#containers/files/tree.ts'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { MountedFolder } from '#containers/runtime.ts'

/** A folder or file of a node's own file system. */
export interface HostPath {
  files: ContainerFs
  /** Absolute. */
  path: string
}

/** What a path must be for a type, and the kubelet's name of it. Models pkg/volume/hostpath checkTypeInternal. */
const TYPES: Readonly<Record<string, { is: (node: TreeNode | undefined) => boolean; name: string }>> = {
  Directory: { is: (node) => node?.kind === 'directory', name: 'a directory' },
  File: { is: (node) => node?.kind === 'file', name: 'a file' },
  Socket: { is: (node) => node?.kind === 'device' && node.type === 'socket', name: 'a socket file' },
  CharDevice: {
    is: (node) => node?.kind === 'device' && node.type === undefined,
    name: 'a character device',
  },
  BlockDevice: { is: (node) => node?.kind === 'device' && node.type === 'block', name: 'a block device' },
}

/** Opens a node's path for a pod; what the type lets be made is made. Throws an Error with the kubelet's text. */
export function openHostPath(files: ContainerFs, path: string, type = ''): HostPath {
  const found = files.find(path)
  if (!found && type === 'FileOrCreate') {
    // Models makeFile: the folder must be there.
    if (!files.exists(resolvePath(path, '..'))) throw new Error(`open ${path}: no such file or directory`)
    files.writeSync(path, new Uint8Array())
  } else if (!found && (type === 'DirectoryOrCreate' || type === ''))
    files.makeFolder(path, { recursive: true })
  else {
    const wanted = TYPES[type.replace(/OrCreate$/, '')]
    if (wanted && !wanted.is(found))
      throw new Error(`hostPath type check failed: ${path} is not ${wanted.name}`)
  }
  return { files, path: resolvePath('/', path) }
}

/** A part of a host path, as `subPath` names it: a folder that is missing is made. */
export function within({ files, path }: HostPath, subPath: string): HostPath {
  const inside = resolvePath(path, subPath)
  if (!files.exists(inside)) files.makeFolder(inside, { recursive: true })
  return { files, path: inside }
}

/** A host path as containers mount it: both sides see at once what the other writes. */
export function hostFolder({ files, path }: HostPath): MountedFolder {
  const at = (inside: string) => (inside === '' ? path : resolvePath(path, inside))
  return {
    node: () => files.find(path),
    write: (inside, content, mode) => files.writeSync(at(inside), content, mode),
    makeFolder: (inside, mode) => files.makeFolder(at(inside), { recursive: true, mode }),
    remove: (inside) => files.remove(at(inside), { recursive: true }),
    setMode: (inside, mode) => files.change(at(inside), { mode }),
  }
}
