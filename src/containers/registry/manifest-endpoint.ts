import type { IncomingMessage } from 'node:http'
import { digestOf, isRegisteredDigest } from '../blobs/digest.ts'
import { type Call, digestInvalid, matchesTag, unsupported } from './call.ts'
import { RegistryError } from './policy.ts'

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
/** Registries must take at least 4 MiB. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

/** What is no tag: a tag has no colon. */
const isDigestLike = (reference: string) => reference.includes(':')

/** Pulls, pushes or deletes a manifest by tag or digest. */
export async function manifests(call: Call, reference: string): Promise<void> {
  const { req } = call
  if (!isRegisteredDigest(reference) && !TAG.test(reference)) {
    throw isDigestLike(reference)
      ? digestInvalid('invalid digest')
      : new RegistryError(400, 'MANIFEST_INVALID', 'invalid tag name', { detail: { Tag: reference } })
  }
  if (req.method === 'GET' || req.method === 'HEAD') return getManifest(call, reference)
  if (req.method === 'PUT') return putManifest(call, reference)
  if (req.method === 'DELETE') return deleteManifest(call, reference)
  throw unsupported()
}

async function getManifest(
  { req, res, repository, identity, contents }: Call,
  reference: string,
): Promise<void> {
  await contents.policy.beforeRead?.({ repository, reference, identity })
  const found = await contents.readManifest(repository, reference)
  if (!found) {
    const detail = isDigestLike(reference) ? { digest: reference } : { Tag: reference }
    throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown', { detail })
  }
  const { digest } = found
  const etag = `"${digest}"`
  const method = req.method as 'GET' | 'HEAD'
  const headers = await contents.policy.beforePull?.({ repository, digest, method, identity })
  for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value)
  res.setHeader('docker-content-digest', digest)
  res.setHeader('etag', etag)
  if (matchesTag(req.headers['if-none-match'], etag)) {
    res.writeHead(304).end()
    return
  }
  res.writeHead(200, { 'content-type': found.mediaType, 'content-length': found.bytes.length })
  res.end(method === 'HEAD' ? undefined : found.bytes)
  if (method === 'GET') await contents.policy.manifestPulled?.({ repository, digest, identity })
}

async function putManifest(
  { req, res, repository, identity, contents }: Call,
  reference: string,
): Promise<void> {
  const bytes = await readBody(req)
  const digest = digestOf(bytes)
  const tag = isDigestLike(reference) ? undefined : reference
  if (tag === undefined && reference !== digest) {
    throw digestInvalid('provided digest did not match uploaded content')
  }
  const stored = await contents.storeManifest(repository, bytes, req.headers['content-type'], tag, identity)
  if (stored.subject) res.setHeader('oci-subject', stored.subject)
  res.writeHead(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    'content-length': 0,
  })
  res.end()
}

async function deleteManifest(
  { res, repository, identity, contents }: Call,
  reference: string,
): Promise<void> {
  await contents.policy.beforeDelete?.({ repository, reference, identity })
  const deleted = isDigestLike(reference)
    ? contents.metadata.deleteManifest(repository, reference)
    : contents.metadata.deleteTag(repository, reference)
  if (!deleted) throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  await contents.world.store.flushed()
  res.writeHead(202, { 'content-length': 0 }).end()
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > MAX_MANIFEST_BYTES)
      throw new RegistryError(413, 'SIZE_INVALID', 'manifest is larger than 4 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
