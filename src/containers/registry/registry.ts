import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'
import { digestOf, isDigest } from '../blobs/digest.ts'
import { type BlobStore, DigestMismatchError, UploadOffsetError } from '../blobs/store.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { MANIFEST_TYPES, parseManifest } from './manifest.ts'
import { RegistryMetadata, type StoredManifest } from './metadata.ts'
import { type RegistryAction, RegistryError, type RegistryIdentity, type RegistryPolicy } from './policy.ts'

export interface RegistryOptions {
  /** Host name that it is served under; also its name in the store and the catalogue. */
  host: string
  world: World
  blobs: BlobStore
  policy: RegistryPolicy
  /** Images that are there without having been pushed. */
  catalogue?: Catalogue
}

/** Name grammar of the distribution specification. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
/** Registries must take at least 4 MiB. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

interface Call {
  req: IncomingMessage
  res: ServerResponse
  url: URL
  repository: string
  identity: RegistryIdentity
}

/** One registry host: the OCI distribution API 1.1 over the blob store, ruled by a policy. */
export class Registry implements HttpHost {
  readonly kind = 'http'
  readonly host: string
  /** What its repositories hold; for APIs beside this one (ECR's own). */
  readonly metadata: RegistryMetadata
  readonly #world: World
  readonly #blobs: BlobStore
  readonly #policy: RegistryPolicy
  readonly #catalogue: Catalogue | undefined

  constructor(options: RegistryOptions) {
    this.host = options.host
    this.metadata = new RegistryMetadata(options.world.store, options.host)
    this.#world = options.world
    this.#blobs = options.blobs
    this.#policy = options.policy
    this.#catalogue = options.catalogue
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    this.#handle(req, res).catch((error) => {
      if (res.headersSent) res.destroy()
      else sendError(req, res, error)
    })
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.setHeader('docker-distribution-api-version', 'registry/2.0')
    const url = new URL(req.url ?? '/', `https://${this.host}`)
    const path = decodeURIComponent(url.pathname)
    if (path === '/v2/' || path === '/v2') {
      await this.#policy.authenticate(req, undefined)
      return json(res, 200, {})
    }
    const route = matchRoute(path)
    if (!route) throw new RegistryError(404, 'NOT_FOUND', `no such path: ${path}`)
    const { repository } = route
    const action = actionOf(req.method!, route)
    if (!NAME.test(repository) || repository.length > 255) {
      throw new RegistryError(400, 'NAME_INVALID', 'invalid repository name', {
        detail: { name: repository },
      })
    }
    const identity = await this.#policy.authenticate(req, { action, repository })
    await this.#policy.authorize(identity, action, repository)
    await this.#policy.requireRepository(identity, action, repository)
    const call: Call = { req, res, url, repository, identity }
    switch (route.type) {
      case 'tags':
        return this.#listTags(call)
      case 'referrers':
        return this.#listReferrers(call, route.reference)
      case 'manifests':
        return this.#manifests(call, route.reference)
      case 'blobs':
        return this.#blobRequest(call, route.reference)
      case 'uploads':
        return this.#uploads(call, route.reference)
    }
  }

  // --- manifests

  async #manifests(call: Call, reference: string): Promise<void> {
    const { req } = call
    if (!isDigest(reference) && !TAG.test(reference)) {
      const digestLike = reference.includes(':')
      throw digestLike
        ? new RegistryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
        : new RegistryError(400, 'MANIFEST_INVALID', 'invalid tag name', { detail: { Tag: reference } })
    }
    if (req.method === 'GET' || req.method === 'HEAD') return this.#getManifest(call, reference)
    if (req.method === 'PUT') return this.#putManifest(call, reference)
    if (req.method === 'DELETE') return this.#deleteManifest(call, reference)
    throw unsupported()
  }

  async #getManifest({ req, res, repository, identity }: Call, reference: string): Promise<void> {
    const found = await this.readManifest(repository, reference)
    if (!found) {
      const detail = isDigest(reference) ? { digest: reference } : { Tag: reference }
      throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown', { detail })
    }
    const etag = `"${found.digest}"`
    res.setHeader('docker-content-digest', found.digest)
    res.setHeader('etag', etag)
    if (req.headers['if-none-match']?.includes(etag)) {
      res.writeHead(304).end()
      return
    }
    res.writeHead(200, { 'content-type': found.mediaType, 'content-length': found.bytes.length })
    res.end(req.method === 'HEAD' ? undefined : found.bytes)
    if (req.method === 'GET') {
      await this.#policy.manifestPulled?.({ repository, digest: found.digest, identity })
    }
  }

  /** A manifest by tag or digest, pushed or of the catalogue. */
  async readManifest(
    repository: string,
    reference: string,
  ): Promise<{ mediaType: string; digest: string; bytes: Buffer } | undefined> {
    const digest = isDigest(reference) ? reference : this.metadata.tag(repository, reference)?.digest
    const stored = digest && this.metadata.manifest(repository, digest)
    if (stored) return { ...stored, bytes: await this.#blobs.read(stored.digest) }
    return this.#catalogue?.manifest(this.host, repository, reference)
  }

  async #putManifest({ req, res, repository, identity }: Call, reference: string): Promise<void> {
    const bytes = await readBody(req)
    const digest = digestOf(bytes)
    const tag = isDigest(reference) ? undefined : reference
    if (tag === undefined && reference !== digest) {
      throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
    }
    const stored = await this.storeManifest(repository, bytes, req.headers['content-type'], tag, identity)
    if (stored.subject) res.setHeader('oci-subject', stored.subject)
    res.writeHead(201, {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': 0,
    })
    res.end()
  }

  /**
   * Stores a manifest whose blobs the repository already holds, as `PUT …/manifests/<reference>` does.
   * Throws RegistryError (MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, or the policy's).
   */
  async storeManifest(
    repository: string,
    bytes: Buffer,
    contentType: string | undefined,
    tag: string | undefined,
    identity: RegistryIdentity,
  ): Promise<StoredManifest> {
    const manifest = parseManifest(bytes, contentType)
    const digest = digestOf(bytes)
    const parts =
      manifest.kind === 'image' ? [manifest.value.config, ...manifest.value.layers] : manifest.value.manifests
    for (const part of parts) {
      const known =
        manifest.kind === 'image'
          ? await this.#blobSize(repository, part.digest)
          : await this.readManifest(repository, part.digest)
      if (known === undefined) {
        const code = manifest.kind === 'image' ? 'MANIFEST_BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN'
        const text = manifest.kind === 'image' ? 'blob unknown to registry' : 'manifest unknown'
        throw new RegistryError(404, code, text, { detail: part.digest })
      }
    }
    const previous = tag === undefined ? undefined : this.metadata.tag(repository, tag)?.digest
    if (tag !== undefined) await this.#policy.beforeTag?.({ repository, tag, digest, previous, identity })
    await this.#blobs.put(bytes, digest)
    const { value } = manifest
    const stored: StoredManifest = {
      digest,
      mediaType: manifest.mediaType,
      size: bytes.length,
      pushedAt: this.#world.clock.now(),
      artifactType:
        value.artifactType ?? (manifest.kind === 'image' ? manifest.value.config.mediaType : undefined),
      subject: value.subject?.digest,
      annotations: value.annotations,
      references: parts.map((part) => part.digest),
      imageSize: manifest.kind === 'image' ? parts.reduce((sum, part) => sum + part.size, 0) : 0,
    }
    this.metadata.putManifest(repository, stored, tag)
    await this.#world.store.flushed()
    await this.#policy.manifestPushed?.({ repository, digest, mediaType: manifest.mediaType, tag, identity })
    return stored
  }

  async #deleteManifest({ res, repository }: Call, reference: string): Promise<void> {
    const deleted = isDigest(reference)
      ? this.metadata.deleteManifest(repository, reference)
      : this.metadata.deleteTag(repository, reference)
    if (!deleted) throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    await this.#world.store.flushed()
    res.writeHead(202, { 'content-length': 0 }).end()
  }

  // --- discovery

  async #listTags({ res, url, repository }: Call): Promise<void> {
    const own = this.metadata.tags(repository).map(({ tag }) => tag)
    const all = [...new Set([...own, ...(this.#catalogue?.tags(this.host, repository) ?? [])])].sort()
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

  async #listReferrers({ res, url, repository }: Call, digest: string): Promise<void> {
    if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
    const filter = url.searchParams.get('artifactType')
    const manifests = this.metadata
      .manifests(repository)
      .filter(
        ({ subject, artifactType }) => subject === digest && (filter === null || artifactType === filter),
      )
      .map(({ mediaType, digest, size, artifactType, annotations }) => ({
        mediaType,
        digest,
        size,
        artifactType,
        annotations,
      }))
    if (filter !== null) res.setHeader('oci-filters-applied', 'artifactType')
    json(
      res,
      200,
      { schemaVersion: 2, mediaType: MANIFEST_TYPES.ociIndex, manifests },
      MANIFEST_TYPES.ociIndex,
    )
  }

  // --- blobs

  async #blobSize(repository: string, digest: string): Promise<number | undefined> {
    const size = this.metadata.blobSize(repository, digest)
    if (size !== undefined) return size
    if (!(await this.#catalogue?.hasBlob(this.host, repository, digest))) return undefined
    return (await this.#blobs.stat(digest))?.size
  }

  async #blobRequest({ req, res, repository }: Call, digest: string): Promise<void> {
    if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
    const size = await this.#blobSize(repository, digest)
    if (size === undefined) {
      throw new RegistryError(404, 'BLOB_UNKNOWN', 'blob unknown to registry', { detail: digest })
    }
    if (req.method === 'DELETE') {
      if (!this.metadata.deleteBlob(repository, digest)) throw unsupported()
      await this.#world.store.flushed()
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
    else await pipeline(this.#blobs.stream(digest, { start, end }), res)
  }

  async #uploads(call: Call, id: string): Promise<void> {
    const { req, res, url, repository } = call
    if (req.method === 'POST' && id === '') return this.#startUpload(call)
    if (!this.metadata.hasUpload(repository, id)) {
      throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
    }
    const size = await this.#blobs.uploadSize(id)
    if (size === undefined) {
      throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
    }
    switch (req.method) {
      case 'GET':
        return this.#uploadState(call, id, size, 204)
      case 'PATCH': {
        const offset = contentRangeStart(req.headers['content-range'])
        try {
          const next = await this.#blobs.appendUpload(id, req, offset)
          return this.#uploadState(call, id, next, 202)
        } catch (error) {
          if (!(error instanceof UploadOffsetError)) throw error
          return this.#uploadState(call, id, error.size, 416)
        }
      }
      case 'PUT': {
        const digest = url.searchParams.get('digest') ?? ''
        if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
        const offset = contentRangeStart(req.headers['content-range'])
        try {
          await this.#blobs.appendUpload(id, req, offset)
        } catch (error) {
          if (!(error instanceof UploadOffsetError)) throw error
          return this.#uploadState(call, id, error.size, 416)
        }
        return this.#finishUpload(call, id, digest)
      }
      case 'DELETE':
        await this.#blobs.abortUpload(id)
        this.metadata.endUpload(repository, id)
        await this.#world.store.flushed()
        res.writeHead(204).end()
        return
      default:
        throw unsupported()
    }
  }

  async #startUpload(call: Call): Promise<void> {
    const { req, url, repository } = call
    const mount = url.searchParams.get('mount')
    if (mount && isDigest(mount) && (await this.#mount(call, mount, url.searchParams.get('from')))) return
    const id = await this.#blobs.createUpload()
    this.metadata.startUpload(repository, id, this.#world.clock.now())
    const digest = url.searchParams.get('digest')
    if (digest) {
      if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'invalid digest')
      await this.#blobs.appendUpload(id, req)
      return this.#finishUpload(call, id, digest)
    }
    await this.#world.store.flushed()
    this.#uploadState(call, id, 0, 202)
  }

  /** Takes over a blob from a repository that the caller may pull from; false lets the upload begin instead. */
  async #mount({ res, repository, identity }: Call, digest: string, from: string | null): Promise<boolean> {
    if (!from) return false
    try {
      await this.#policy.authorize(identity, 'pull', from)
    } catch {
      return false
    }
    const size = await this.#blobSize(from, digest)
    if (size === undefined) return false
    this.metadata.putBlob(repository, { digest, size })
    await this.#world.store.flushed()
    blobCreated(res, repository, digest)
    return true
  }

  async #finishUpload({ res, repository }: Call, id: string, digest: string): Promise<void> {
    try {
      const blob = await this.#blobs.finishUpload(id, digest)
      this.metadata.endUpload(repository, id, blob)
    } catch (error) {
      if (!(error instanceof DigestMismatchError)) throw error
      await this.#blobs.abortUpload(id)
      this.metadata.endUpload(repository, id)
      throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
    }
    await this.#world.store.flushed()
    blobCreated(res, repository, digest)
  }

  #uploadState({ res, repository }: Call, id: string, size: number, status: number): void {
    res.writeHead(status, {
      location: `/v2/${repository}/blobs/uploads/${id}`,
      range: `0-${Math.max(0, size - 1)}`,
      'docker-upload-uuid': id,
      'content-length': 0,
    })
    res.end()
  }
}

interface Route {
  type: 'tags' | 'referrers' | 'manifests' | 'blobs' | 'uploads'
  repository: string
  reference: string
}

function matchRoute(path: string): Route | undefined {
  const match =
    /^\/v2\/(.+)\/(?:(tags)\/list|(referrers|manifests)\/([^/]+)|blobs\/(uploads)\/([^/]*)|(blobs)\/([^/]+))$/.exec(
      path,
    ) ?? /^\/v2\/(.+)\/blobs\/(uploads)$/.exec(path)
  if (!match) return undefined
  const type = match[2] ?? match[3] ?? match[5] ?? match[7]
  return {
    type: type as Route['type'],
    repository: match[1]!,
    reference: match[4] ?? match[6] ?? match[8] ?? '',
  }
}

function actionOf(method: string, { type }: Route): RegistryAction {
  if (method === 'GET' || method === 'HEAD') return type === 'uploads' ? 'push' : 'pull'
  return method === 'DELETE' && type !== 'uploads' ? 'delete' : 'push'
}

const unsupported = () => new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.')

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

function json(res: ServerResponse, status: number, value: unknown, type = 'application/json'): void {
  const body = JSON.stringify(value)
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

function sendError(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const known =
    error instanceof RegistryError
      ? error
      : new RegistryError(500, 'UNKNOWN', (error as Error)?.message ?? 'unknown error')
  for (const [name, value] of Object.entries(known.headers)) res.setHeader(name, value)
  const { code, message, detail } = known
  const body = JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] })
  // A body that nobody reads would stall the connection; close it after the answer.
  if (!req.complete) res.setHeader('connection', 'close')
  res.writeHead(known.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}
