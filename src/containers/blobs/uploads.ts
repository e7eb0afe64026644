import { createHash, type Hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ByteSource, batches } from './batches.ts'
import { DigestMismatchError, isDiskFull, UploadOffsetError, UploadTakenOverError } from './errors.ts'
import { SteadyWrites } from './steady-writes.ts'
import type { BlobInfo } from './store.ts'

/** What is known of an upload without reading it again. */
interface Running {
  hash: Hash
  size: number
}

export interface AppendOptions {
  /** Must be the upload's size, bytes; default: whatever it is. */
  offset?: number | undefined
  /** Nobody else reads the source's buffers: their memory is given back at once. */
  owned?: boolean
}

const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Uploads that come in pieces and survive a restart of the process: a file each. Of two requests on one upload the later
 * one goes on with it, so that a client can resume while its broken connection is not yet known to be broken.
 */
export class Uploads {
  readonly #folder: string
  readonly #place: (file: string, digest: string) => Promise<void>
  readonly #running = new Map<string, Running>()
  /** Who writes, and the write that is under way. */
  readonly #turns = new Map<string, { turn: object; write: Promise<unknown> }>()

  /** `place` makes a synced file the blob of a digest. */
  constructor(folder: string, place: (file: string, digest: string) => Promise<void>) {
    this.#folder = folder
    this.#place = place
  }

  async create(): Promise<string> {
    const id = randomUUID()
    await (await open(this.#path(id), 'wx')).close()
    this.#running.set(id, { hash: createHash('sha256'), size: 0 })
    return id
  }

  /** The ids of the uploads that nobody has written to since `since` (host time, ms). */
  async idle(since: number): Promise<string[]> {
    const idle: string[] = []
    for (const name of await readdir(this.#folder)) {
      const file = UPLOAD_ID.test(name) && (await stat(this.#path(name)).catch(() => undefined))
      if (file && file.mtimeMs < since) idle.push(name)
    }
    return idle
  }

  /** How many bytes of an upload are here; undefined when there is no such upload. */
  async size(id: string): Promise<number | undefined> {
    if (!UPLOAD_ID.test(id)) return undefined
    try {
      return (await stat(this.#path(id))).size
    } catch {
      return undefined
    }
  }

  /**
   * Appends to an upload and gives its new size. What arrived before the source failed stays; of a write for which there
   * was no room nothing stays. Throws UploadOffsetError, UploadTakenOverError.
   */
  async append(
    id: string,
    source: ByteSource,
    { offset, owned = false }: AppendOptions = {},
  ): Promise<number> {
    const mine = await this.#take(id)
    const running = await this.#known(id)
    if (offset !== undefined && offset !== running.size) throw new UploadOffsetError(running.size)
    const before = running.size
    const file = await open(this.#path(id), 'a')
    const steady = new SteadyWrites(file, before)
    try {
      for await (const batch of batches(source)) {
        const turn = this.#turns.get(id)
        if (turn?.turn !== mine) throw new UploadTakenOverError()
        // The hash may only know what the file has: after a failed write both are read again.
        this.#running.delete(id)
        turn.write = steady.write(batch)
        for (const chunk of batch) {
          running.hash.update(chunk)
          running.size += chunk.length
        }
        await turn.write
        if (owned) release(batch)
        this.#running.set(id, running)
      }
      await steady.settled()
    } catch (error) {
      if (isDiskFull(error)) await file.truncate(before).catch(() => this.#running.delete(id))
      throw error
    } finally {
      await file.close()
    }
    return running.size
  }

  /** Turns a complete upload into a blob. Throws DigestMismatchError (the upload stays). */
  async finish(id: string, digest: string): Promise<BlobInfo> {
    await this.#take(id)
    const running = await this.#known(id)
    const actual = `sha256:${running.hash.copy().digest('hex')}`
    if (actual !== digest) throw new DigestMismatchError(digest, actual)
    const file = await open(this.#path(id), 'r+')
    await file.sync()
    await file.close()
    await this.#place(this.#path(id), digest)
    this.#forget(id)
    return { digest, size: running.size }
  }

  async abort(id: string): Promise<void> {
    if (!UPLOAD_ID.test(id)) return
    this.#forget(id)
    await rm(this.#path(id), { force: true })
  }

  /** Makes the caller the one who writes, after the write that is under way. */
  async #take(id: string): Promise<object> {
    const turn = {}
    const write = this.#turns.get(id)?.write ?? Promise.resolve()
    this.#turns.set(id, { turn, write })
    await write.catch(() => {
      // Its own request hears of it.
    })
    return turn
  }

  #forget(id: string): void {
    this.#running.delete(id)
    this.#turns.delete(id)
  }

  /** Hash and size, from memory if that agrees with the file. */
  async #known(id: string): Promise<Running> {
    const size = await this.size(id)
    if (size === undefined) throw new RangeError(`no such upload: ${id}`)
    const known = this.#running.get(id)
    if (known?.size === size) return known
    const running = { hash: createHash('sha256'), size }
    if (size > 0) {
      for await (const chunk of createReadStream(this.#path(id), { end: size - 1 }))
        running.hash.update(chunk)
    }
    this.#running.set(id, running)
    return running
  }

  #path(id: string): string {
    return join(this.#folder, id)
  }
}

/** Gives memory back now: left to the collector, the pieces of one layer make it run several times. */
function release(chunks: readonly Uint8Array[]): void {
  // A part of a buffer is others' memory too.
  for (const { buffer, byteLength } of chunks)
    if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0)
}
