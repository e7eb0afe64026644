import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Preview, PreviewDocument } from '../api.ts'
import { notFound, Problem } from '../problem.ts'
import type { Connections } from '../security/connections.ts'
import type { Identity } from '../security/identity.ts'
import { requestHeaders, responseHeaders } from './headers.ts'
import { originOf, parseAddress, type Target } from './target.ts'
import { type LabNetwork, openTunnel, TunnelError } from './tunnel.ts'

/** Previews that a session may have; the oldest goes first. */
const LIMIT = 16
/** https://w3c.github.io/ServiceWorker/#service-worker-script-request */
const WORKER_SCRIPT = 'service-worker'

/** Whose a preview is, and in which lab. */
export interface PreviewOwner extends Pick<Identity, 'session' | 'learner' | 'until'> {
  lab: string
  network(): Promise<LabNetwork>
}

interface OpenPreview {
  id: string
  owner: PreviewOwner
  target: Target
  /** The page that was loaded last, or the preview to which that led. */
  last: PreviewDocument | OpenPreview | undefined
}

type Told = PreviewDocument extends infer D ? (D extends unknown ? Omit<D, 'address'> : never) : never

export interface PreviewsOptions {
  /** `http://*.localhost:4321`: a name under it is an origin of its own. Without it there are no previews. */
  pattern: string | undefined
  /** The origins of our own pages, which may frame a preview. */
  pages: readonly string[]
  /** Whether somebody is still signed in. */
  isSignedIn(session: string): Promise<boolean>
  /** Ends what a page of a preview keeps open when they are not any more. */
  connections: Connections
}

/**
 * Web pages out of learners' worlds. Each has a host name of its own with 128 random bits, so a browser gives it an origin
 * of its own: no cookie, no storage and no API of ours, nor of another preview. Who knows the name sees the page, as
 * long as who opened it is signed in.
 */
export class Previews {
  readonly #options: PreviewsOptions
  readonly #open = new Map<string, OpenPreview>()

  constructor(options: PreviewsOptions) {
    this.#options = options
  }

  /** What a page of ours may frame, as a source of a content policy; undefined: there are no previews here. */
  get frames(): string | undefined {
    return this.#options.pattern
  }

  /** Opens a page by its address inside the lab. Throws a Problem. */
  open(owner: PreviewOwner, address: string): Preview {
    if (this.#options.pattern === undefined) {
      throw new Problem(501, {
        code: 'no-previews',
        what: 'This server shows no web previews.',
        why: 'A page from a lab must not share an origin with Drydock, and this server has no second name.',
        next: 'Use curl in the terminal; whoever runs the server can set "previews".',
      })
    }
    const { target, path } = parseAddress(address)
    const preview = this.#make(owner, target)
    return { id: preview.id, url: this.#origin(preview.id) + path, address: originOf(target) + path }
  }

  /** What the page that was loaded last in a preview gave. */
  document(session: string, id: string): { document?: PreviewDocument } {
    const preview = this.#open.get(id)
    if (preview?.owner.session !== session) throw notFound('This preview is over.', 'Open the page again.')
    let { last } = preview
    for (let hop = 0; last && 'owner' in last && hop < LIMIT; hop++) last = last.last
    return last && !('owner' in last) ? { document: last } : {}
  }

  /** The id in a Host header; undefined when it is none of ours. */
  idOf(host: string | undefined): string | undefined {
    const [before, after] = this.#options.pattern?.replace(/^https?:\/\//, '').split('*') ?? []
    if (host === undefined || before === undefined || after === undefined) return undefined
    const name = host.toLowerCase()
    if (!name.startsWith(before) || !name.endsWith(after)) return undefined
    const id = name.slice(before.length, name.length - after.length)
    return /^[0-9a-f]{32}$/.test(id) ? id : undefined
  }

  /** Answers a request to a preview's host. */
  async request(id: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const preview = await this.#find(id)
    if (!preview) return page(res, 404, 'This preview is over. Open the page again from the lab.')
    // A worker of a page would answer for it when the page itself is long gone.
    if (req.headers['service-worker'] === 'script' || req.headers['sec-fetch-dest'] === WORKER_SCRIPT)
      return page(res, 403, 'A preview registers no service workers.')
    const isDocument = /^(?:document|iframe|frame)$/.test(String(req.headers['sec-fetch-dest'] ?? 'document'))
    const told = (document: Told) => {
      if (!isDocument) return
      preview.last = { address: originOf(preview.target) + (req.url ?? '/'), ...document }
    }
    const failed = (error: Error) => {
      const failure = error instanceof TunnelError ? error.failure : 'closed'
      told({ failure, detail: error.message })
      if (res.headersSent) res.destroy()
      else page(res, 502, `${originOf(preview.target)} did not answer: ${error.message}`)
    }
    const stream = await this.#connect(preview).catch(failed)
    if (!stream) return
    if (res.destroyed) return void stream.destroy()
    const upstream = request(this.#message(preview, req, stream), (answer) => {
      const server = String(answer.headers.server ?? '')
      told({ status: answer.statusCode!, reason: answer.statusMessage ?? '', ...(server && { server }) })
      const headers = this.#answerHeaders(preview, answer, (next) => {
        if (isDocument) preview.last = next
      })
      res.writeHead(answer.statusCode!, answer.statusMessage, headers)
      answer.pipe(res)
      answer.on('error', () => res.destroy())
    })
    upstream.on('error', failed)
    const forget = this.#options.connections.add(preview.owner, () => res.destroy())
    res.on('close', () => {
      forget()
      upstream.destroy()
    })
    req.pipe(upstream)
  }

  /** A protocol upgrade (a WebSocket of the learner's page). */
  async upgrade(id: string, req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A browser that goes meanwhile is no fault of ours.
    socket.on('error', () => socket.destroy())
    const preview = await this.#find(id)
    const stream = preview && (await this.#connect(preview).catch(() => undefined))
    if (!preview || !stream) return void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
    if (socket.destroyed) return void stream.destroy()
    const message = this.#message(preview, req, stream)
    const { connection, upgrade } = req.headers
    const upstream = request({ ...message, headers: { ...message.headers, connection, upgrade } })
    const end = () => {
      stream.destroy()
      socket.destroy()
    }
    socket.on('close', end).on('close', this.#options.connections.add(preview.owner, end))
    stream.on('error', end).on('close', end)
    upstream.on('error', end)
    upstream.on('response', end)
    upstream.on('upgrade', (answer, _stream, rest) => {
      const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`]
      for (let at = 0; at < answer.rawHeaders.length; at += 2)
        lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      if (rest.length > 0) socket.write(rest)
      if (head.length > 0) stream.write(head)
      socket.pipe(stream).pipe(socket)
    })
    upstream.end()
  }

  #make(owner: PreviewOwner, target: Target): OpenPreview {
    const own = [...this.#open.values()].filter(({ owner: { session } }) => session === owner.session)
    const same = own.find((one) => one.owner.lab === owner.lab && originOf(one.target) === originOf(target))
    if (same) return same
    for (const { id } of own.slice(0, Math.max(0, own.length - LIMIT + 1))) this.#open.delete(id)
    const id = randomBytes(16).toString('hex')
    const preview: OpenPreview = { id, owner, target, last: undefined }
    this.#open.set(id, preview)
    return preview
  }

  async #find(id: string): Promise<OpenPreview | undefined> {
    const preview = this.#open.get(id)
    if (!preview) return undefined
    if (await this.#options.isSignedIn(preview.owner.session)) return preview
    this.#open.delete(id)
    return undefined
  }

  async #connect({ owner, target }: OpenPreview): Promise<Duplex> {
    const network = await owner.network().catch((error: Error) => {
      throw new TunnelError('cloud-away', error.message)
    })
    return openTunnel(network, target)
  }

  #message({ id, target }: OpenPreview, req: IncomingMessage, stream: Duplex) {
    return {
      method: req.method,
      path: req.url,
      headers: requestHeaders(req.headers, this.#origin(id), originOf(target)),
      createConnection: () => stream as never,
    }
  }

  #answerHeaders(
    { id, owner, target }: OpenPreview,
    answer: IncomingMessage,
    leads: (next: OpenPreview) => void,
  ): string[] {
    return responseHeaders(answer.rawHeaders, this.#options.pages, (location) => {
      const url = URL.parse(location, originOf(target))
      if (!url || !/^https?:$/.test(url.protocol)) return location
      const path = url.pathname + url.search + url.hash
      if (url.origin === originOf(target)) return path
      // Another server of the lab, such as the same load balancer by https.
      const next = this.#make(owner, parseAddress(url.origin).target)
      if (next.id === id) return path
      leads(next)
      return this.#origin(next.id) + path
    })
  }

  #origin(id: string): string {
    return this.#options.pattern!.replace('*', id)
  }
}

/** A page of words alone: what cannot be shown, and why. */
function page(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  res.end(`${text}\n`)
}
