import { invalidParameter } from './errors.ts'

/** One page of a list; at most 100, as EKS. The token is opaque. */
export function page<T>(
  items: T[],
  input: { maxResults?: number; nextToken?: string },
): { items: T[]; nextToken?: string } {
  const offset = input.nextToken ? Number(Buffer.from(input.nextToken, 'base64').toString()) : 0
  if (!Number.isSafeInteger(offset) || offset < 0) throw invalidParameter('Invalid token')
  const end = offset + (input.maxResults ?? 100)
  const nextToken = end < items.length ? Buffer.from(String(end)).toString('base64') : undefined
  return { items: items.slice(offset, end), nextToken }
}
