/** Choices that are the same for the same seed. */
export interface Random {
  /** An integer from 0, less than `limit`. */
  below(limit: number): number
  pick<T>(list: readonly T[]): T
}

/** A Lehmer generator; `seed` is a positive integer. */
export function generator(seed: number): Random {
  let state = seed
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  return { below, pick: (list) => list[below(list.length)]! }
}

/** Bytes that parsers stumble over. */
const STUMBLES = [
  '"',
  '{',
  ']',
  '\u0000',
  '%',
  '%zz',
  '&',
  '=',
  '.',
  '1e999',
  '-',
  'null',
  '\\u',
  '\xff',
  '\x9f',
  '\xbf\xff',
]

/** A body with a part of it cut off, doubled, changed, or something in it that does not belong there. */
export function spoilBytes(body: Buffer, { below, pick }: Random): Buffer {
  const at = below(body.length + 1)
  const end = Math.min(body.length, at + below(16))
  switch (below(5)) {
    case 0:
      return body.subarray(0, at)
    case 1:
      return Buffer.concat([body.subarray(0, at), body.subarray(end)])
    case 2:
      return Buffer.concat([body.subarray(0, end), body.subarray(at)])
    case 3: {
      const changed = Buffer.from(body)
      if (at < changed.length) changed[at] = below(256)
      return changed
    }
    default:
      return Buffer.concat([body.subarray(0, at), Buffer.from(pick(STUMBLES), 'latin1'), body.subarray(at)])
  }
}
