import type { ServerResponse } from 'node:http'
import { isRegisteredDigest } from '../blobs/digest.ts'
import { type Call, digestInvalid, json, unsupported } from './call.ts'
import { MANIFEST_TYPES } from './manifest.ts'
import type { StoredManifest } from './metadata.ts'
import { RegistryError } from './policy.ts'

/** Lists tags in order, in pages of `n`. */
export async function listTags({ req, res, url, repository, contents }: Call): Promise<void> {
  if (req.method !== 'GET') throw unsupported()
  const own = contents.metadata.tags(repository).map(({ tag }) => tag)
  const catalogued = contents.catalogue?.tags(contents.host, repository) ?? []
  const all = [...new Set([...own, ...catalogued])].sort(compareTags)
  json(res, 200, { name: repository, tags: pageOf(all, compareTags, url, res) })
}

/** Repositories in one answer, if nobody asks for another number. */
const CATALOG_PAGE = 1000

/** Lists the repositories of a registry in order, in pages of `n`. */
export function listRepositories(names: readonly string[], url: URL, res: ServerResponse): void {
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  json(res, 200, { repositories: pageOf(names.toSorted(compare), compare, url, res, CATALOG_PAGE) })
}

/** The names of a sorted list behind `last`, as many as `n` says; a header leads to the next page. Throws RegistryError. */
function pageOf(
  names: readonly string[],
  compare: (a: string, b: string) => number,
  url: URL,
  res: ServerResponse,
  standard = names.length,
): string[] {
  const last = url.searchParams.get('last')
  const after = names.filter((name) => last === null || compare(name, last) > 0)
  const count = url.searchParams.get('n')
  if (count !== null && !/^\d+$/.test(count)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested', {
      detail: { n: count },
    })
  }
  const limit = count === null ? standard : Number(count)
  const page = after.slice(0, limit)
  if (page.length > 0 && page.length < after.length) {
    const next = `${url.pathname}?last=${encodeURIComponent(page.at(-1)!)}&n=${limit}`
    res.setHeader('link', `<${next}>; rel="next"`)
  }
  return page
}

/** The specification's order: without regard to case; what then is equal, in the order of characters. */
function compareTags(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()]
  if (x !== y) return x < y ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Descriptors in one answer of the referrers API. */
const REFERRERS_PAGE = 1000

/** Lists the manifests whose subject is a digest, as an index, in pages. */
export async function listReferrers(
  { req, res, url, repository, contents }: Call,
  digest: string,
): Promise<void> {
  if (req.method !== 'GET') throw unsupported()
  if (!isRegisteredDigest(digest)) throw digestInvalid('invalid digest')
  const filter = url.searchParams.get('artifactType')
  const last = url.searchParams.get('last') ?? ''
  const referrers = contents.metadata
    .manifests(repository)
    .filter(({ subject, artifactType }) => subject === digest && (filter === null || artifactType === filter))
    .filter((manifest) => manifest.digest > last)
  const page = referrers.slice(0, REFERRERS_PAGE)
  if (page.length < referrers.length) {
    const query = new URLSearchParams({ last: page.at(-1)!.digest })
    if (filter !== null) query.set('artifactType', filter)
    res.setHeader('link', `</v2/${repository}/referrers/${digest}?${query}>; rel="next"`)
  }
  if (filter !== null) res.setHeader('oci-filters-applied', 'artifactType')
  const index = { schemaVersion: 2, mediaType: MANIFEST_TYPES.ociIndex, manifests: page.map(referrer) }
  json(res, 200, index, MANIFEST_TYPES.ociIndex)
}

const referrer = ({ mediaType, digest, size, artifactType, annotations }: StoredManifest) => ({
  mediaType,
  digest,
  size,
  artifactType,
  annotations,
})
