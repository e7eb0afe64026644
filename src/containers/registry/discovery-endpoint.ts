import { isDigest } from '../blobs/digest.ts'
import { type Call, json } from './call.ts'
import { MANIFEST_TYPES } from './manifest.ts'
import { RegistryError } from './policy.ts'

/** Lists tags in order, in pages of `n`. */
export async function listTags({ res, url, repository, contents }: Call): Promise<void> {
  const own = contents.metadata.tags(repository).map(({ tag }) => tag)
  const all = [...new Set([...own, ...(contents.catalogue?.tags(contents.host, repository) ?? [])])].sort()
  const last = url.searchParams.get('last')
  const after = last === null ? all : all.filter((tag) => tag > last)
  const count = url.searchParams.get('n')
  const limit = count === null ? after.length : Number.parseInt(count, 10)
  if (!(limit >= 0)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', 'invalid number of results requested')
  }
  const tags = after.slice(0, limit)
  if (tags.length > 0 && tags.length < after.length) {
    const next = `/v2/${repository}/tags/list?last=${encodeURIComponent(tags.at(-1)!)}&n=${limit}`
    res.setHeader('link', `<${next}>; rel="next"`)
  }
  json(res, 200, { name: repository, tags })
}

/** Lists the manifests whose subject is a digest, as an index. */
export async function listReferrers({ res, url, repository, contents }: Call, digest: string): Promise<void> {
  if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
  const filter = url.searchParams.get('artifactType')
  const manifests = contents.metadata
    .manifests(repository)
    .filter(({ subject, artifactType }) => subject === digest && (filter === null || artifactType === filter))
    .map(({ mediaType, digest, size, artifactType, annotations }) => ({
      mediaType,
      digest,
      size,
      artifactType,
      annotations,
    }))
  if (filter !== null) res.setHeader('oci-filters-applied', 'artifactType')
  json(res, 200, { schemaVersion: 2, mediaType: MANIFEST_TYPES.ociIndex, manifests }, MANIFEST_TYPES.ociIndex)
}
