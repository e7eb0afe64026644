export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Bytes that are worth a system call. */
const BATCH = 256 * 1024

const ZEROS = Buffer.alloc(BATCH)

/** Fewer zeros than this are no room saved, bytes. */
const PAGE = 4096

/** Whether there is nothing but zeros in a chunk that is worth a hole. */
export function isBlank(chunk: Uint8Array): boolean {
  if (chunk.length < PAGE) return false
  for (let start = 0; start < chunk.length; start += BATCH) {
    const part = chunk.subarray(start, start + BATCH)
    if (part[0] !== 0 || ZEROS.compare(part, 0, part.length, 0, part.length) !== 0) return false
  }
  return true
}

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
