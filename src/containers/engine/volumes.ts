import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import { contentSize, type DirectoryNode, readContent, type TreeNode } from '../files/nodes.ts'
import { wholeOf } from '../files/pieces.ts'
import type { FileTree } from '../files/tree.ts'
import { VolumeRoom } from '../files/volume-room.ts'
import { forgetData } from '../registry/local-data.ts'
import type { Filesystem, Mount } from '../runtime.ts'
import { badRequest, conflict, notFound } from './api.ts'
import type { BindMounts } from './bind-mounts.ts'
import type { ContainerRecord } from './container-record.ts'
import { SaveOrder } from './save-order.ts'

/** A volume, in the world's store under `docker/volumes/<name>`. */
export interface VolumeRecord {
  name: string
  /** World's time, ms. */
  createdAt: number
  /** Whether it belongs to the container that it was made for. */
  anonymous: boolean
  labels?: Record<string, string>
  options?: Record<string, string>
  /** Relative path → the blob that holds the file; a folder's path ends with a slash. */
  files: Record<string, { digest: string; mode?: number; uid?: number; gid?: number }>
}

/** What was written is saved after this, ms of the world's clock: a crash loses what is younger. */
const SAVE_AFTER_MS = 1000

/** What `--tmpfs` mounts. */
const TMPFS: Filesystem = { source: 'tmpfs', type: 'tmpfs', options: 'nosuid,nodev,noexec,relatime' }

type VolumeFile = Mount['files'] extends Map<string, infer File> ? File : never

/** The volumes of a Docker Engine. */
export class Volumes {
  readonly #world: World
  readonly #blobs: BlobStore
  readonly #binds: BindMounts
  readonly #open = new Map<string, WatchedFiles>()
  readonly #saves = new SaveOrder()
  /** The blobs of contents that are saved: a content is replaced, never changed. */
  readonly #digests = new WeakMap<VolumeFile['content'], string>()

  constructor(world: World, blobs: BlobStore, binds: BindMounts) {
    this.#world = world
    this.#blobs = blobs
    this.#binds = binds
  }

  all(): VolumeRecord[] {
    return this.#world.store.values<VolumeRecord>('docker/volumes/')
  }

  /** Throws the engine's `no such volume`. */
  require(name: string): VolumeRecord {
    const record = this.#world.store.get<VolumeRecord>(key(name))?.value
    if (!record) throw notFound(`get ${name}: no such volume`)
    return record
  }

  /** The volume of a name, made if there is none. */
  create(
    name: string,
    options: { anonymous?: boolean; labels?: Record<string, string>; options?: Record<string, string> } = {},
  ): VolumeRecord {
    const known = this.#world.store.get<VolumeRecord>(key(name))?.value
    if (known) return known
    if (name.length === 1)
      throw badRequest(
        `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
      )
    if (!VOLUME_NAME.test(name)) {
      throw badRequest(
        `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      )
    }
    const record: VolumeRecord = {
      name,
      createdAt: this.#world.clock.now(),
      anonymous: options.anonymous ?? false,
      labels: options.labels,
      options: options.options,
      files: {},
    }
    this.#world.store.put(key(name), record)
    return record
  }

  /** Whether a volume of that name is there. */
  has(name: string): boolean {
    return this.#world.store.get(key(name)) !== undefined
  }

  /** Bytes in a volume. */
  async sizeOf(record: VolumeRecord): Promise<number> {
    const open = this.#open.get(record.name)
    if (open) return [...open.values()].reduce((sum, { content }) => sum + contentSize(content), 0)
    const sizes = Object.values(record.files).map(
      async ({ digest }) => (await this.#blobs.stat(digest))?.size ?? 0,
    )
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }

  /** The containers that have a volume. */
  users(name: string, containers: readonly ContainerRecord[]): ContainerRecord[] {
    return containers.filter((record) => volumesOf(record).some(({ source }) => source === name))
  }

  /** Throws EngineError when a container has it. */
  remove(name: string, containers: readonly ContainerRecord[]): void {
    const record = this.require(name)
    const users = this.users(name, containers)
    if (users.length > 0) {
      throw conflict(`remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`)
    }
    forgetData(this.#world.store, this.#open.get(name)?.keys() ?? Object.keys(record.files))
    this.#open.delete(name)
    this.#world.store.delete(key(name))
  }

  /** What a container mounts, as the processes see it. An empty volume gets what the image has there. */
  mounts(record: ContainerRecord, image: FileTree): Promise<Mount[]> {
    return Promise.all(
      record.mounts.map(async (mount) => {
        const { type, source, target, readOnly, anonymous, noCopy } = mount
        if (type === 'bind') return this.#binds.open(mount, image)
        if (type !== 'volume') return { path: target, readOnly, files: new Map(), filesystem: TMPFS }
        this.create(source, { anonymous })
        const files = await this.#files(source)
        if (files.size === 0 && !noCopy) await copyFolder(image, target, files)
        return { path: target, readOnly, files }
      }),
    )
  }

  /** Saves what a container has written to its volumes. */
  async saveOf(record: ContainerRecord): Promise<void> {
    for (const { source } of volumesOf(record)) await this.#save(source)
  }

  /** Saves what containers have written to volumes and is not saved yet. */
  async saveAll(): Promise<void> {
    for (const name of this.#open.keys()) await this.#save(name)
  }

  async #files(name: string): Promise<WatchedFiles> {
    const read = this.#open.has(name) ? [] : await this.#read(this.require(name))
    const known = this.#open.get(name)
    if (known) return known
    const files = new WatchedFiles(read, () => {
      this.#world.clock.setTimer(SAVE_AFTER_MS, () => {
        this.#save(name).catch(() => {
          // It is tried again.
        })
      })
    })
    this.#open.set(name, files)
    return files
  }

  #read({ files }: VolumeRecord): Promise<[string, VolumeFile][]> {
    return Promise.all(
      Object.entries(files).map(async ([path, { digest, ...attributes }]): Promise<[string, VolumeFile]> => {
        const content = await this.#blobs.read(digest)
        this.#digests.set(content, digest)
        return [path, { content, ...attributes }]
      }),
    )
  }

  #save(name: string): Promise<void> {
    return this.#saves.next(name, () => this.#saveNow(name))
  }

  async #saveNow(name: string): Promise<void> {
    const open = this.#open.get(name)
    if (!open?.changed) return
    open.changed = false
    const files: VolumeRecord['files'] = {}
    try {
      for (const [path, { content, ...attributes }] of [...open]) {
        const digest = this.#digests.get(content) ?? (await this.#blobs.put(wholeOf(content))).digest
        this.#digests.set(content, digest)
        files[path] = { digest, ...attributes }
      }
    } catch (error) {
      open.changed = true
      throw error
    }
    this.#world.store.update<VolumeRecord>(key(name), (record) => record && { ...record, files })
  }
}

/** A volume's files while containers use them: `onChange` is called at the first change after a save. */
class WatchedFiles extends Map<string, VolumeFile> {
  #changed = false
  readonly #onChange: () => void
  readonly #room = new VolumeRoom()

  constructor(files: Iterable<[string, VolumeFile]>, onChange: () => void) {
    super()
    this.#onChange = onChange
    for (const [path, file] of files) {
      this.#room.replace(undefined, file.content)
      super.set(path, file)
    }
  }

  get changed(): boolean {
    return this.#changed
  }

  set changed(value: boolean) {
    if (value && !this.#changed) this.#onChange()
    this.#changed = value
  }

  /** Throws FileError when the volume is full. */
  override set(path: string, file: VolumeFile): this {
    this.#room.replace(this.get(path)?.content, file.content)
    this.changed = true
    return super.set(path, file)
  }

  override delete(path: string): boolean {
    this.#room.replace(this.get(path)?.content, undefined)
    this.changed = true
    return super.delete(path)
  }
}

const key = (name: string) => `docker/volumes/${name}`

const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

/** Puts the files of a folder of an image into a volume; links and devices stay behind. */
async function copyFolder(image: FileTree, path: string, files: WatchedFiles): Promise<void> {
  const folder = find(image, path)
  if (folder?.kind !== 'directory') return
  const walk = async (node: DirectoryNode, at: string): Promise<void> => {
    for (const [name, child] of node.children) {
      if (child.kind === 'directory') {
        files.set(`${at}${name}/`, { content: new Uint8Array(), mode: child.mode })
        await walk(child, `${at}${name}/`)
      } else if (child.kind === 'file') {
        files.set(at + name, { content: await readContent(child.content), mode: child.mode })
      }
    }
  }
  await walk(folder, '')
}

function find(tree: FileTree, path: string): TreeNode | undefined {
  try {
    return tree.get(path)
  } catch {
    return undefined
  }
}

/** The volumes that a container has. */
const volumesOf = ({ mounts }: ContainerRecord) => mounts.filter(({ type }) => type === 'volume')
