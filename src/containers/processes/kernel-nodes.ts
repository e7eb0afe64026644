import { LiveChildren } from '../files/live-children.ts'
import { type DirectoryNode, directory, type FileNode, file, type TreeNode } from '../files/nodes.ts'

/** What a file of the kernel tells at present. */
export type Telling = () => string

/** A file whose content is made when it is read. */
export function telling(tell: Telling, mode = 0o444): FileNode {
  const node = file('', { mode })
  return Object.defineProperty(node, 'content', {
    enumerable: true,
    get: () => Buffer.from(tell()),
  })
}

/** A folder whose names and nodes are asked for at each access. */
export const listing = (list: () => string[], find: (name: string) => TreeNode | undefined): DirectoryNode =>
  directory({ mode: 0o555 }, new LiveChildren(list, find) as Map<string, TreeNode>)

/** A folder of files by their names. */
export const tellings = (files: Readonly<Record<string, Telling>>): DirectoryNode =>
  listing(
    () => Object.keys(files),
    (name) => (Object.hasOwn(files, name) ? telling(files[name]!) : undefined),
  )
