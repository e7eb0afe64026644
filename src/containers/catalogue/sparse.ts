import { isZeros, ZEROS } from '../files/pieces.ts'

/** Bytes in order; a number stands for so many zeros, which are neither kept in memory nor written to disk. */
export type Stretch = Uint8Array | number

/** Joins zeros that are shared ones (`ZEROS`) into stretches. */
export async function stretches(source: AsyncIterable<Uint8Array>): Promise<Stretch[]> {
  const list: Stretch[] = []
  for await (const bytes of source) {
    const last = list.at(-1)
    if (!isZeros(bytes)) list.push(bytes)
    else if (typeof last === 'number') list[list.length - 1] = last + bytes.length
    else list.push(bytes.length)
  }
  return list
}

export const lengthOf = (list: readonly Stretch[]): number =>
  list.reduce((sum: number, part) => sum + (typeof part === 'number' ? part : part.length), 0)

/** All bytes, the zeros as views of `ZEROS`. */
export function* bytesOf(list: Iterable<Stretch>): Generator<Uint8Array> {
  for (const part of list) {
    if (typeof part !== 'number') yield part
    else
      for (let left = part; left > 0; left -= ZEROS.length)
        yield ZEROS.subarray(0, Math.min(left, ZEROS.length))
  }
}
