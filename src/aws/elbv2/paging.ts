import { AwsError } from '../wire/service.ts'

/** One page of a list; at most 400, as ELB. The marker is opaque. */
export function page<T>(
  all: T[],
  { Marker, PageSize = 400 }: { Marker?: string; PageSize?: number },
): { items: T[]; NextMarker?: string } {
  const offset = Marker === undefined ? 0 : Number(Buffer.from(Marker, 'base64').toString())
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new AwsError('ValidationError', `Invalid marker '${Marker}'`)
  const end = offset + PageSize
  const NextMarker = end < all.length ? Buffer.from(String(end)).toString('base64') : undefined
  return { items: all.slice(offset, end), ...(NextMarker ? { NextMarker } : {}) }
}
