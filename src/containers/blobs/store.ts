import { createHash, type Hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { hostTime } from '#world/clock.ts'
import { isDigest } from './digest.ts'

/** A blob that is safely on disk. */
export interface BlobInfo {
  digest: string
  size: number
}

/** What was sent is not what its digest promised; nothing was stored. */
export class DigestMismatchError extends Error {
  override readonly name = 'DigestMismatchError'
  constructor(expected: string, actual: string) {
    super(`expected digest ${expected}, got ${actual}`)
  }
}

/** An append that does not start where the upload ends. */
export class UploadOffsetError extends Error {
  override readonly name = 'UploadOffsetError'
  readonly size: number
  constructor(size: number) {
    super(`upload is at offset ${size}`)
    this.size = size
  }
}

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

interface RunningHash {
  hash: Hash
  size: number
}

/** Uploads that nobody has touched for this long are forgotten (host time, ms). */
const UPLOAD_LIFETIME_MS = 7 * 24 * 3600 * 1000

/**
 * Content-addressed bytes on disk, shared by all worlds. A blob appears under its digest only whole, verified and
 * synced (temporary file, fsync, rename), so `kill -9` at any moment leaves no wrong or partial blob. Streams only:
 * memory does not grow with a blob's size. Layout: `sha256/<2>/<62>`, `uploads/<id>`, `temporary/`, `unpacked/`.
 */
export class BlobStore {
  readonly folder: string
  readonly #hashes = new Map<string, RunningHash>()
  readonly #unpacking = new Map<string, Promise<string>>()
  readonly #madeFolders = new Set<string>()

  private constructor(folder: string) {
    this.folder = folder
  }

  /** Opens or makes a store; clears what an earlier process left half written. */
  static async open(folder: string): Promise<BlobStore> {
    const store = new BlobStore(folder)
    await rm(join(folder, 'temporary'), { recursive: true, force: true })
    for (const name of ['sha256', 'uploads', 'temporary', 'unpacked']) {
      await mkdir(join(folder, name), { recursive: true })
    }
    for (const name of await readdir(join(folder, 'uploads'))) {
      const file = join(folder, 'uploads', name)
      if (hostTime.now() - (await stat(file)).mtimeMs > UPLOAD_LIFETIME_MS) await rm(file, { force: true })
    }
    return store
  }

  /** Where a blob lies, whether or not it is there. Throws RangeError for what is no sha256 digest. */
  path(digest: string): string {
    if (!isDigest(digest)) throw new RangeError(`not a sha256 digest: ${digest}`)
    return join(this.folder, 'sha256', digest.slice(7, 9), digest.slice(9))
  }

  /** The blob's size, or undefined when it is not here. */
  async stat(digest: string): Promise<BlobInfo | undefined> {
    try {
      return { digest, size: (await stat(this.path(digest))).size }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Streams a blob or the bytes `start` to `end` (inclusive) of it. */
  stream(digest: string, range: { start?: number; end?: number } = {}): Readable {
    return createReadStream(this.path(digest), range)
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
      for await (const chunk of chunks) await writer.write(chunk)
      return await writer.commit(expected)
    } catch (error) {
      await writer.discard()
      throw error
    }
  }

  /** A blob written piece by piece. End with `commit` or `discard`. */
  async writer(): Promise<BlobWriter> {
    const file = this.temporaryPath()
    return new BlobWriter(file, await open(file, 'wx'), (digest) => this.#place(file, digest))
  }

  /** A fresh name for a file that disappears with the process. */
  temporaryPath(): string {
    return join(this.folder, 'temporary', randomUUID())
  }

  // --- resumable uploads

  /** Starts an upload that survives a restart of the process. */
  async createUpload(): Promise<string> {
    const id = randomUUID()
    await (await open(this.#uploadPath(id), 'wx')).close()
    this.#hashes.set(id, { hash: createHash('sha256'), size: 0 })
    return id
  }

  /** How many bytes of an upload are here; undefined when there is no such upload. */
  async uploadSize(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.#uploadPath(id))).size
    } catch {
      return undefined
    }
  }

  /** Appends to an upload; what arrived before an error stays. Gives the new size. Throws UploadOffsetError. */
  async appendUpload(id: string, source: ByteSource, offset?: number): Promise<number> {
    const running = await this.#runningHash(id)
    if (offset !== undefined && offset !== running.size) throw new UploadOffsetError(running.size)
    const file = await open(this.#uploadPath(id), 'a')
    try {
      for await (const chunk of source) {
        // The hash may only know what the file has: a failed write makes both be read again.
        this.#hashes.delete(id)
        await file.writeFile(chunk)
        running.hash.update(chunk)
        running.size += chunk.length
        this.#hashes.set(id, running)
      }
    } finally {
      await file.close()
    }
    return running.size
  }

  /** Turns a complete upload into a blob. Throws DigestMismatchError (the upload stays). */
  async finishUpload(id: string, digest: string): Promise<BlobInfo> {
    const running = await this.#runningHash(id)
    const actual = `sha256:${running.hash.copy().digest('hex')}`
    if (actual !== digest) throw new DigestMismatchError(digest, actual)
    const file = this.#uploadPath(id)
    const handle = await open(file, 'r+')
    await handle.sync()
    await handle.close()
    await this.#place(file, digest)
    this.#hashes.delete(id)
    return { digest, size: running.size }
  }

  async abortUpload(id: string): Promise<void> {
    this.#hashes.delete(id)
    await rm(this.#uploadPath(id), { force: true })
  }

  // --- unpacked layers

  /**
   * Path of a layer's plain tar on disk: the blob itself, or a copy unpacked (gzip, zstd) at first need. The copies
   * are a cache: they may be deleted while nobody runs.
   */
  unpacked(digest: string): Promise<string> {
    let pending = this.#unpacking.get(digest)
    if (!pending) {
      pending = this.#unpack(digest)
      this.#unpacking.set(digest, pending)
      pending.catch(() => this.#unpacking.delete(digest))
    }
    return pending
  }

  async #unpack(digest: string): Promise<string> {
    const source = this.path(digest)
    const handle = await open(source, 'r')
    const magic = Buffer.alloc(4)
    await handle.read(magic, 0, 4, 0)
    await handle.close()
    const gzip = magic.readUInt16BE(0) === 0x1f8b
    const zstd = magic.readUInt32LE(0) === 0xfd2fb528
    if (!gzip && !zstd) return source
    const target = join(this.folder, 'unpacked', `${digest.slice(7)}.tar`)
    const known = await stat(target).catch(() => undefined)
    if (known) return target
    const file = this.temporaryPath()
    const output = await open(file, 'wx')
    const input = createReadStream(source)
    const unpacker = gzip ? createGunzip() : createZstdDecompress()
    input.on('error', (error) => unpacker.destroy(error))
    try {
      for await (const chunk of input.pipe(unpacker)) await output.writeFile(chunk)
    } finally {
      await output.close()
    }
    await rename(file, target)
    return target
  }

  #uploadPath(id: string): string {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new RangeError(`not an upload id: ${id}`)
    return join(this.folder, 'uploads', id)
  }

  async #runningHash(id: string): Promise<RunningHash> {
    const size = await this.uploadSize(id)
    if (size === undefined) throw new RangeError(`no such upload: ${id}`)
    const known = this.#hashes.get(id)
    if (known?.size === size) return known
    const running = { hash: createHash('sha256'), size }
    for await (const chunk of createReadStream(this.#uploadPath(id), { end: Math.max(0, size - 1) })) {
      running.hash.update(chunk)
    }
    this.#hashes.set(id, running)
    return running
  }

  /** Moves a synced file to its digest's place. */
  async #place(file: string, digest: string): Promise<void> {
    const target = this.path(digest)
    const folder = join(target, '..')
    if (!this.#madeFolders.has(folder)) {
      await mkdir(folder, { recursive: true })
      this.#madeFolders.add(folder)
    }
    await rename(file, target)
    const handle = await open(folder, 'r')
    await handle.sync().catch(() => {
      // Some systems cannot sync a folder; the rename is then as durable as they make it.
    })
    await handle.close()
  }
}

/** One blob in the making. */
export class BlobWriter {
  readonly #file: string
  readonly #handle: FileHandle
  readonly #place: (digest: string) => Promise<void>
  readonly #hash = createHash('sha256')
  #size = 0

  constructor(file: string, handle: FileHandle, place: (digest: string) => Promise<void>) {
    this.#file = file
    this.#handle = handle
    this.#place = place
  }

  get size(): number {
    return this.#size
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#handle.writeFile(chunk)
    this.#hash.update(chunk)
    this.#size += chunk.length
  }

  /** Makes it a blob. Throws DigestMismatchError. */
  async commit(expected?: string): Promise<BlobInfo> {
    const digest = `sha256:${this.#hash.digest('hex')}`
    if (expected !== undefined && expected !== digest) {
      await this.discard()
      throw new DigestMismatchError(expected, digest)
    }
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

const isBytes = (source: unknown): source is Uint8Array => source instanceof Uint8Array
