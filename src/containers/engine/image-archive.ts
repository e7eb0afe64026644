import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { World } from '#world/world.ts'
import { digestOf } from '../blobs/digest.ts'
import type { BlobStore } from '../blobs/store.ts'
import { packLayer } from '../files/layers.ts'
import { readTar, type TarEntry, type TarHeader, tarEnd, tarHeader, tarPadding } from '../files/tar.ts'
import type { Descriptor, ImageConfig } from '../image.ts'
import { familiarName, parseReference, parseTagged } from '../images/reference.ts'
import { badRequest } from './api.ts'
import { receiveContext } from './build/context.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'
import { familiarTagged } from './image-views.ts'

const OCI = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
}

/** An image with the names that it is saved under. */
interface SavedImage {
  image: ImageRecord
  /** `nginx:latest` */
  tags: string[]
}

/**
 * The archive of `docker save`: an OCI layout that has Docker's own manifest.json beside it, layers not compressed
 * (https://github.com/moby/docker-image-spec). Names are checked before the first byte: throws EngineError.
 */
export function saveImages(
  images: ImageStore,
  blobs: BlobStore,
  names: readonly string[],
): AsyncIterable<Uint8Array> {
  const list: SavedImage[] = []
  for (const name of names) {
    const image = images.require(name)
    let known = list.find((entry) => entry.image.id === image.id)
    if (!known) {
      known = { image, tags: [] }
      list.push(known)
    }
    known.tags.push(...savedTags(images, image, name))
  }
  return archive(blobs, list)
}

/** A name with a tag stands for itself, a bare name for all its tags, an id for none. */
function savedTags(images: ImageStore, image: ImageRecord, name: string): string[] {
  const shown = images.tags(image.id).map((entry) => parseTagged(entry.name))
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(name) || name.includes('@')) return []
  const wanted = parseReference(name)
  return shown
    .filter(({ domain, path }) => domain === wanted.domain && path === wanted.path)
    .filter(({ tag }) => tag === (wanted.tag ?? 'latest'))
    .map((reference) => `${familiarName(reference)}:${reference.tag}`)
}

async function* archive(blobs: BlobStore, list: readonly SavedImage[]): AsyncGenerator<Uint8Array> {
  const written = new Set<string>()
  const folder = (name: string) => tarHeader(header(name, 0, 'directory'))
  yield folder('blobs')
  yield folder('blobs/sha256')
  const manifests: object[] = []
  const docker: object[] = []
  async function* add(digest: string, size: number, content: AsyncIterable<Uint8Array>) {
    if (written.has(digest)) return
    written.add(digest)
    yield tarHeader(header(blobName(digest), size))
    yield* content
    yield tarPadding(size)
  }
  for (const { image, tags } of list) {
    const config = await blobs.read(image.id)
    yield* add(image.id, config.length, once(config))
    const layers: Descriptor[] = []
    for (const [index, layer] of image.layers.entries()) {
      const path = await blobs.unpacked(layer.digest)
      const { size } = await stat(path)
      const digest = image.config.rootfs.diff_ids[index]!
      yield* add(digest, size, createReadStream(path))
      layers.push({ mediaType: OCI.layer, digest, size })
    }
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI.manifest,
        config: { mediaType: OCI.config, digest: image.id, size: config.length },
        layers,
      }),
    )
    const digest = digestOf(manifest)
    yield* add(digest, manifest.length, once(manifest))
    for (const tag of tags.length > 0 ? tags : [undefined]) {
      manifests.push({
        mediaType: OCI.manifest,
        digest,
        size: manifest.length,
        ...(tag ? { annotations: annotations(tag) } : {}),
      })
    }
    docker.push({
      Config: blobName(image.id),
      RepoTags: tags.length > 0 ? tags : null,
      Layers: layers.map((layer) => blobName(layer.digest)),
      LayerSources: Object.fromEntries(layers.map((layer) => [layer.digest, layer])),
    })
  }
  yield* document('index.json', { schemaVersion: 2, mediaType: OCI.index, manifests })
  yield* document('manifest.json', docker)
  yield* document('oci-layout', { imageLayoutVersion: '1.0.0' })
  const repositories = repositoriesOf(list)
  if (Object.keys(repositories).length > 0) yield* document('repositories', repositories)
  yield tarEnd()
}

const annotations = (tag: string) => {
  const reference = parseTagged(tag)
  return {
    'io.containerd.image.name': `${reference.domain}/${reference.path}:${reference.tag}`,
    'org.opencontainers.image.ref.name': reference.tag,
  }
}

/** The oldest form's index: repository → tag → top layer. */
function repositoriesOf(list: readonly SavedImage[]): Record<string, Record<string, string>> {
  const result: Record<string, Record<string, string>> = {}
  for (const { image, tags } of list) {
    for (const tag of tags) {
      const colon = tag.lastIndexOf(':')
      const top = image.config.rootfs.diff_ids.at(-1) ?? ''
      result[tag.slice(0, colon)] = { ...result[tag.slice(0, colon)], [tag.slice(colon + 1)]: top.slice(7) }
    }
  }
  return result
}

function* document(name: string, value: unknown): Generator<Uint8Array> {
  const bytes = Buffer.from(JSON.stringify(value))
  yield tarHeader(header(name, bytes.length))
  yield bytes
  yield tarPadding(bytes.length)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const header = (name: string, size: number, type: TarHeader['type'] = 'file'): TarHeader => ({
  name,
  type,
  size,
  mode: type === 'directory' ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
})

const blobName = (digest: string) => `blobs/${digest.replace(':', '/')}`

interface SavedManifest {
  Config: string
  RepoTags?: string[] | null
  Layers: string[]
}

/** Takes in the archive of a `docker save` (or of skopeo's and podman's docker-archive). Gives what to say. Throws EngineError. */
export async function loadImages(
  parts: { world: World; blobs: BlobStore; images: ImageStore },
  body: Readable,
): Promise<string[]> {
  const { blobs } = parts
  const path = blobs.temporaryPath()
  try {
    await receiveContext(body, path)
    const entries = new Map((await readTar(path)).map((entry) => [entry.name, entry]))
    const manifest = entries.get('manifest.json')
    if (!manifest) throw badRequest('invalid archive: does not contain a manifest.json')
    const list = JSON.parse((await readEntry(path, manifest)).toString()) as SavedManifest[]
    const said: string[] = []
    for (const saved of list)
      said.push(...(await loadImage(parts, saved, (name) => find(entries, name, path))))
    return said
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest(`invalid manifest.json: ${error.message}`)
    throw error
  } finally {
    await rm(path, { force: true })
  }
}

async function loadImage(
  { world, images, blobs }: { world: World; blobs: BlobStore; images: ImageStore },
  saved: SavedManifest,
  entry: (name: string) => { read: () => Promise<Buffer>; stream: () => Readable },
): Promise<string[]> {
  const config = JSON.parse((await entry(saved.Config).read()).toString()) as ImageConfig
  const diffIds = config.rootfs?.diff_ids ?? []
  if (diffIds.length !== saved.Layers.length)
    throw badRequest(
      `invalid manifest, layers length mismatch: expected ${saved.Layers.length}, got ${diffIds.length}`,
    )
  const known = images.get(digestOf(await entry(saved.Config).read()))
  const layers: Descriptor[] = known ? known.layers : []
  for (const [index, name] of known ? [] : saved.Layers.entries()) {
    const layer = await packLayer(blobs, world.fairUse.metered(await plain(entry(name))))
    if (layer.diffId !== diffIds[index])
      throw badRequest(
        `invalid diffID for layer ${index}: expected "${diffIds[index]}", got "${layer.diffId}"`,
      )
    layers.push(layer.descriptor)
  }
  // The bytes of the configuration as they are: its digest is the image's id.
  const id = known?.id ?? (await blobs.put(await entry(saved.Config).read())).digest
  const image = await images.add({ id, config, layers })
  const tags = saved.RepoTags ?? []
  for (const tag of tags) images.tag(parseTagged(tag), image.id)
  return tags.length > 0
    ? tags.map((tag) => `Loaded image: ${familiarTagged(tag)}\n`)
    : [`Loaded image ID: ${image.id}\n`]
}

async function plain({ stream }: { stream: () => Readable }): Promise<Readable> {
  let head: Buffer | undefined
  for await (const chunk of stream()) {
    head = chunk
    break
  }
  return head?.[0] === 0x1f && head[1] === 0x8b ? stream().pipe(createGunzip()) : stream()
}

/** An entry of the archive; one that is a link leads to another. Throws EngineError for what is not there. */
function find(entries: ReadonlyMap<string, TarEntry>, name: string, path: string) {
  let entry = entries.get(name)
  if (entry?.type === 'symlink' || entry?.type === 'link') {
    const base =
      entry.type === 'symlink' && name.includes('/') ? `${name.slice(0, name.lastIndexOf('/'))}/` : ''
    entry = entries.get(new URL(entry.linkName!, `tar:///${base}`).pathname.replace(/^\/+/, ''))
  }
  if (!entry) throw badRequest(`open ${name}: no such file or directory`)
  const found = entry
  return { read: () => readEntry(path, found), stream: () => entryStream(path, found) }
}

const entryStream = (path: string, { offset, size }: TarEntry): Readable =>
  size === 0
    ? createReadStream(path, { start: offset, end: offset }).take(0)
    : createReadStream(path, { start: offset, end: offset + size - 1 })

async function readEntry(path: string, entry: TarEntry): Promise<Buffer> {
  const chunks: Buffer[] = []
  if (entry.size > 0) for await (const chunk of entryStream(path, entry)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
