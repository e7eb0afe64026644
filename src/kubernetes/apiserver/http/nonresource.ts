import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts'
import type { Kinds } from '../kinds/kinds.ts'
import { customDocuments } from '../openapi/custom.ts'
import { OpenApiV2 } from '../openapi/v2.ts'
import { discoveryOf } from './discovery.ts'
import { isHealth, sendHealth } from './health.ts'
import { sendJson, sendPlain, sendRaw } from './reply.ts'
import type { RequestInfo } from './request-info.ts'

const META_PREFIX = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

/** `/version`, health, discovery, OpenAPI: everything that is not an API object. */
export class NonResources {
  readonly #gitVersion: string
  readonly #openApiFolder: string
  readonly #v2: OpenApiV2
  readonly #tokens: ServiceAccountTokens
  readonly #kinds: Kinds
  readonly #stored: () => boolean
  #documents: Promise<Map<string, { file: string; hash: string }>> | undefined

  /** `folder` is what `buildOpenApi` wrote; `stored` tells whether the storage answers. */
  constructor(
    gitVersion: string,
    folder: string,
    kinds: Kinds,
    tokens: ServiceAccountTokens,
    stored: () => boolean,
  ) {
    this.#stored = stored
    this.#kinds = kinds
    this.#gitVersion = gitVersion
    this.#openApiFolder = `${folder}/v3`
    this.#tokens = tokens
    this.#v2 = new OpenApiV2(`${folder}/v2`, kinds, async () =>
      [...(await this.#customDocuments()).values()].map(({ text }) => text),
    )
  }

  async serve(req: IncomingMessage, res: ServerResponse, info: RequestInfo): Promise<void> {
    const path = info.path.length > 1 ? info.path.replace(/\/$/, '') : info.path
    if (path === '/version') return sendRaw(res, this.#version())
    if (isHealth(path)) return sendHealth(res, path, info.query, this.#stored())
    if (path === '/openapi/v2') return this.#openApiV2(req, res)
    if (path === '/.well-known/openid-configuration') return sendJson(req, res, 200, this.#tokens.discovery)
    if (path === '/openid/v1/jwks')
      return send(res, JSON.stringify(this.#tokens.keys), 'application/jwk-set+json')
    if (path === '/openapi/v3') return this.#openApiIndex(req, res)
    if (path.startsWith('/openapi/v3/')) return this.#openApi(res, path.slice('/openapi/v3/'.length))
    if (path === '/') return sendJson(req, res, 200, { paths: await this.#paths() })
    if (this.#discovery(req, res, path)) return
    sendPlain(res, 404, '404 page not found\n')
  }

  #discovery(req: IncomingMessage, res: ServerResponse, path: string): boolean {
    const { aggregated, plain, etag } = discoveryOf(this.#kinds)
    const wanted = aggregated.get(path)
    const type = /application\/json;[^,]*g=apidiscovery\.k8s\.io/.test(req.headers.accept ?? '')
    if (wanted && type && /v=v2(;|,|$)/.test(req.headers.accept!.replaceAll(' ', ''))) {
      res.setHeader('etag', etag)
      res.setHeader('vary', 'Accept')
      if (req.headers['if-none-match'] === etag) {
        res.writeHead(304).end()
        return true
      }
      send(res, wanted, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
      return true
    }
    const text = plain.get(path)
    if (text === undefined) return false
    if (wanted) res.setHeader('vary', 'Accept')
    send(res, text, 'application/json')
    return true
  }

  #version(): object {
    const [, major, minor] = this.#gitVersion.match(/^v(\d+)\.(\d+)/) ?? ['', '1', '0']
    return {
      major,
      minor,
      emulationMajor: major,
      emulationMinor: minor,
      minCompatibilityMajor: major,
      minCompatibilityMinor: String(Number(minor) - 1),
      gitVersion: this.#gitVersion,
      gitCommit: createHash('sha1').update(this.#gitVersion).digest('hex'),
      gitTreeState: 'clean',
      buildDate: '2026-01-01T00:00:00Z',
      goVersion: 'go1.25.5',
      compiler: 'gc',
      platform: 'linux/amd64',
    }
  }

  async #openApiV2(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { body, type, etag } = await this.#v2.answer(req.headers.accept ?? '')
    res.setHeader('etag', etag)
    res.setHeader('vary', 'Accept')
    if (req.headers['if-none-match'] === etag) return void res.writeHead(304).end()
    send(res, body, type)
  }

  async #openApiIndex(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const documents = await this.#load()
    const custom = await this.#customDocuments()
    sendJson(req, res, 200, {
      paths: Object.fromEntries(
        [...documents, ...custom].map(([path, { hash }]) => [
          path,
          { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
        ]),
      ),
    })
  }

  async #openApi(res: ServerResponse, path: string): Promise<void> {
    const document = await this.openApi(path)
    if (!document) return sendPlain(res, 404, '404 page not found\n')
    res.setHeader('etag', `"${document.hash}"`)
    if (!document.custom) res.setHeader('cache-control', 'public, immutable')
    send(res, document.text, 'application/json')
  }

  /** The OpenAPI v3 document of a group and version: `apis/apps/v1`, as text. */
  async openApi(path: string): Promise<{ text: string; hash: string; custom: boolean } | undefined> {
    const custom = (await this.#customDocuments()).get(path)
    if (custom) return { ...custom, custom: true }
    const document = (await this.#load()).get(path)
    if (!document) return undefined
    const text = await readFile(`${this.#openApiFolder}/${document.file}`, 'utf8')
    return { text, hash: document.hash, custom: false }
  }

  /** The documents of the groups that only CustomResourceDefinitions have. */
  async #customDocuments() {
    const documents = await customDocuments(this.#kinds, () => this.#metaSchemas())
    for (const path of (await this.#load()).keys()) documents.delete(path)
    return documents
  }

  /** The schemas that every document has: metadata, options of a delete. */
  async #metaSchemas(): Promise<Record<string, object>> {
    const { file } = (await this.#load()).get('apis/apps/v1')!
    const { components } = JSON.parse(await readFile(`${this.#openApiFolder}/${file}`, 'utf8'))
    return Object.fromEntries(
      Object.entries<object>(components.schemas).filter(([name]) => name.startsWith(META_PREFIX)),
    )
  }

  #load(): Promise<Map<string, { file: string; hash: string }>> {
    this.#documents ??= this.#index()
    return this.#documents
  }

  async #index(): Promise<Map<string, { file: string; hash: string }>> {
    const files = (await readdir(this.#openApiFolder)).filter((file) => file.endsWith('.json')).sort()
    const entries = files.map(async (file) => {
      const text = await readFile(`${this.#openApiFolder}/${file}`)
      const hash = createHash('sha512').update(text).digest('hex').toUpperCase()
      return [file.slice(0, -'.json'.length).replaceAll('__', '/'), { file, hash }] as const
    })
    return new Map(await Promise.all(entries))
  }

  async #paths(): Promise<string[]> {
    const openApi = [...(await this.#load()).keys()].map((path) => `/openapi/v3/${path}`)
    const health = [
      '/.well-known/openid-configuration',
      '/healthz',
      '/livez',
      '/metrics',
      '/openapi/v2',
      '/openapi/v3',
      '/openid/v1/jwks',
      '/readyz',
      '/version',
    ]
    return [...new Set([...discoveryOf(this.#kinds).plain.keys(), ...health, ...openApi])].sort()
  }
}

function send(res: ServerResponse, text: string | Buffer, type: string): void {
  if (!res.hasHeader('cache-control')) res.setHeader('cache-control', 'no-cache, private')
  res.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  res.end(text)
}
