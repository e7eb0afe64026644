import { AwsError } from '../wire/service.ts'

interface PageInput {
  Marker?: string
  MaxItems?: number
}

/** One page of a sorted list as IAM pages: an opaque marker, 100 items unless told. */
export function page<T>(items: T[], { Marker: marker, MaxItems: limit = 100 }: PageInput) {
  const start = marker === undefined ? 0 : readMarker(marker)
  const end = start + limit
  const more = end < items.length
  return {
    items: items.slice(start, end),
    paging: { IsTruncated: more, ...(more ? { Marker: Buffer.from(`p${end}`).toString('base64') } : {}) },
  }
}

function readMarker(marker: string): number {
  const [, index] = /^p(\d+)$/.exec(Buffer.from(marker, 'base64').toString('latin1')) ?? []
  if (index === undefined) throw new AwsError('ValidationError', `Invalid Marker: ${marker}`)
  return Number(index)
}

/** Sorts by name as IAM lists: upper case and lower case together. */
export function byName<T extends { name: string }>(items: T[]): T[] {
  return items.sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
}
