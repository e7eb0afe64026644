import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, unlinkSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
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

/**
 * Content-addressed bytes on disk, shared by all worlds. A blob appears under its digest only whole, verified and
 * synced (temporary file, fsync, rename), so `kill -9` at any moment leaves no wrong or partial blob. Streams only:
 * memory does not grow with a blob's size. Layout: `sha256/<2>/<62>`, `uploads/<id>`, `temporary/`, `unpacked/`.
 * What nobody names any more goes by `collect` (collector.ts).
 */
export class BlobStore {
  readonly folder: string
  readonly uploads: Uploads
  readonly #unpacked: UnpackedLayers
  readonly #folders = new Map<string, Promise<void>>()
  /** Host time (ms) at which a blob was last written or asked for by somebody who may be about to name it. */
  readonly #wanted = new Map<string, number>()
  /** Sizes of blobs that are known to be here. */
  readonly #sizes = new Map<string, number>()
  #removals = 0

  private constructor(folder: string) {
    this.folder = folder
    this.uploads = new Uploads(join(folder, 'uploads'), (file, digest) => this.#place(file, digest))
    this.#unpacked = new UnpackedLayers(this, join(folder, 'unpacked'))
  }

  /** Opens or makes a store; clears what an earlier process left half written. */
  static async open(folder: string): Promise<BlobStore> {
    await rm(join(folder, 'temporary'), { recursive: true, force: true })
    for (const name of ['sha256', 'uploads', 'temporary', 'unpacked']) {
      await mkdir(join(folder, name), { recursive: true })
    }
    return new BlobStore(folder)
  }

  /** Where a blob lies, whether or not it is there. Throws RangeError for what is no sha256 digest. */
  path(digest: string): string {
    if (!isDigest(digest)) throw new RangeError(`not a sha256 digest: ${digest}`)
    return join(this.folder, 'sha256', digest.slice(7, 9), digest.slice(9))
  }

  /** The blob's size, or undefined when it is not here. Who has asked may count on it for an hour. */
  async stat(digest: string): Promise<BlobInfo | undefined> {
    const path = this.path(digest)
    this.#want(digest)
    const known = this.#sizes.get(digest)
    if (known !== undefined) return { digest, size: known }
    try {
      const { size } = await stat(path)
      this.#sizes.set(digest, size)
      return { digest, size }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
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
    return join(this.folder, 'temporary', randomUUID())
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

  /** Forgets who asked for a blob before `since` (host time, ms). */
  forget(since: number): void {
    for (const [digest, time] of this.#wanted) if (time < since) this.#wanted.delete(digest)
  }

  /** Keeps blobs that nobody names for as long as the process lives. */
  pin(digests: Iterable<string>): void {
    for (const digest of digests) this.#wanted.set(digest, Number.POSITIVE_INFINITY)
  }

  /** Whether a blob is everybody's: of the catalogue. */
  isPinned(digest: string): boolean {
    return this.#wanted.get(digest) === Number.POSITIVE_INFINITY
  }

  /**
   * Removes a blob unless somebody has written or asked for it since `since` (host time, ms). Test and removal are one step,
   * so that nobody who is told of the blob loses it. Gives whether it went.
   */
  remove(digest: string, since: number): boolean {
    const wanted = this.#wanted.get(digest)
    if (wanted !== undefined && wanted >= since) return false
    this.#wanted.delete(digest)
    this.#sizes.delete(digest)
    unlinkSync(this.path(digest))
    this.#removals++
    void this.#unpacked.remove(digest)
    return true
  }

  #want(digest: string): void {
    if (this.#wanted.get(digest) !== Number.POSITIVE_INFINITY) this.#wanted.set(digest, hostTime.now())
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
    this.#want(digest)
    // The same bytes may be here already, in less room on the disk.
    const there = await stat(target).catch(() => undefined)
    if (there?.size === (await stat(file)).size) return rm(file)
    await rename(file, target)
    await syncFolder(folder)
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

const isBytes = (source: unknown): source is Uint8Array => source instanceof Uint8Array
