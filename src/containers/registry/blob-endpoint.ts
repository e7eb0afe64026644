import { pipeline } from 'node:stream/promises'
import { isDigest } from '../blobs/digest.ts'
import { type Call, unsupported } from './call.ts'
import { RegistryError } from './policy.ts'

/** Pulls a blob or a range of it, or deletes it. */
export async function blob({ req, res, repository, contents }: Call, digest: string): Promise<void> {
  if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
  const size = await contents.blobSize(repository, digest)
  if (size === undefined) {
    throw new RegistryError(404, 'BLOB_UNKNOWN', 'blob unknown to registry', { detail: digest })
  }
  if (req.method === 'DELETE') {
    if (!contents.metadata.deleteBlob(repository, digest)) throw unsupported()
    await contents.world.store.flushed()
    res.writeHead(202, { 'content-length': 0 }).end()
    return
  }
  if (req.method !== 'GET' && req.method !== 'HEAD') throw unsupported()
  const range = parseRange(req.headers.range, size)
  if (range === 'unsatisfiable') {
    res.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  res.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  })
  if (req.method === 'HEAD' || size === 0) res.end()
  else await pipeline(contents.blobs.stream(digest, { start, end }), res)
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  return start > end || start >= size ? 'unsatisfiable' : { start, end }
}
