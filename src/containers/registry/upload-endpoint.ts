import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough, pipeline } from 'node:stream'
import { isDigest } from '../blobs/digest.ts'
import { DigestMismatchError, UploadOffsetError, UploadTakenOverError } from '../blobs/store.ts'
import { type Call, digestInvalid, unsupported } from './call.ts'
import { RegistryError } from './policy.ts'

/** Begins, continues, finishes or aborts an upload. */
export async function uploads(call: Call, id: string): Promise<void> {
  const { req, res, url, repository, contents } = call
  if (id === '') {
    if (req.method !== 'POST') throw unsupported()
    return startUpload(call)
  }
  const size = await contents.uploadSize(repository, id)
  if (size === undefined) {
    throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
  }
  switch (req.method) {
    case 'GET':
      return uploadState(call, id, size, 204)
    case 'PATCH': {
      const next = await append(call, id)
      return next === undefined ? undefined : uploadState(call, id, next, 202)
    }
    case 'PUT': {
      const digest = url.searchParams.get('digest') ?? ''
      if (!isDigest(digest)) throw digestInvalid('invalid digest')
      return (await append(call, id)) === undefined ? undefined : finishUpload(call, id, digest)
    }
    case 'DELETE':
      await contents.abortUpload(repository, id)
      await contents.world.store.flushed()
      res.writeHead(204).end()
      return
    default:
      throw unsupported()
  }
}

/** Takes the body in; answers 416 and gives undefined when it does not begin where the upload ends. */
async function append(call: Call, id: string): Promise<number | undefined> {
  const { req, contents } = call
  const offset = chunkStart(req.headers['content-range'], req.headers['content-length'])
  try {
    return await contents.append(id, pieces(req), { offset, owned: true })
  } catch (error) {
    if (error instanceof UploadTakenOverError) {
      throw new RegistryError(400, 'BLOB_UPLOAD_INVALID', 'blob upload invalid', { detail: error.message })
    }
    if (!(error instanceof UploadOffsetError)) throw error
    uploadState(call, id, error.size, 416)
    return undefined
  }
}

/** A body piece by piece as it came. A request that is iterated joins what waits, and leaves the pieces to the collector. */
function pieces(req: IncomingMessage): PassThrough {
  return pipeline(req, new PassThrough({ readableObjectMode: true }), () => {
    // Who reads hears of it.
  })
}

async function startUpload(call: Call): Promise<void> {
  const { req, url, repository, contents } = call
  const wanted = url.searchParams.get('mount')
  if (wanted && isDigest(wanted) && (await mount(call, wanted, url.searchParams.get('from')))) return
  const digest = url.searchParams.get('digest')
  if (digest !== null && !isDigest(digest)) throw digestInvalid('invalid digest')
  const id = await contents.startUpload(repository)
  if (digest !== null) {
    await contents.append(id, pieces(req), { owned: true })
    return finishUpload(call, id, digest)
  }
  await contents.world.store.flushed()
  uploadState(call, id, 0, 202)
}

/**
 * Takes over a blob from a repository that the caller may pull from, without `from` any such one; false lets the upload
 * begin instead.
 */
async function mount(call: Call, digest: string, from: string | null): Promise<boolean> {
  const { res, repository, contents } = call
  if (contents.policy.mountsBlobs?.() === false) return false
  const sources = from === null ? contents.metadata.holders(digest) : [from]
  for (const source of sources) {
    const size = await contents.blobSize(source, digest)
    if (size === undefined || !(await mayPull(call, source))) continue
    contents.putBlob(repository, { digest, size })
    await contents.world.store.flushed()
    blobCreated(res, repository, digest)
    return true
  }
  return false
}

async function mayPull({ identity, contents }: Call, repository: string): Promise<boolean> {
  try {
    await contents.policy.authorize(identity, 'pull', repository)
    return true
  } catch (error) {
    if (error instanceof RegistryError) return false
    throw error
  }
}

async function finishUpload({ res, repository, contents }: Call, id: string, digest: string): Promise<void> {
  try {
    await contents.finishUpload(repository, id, digest)
  } catch (error) {
    if (!(error instanceof DigestMismatchError)) throw error
    await contents.abortUpload(repository, id)
    throw digestInvalid('provided digest did not match uploaded content')
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

/** Where a chunk says that it begins. Throws when it is not as long as it says. */
function chunkStart(range: string | undefined, length: string | undefined): number | undefined {
  if (range === undefined) return undefined
  const [, start, end] = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/.*)?$/.exec(range) ?? []
  if (start === undefined) {
    throw new RegistryError(400, 'BLOB_UPLOAD_INVALID', 'blob upload invalid', {
      detail: `invalid Content-Range ${range}`,
    })
  }
  if (length !== undefined && Number(length) !== Number(end) - Number(start) + 1) {
    throw new RegistryError(400, 'SIZE_INVALID', 'provided length did not match content length')
  }
  return Number(start)
}
