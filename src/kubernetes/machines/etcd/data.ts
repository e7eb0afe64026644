import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { crc32, gunzip, gzip } from 'node:zlib'
import type { Entry } from '#world/store.ts'
import type { World } from '#world/world.ts'
import { storageFull } from '../../apiserver/errors.ts'
import { REGISTRY, registryKey } from './registry.ts'

const pack = promisify(gzip)
const unpack = promisify(gunzip)

/** A key of etcd with its value and revisions. */
export interface KeyValue {
  key: string
  value: string
  createRevision: number
  modRevision: number
  version: number
}

/** What a snapshot file or a restored data folder holds. */
interface Snapshot {
  /** The id by which the world's store has the data that it was made from. */
  cluster: string
  revision: number
  version: string
  /** Keys below the data's folders in the world's store. */
  objects: [key: string, value: unknown][]
  keys: [key: string, value: unknown][]
}

/** A snapshot as etcdutl describes it. */
export interface SnapshotStatus {
  hash: string
  revision: number
  totalKey: number
  totalSize: number
  version: string
}

/** A database is a whole number of these, so that what is longer has the checksum of a snapshot at its end. */
const SECTOR_BYTES = 512
const CHECKSUM_BYTES = 32
/** What the data of a snapshot may take, bytes: as much as a container may write. */
const MAX_DATA_BYTES = 64 * 1024 ** 2

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const hasChecksum = (bytes: Uint8Array): boolean => bytes.length % SECTOR_BYTES === CHECKSUM_BYTES

/** Throws an Error in etcdutl's words when the bytes are not those that were saved. */
export function verifyChecksum(bytes: Uint8Array): void {
  if (!hasChecksum(bytes)) throw new Error('snapshot missing hash but --skip-hash-check=false')
  const [wanted, found] = [
    bytes.subarray(-CHECKSUM_BYTES),
    sha256(bytes.subarray(0, bytes.length - CHECKSUM_BYTES)),
  ]
  if (!found.equals(wanted))
    throw new Error(`expected sha256 [${wanted.join(' ')}], got [${found.join(' ')}]`)
}

const MAGIC = Buffer.from('drydock etcd snapshot 1\n')

/** The data of one etcd cluster: Kubernetes' objects under `/registry`, where the world's store has them, and whatever else was put. */
export class EtcdData {
  readonly #world: World
  readonly #cluster: string

  constructor(world: World, cluster: string) {
    this.#world = world
    this.#cluster = cluster
  }

  get revision(): number {
    return this.#world.store.revision
  }

  /**
   * All keys from `from` on and before `end` (undefined: that key alone; `\0`: to the last), in order; at an earlier revision when one
   * is given. Throws CompactedError when the world's history does not go back to it.
   */
  range(from: string, end?: string, revision?: number): KeyValue[] {
    const within = (key: string) =>
      end === undefined ? key === from : key >= from && (end === '\0' || key < end)
    const objects = this.#entries(this.#objects, revision).map((entry) => ({
      key: registryKey(entry.key),
      entry,
    }))
    const keys = this.#entries(this.#keys, revision).map((entry) => ({
      key: entry.key.slice(this.#keys.length),
      entry,
    }))
    return [...objects, ...keys]
      .filter(({ key }) => within(key))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, entry }) => ({
        key,
        value: typeof entry.value === 'string' ? entry.value : JSON.stringify(entry.value),
        createRevision: entry.createRevision,
        modRevision: entry.modRevision,
        version: entry.version,
      }))
  }

  /** Throws an Error for a key of Kubernetes (the values that the real one keeps there are not text), and where there is no room for more. */
  put(key: string, value: string): void {
    if (key.startsWith(`${REGISTRY}/`))
      throw new Error(`drydock: writing ${key} past the API server is not simulated`)
    const { store, fairUse } = this.#world
    if (fairUse.full && !store.get(`${this.#keys}${key}`)) throw storageFull()
    store.put(`${this.#keys}${key}`, value)
  }

  /** Removes keys, those of Kubernetes' objects too, which then are gone at once. Gives how many there were. */
  delete(from: string, end?: string): number {
    const gone = new Set(this.range(from, end).map(({ key }) => key))
    const writes = [
      ...this.#entries(this.#objects).filter(({ key }) => gone.has(registryKey(key))),
      ...this.#entries(this.#keys).filter(({ key }) => gone.has(key.slice(this.#keys.length))),
    ].map(({ key }) => ({ key, value: undefined }))
    this.#world.store.commit(writes)
    return writes.length
  }

  /** Bytes of all values. */
  size(): number {
    return this.range('', '\0').reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  }

  /** CRC-32 of all keys and values. */
  hash(): number {
    return this.range('', '\0').reduce((sum, { key, value }) => crc32(value, crc32(key, sum)), 0)
  }

  /** All of it, by the keys below its folders in the world's store. */
  contents(): Pick<Snapshot, 'objects' | 'keys'> {
    const below = (prefix: string): [string, unknown][] =>
      this.#entries(prefix).map(({ key, value }) => [key.slice(prefix.length), value])
    return { objects: below(this.#objects), keys: below(this.#keys) }
  }

  async snapshot(version: string): Promise<Buffer> {
    const { revision } = this
    const snapshot: Snapshot = { cluster: this.#cluster, revision, version, ...this.contents() }
    const body = Buffer.concat([MAGIC, await pack(JSON.stringify(snapshot))])
    const pages = Buffer.concat([body, Buffer.alloc(SECTOR_BYTES - (body.length % SECTOR_BYTES))])
    return Buffer.concat([pages, sha256(pages)])
  }

  /** Puts what a snapshot holds, in one commit, in the place of the present data. */
  replace({ objects, keys }: Pick<Snapshot, 'objects' | 'keys'>): void {
    const wanted = new Map<string, unknown>([
      ...objects.map(([key, value]) => [`${this.#objects}${key}`, value] as const),
      ...keys.map(([key, value]) => [`${this.#keys}${key}`, value] as const),
    ])
    const present = [...this.#entries(this.#objects), ...this.#entries(this.#keys)]
    const same = (entry: Entry) => JSON.stringify(entry.value) === JSON.stringify(wanted.get(entry.key))
    const kept = new Set(present.filter(same).map(({ key }) => key))
    this.#world.store.commit([
      ...present.filter(({ key }) => !wanted.has(key)).map(({ key }) => ({ key, value: undefined })),
      ...[...wanted]
        .filter(([key]) => !kept.has(key))
        .map(([key, value]) => ({ key, value: value as never })),
    ])
  }

  get #objects(): string {
    return `kubernetes/${this.#cluster}/`
  }

  get #keys(): string {
    return `etcd-keys/${this.#cluster}/`
  }

  #entries(prefix: string, revision?: number): Entry[] {
    return this.#world.store.list(prefix, revision === undefined ? {} : { revision }).entries
  }
}

/** Reads a snapshot. Throws an Error when the bytes are none. */
export async function readSnapshot(bytes: Uint8Array): Promise<Snapshot> {
  const invalid = new Error('invalid database')
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw invalid
  const end = hasChecksum(bytes) ? bytes.length - CHECKSUM_BYTES : bytes.length
  try {
    const text = await unpack(bytes.subarray(MAGIC.length, end), { maxOutputLength: MAX_DATA_BYTES })
    const found = JSON.parse(text.toString())
    if (!/^[0-9a-f]{32}$/.test(found.cluster) || ![found.objects, found.keys].every(isContents)) throw invalid
    return found
  } catch {
    throw invalid
  }
}

const isContents = (entries: unknown): boolean =>
  Array.isArray(entries) &&
  entries.every(
    (entry) =>
      Array.isArray(entry) && typeof entry[0] === 'string' && entry[1] !== null && entry[1] !== undefined,
  )

/** `etcdutl snapshot status`. Throws an Error when the bytes are no snapshot. */
export async function snapshotStatus(bytes: Uint8Array): Promise<SnapshotStatus> {
  const { objects, keys, revision, version } = await readSnapshot(bytes)
  const content = JSON.stringify([objects, keys])
  return {
    hash: crc32(content).toString(16),
    revision,
    totalKey: objects.length + keys.length,
    totalSize: content.length,
    version: `${version.split('.').slice(0, 2).join('.')}.0`,
  }
}
