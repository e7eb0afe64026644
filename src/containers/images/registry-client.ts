import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { ConnectError, dialText } from '#network/virtual-network.ts'
import type { Descriptor, RegistryCredentials } from '../image.ts'
import { MANIFEST_TYPES } from '../registry/manifest.ts'
import { isLoopback } from './reference.ts'
import { type HostRequest, NoSuchHostError, readAnswer, type Transport } from './transport.ts'

/** Why a registry did not do what was asked, with what the callers need for their own error texts. */
export class RegistryRequestError extends Error {
  override readonly name = 'RegistryRequestError'
  readonly status: number
  readonly method: string
  readonly url: string
  /** The first error of the answer's body. */
  readonly code: string | undefined
  /** `unreachable`: no such host; `no-credentials`: Basic is wanted and none were given; `scope`: the token does not allow it. */
  readonly reason: 'unreachable' | 'no-credentials' | 'scope' | 'login' | 'answer'
  constructor(options: {
    status: number
    method: string
    url: string
    message: string
    code?: string
    reason?: RegistryRequestError['reason']
  }) {
    super(options.message)
    this.status = options.status
    this.method = options.method
    this.url = options.url
    this.code = options.code
    this.reason = options.reason ?? 'answer'
  }
}

const ACCEPT = Object.values(MANIFEST_TYPES).join(', ')

/** A client of one registry host, for one identity: the real protocol with Basic and Bearer authentication. */
export class RegistryClient {
  readonly host: string
  readonly #transport: Transport
  readonly #credentials: RegistryCredentials | undefined
  readonly #tokens = new Map<string, string>()
  #scheme: 'none' | 'basic' | 'bearer' = 'none'
  #base: string
  /** Whether it is known that the registry speaks TLS, or that it does not. */
  #settled: boolean

  constructor(transport: Transport, host: string, credentials: RegistryCredentials | undefined) {
    this.#transport = transport
    this.host = host
    this.#base = `https://${host}`
    this.#settled = !isLoopback(host.replace(/:\d+$/, ''))
    this.#credentials = credentials
  }

  /** Checks that the registry takes the credentials. */
  async ping(): Promise<void> {
    await readAnswer(await this.#send('', undefined, 'pull'))
  }

  /** A manifest by tag or digest; `HEAD` gives it without bytes. */
  async manifest(
    repository: string,
    reference: string,
    method: 'GET' | 'HEAD' = 'GET',
  ): Promise<{ mediaType: string; digest: string; size: number; bytes: Buffer }> {
    const answer = await this.#send(`${repository}/manifests/${reference}`, repository, 'pull', {
      method,
      headers: { accept: ACCEPT },
    })
    const bytes = await readAnswer(answer)
    return {
      mediaType: answer.headers['content-type'] ?? '',
      digest: String(answer.headers['docker-content-digest']),
      size: Number(answer.headers['content-length']),
      bytes,
    }
  }

  /** All tags of a repository, page by page. */
  async tags(repository: string): Promise<string[]> {
    const tags: string[] = []
    for (let path: string | undefined = `${repository}/tags/list`; path; ) {
      const answer: IncomingMessage = await this.#send(path, repository, 'pull')
      tags.push(...((JSON.parse((await readAnswer(answer)).toString()).tags as string[] | null) ?? []))
      path = /<\/v2\/([^>]+)>;\s*rel="next"/.exec(String(answer.headers.link ?? ''))?.[1]
    }
    return tags
  }

  /** The bytes of a blob. */
  blob(repository: string, digest: string): Promise<IncomingMessage> {
    return this.#send(`${repository}/blobs/${digest}`, repository, 'pull')
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    try {
      await readAnswer(
        await this.#send(`${repository}/blobs/${digest}`, repository, 'push', { method: 'HEAD' }),
      )
      return true
    } catch (error) {
      if (error instanceof RegistryRequestError && error.status === 404) return false
      throw error
    }
  }

  /** Uploads a blob in one stream, or mounts it from another repository of the host. Gives how it came there. */
  async pushBlob(
    repository: string,
    blob: Descriptor,
    read: () => AsyncIterable<Uint8Array>,
    mountFrom?: string,
  ): Promise<'mounted' | 'uploaded'> {
    const started = await this.#startUpload(repository, blob, mountFrom)
    if (started.statusCode === 201) return 'mounted'
    const location = new URL(started.headers.location!, this.#base)
    location.searchParams.set('digest', blob.digest)
    const done = await this.#exchange(location, repository, 'push', {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-length': blob.size },
      body: read(),
    })
    await readAnswer(done)
    return 'uploaded'
  }

  /** Mounts a blob from another repository of the host; gives whether the registry did it. */
  async mountBlob(repository: string, blob: Descriptor, from: string): Promise<boolean> {
    return (await this.#startUpload(repository, blob, from)).statusCode === 201
  }

  /** Begins an upload, or mounts: then the answer is 201. */
  async #startUpload(repository: string, { digest }: Descriptor, from?: string): Promise<IncomingMessage> {
    const mount = from ? `?mount=${digest}&from=${encodeURIComponent(from)}` : ''
    const url = new URL(`${this.#base}/v2/${repository}/blobs/uploads/${mount}`)
    const started = await this.#exchange(url, repository, 'push', { method: 'POST' }, from)
    await readAnswer(started)
    return started
  }

  /** Stores a manifest under a tag or its digest; gives the digest. */
  async pushManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Buffer,
  ): Promise<string> {
    const answer = await this.#send(`${repository}/manifests/${reference}`, repository, 'push', {
      method: 'PUT',
      headers: { 'content-type': mediaType, 'content-length': bytes.length },
      body: bytes,
    })
    await readAnswer(answer)
    return String(answer.headers['docker-content-digest'])
  }

  /** Where its API is. */
  get endpoint(): string {
    return `${this.#base}/v2/`
  }

  /** A registry of this machine may show any certificate or speak plain HTTP: as the Docker Engine does, tries in this order. */
  async #settle(): Promise<void> {
    if (this.#settled) return
    this.#settled = true
    try {
      await readAnswer(await this.#transport.send(this.endpoint))
    } catch {
      this.#base = this.#base.replace(/^https/, 'http')
    }
  }

  #send(path: string, repository: string | undefined, action: 'pull' | 'push', options: HostRequest = {}) {
    return this.#exchange(new URL(`${this.#base}/v2/${path}`), repository, action, options)
  }

  async #exchange(
    url: URL,
    repository: string | undefined,
    action: 'pull' | 'push',
    options: HostRequest,
    mountFrom?: string,
  ): Promise<IncomingMessage> {
    await this.#settle()
    if (url.host === this.host) url.protocol = new URL(this.#base).protocol
    const own = repository && `repository:${repository}:${action === 'push' ? 'pull,push' : 'pull'}`
    const scope = own && mountFrom ? `${own} repository:${mountFrom}:pull` : own
    const first = await this.#once(url, options, this.#authorization(scope))
    if (first.statusCode !== 401) return this.#checked(first, url, options)
    const challenge = String(first.headers['www-authenticate'] ?? '')
    // A stream cannot be sent twice; uploads come after a request that has already fetched a token.
    const replayable = options.body === undefined || options.body instanceof Uint8Array
    if (!replayable || /error="insufficient_scope"/.test(challenge)) return this.#checked(first, url, options)
    const refused = await this.#checked(first, url, options).catch((error: RegistryRequestError) => error)
    if (/^basic/i.test(challenge)) {
      if (!this.#credentials) {
        throw this.#error(url, options, 401, 'no basic auth credentials', { reason: 'no-credentials' })
      }
      if (this.#scheme === 'basic') throw refused
      this.#scheme = 'basic'
    } else if (/^bearer/i.test(challenge)) {
      this.#scheme = 'bearer'
      this.#tokens.set(scope ?? '', await this.#fetchToken(challenge, scope))
    } else throw refused
    return this.#checked(await this.#once(url, options, this.#authorization(scope)), url, options)
  }

  #authorization(scope: string | undefined): OutgoingHttpHeaders {
    if (this.#scheme === 'basic' && this.#credentials) return { authorization: basic(this.#credentials) }
    const token = this.#tokens.get(scope ?? '')
    return this.#scheme === 'bearer' && token ? { authorization: `Bearer ${token}` } : {}
  }

  async #once(url: URL, options: HostRequest, authorization: OutgoingHttpHeaders): Promise<IncomingMessage> {
    try {
      return await this.#transport.send(url, {
        ...options,
        headers: { ...options.headers, ...authorization },
      })
    } catch (error) {
      if (!(error instanceof NoSuchHostError || error instanceof ConnectError)) throw error
      const why = error instanceof ConnectError ? dialText(error) : `dial tcp: ${error.message}`
      throw this.#error(url, options, 0, why, { reason: 'unreachable' })
    }
  }

  async #fetchToken(challenge: string, scope: string | undefined): Promise<string> {
    const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1]
    const url = new URL(parameter('realm') ?? '')
    url.searchParams.set('service', parameter('service') ?? '')
    for (const one of scope?.split(' ') ?? []) url.searchParams.append('scope', one)
    const headers = this.#credentials ? { authorization: basic(this.#credentials) } : {}
    const answer = await this.#once(url, {}, headers)
    const body = await readAnswer(answer)
    if (answer.statusCode === 200) {
      const { token, access_token: access } = JSON.parse(body.toString())
      return token ?? access
    }
    const text = parseJson(body)?.details ?? answer.statusMessage
    throw this.#error(url, {}, answer.statusCode!, `unauthorized: ${text}`, { reason: 'login' })
  }

  async #checked(answer: IncomingMessage, url: URL, options: HostRequest): Promise<IncomingMessage> {
    const status = answer.statusCode!
    if (status < 400) return answer
    const body = await readAnswer(answer)
    const challenge = String(answer.headers['www-authenticate'] ?? '')
    if (status === 401 && /error="insufficient_scope"/.test(challenge)) {
      throw this.#error(url, options, status, 'denied: requested access to the resource is denied', {
        code: 'DENIED',
        reason: 'scope',
      })
    }
    const first = parseJson(body)?.errors?.[0]
    const message = first
      ? `${String(first.code).toLowerCase().replaceAll('_', ' ')}: ${first.message}`
      : body.length > 0
        ? body.toString().trim()
        : `unexpected status from ${options.method ?? 'GET'} request to ${url}: ${status} ${answer.statusMessage}`
    throw this.#error(url, options, status, message, { code: first?.code })
  }

  #error(
    url: URL,
    options: HostRequest,
    status: number,
    message: string,
    more: { code?: string; reason?: RegistryRequestError['reason'] } = {},
  ): RegistryRequestError {
    return new RegistryRequestError({
      status,
      method: options.method ?? 'GET',
      url: String(url),
      message,
      ...more,
    })
  }
}

const basic = ({ username, password }: RegistryCredentials) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

// biome-ignore lint/suspicious/noExplicitAny: whatever a registry answers.
function parseJson(body: Buffer): any {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
