import { isDigest, isRegisteredDigest } from '../blobs/digest.ts'
import { type Call, digestInvalid, matchesTag, unsupported } from './call.ts'
import { RegistryError } from './policy.ts'

/** Pulls a blob or a range of it, or deletes it. */
export async function blob(
  { req, res, repository, identity, contents }: Call,
  digest: string,
): Promise<void> {
  if (!isRegisteredDigest(digest)) throw digestInvalid('invalid digest')
  const size = isDigest(digest) ? await contents.blobSize(repository, digest) : undefined
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
  await contents.policy.blobPulled?.({ repository, digest, size, method: req.method, identity })
  const etag = `"${digest}"`
  res.setHeader('docker-content-digest', digest)
  res.setHeader('etag', etag)
  // A digest's bytes never change.
  res.setHeader('cache-control', 'max-age=31536000')
  res.setHeader('accept-ranges', 'bytes')
  if (matchesTag(req.headers['if-none-match'], etag)) {
    res.writeHead(304).end()
    return
  }
  const same = req.headers['if-range'] === undefined || req.headers['if-range'] === etag
  const range = same && req.method === 'GET' ? parseRange(req.headers.range, size) : undefined
  if (range === 'unsatisfiable') {
    res.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  res.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  })
  if (req.method === 'HEAD' || size === 0) res.end()
  else await contents.blobs.send(digest, { start, end }, res, res.socket)
}

/** One range of bytes (RFC 9110, 14.1.2). What is no such range, or more than one, is as if it were not there. */
function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
