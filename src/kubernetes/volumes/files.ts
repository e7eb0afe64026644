import { wholeOf } from '#containers/files/pieces.ts'
import { VolumeRoom } from '#containers/files/volume-room.ts'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { Mount } from '#containers/runtime.ts'
import type { World } from '#world/world.ts'
import { NodeDisk } from './node-disk.ts'

type File = Mount['files'] extends Map<string, infer Value> ? Value : never

interface StoredFile {
  /** base64 */
  content: string
  mode?: number
}

/** How soon (ms) changed files are written back, as by a kernel's page cache. */
const WRITE_BACK_MS = 500

/** Where the files of a volume are kept; `volume` names it across pods: `csi/vol-0…`. */
export const volumeDataPrefix = (clusterUid: string, volume: string): string =>
  `volume-data/${clusterUid}/${encodeURIComponent(volume)}/`

/** The files of a volume that outlives its pods: kept in the world's store under a prefix, written back soon after they change. */
export class VolumeFiles extends Map<string, File> {
  readonly #world: World
  readonly #prefix: string
  readonly #changed = new Set<string>()
  readonly #room = new VolumeRoom()

  constructor(world: World, prefix: string) {
    super()
    this.#world = world
    this.#prefix = prefix
    for (const { key, value } of world.store.list<StoredFile>(prefix).entries) {
      const path = decodeURIComponent(key.slice(prefix.length))
      const { content, mode } = value
      const bytes = Buffer.from(content, 'base64')
      this.#room.replace(undefined, bytes)
      super.set(path, { content: bytes, ...(mode !== undefined && { mode }) })
    }
  }

  /** Throws FileError when the volume is full. */
  override set(path: string, file: File): this {
    this.#room.replace(this.get(path)?.content, file.content)
    super.set(path, file)
    this.#touch(path)
    return this
  }

  override delete(path: string): boolean {
    this.#room.replace(this.get(path)?.content, undefined)
    this.#touch(path)
    return super.delete(path)
  }

  #touch(path: string): void {
    if (this.#changed.size === 0) this.#world.clock.setTimer(WRITE_BACK_MS, () => this.flush())
    this.#changed.add(path)
  }

  /** Writes down what has changed. */
  flush(): void {
    if (this.#changed.size > 0) this.#writeBack()
  }

  #writeBack(): void {
    const writes = [...this.#changed].map((path) => {
      const file = this.get(path)
      const value = file && { ...file, content: Buffer.from(wholeOf(file.content)).toString('base64') }
      return { key: `${this.#prefix}${encodeURIComponent(path)}`, value }
    })
    this.#changed.clear()
    this.#world.store.commit(writes)
  }
}

/** A folder of a volume as a volume of its own (`subPath`, the root of an access point): what others change there shows. */
class FolderFiles extends Map<string, File> {
  readonly #parent: Map<string, File>
  readonly #prefix: string

  constructor(parent: Map<string, File>, folder: string) {
    super()
    this.#parent = parent
    this.#prefix = `${folder}/`
  }

  override get(path: string): File | undefined {
    // Its own entry is that of the folder, not of a file in it.
    return path === '' ? undefined : this.#parent.get(this.#prefix + path)
  }

  override has(path: string): boolean {
    return this.get(path) !== undefined
  }

  override set(path: string, file: File): this {
    this.#parent.set(this.#prefix + path, file)
    return this
  }

  override delete(path: string): boolean {
    return this.#parent.delete(this.#prefix + path)
  }

  override get size(): number {
    return [...this.entries()].length
  }

  override *entries(): MapIterator<[string, File]> {
    for (const [path, file] of this.#parent) {
      if (path.length > this.#prefix.length && path.startsWith(this.#prefix))
        yield [path.slice(this.#prefix.length), file]
    }
  }

  override *keys(): MapIterator<string> {
    for (const [path] of this.entries()) yield path
  }

  override *values(): MapIterator<File> {
    for (const [, file] of this.entries()) yield file
  }

  override [Symbol.iterator](): MapIterator<[string, File]> {
    return this.entries()
  }

  override forEach(callback: (file: File, path: string, map: Map<string, File>) => void): void {
    for (const [path, file] of this.entries()) callback(file, path, this)
  }
}

/** The volumes of a cluster that outlive pods, by what names them. Pods that mount the same one share its files. */
export class VolumeStore {
  readonly #world: World
  readonly #clusterUid: string
  readonly #volumes = new Map<string, VolumeFiles>()
  readonly #disks = new Map<string, NodeDisk>()

  constructor(world: World, clusterUid: string) {
    this.#world = world
    this.#clusterUid = clusterUid
  }

  open(volume: string): Mount['files'] {
    const known = this.#volumes.get(volume)
    if (known) return known
    const files = new VolumeFiles(this.#world, volumeDataPrefix(this.#clusterUid, volume))
    this.#volumes.set(volume, files)
    return files
  }

  /** The file system of a node. */
  hostOf(node: string): ContainerFs {
    const known = this.#disks.get(node)
    if (known) return known.files
    const disk = new NodeDisk(this.#world, volumeDataPrefix(this.#clusterUid, `host/${node}`), node)
    this.#disks.set(node, disk)
    return disk.files
  }

  /** A node is gone for good, and its disk with it. */
  forgetHost(node: string): void {
    this.#disks.delete(node)
    const { entries } = this.#world.store.list(volumeDataPrefix(this.#clusterUid, `host/${node}`))
    this.#world.store.commit(entries.map(({ key }) => ({ key, value: undefined })))
  }

  flush(): void {
    for (const disk of this.#disks.values()) disk.flush()
    for (const files of this.#volumes.values()) files.flush()
  }
}

/** A folder of a volume's files; changes on either side reach the volume. */
export const folderOf = (files: Mount['files'], folder: string): Mount['files'] =>
  new FolderFiles(files, folder)
