import { AwsError } from '../wire/service.ts'

/** One page by KMS's rules: `Limit` and `Marker`. Throws InvalidMarkerException. */
export function page<T>(
  all: T[],
  { Limit: limit = 100, Marker: marker }: { Limit?: number; Marker?: string },
) {
  const offset = marker === undefined ? 0 : Number(Buffer.from(marker, 'base64').toString())
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new AwsError('InvalidMarkerException', 'Invalid marker')
  const end = offset + limit
  const more = end < all.length
  return {
    items: all.slice(offset, end),
    paging: { Truncated: more, NextMarker: more ? Buffer.from(String(end)).toString('base64') : undefined },
  }
}
