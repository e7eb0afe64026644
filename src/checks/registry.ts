import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import tar from 'tar-stream'
import { type Agents, openRequest } from './http.ts'

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]
const REQUEST_TIMEOUT_MS = 15_000
const FILE_LIMIT_BYTES = 1024 * 1024

interface Descriptor {
  mediaType: string
  digest: string
  size: number
  platform?: { os: string; architecture: string }
}

export interface ImageManifest {
  config: Descriptor
  layers: Descriptor[]
}

export interface ImageConfig {
  os: string
  architecture: string
  config?: { Env?: string[]; Cmd?: string[]; Entrypoint?: string[]; ExposedPorts?: Record<string, object> }
}

/** The pull side of a registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull */
export class Registry {
  readonly #host: string
  readonly #agents: Agents
  readonly #login: () => Promise<string | undefined>
  #authorization: Promise<string | undefined> | undefined

  /** `login` gives the base64 of `user:password`, or undefined to stay anonymous. */
  constructor(host: string, agents: Agents, login: () => Promise<string | undefined>) {
    this.#host = host
    this.#agents = agents
    this.#login = login
  }

  /** The manifest of a tag or digest, of the linux/amd64 image where there are several; undefined: no such image. */
  async manifest(repository: string, reference: string): Promise<ImageManifest | undefined> {
    const response = await this.#get(`${repository}/manifests/${reference}`, MANIFEST_TYPES.join(', '))
    if (response.statusCode === 404) {
      response.resume()
      return undefined
    }
    const manifest = JSON.parse((await buffer(response)).toString())
    if (!manifest.manifests) return manifest
    const own = manifest.manifests.find(
      ({ platform }: Descriptor) => platform?.os === 'linux' && platform.architecture === 'amd64',
    )
    return own && this.manifest(repository, own.digest)
  }

  async config(repository: string, manifest: ImageManifest): Promise<ImageConfig> {
    const response = await this.#get(`${repository}/blobs/${manifest.config.digest}`)
    return JSON.parse((await buffer(response)).toString())
  }

  /** A file of the image by its absolute path, as its topmost layer has it; undefined: no such file. */
  async readFile(repository: string, manifest: ImageManifest, path: string): Promise<Buffer | undefined> {
    for (const layer of manifest.layers.toReversed()) {
      const response = await this.#get(`${repository}/blobs/${layer.digest}`)
      const content = await fileInLayer(response, path.replace(/^\//, ''))
      if (content) return content
    }
    return undefined
  }

  async #get(path: string, accept = '*/*'): Promise<IncomingMessage> {
    this.#authorization ??= this.#login()
    const login = await this.#authorization
    const url = `https://${this.#host}/v2/${path}`
    const ask = (authorization: string | undefined) =>
      openRequest(url, this.#agents, {
        headers: { accept, ...(authorization && { authorization }) },
        timeout: REQUEST_TIMEOUT_MS,
      })
    let response = await ask(login && `Basic ${login}`)
    const challenge = response.headers['www-authenticate']
    if (response.statusCode === 401 && challenge?.startsWith('Bearer ')) {
      response.resume()
      response = await ask(`Bearer ${await this.#token(challenge, login)}`)
    }
    const moved = response.headers.location
    if (moved && response.statusCode! >= 300 && response.statusCode! < 400) {
      response.resume()
      // Blobs live in another store; its address carries its own signature and must not get our credentials.
      return openRequest(new URL(moved, `https://${this.#host}`).href, this.#agents, {
        headers: { accept },
        timeout: REQUEST_TIMEOUT_MS,
      })
    }
    if (response.statusCode !== 200 && response.statusCode !== 404) {
      throw new Error(`${this.#host} answered ${response.statusCode} for ${path}`)
    }
    return response
  }

  /** https://distribution.github.io/distribution/spec/auth/token/ */
  async #token(challenge: string, login: string | undefined): Promise<string> {
    const { realm, ...asked } = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
    )
    const response = await openRequest(`${realm}?${new URLSearchParams(asked)}`, this.#agents, {
      headers: login ? { authorization: `Basic ${login}` } : {},
      timeout: REQUEST_TIMEOUT_MS,
    })
    const { token, access_token } = JSON.parse((await buffer(response)).toString())
    return token ?? access_token
  }
}

/** Reads through a layer for one file. */
async function fileInLayer(layer: IncomingMessage, path: string): Promise<Buffer | undefined> {
  const zipped = layer.pipe(createGunzip())
  const entries = zipped.pipe(tar.extract())
  try {
    for await (const entry of entries) {
      const found = entry.header.type === 'file' && entry.header.name.replace(/^(\.?\/)+/, '') === path
      if (found && (entry.header.size ?? 0) <= FILE_LIMIT_BYTES) {
        return await buffer(entry)
      }
      entry.resume()
    }
    return undefined
  } finally {
    layer.destroy()
    zipped.destroy()
  }
}
