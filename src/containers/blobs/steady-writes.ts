import type { FileHandle } from 'node:fs/promises'

/** Bytes that may wait for the disk before it is told to write them. */
const BEHIND = 8 * 1024 * 1024

/**
 * Appends to a file and has the disk write it meanwhile: who syncs a layer when its last byte has come waits for its end only,
 * not for all of it.
 */
export class SteadyWrites {
  readonly #file: FileHandle
  #unsynced = 0
  #syncing: Promise<void> | undefined

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Writes everything, also when the system takes less at once. */
  async write(batch: readonly Uint8Array[]): Promise<void> {
    const total = batch.reduce((sum, chunk) => sum + chunk.length, 0)
    const { bytesWritten } = await this.#file.writev(batch)
    if (bytesWritten < total) await this.#file.writeFile(Buffer.concat(batch).subarray(bytesWritten))
    this.#unsynced += total
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
