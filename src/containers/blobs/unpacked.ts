import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { ByteSource } from './batches.ts'
import { writeSparsely } from './steady-writes.ts'
import type { BlobStore } from './store.ts'

/** Plain tars of compressed layers: a cache on disk, filled at first need. */
export class UnpackedLayers {
  readonly #blobs: BlobStore
  readonly #folder: string
  readonly #pending = new Map<string, Promise<string>>()

  constructor(blobs: BlobStore, folder: string) {
    this.#blobs = blobs
    this.#folder = folder
  }

  /** Path of a layer's plain tar on disk: the blob itself, or a copy unpacked (gzip, zstd). */
  path(digest: string): Promise<string> {
    let pending = this.#pending.get(digest)
    if (!pending) {
      pending = this.#unpack(digest)
      this.#pending.set(digest, pending)
      pending.catch(() => this.#pending.delete(digest))
    }
    return pending
  }

  /** Keeps the plain tar of a layer, by its digest. */
  async put(digest: string, plain: ByteSource): Promise<void> {
    const target = this.#copy(digest)
    if (!(await stat(target).catch(() => undefined))) await this.#write(target, plain)
  }

  /** Looks again whether there is a copy. */
  forget(digest: string): void {
    this.#pending.delete(digest)
  }

  /** Removes the copy of a layer. */
  async remove(digest: string): Promise<void> {
    this.forget(digest)
    await rm(this.#copy(digest), { force: true })
  }

  #copy(digest: string): string {
    return join(this.#folder, `${digest.slice('sha256:'.length)}.tar`)
  }

  async #unpack(digest: string): Promise<string> {
    const source = this.#blobs.path(digest)
    const handle = await open(source, 'r')
    const magic = Buffer.alloc(4)
    await handle.read(magic, 0, 4, 0)
    await handle.close()
    const gzip = magic.readUInt16BE(0) === 0x1f8b
    const zstd = magic.readUInt32LE(0) === 0xfd2fb528
    if (!gzip && !zstd) return source
    const target = this.#copy(digest)
    if (await stat(target).catch(() => undefined)) return target
    const input = createReadStream(source)
    const unpacker = gzip ? createGunzip() : createZstdDecompress()
    input.on('error', (error) => unpacker.destroy(error))
    await this.#write(target, input.pipe(unpacker))
    return target
  }

  async #write(target: string, plain: ByteSource): Promise<void> {
    const file = this.#blobs.temporaryPath()
    try {
      await writeSparsely(file, plain)
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
    await rename(file, target)
  }
}
