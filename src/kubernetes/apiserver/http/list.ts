import { CompactedError, type Entry, type Listing } from '#world/store.ts'
import { StatusError } from '../../api.ts'
import { badRequest, expired } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import { predicate } from '../selectors.ts'
import { servedAs } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import { listOptions } from './list-options.ts'
import { numberIn } from './options.ts'

interface Page {
  entries: Entry[]
  meta: Obj
}

/** How many entries are read at a time when a selector has to fill a page. */
const CHUNK = 500

/** The objects that a list request asks for, with the list's metadata. Throws StatusError. */
export function listPage(
  objects: Objects,
  kind: Kind,
  stored: Kind,
  namespace: string,
  query: URLSearchParams,
): Page {
  const matches = predicate(kind, query.get('labelSelector'), query.get('fieldSelector'))
  const selected = (entry: Entry) => !matches || matches(servedAs(kind, entry))
  const limit = numberIn(query, 'limit') ?? 0
  const from = startOf(query, objects.context.world.store.revision)
  const read = (startAfter: string | undefined, count: number | undefined): Listing => {
    const options = {
      ...(startAfter !== undefined && { startAfter }),
      ...(from.revision !== undefined && { revision: from.revision }),
      ...(count !== undefined && { limit: count }),
    }
    return readList(objects, stored, namespace, options, from)
  }
  /** How many objects come after those of this page, at the page's revision. */
  const leftAfter = (key: string, revision: number): number => {
    if (from.left !== undefined) return from.left - limit
    if (revision === objects.context.world.store.revision && from.startAfter === undefined)
      return objects.count(stored, namespace) - limit
    return objects.list(stored, namespace, { startAfter: key, revision }).entries.length
  }
  if (limit <= 0) {
    const listing = read(from.startAfter, undefined)
    return { entries: listing.entries.filter(selected), meta: { resourceVersion: String(listing.revision) } }
  }
  const entries: Entry[] = []
  let startAfter = from.startAfter
  for (;;) {
    const listing = read(startAfter, matches ? Math.max(limit, CHUNK) : limit)
    const meta: Obj = { resourceVersion: String(listing.revision) }
    for (const entry of listing.entries) {
      if (entries.length === limit) {
        return {
          entries,
          meta: { ...meta, continue: token(entries.at(-1)!.key, listing.revision) },
        }
      }
      if (selected(entry)) entries.push(entry)
      startAfter = entry.key
    }
    if (!listing.more) return { entries, meta }
    if (entries.length === limit) {
      const left = matches ? undefined : leftAfter(startAfter!, listing.revision)
      const remaining = left === undefined ? {} : { remainingItemCount: left }
      return {
        entries,
        meta: { ...meta, continue: token(startAfter!, listing.revision, left), ...remaining },
      }
    }
    from.revision = listing.revision
  }
}

function readList(objects: Objects, kind: Kind, namespace: string, options: object, from: Start): Listing {
  try {
    return objects.list(kind, namespace, options)
  } catch (error) {
    if (error instanceof CompactedError) {
      throw expired(
        from.isContinued
          ? 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
          : 'The resourceVersion for the provided list is too old.',
        from.isContinued ? { continue: token(from.startAfter!, INCONSISTENT) } : {},
      )
    }
    if (error instanceof RangeError) throw badRequest('Too large resource version')
    throw error
  }
}

interface Start {
  startAfter: string | undefined
  revision: number | undefined
  /** Whether it goes on where another page ended. */
  isContinued: boolean
  /** How many objects there are from here on, where that is known. */
  left: number | undefined
}

/** The revision of a token that goes on at whatever revision there is. Source: apiserver/pkg/storage/continue.go. */
const INCONSISTENT = -1

/** Where a list begins and which revision it shows. */
function startOf(query: URLSearchParams, present: number): Start {
  const options = listOptions(query, false)
  const { resourceVersion, exact } = options
  if (options.continue) {
    if (resourceVersion && resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue')
    const { start, rv, left } = decodeToken(options.continue)
    return { startAfter: start, revision: rv === INCONSISTENT ? undefined : rv, isContinued: true, left }
  }
  if (Number(resourceVersion) > present) throw tooLarge(resourceVersion, present)
  const revision = exact ? Number(resourceVersion) : undefined
  return { startAfter: undefined, revision, isContinued: false, left: undefined }
}

/** What a server says that has not come as far; upstream waits three seconds before it does. */
const tooLarge = (wanted: string, present: number) =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${present}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

const token = (key: string, revision: number, left?: number) =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: key, left })).toString('base64url')

function decodeToken(text: string): { rv: number; start: string; left: number | undefined } {
  try {
    const { v, rv, start, left } = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (v === 'meta.k8s.io/v1' && typeof rv === 'number' && typeof start === 'string')
      return { rv, start, left: typeof left === 'number' ? left : undefined }
  } catch {
    // Falls through to the one answer for every broken token.
  }
  throw badRequest('continue key is not valid: the token is malformed')
}
