import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { type Change, changes, type LayerTrees, writeLayer } from '../files/layers.ts'
import { contentSize, type DirectoryNode } from '../files/nodes.ts'
import { FileTree } from '../files/tree.ts'
import { ContainerFs } from '../processes/container-fs.ts'
import type { ContainerRecord } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'
import type { ImageStore } from './image-store.ts'
import { isEnginesOwn, withInitLayer } from './init-layer.ts'
import type { Sessions } from './session.ts'
import type { Volumes } from './volumes.ts'

/** What a container has changed on its image, in order, without what the engine put there. */
export function* ownChanges(before: DirectoryNode, after: DirectoryNode): Generator<Change> {
  for (const change of changes(before, after)) if (!isEnginesOwn(change.path)) yield change
}

export interface ContainerFilesOptions {
  world: World
  blobs: BlobStore
  trees: LayerTrees
  images: ImageStore
  store: ContainerStore
  sessions: Sessions
  volumes: Volumes
}

/** The files of containers, whether they run or not. */
export class ContainerFiles {
  readonly #options: ContainerFilesOptions

  constructor(options: ContainerFilesOptions) {
    this.#options = options
  }

  /** A container's files with its mounts; `save` keeps what was changed in one that does not run. */
  async open(record: ContainerRecord): Promise<{ files: ContainerFs; save: () => Promise<void> }> {
    const { world, blobs, sessions, volumes, store } = this.#options
    const running = sessions.of(record.id).container
    if (running) return { files: running.machine.files, save: () => volumes.saveOf(record) }
    const before = await this.#image(record)
    const tree = await this.#stopped(record)
    const files = new ContainerFs(tree, await volumes.mounts(record, new FileTree(before)), () =>
      world.clock.now(),
    )
    return {
      files,
      save: async () => {
        const list = [...ownChanges(before, tree.snapshot())]
        store.update(record.id, {
          changes: list.length > 0 ? [(await writeLayer(blobs, list)).descriptor] : [],
        })
        await volumes.saveOf(record)
      },
    }
  }

  /** A container's own files on its image and the init layer: what `docker export` gives, with nothing of what is mounted. */
  async exported(record: ContainerRecord): Promise<DirectoryNode> {
    const tree = new FileTree(await this.#image(record))
    for (const { path, kind, node } of await this.changes(record)) {
      const known = tree.lookup(path)
      if (!node) tree.remove(path)
      else if (kind === 'modified' && node.kind === 'directory' && known?.kind === 'directory')
        tree.put(path, { ...node, children: known.children })
      else tree.put(path, node)
    }
    return tree.snapshot()
  }

  /** What it has changed on its image. */
  async changes(record: ContainerRecord): Promise<Change[]> {
    const running = this.#options.sessions.of(record.id).container
    const tree = running ? running.machine.files.tree : await this.#stopped(record)
    return [...ownChanges(await this.#image(record), tree.snapshot())]
  }

  /** Its image with the init layer. */
  async #image(record: ContainerRecord): Promise<DirectoryNode> {
    const { images, trees } = this.#options
    return withInitLayer(await trees.tree(images.require(record.imageId).layers), record.createdAt)
  }

  async #stopped(record: ContainerRecord): Promise<FileTree> {
    const { images, trees } = this.#options
    const { layers } = images.require(record.imageId)
    return new FileTree(withInitLayer(await trees.tree([...layers, ...record.changes]), record.createdAt))
  }
}

/** Bytes of what a container has written (`docker ps --size`). */
export const writtenBytes = (list: readonly Change[]): number =>
  list.reduce((sum, { node }) => sum + (node?.kind === 'file' ? contentSize(node.content) : 0), 0)
