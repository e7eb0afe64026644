/** Bytes of a file that has grown in memory, piece by piece. Files that begin alike share the pieces; of these only `size` bytes count. */
export interface Pieces {
  readonly pieces: Uint8Array[]
  /** How many of the pieces are this file's. */
  readonly count: number
  /** bytes */
  readonly size: number
  /** Of these, bytes that take room on this machine: zeros do not. */
  readonly kept: number
}

/** Zeros: what `/dev/zero` gives, shared by all who read them and by the files that they are written to. */
export const ZEROS: Uint8Array = new Uint8Array(1024 * 1024)

/** Up to here a file is one piece, bytes. */
const ONE_PIECE = 256 * 1024
/** Pieces shorter than this are joined with what comes next, bytes. */
const SHORT_PIECE = 64 * 1024

export const isZeros = (bytes: Uint8Array): boolean => bytes.buffer === ZEROS.buffer

/** What a file holds after `bytes` were added to its end. */
export function grown(old: Uint8Array | Pieces, bytes: Uint8Array): Uint8Array | Pieces {
  const size = (old instanceof Uint8Array ? old.length : old.size) + bytes.length
  if (size === bytes.length) return isZeros(bytes) ? bytes : Uint8Array.from(bytes)
  if (old instanceof Uint8Array && size <= ONE_PIECE) return Buffer.concat([old, bytes])
  const { pieces, count, kept } =
    old instanceof Uint8Array ? { pieces: [old], count: 1, kept: isZeros(old) ? 0 : old.length } : old
  const room = isZeros(bytes) ? kept : kept + bytes.length
  const last = pieces[count - 1]!
  const joined = join(last, bytes)
  if (joined) return { pieces: [...pieces.slice(0, count - 1), joined], count, size, kept: room }
  const own = pieces.length === count ? pieces : pieces.slice(0, count)
  own.push(isZeros(bytes) ? bytes : Uint8Array.from(bytes))
  return { pieces: own, count: count + 1, size, kept: room }
}

function join(last: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  const length = last.length + bytes.length
  if (isZeros(last) && isZeros(bytes)) return length <= ZEROS.length ? ZEROS.subarray(0, length) : undefined
  if (isZeros(last) || isZeros(bytes) || last.length >= SHORT_PIECE) return undefined
  return Buffer.concat([last, bytes])
}

/** Bytes that a content takes of this machine's memory. */
export const keptBytes = (content: Uint8Array | Pieces): number =>
  content instanceof Uint8Array ? (isZeros(content) ? 0 : content.length) : content.kept

/** All bytes in one piece. */
export const wholeOf = (content: Uint8Array | Pieces): Uint8Array =>
  content instanceof Uint8Array
    ? content
    : Buffer.concat(content.pieces.slice(0, content.count), content.size)
