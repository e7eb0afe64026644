import type { IncomingMessage } from 'node:http'
import type { World } from '#world/world.ts'
import { type BlobStore, DigestMismatchError } from '../blobs/store.ts'
import { DOCKER_LAYER } from '../files/layers.ts'
import type { Descriptor, RegistryCredentials } from '../image.ts'
import { fetchImage, HERE, PlatformError } from '../images/fetch.ts'
import {
  canonicalName,
  familiarName,
  type ImageReference,
  registryHost,
  registryScheme,
} from '../images/reference.ts'
import { RegistryClient, RegistryRequestError } from '../images/registry-client.ts'
import type { HostTransport } from '../images/transport.ts'
import { MANIFEST_TYPES } from '../registry/manifest.ts'
import { EngineError, type MessageStream } from './api.ts'
import type { ImageRecord, ImageStore } from './image-store.ts'
import { parsePlatform } from './platform.ts'
import { searchImages } from './search.ts'

/** What pull and push say as they go. */
export type Progress = Pick<MessageStream, 'send'>

const short = (digest: string) => digest.slice(7, 19)

/** Pull, push and login of a Docker Engine. Errors are EngineErrors with its texts. */
export class Distribution {
  readonly #world: World
  readonly #blobs: BlobStore
  readonly #images: ImageStore
  readonly #transport: HostTransport

  constructor(options: { world: World; blobs: BlobStore; images: ImageStore; transport: HostTransport }) {
    this.#world = options.world
    this.#blobs = options.blobs
    this.#images = options.images
    this.#transport = options.transport
  }

  /** Repositories of Docker Hub, as `searchImages`. */
  search(term: string, limit: number, filters: Record<string, string[]>) {
    return searchImages(this.#transport, term, limit, filters)
  }

  /** Checks credentials with a registry as `POST /auth` does. */
  async login(credentials: RegistryCredentials, serverAddress: string): Promise<void> {
    const host = addressHost(serverAddress)
    const client = new RegistryClient(this.#transport, host, credentials)
    try {
      await client.ping()
    } catch (error) {
      if (!(error instanceof RegistryRequestError)) throw error
      const { endpoint } = client
      if (error.reason === 'unreachable' || error.reason === 'login') {
        throw new EngineError(error.reason === 'login' ? 401 : 500, `Get "${endpoint}": ${error.message}`)
      }
      throw new EngineError(
        error.status === 401 ? 401 : 500,
        `login attempt to ${endpoint} failed with status: ${error.status} ${STATUS[error.status] ?? ''}`,
      )
    }
  }

  /** The tags of a repository, for `docker pull --all-tags`. */
  async tags(reference: ImageReference, credentials: RegistryCredentials | undefined): Promise<string[]> {
    const client = new RegistryClient(this.#transport, registryHost(reference.domain), credentials)
    try {
      return await client.tags(reference.path)
    } catch (error) {
      throw pullError(error, reference, 'latest')
    }
  }

  /** Pulls one tag or digest and names it. `platform`: `os/architecture[/variant]`; empty: this machine's. */
  async pull(
    reference: ImageReference,
    credentials: RegistryCredentials | undefined,
    progress: Progress,
    platform = '',
  ): Promise<ImageRecord> {
    const wanted = reference.digest ?? reference.tag ?? 'latest'
    const client = new RegistryClient(this.#transport, registryHost(reference.domain), credentials)
    const before = this.#images.find(nameOf(reference))
    try {
      const known = new Set(this.#images.all().flatMap(({ layers }) => layers.map(({ digest }) => digest)))
      const digest = await resolveDigest(client, reference.path, wanted)
      progress.send({ status: `Pulling from ${reference.path}`, id: wanted })
      const image = await fetchImage(
        client,
        this.#blobs,
        reference.path,
        wanted,
        {
          layers: (layers) => {
            if (before?.id && before.manifestDigest === digest) return
            for (const layer of layers) {
              progress.send({
                status: known.has(layer.digest) ? 'Already exists' : 'Pulling fs layer',
                progressDetail: {},
                id: short(layer.digest),
              })
            }
          },
          layerDone: (layer) => {
            if (known.has(layer.digest)) return
            const { size } = layer
            const bar = { progressDetail: { current: size, total: size } }
            progress.send({ status: 'Downloading', ...bar, id: short(layer.digest) })
            progress.send({ status: 'Download complete', progressDetail: {}, id: short(layer.digest) })
            progress.send({ status: 'Extracting', ...bar, id: short(layer.digest) })
            progress.send({ status: 'Pull complete', progressDetail: {}, id: short(layer.digest) })
          },
        },
        platform ? parsePlatform(platform) : HERE,
      )
      const record = await this.#images.add(image)
      if (!reference.digest) this.#images.tag({ ...reference, tag: reference.tag ?? 'latest' }, image.id)
      this.#images.addDigest(reference, image.manifestDigest, image.id)
      await this.#world.store.flushed()
      progress.send({ status: `Digest: ${image.manifestDigest}` })
      const same = before?.id === image.id
      progress.send({
        status: `Status: ${same ? 'Image is up to date' : 'Downloaded newer image'} for ${familiarName(reference)}${reference.digest ? '@' : ':'}${wanted}`,
      })
      return record
    } catch (error) {
      throw pullError(error, reference, wanted, platform)
    }
  }

  /** Pushes one tag. */
  async push(
    reference: ImageReference & { tag: string },
    image: ImageRecord,
    credentials: RegistryCredentials | undefined,
    progress: Progress,
  ): Promise<void> {
    const client = new RegistryClient(this.#transport, registryHost(reference.domain), credentials)
    const { path } = reference
    const ids = image.config.rootfs.diff_ids
    // From the top layer down; five go at a time, the others wait.
    const order = image.layers.map((layer, index) => ({ layer, id: short(ids[index]!) })).reverse()
    for (const { id } of order) progress.send({ status: 'Preparing', progressDetail: {}, id })
    for (const { id } of order.slice(5)) progress.send({ status: 'Waiting', progressDetail: {}, id })
    try {
      for (const { layer, id } of order) await this.#pushLayer(client, reference, layer, id, progress)
      const config: Descriptor = {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        digest: image.id,
        size: 0,
      }
      config.size = (await this.#blobs.stat(image.id))!.size
      if (!(await client.hasBlob(path, config.digest))) {
        await client.pushBlob(path, config, () => this.#blobs.stream(config.digest))
      }
      const manifest = Buffer.from(
        JSON.stringify(
          {
            schemaVersion: 2,
            mediaType: MANIFEST_TYPES.dockerManifest,
            config,
            layers: image.layers.map(({ digest, size }) => ({ mediaType: DOCKER_LAYER, size, digest })),
          },
          null,
          3,
        ),
      )
      const digest = await client.pushManifest(path, reference.tag, MANIFEST_TYPES.dockerManifest, manifest)
      await this.#blobs.put(manifest, digest)
      this.#images.addDigest(reference, digest, image.id)
      await this.#world.store.flushed()
      progress.send({ status: `${reference.tag}: digest: ${digest} size: ${manifest.length}` })
      progress.send({
        progressDetail: {},
        aux: { Tag: reference.tag, Digest: digest, Size: manifest.length },
      })
    } catch (error) {
      throw pushError(error, reference)
    }
  }

  async #pushLayer(
    client: RegistryClient,
    reference: ImageReference,
    layer: Descriptor,
    id: string,
    progress: Progress,
  ) {
    // Who may not look may still push; if not, the push's own answer says why.
    const there = await client.hasBlob(reference.path, layer.digest).catch((error) => {
      if (error instanceof RegistryRequestError) return false
      throw error
    })
    if (there) {
      progress.send({ status: 'Layer already exists', progressDetail: {}, id })
      return
    }
    // A layer that came from another repository of the same registry can be taken over there.
    const source = this.#images
      .digests()
      .find(
        ({ name, id: owner }) =>
          name.startsWith(`${reference.domain}/`) &&
          !name.startsWith(`${canonicalName(reference)}@`) &&
          this.#images.get(owner)?.layers.some(({ digest }) => digest === layer.digest),
      )
    const from = source?.name.slice(reference.domain.length + 1, source.name.indexOf('@'))
    const blobs = this.#blobs
    async function* read() {
      let current = 0
      for await (const chunk of blobs.stream(layer.digest)) {
        current += chunk.length
        progress.send({ status: 'Pushing', progressDetail: { current, total: layer.size }, id })
        yield chunk as Uint8Array
      }
    }
    const how = await client.pushBlob(reference.path, layer, read, from)
    progress.send({ status: how === 'mounted' ? `Mounted from ${from}` : 'Pushed', progressDetail: {}, id })
  }
}

const STATUS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
}

const nameOf = (reference: ImageReference) =>
  canonicalName(reference) + (reference.digest ? `@${reference.digest}` : `:${reference.tag ?? 'latest'}`)

const endpointOf = (host: string) => `${registryScheme(host)}://${host}/v2/`

/** `https://index.docker.io/v1/` and bare names → the host that answers `/v2/`. */
function addressHost(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return host === '' || host === 'index.docker.io' || host === 'docker.io' ? 'registry-1.docker.io' : host
}

/** An answer to HEAD has no body to say why the manifest is refused: as the engine does, ask again with GET then. */
async function resolveDigest(client: RegistryClient, repository: string, reference: string): Promise<string> {
  try {
    return (await client.manifest(repository, reference, 'HEAD')).digest
  } catch (error) {
    if (!(error instanceof RegistryRequestError) || error.reason !== 'answer') throw error
    return (await client.manifest(repository, reference)).digest
  }
}

function pullError(error: unknown, reference: ImageReference, wanted: string, platform = ''): unknown {
  const name = familiarName(reference)
  if (error instanceof PlatformError)
    return new EngineError(
      404,
      `no matching manifest for ${platform || 'linux/amd64'} in the manifest list entries`,
    )
  if (error instanceof DigestMismatchError)
    return new EngineError(500, 'filesystem layer verification failed for digest')
  if (!(error instanceof RegistryRequestError)) return error
  switch (error.reason) {
    case 'scope':
      return new EngineError(
        404,
        `pull access denied for ${name}, repository does not exist or may require 'docker login': ${error.message}`,
      )
    case 'unreachable':
      return new EngineError(500, `Get "${endpointOf(registryHost(reference.domain))}": ${error.message}`)
    case 'no-credentials':
      return new EngineError(500, `Head "${error.url}": no basic auth credentials`)
    case 'login':
      return new EngineError(500, `Head "${error.url}": ${error.message}`)
  }
  if (error.code === 'NAME_UNKNOWN')
    return new EngineError(404, `repository ${canonicalName(reference)} not found: ${error.message}`)
  if (error.status === 404) {
    const text = error.code ? error.message : 'manifest unknown: manifest unknown'
    return new EngineError(
      404,
      `manifest for ${name}${reference.digest ? '@' : ':'}${wanted} not found: ${text}`,
    )
  }
  if (error.code === 'UNAUTHORIZED' || error.code === 'DENIED') {
    return new EngineError(
      404,
      `pull access denied for ${name}, repository does not exist or may require 'docker login': ${error.message}`,
    )
  }
  return new EngineError(500, error.message)
}

function pushError(error: unknown, reference: ImageReference): unknown {
  if (!(error instanceof RegistryRequestError)) return error
  if (error.reason === 'unreachable') {
    return new EngineError(500, `Get "${endpointOf(registryHost(reference.domain))}": ${error.message}`)
  }
  return new EngineError(500, error.message)
}

/** Credentials of the `X-Registry-Auth` header: base64url JSON. */
export function registryAuth(req: IncomingMessage): RegistryCredentials | undefined {
  return decodeAuth(req.headers['x-registry-auth'])
}

function decodeAuth(header: string | string[] | undefined): RegistryCredentials | undefined {
  if (typeof header !== 'string' || header === '') return undefined
  try {
    const value = JSON.parse(Buffer.from(header, 'base64').toString())
    if (value.username) return { username: value.username, password: value.password ?? '' }
  } catch {
    // The engine takes an unreadable header for none.
  }
  return undefined
}

/** Credentials by registry of the `X-Registry-Config` header of a build. */
export function registryConfig(req: IncomingMessage): (domain: string) => RegistryCredentials | undefined {
  const header = req.headers['x-registry-config']
  let value: Record<string, { username?: string; password?: string }> = {}
  try {
    if (typeof header === 'string') value = JSON.parse(Buffer.from(header, 'base64').toString())
  } catch {
    // As above.
  }
  return (domain) => {
    const entry = value[domain] ?? (domain === 'docker.io' ? value['https://index.docker.io/v1/'] : undefined)
    return entry?.username ? { username: entry.username, password: entry.password ?? '' } : undefined
  }
}
