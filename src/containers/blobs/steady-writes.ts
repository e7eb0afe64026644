import { type FileHandle, open } from 'node:fs/promises'
import { type ByteSource, batches, isBlank } from './batches.ts'

/** Bytes that may wait for the disk before it is told to write them. */
const BEHIND = 8 * 1024 * 1024

/**
 * Appends to a file and has the disk write it meanwhile: who syncs a layer when its last byte has come waits for its end only,
 * not for all of it. Zeros become holes, which take no room.
 */
export class SteadyWrites {
  readonly #file: FileHandle
  #size: number
  #unsynced = 0
  #syncing: Promise<void> | undefined

  /** `file` is open for appending; it has `size` bytes. */
  constructor(file: FileHandle, size = 0) {
    this.#file = file
    this.#size = size
  }

  async write(batch: readonly Uint8Array[]): Promise<void> {
    const written = await append(this.#file, this.#size, batch)
    this.#size += written
    this.#unsynced += written
    if (this.#unsynced >= BEHIND && !this.#syncing) this.#sync()
  }

  /** Resolves when the disk has nothing under way. Throws what it could not write: another handle would not hear of it. */
  async settled(): Promise<void> {
    await this.#syncing
  }

  #sync(): void {
    this.#unsynced = 0
    const syncing = this.#file.datasync()
    this.#syncing = syncing
    syncing.then(
      () => {
        this.#syncing = undefined
      },
      () => {
        // Stays, for `settled` to throw.
      },
    )
  }
}

/** Makes a file of some bytes; `synced`: it is on the disk when this resolves. */
export async function writeSparsely(path: string, source: ByteSource, synced = false): Promise<void> {
  const file = await open(path, 'ax')
  try {
    let size = 0
    for await (const batch of batches(source)) size += await append(file, size, batch)
    if (synced) await file.sync()
  } finally {
    await file.close()
  }
}

/** Writes everything to the end of a file of `size` bytes, zeros as holes. Gives how much that was. */
async function append(file: FileHandle, size: number, batch: readonly Uint8Array[]): Promise<number> {
  let end = size
  for (let from = 0, to = 0; from < batch.length; from = to) {
    const blank = isBlank(batch[from]!)
    while (to < batch.length && isBlank(batch[to]!) === blank) end += batch[to++]!.length
    if (blank) await file.truncate(end)
    else await writeAll(file, batch.slice(from, to))
  }
  return end - size
}

/** Also when the system takes less at once. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const { bytesWritten } = await file.writev(chunks)
  if (bytesWritten < total) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten))
}
