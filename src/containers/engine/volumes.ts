import type { World } from '#world/world.ts'
import { digestOf } from '../blobs/digest.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Mount } from '../runtime.ts'
import { conflict, notFound } from './api.ts'
import type { ContainerRecord } from './container-record.ts'

/** A volume, in the world's store under `docker/volumes/<name>`. */
export interface VolumeRecord {
  name: string
  /** World's time, ms. */
  createdAt: number
  /** Whether it belongs to the container that it was made for. */
  anonymous: boolean
  /** Relative path → the blob that holds the file; a folder's path ends with a slash. */
  files: Record<string, { digest: string; mode?: number }>
}

/** What was written is saved after this, ms of the world's clock: a crash loses what is younger. */
const SAVE_AFTER_MS = 1000

type VolumeFile = Mount['files'] extends Map<string, infer File> ? File : never

/** The volumes of a Docker Engine. */
export class Volumes {
  readonly #world: World
  readonly #blobs: BlobStore
  readonly #open = new Map<string, WatchedFiles>()
  /** The blobs of contents that are saved: a content is replaced, never changed. */
  readonly #digests = new WeakMap<Uint8Array, string>()

  constructor(world: World, blobs: BlobStore) {
    this.#world = world
    this.#blobs = blobs
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
  create(name: string, anonymous = false): VolumeRecord {
    const known = this.#world.store.get<VolumeRecord>(key(name))?.value
    if (known) return known
    const record: VolumeRecord = { name, createdAt: this.#world.clock.now(), anonymous, files: {} }
    this.#world.store.put(key(name), record)
    return record
  }

  /** Throws EngineError when a container has it. */
  remove(name: string, containers: readonly ContainerRecord[]): void {
    this.require(name)
    const users = containers.filter((record) => volumeMounts(record).some(({ source }) => source === name))
    if (users.length > 0) {
      throw conflict(`remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`)
    }
    this.#open.delete(name)
    this.#world.store.delete(key(name))
  }

  /** Removes what no container has: anonymous ones, or `all`. Gives their names. */
  prune(containers: readonly ContainerRecord[], all: boolean): string[] {
    const used = new Set(containers.flatMap((record) => volumeMounts(record).map(({ source }) => source)))
    const unused = this.all().filter(({ name, anonymous }) => (anonymous || all) && !used.has(name))
    for (const { name } of unused) this.remove(name, [])
    return unused.map(({ name }) => name)
  }

  /** What a container mounts, as the processes see it. */
  mounts(record: ContainerRecord): Promise<Mount[]> {
    return Promise.all(
      volumeMounts(record).map(async ({ source, target, readOnly, anonymous }) => {
        this.create(source, anonymous)
        return { path: target, readOnly, files: await this.#files(source) }
      }),
    )
  }

  /** Saves what a container has written to its volumes. */
  async saveOf(record: ContainerRecord): Promise<void> {
    for (const { source } of volumeMounts(record)) await this.#save(source)
  }

  async #files(name: string): Promise<WatchedFiles> {
    const read = this.#open.has(name) ? [] : await this.#read(this.require(name))
    const known = this.#open.get(name)
    if (known) return known
    const files = new WatchedFiles(read, () => {
      this.#world.clock.setTimer(SAVE_AFTER_MS, () => {
        this.#save(name).catch(() => {
          files.changed = true
        })
      })
    })
    this.#open.set(name, files)
    return files
  }

  #read({ files }: VolumeRecord): Promise<[string, VolumeFile][]> {
    return Promise.all(
      Object.entries(files).map(async ([path, { digest, mode }]): Promise<[string, VolumeFile]> => {
        const content = await this.#blobs.read(digest)
        this.#digests.set(content, digest)
        return [path, { content, mode }]
      }),
    )
  }

  async #save(name: string): Promise<void> {
    const open = this.#open.get(name)
    if (!open?.changed) return
    open.changed = false
    const files: VolumeRecord['files'] = {}
    for (const [path, { content, mode }] of [...open]) {
      const digest = this.#digests.get(content) ?? (await this.#blobs.put(content)).digest
      this.#digests.set(content, digest)
      files[path] = { digest, mode }
    }
    this.#world.store.update<VolumeRecord>(key(name), (record) => record && { ...record, files })
  }
}

/** A volume's files while containers use them: `onChange` is called at the first change after a save. */
class WatchedFiles extends Map<string, VolumeFile> {
  #changed = false
  readonly #onChange: () => void

  constructor(files: Iterable<[string, VolumeFile]>, onChange: () => void) {
    super()
    this.#onChange = onChange
    for (const [path, file] of files) super.set(path, file)
  }

  get changed(): boolean {
    return this.#changed
  }

  set changed(value: boolean) {
    if (value && !this.#changed) this.#onChange()
    this.#changed = value
  }

  override set(path: string, file: VolumeFile): this {
    this.changed = true
    return super.set(path, file)
  }

  override delete(path: string): boolean {
    this.changed = true
    return super.delete(path)
  }
}

const key = (name: string) => `docker/volumes/${name}`

interface VolumeMount {
  /** The volume's name. */
  source: string
  target: string
  readOnly: boolean
  anonymous: boolean
}

/** The volumes that a container asks for. */
function volumeMounts({ id, hostConfig }: ContainerRecord): VolumeMount[] {
  const binds = (hostConfig.Binds ?? []).map((bind): VolumeMount => {
    const [source = '', target = '', mode] = bind.split(':')
    return { source, target, readOnly: mode?.includes('ro') ?? false, anonymous: false }
  })
  const mounts = (hostConfig.Mounts ?? []).filter(({ Type }) => Type === 'volume')
  return [
    ...binds,
    ...mounts.map(({ Source, Target, ReadOnly }) => ({
      source: Source || digestOf(id + Target).slice('sha256:'.length),
      target: Target,
      readOnly: ReadOnly ?? false,
      anonymous: !Source,
    })),
  ]
}
