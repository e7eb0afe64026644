import type { ServerResponse } from 'node:http'
import { isDigest } from '../blobs/digest.ts'
import { DigestMismatchError, UploadOffsetError } from '../blobs/store.ts'
import { type Call, unsupported } from './call.ts'
import { RegistryError } from './policy.ts'

/** Begins, continues, finishes or aborts an upload. */
export async function uploads(call: Call, id: string): Promise<void> {
  const { req, res, url, repository, contents } = call
  if (req.method === 'POST' && id === '') return startUpload(call)
  const known = contents.metadata.hasUpload(repository, id)
  const size = known ? await contents.blobs.uploadSize(id) : undefined
  if (size === undefined) {
    throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
  }
  switch (req.method) {
    case 'GET':
      return uploadState(call, id, size, 204)
    case 'PATCH': {
      const offset = contentRangeStart(req.headers['content-range'])
      try {
        const next = await contents.blobs.appendUpload(id, req, offset)
        return uploadState(call, id, next, 202)
      } catch (error) {
        if (!(error instanceof UploadOffsetError)) throw error
        return uploadState(call, id, error.size, 416)
      }
    }
    case 'PUT': {
      const digest = url.searchParams.get('digest') ?? ''
      if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
      const offset = contentRangeStart(req.headers['content-range'])
      try {
        await contents.blobs.appendUpload(id, req, offset)
      } catch (error) {
        if (!(error instanceof UploadOffsetError)) throw error
        return uploadState(call, id, error.size, 416)
      }
      return finishUpload(call, id, digest)
    }
    case 'DELETE':
      await contents.blobs.abortUpload(id)
      contents.metadata.endUpload(repository, id)
      await contents.world.store.flushed()
      res.writeHead(204).end()
      return
    default:
      throw unsupported()
  }
}

async function startUpload(call: Call): Promise<void> {
  const { req, url, repository, contents } = call
  const wanted = url.searchParams.get('mount')
  if (wanted && isDigest(wanted) && (await mount(call, wanted, url.searchParams.get('from')))) return
  const id = await contents.blobs.createUpload()
  contents.metadata.startUpload(repository, id, contents.world.clock.now())
  const digest = url.searchParams.get('digest')
  if (digest) {
    if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
    await contents.blobs.appendUpload(id, req)
    return finishUpload(call, id, digest)
  }
  await contents.world.store.flushed()
  uploadState(call, id, 0, 202)
}

/** Takes over a blob from a repository that the caller may pull from; false lets the upload begin instead. */
async function mount(
  { res, repository, identity, contents }: Call,
  digest: string,
  from: string | null,
): Promise<boolean> {
  if (!from) return false
  try {
    await contents.policy.authorize(identity, 'pull', from)
  } catch {
    return false
  }
  const size = await contents.blobSize(from, digest)
  if (size === undefined) return false
  contents.metadata.putBlob(repository, { digest, size })
  await contents.world.store.flushed()
  blobCreated(res, repository, digest)
  return true
}

async function finishUpload({ res, repository, contents }: Call, id: string, digest: string): Promise<void> {
  try {
    const blob = await contents.blobs.finishUpload(id, digest)
    contents.metadata.endUpload(repository, id, blob)
  } catch (error) {
    if (!(error instanceof DigestMismatchError)) throw error
    await contents.blobs.abortUpload(id)
    contents.metadata.endUpload(repository, id)
    throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
  }
  await contents.world.store.flushed()
  blobCreated(res, repository, digest)
}

function uploadState({ res, repository }: Call, id: string, size: number, status: number): void {
  res.writeHead(status, {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
    'content-length': 0,
  })
  res.end()
}

function blobCreated(res: ServerResponse, repository: string, digest: string): void {
  res.writeHead(201, {
    location: `/v2/${repository}/blobs/${digest}`,
    'docker-content-digest': digest,
    'content-length': 0,
  })
  res.end()
}

function contentRangeStart(header: string | undefined): number | undefined {
  const match = /^(?:bytes[ =])?(\d+)-(\d+)/.exec(header ?? '')
  return match ? Number(match[1]) : undefined
}
