import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, renameSync, statSync, unlinkSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { hostTime } from '#world/clock.ts'
import { type ByteSource, batches } from './batches.ts'
import { isDigest } from './digest.ts'
import { DigestMismatchError } from './errors.ts'
import { READ_AHEAD, sendFile } from './send.ts'
import { SteadyWrites, writeSparsely } from './steady-writes.ts'
import { UnpackedLayers } from './unpacked.ts'
import { Uploads } from './uploads.ts'

export type { ByteSource } from './batches.ts'
export { DigestMismatchError, UploadOffsetError, UploadTakenOverError } from './errors.ts'

/** A blob that is safely on disk. */
export interface BlobInfo {
  digest: string
  size: number
}

/** A blob that somebody has asked for may be taken to be here for so long (host ms) without a look: it is kept for longer (collector.ts). */
const FRESH_MS = 10 * 60_000

/**
 * Content-addressed bytes on disk, shared by all worlds and by the processes that they live in. A blob appears under its digest only whole, verified and
 * synced (temporary file, fsync, rename), so `kill -9` at any moment leaves no wrong or partial blob. Streams only:
 * memory does not grow with a blob's size. Layout: `sha256/<2>/<62>`, `uploads/<id>`, `temporary/<process>/`, `unpacked/`.
 * What nobody names any more goes by `collect` (collector.ts). A blob's modification time is when somebody, in whichever
 * process, last wrote it or asked for it, and so may be about to name it.
 */
export class BlobStore {
  readonly folder: string
  readonly uploads: Uploads
  readonly #unpacked: UnpackedLayers
  readonly #folders = new Map<string, Promise<void>>()
  /** Blobs that were here when this process last asked (host ms). */
  readonly #seen = new Map<string, { size: number; at: number }>()
  readonly #pinned = new Set<string>()
  readonly #temporary: string
  #removals = 0

  private constructor(folder: string, process: string) {
    this.folder = folder
    this.#temporary = join(folder, 'temporary', process)
    this.uploads = new Uploads(join(folder, 'uploads'), (file, digest) => this.#place(file, digest))
    this.#unpacked = new UnpackedLayers(this, join(folder, 'unpacked'))
  }

  /** Opens or makes a store for one process, or for one of several by its name; clears what an earlier one left half written. */
  static async open(folder: string, process = ''): Promise<BlobStore> {
    const store = new BlobStore(folder, process)
    await rm(store.#temporary, { recursive: true, force: true })
    for (const name of ['sha256', 'uploads', 'unpacked']) await mkdir(join(folder, name), { recursive: true })
    await mkdir(store.#temporary, { recursive: true })
    return store
  }

  /** Where a blob lies, whether or not it is there. Throws RangeError for what is no sha256 digest. */
  path(digest: string): string {
    if (!isDigest(digest)) throw new RangeError(`not a sha256 digest: ${digest}`)
    return join(this.folder, 'sha256', digest.slice(7, 9), digest.slice(9))
  }

  /** The blob's size, or undefined when it is not here. Who has asked may count on it for an hour. */
  async stat(digest: string): Promise<BlobInfo | undefined> {
    const now = hostTime.now()
    const known = this.#seen.get(digest)
    if (known && known.at > now - FRESH_MS) return { digest, size: known.size }
    try {
      const size = await this.#want(digest, now)
      return { digest, size }
    } catch (error) {
      unlessMissing(error as NodeJS.ErrnoException)
      if (known) this.removed([digest])
      return undefined
    }
  }

  /** Streams a blob or the bytes `start` to `end` (inclusive) of it. */
  stream(digest: string, range: { start?: number; end?: number } = {}): Readable {
    return createReadStream(this.path(digest), { ...range, highWaterMark: READ_AHEAD })
  }

  /** Sends the bytes `start` to `end` (inclusive) of a blob over a connection, and ends `to`. Throws when the other side has gone. */
  send(
    digest: string,
    range: { start: number; end: number },
    to: Writable,
    connection: unknown,
  ): Promise<void> {
    return sendFile(this.path(digest), range, to, connection)
  }

  /** A small blob (manifest, configuration) as a whole. Throws ENOENT. */
  read(digest: string): Promise<Buffer> {
    return readFile(this.path(digest))
  }

  async readJson<T>(digest: string): Promise<T> {
    return JSON.parse((await this.read(digest)).toString()) as T
  }

  /** Stores bytes; with `expected`, only if they have that digest (DigestMismatchError). */
  async put(source: ByteSource | Uint8Array | string, expected?: string): Promise<BlobInfo> {
    const writer = await this.writer()
    try {
      const chunks = typeof source === 'string' ? [Buffer.from(source)] : isBytes(source) ? [source] : source
      for await (const batch of batches(chunks)) await writer.write(...batch)
      return await writer.commit(expected)
    } catch (error) {
      await writer.discard()
      throw error
    }
  }

  /**
   * Stores a layer whose digest is known to be right, and beside it its plain tar: nothing of it has to be hashed or unpacked.
   * What is here already stays.
   */
  async putLayer(digest: string, packed: Iterable<Uint8Array>, plain: Iterable<Uint8Array>): Promise<void> {
    if (!(await this.stat(digest))) {
      const file = this.temporaryPath()
      await writeSparsely(file, packed, true)
      await this.#place(file, digest)
    }
    await this.#unpacked.put(digest, plain)
  }

  /** A blob written piece by piece. End with `commit` or `discard`. */
  async writer(): Promise<BlobWriter> {
    const file = this.temporaryPath()
    return new BlobWriter(file, await open(file, 'ax'), (digest) => this.#place(file, digest))
  }

  /** A fresh name for a file that disappears with the process. */
  temporaryPath(): string {
    return join(this.#temporary, randomUUID())
  }

  /** Path of a layer's plain tar on disk: the blob itself, or a copy that is a cache. */
  unpacked(digest: string): Promise<string> {
    return this.#unpacked.path(digest)
  }

  // --- for the collector

  /** How many blobs have been removed: what was remembered of paths before holds no more after. */
  get removals(): number {
    return this.#removals
  }

  /** The digests of all blobs. */
  async *digests(): AsyncGenerator<string> {
    for (const start of await readdir(join(this.folder, 'sha256'))) {
      for (const rest of await readdir(join(this.folder, 'sha256', start))) yield `sha256:${start}${rest}`
    }
  }

  /** Forgets what was asked for before `since` (host time, ms). */
  forget(since: number): void {
    for (const [digest, { at }] of this.#seen) if (at < since) this.#seen.delete(digest)
  }

  /** Keeps blobs that nobody names for as long as the process lives and renews its pins. */
  pin(digests: Iterable<string>): void {
    for (const digest of digests) this.#pinned.add(digest)
  }

  /** Whether a blob is everybody's: of the catalogue. */
  isPinned(digest: string): boolean {
    return this.#pinned.has(digest)
  }

  /** Tells other processes that what is pinned here is wanted; what is pinned may not have been made yet. */
  async renewPins(): Promise<void> {
    const now = hostTime.now()
    for (const digest of this.#pinned) await this.#want(digest, now).catch(unlessMissing)
  }

  /**
   * Removes a blob unless somebody has written or asked for it since `since` (host time, ms). Nobody who is told of the blob
   * loses it: it is moved away first, and put back when somebody has asked in this moment. Gives whether it went.
   */
  remove(digest: string, since: number): boolean {
    if (this.#pinned.has(digest)) return false
    const path = this.path(digest)
    const wanted = (file: string) => statSync(file).mtimeMs >= since
    if (wanted(path)) return false
    const away = this.temporaryPath()
    renameSync(path, away)
    if (wanted(away)) {
      renameSync(away, path)
      return false
    }
    unlinkSync(away)
    this.removed([digest])
    void this.#unpacked.remove(digest)
    return true
  }

  /** Forgets what is known of blobs that have been removed, here or by another process. */
  removed(digests: readonly string[]): void {
    for (const digest of digests) {
      this.#seen.delete(digest)
      this.#unpacked.forget(digest)
      this.#removals++
    }
  }

  /** Notes that somebody may be about to name a blob. Gives its size. Throws ENOENT. */
  async #want(digest: string, now: number): Promise<number> {
    const path = this.path(digest)
    await utimes(path, now / 1000, now / 1000)
    const { size } = await stat(path)
    this.#seen.set(digest, { size, at: now })
    return size
  }

  /** Moves a synced file to its digest's place. */
  async #place(file: string, digest: string): Promise<void> {
    const target = this.path(digest)
    const folder = join(target, '..')
    let made = this.#folders.get(folder)
    if (!made) {
      made = mkdir(folder, { recursive: true }).then(() => syncFolder(join(folder, '..')))
      this.#folders.set(folder, made)
      made.catch(() => this.#folders.delete(folder))
    }
    await made
    const at = hostTime.now()
    const { size } = await stat(file)
    // The same bytes may be here already, in less room on the disk.
    if ((await this.#want(digest, at).catch(() => undefined)) === size) return rm(file)
    await utimes(file, at / 1000, at / 1000)
    await rename(file, target)
    await syncFolder(folder)
    this.#seen.set(digest, { size, at })
  }
}

/** One blob in the making. */
export class BlobWriter {
  readonly #file: string
  readonly #handle: FileHandle
  readonly #steady: SteadyWrites
  readonly #place: (digest: string) => Promise<void>
  readonly #hash = createHash('sha256')
  #size = 0

  constructor(file: string, handle: FileHandle, place: (digest: string) => Promise<void>) {
    this.#file = file
    this.#handle = handle
    this.#steady = new SteadyWrites(handle)
    this.#place = place
  }

  get size(): number {
    return this.#size
  }

  async write(...chunks: Uint8Array[]): Promise<void> {
    const written = this.#steady.write(chunks)
    for (const chunk of chunks) {
      this.#hash.update(chunk)
      this.#size += chunk.length
    }
    await written
  }

  /** Makes it a blob. Throws DigestMismatchError. */
  async commit(expected?: string): Promise<BlobInfo> {
    const digest = `sha256:${this.#hash.digest('hex')}`
    if (expected !== undefined && expected !== digest) {
      await this.discard()
      throw new DigestMismatchError(expected, digest)
    }
    await this.#steady.settled()
    await this.#handle.sync()
    await this.#handle.close()
    await this.#place(digest)
    return { digest, size: this.#size }
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {
      // Closed already.
    })
    await rm(this.#file, { force: true })
  }
}

/** Makes a rename in a folder durable, on systems that can sync folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().catch(() => {
    // The rename is then as durable as the system makes it.
  })
  await handle.close()
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

const isBytes = (source: unknown): source is Uint8Array => source instanceof Uint8Array
