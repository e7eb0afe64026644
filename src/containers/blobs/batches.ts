export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Bytes that are worth a system call. */
const BATCH = 256 * 1024

/** Gathers chunks until they are worth a system call. When the source fails, what came before is given first. */
export async function* batches(source: ByteSource): AsyncGenerator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of source) {
      batch.push(chunk)
      bytes += chunk.length
      if (bytes < BATCH) continue
      const full = batch
      batch = []
      bytes = 0
      yield full
    }
  } catch (error) {
    if (batch.length > 0) yield batch
    throw error
  }
  if (batch.length > 0) yield batch
}
