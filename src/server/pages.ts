import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { negotiate } from '@fastify/accept-negotiator'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ENCODINGS } from '#site/compress.ts'
import { contentPolicy } from './security/content-policy.ts'

type Encoding = keyof typeof ENCODINGS

interface Page {
  html: string
  /** The same as it goes over the network, by encoding, once it was asked for. */
  encoded: Map<Encoding, Promise<Buffer>>
  policy: string
  etag: string
  changed: number
}

const ACCEPTED = Object.keys(ENCODINGS) as Encoding[]

/** A link to the page in another language: search engines want the whole address. */
const ALTERNATE = /(<link rel="alternate"[^>]* href=")(?=\/)/g
/** The folder of a language other than English. */
const LANGUAGE = /^\/[a-z]{2}-[A-Z]{2}(?=\/)/

const PATH = /^(?:\/[\w-][\w.-]*)*\/?$/

// A refresh by <meta> would not load a page again whose address has a fragment.
const PREPARING = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Drydock is getting ready</title><script>setTimeout(() => location.reload(), 1000)</script></head><body><main><h1>Drydock is getting ready</h1>
<p>The pages are being built, once. This page reloads by itself.</p></main></body></html>`

/**
 * Serves the built site: pages with a policy made for each, assets whose names change with their content for good. `origin`
 * is what the pages' addresses begin with, `frames` what they may show in frames.
 */
export async function servePages(
  app: FastifyInstance,
  site: () => string | undefined,
  origin: () => string,
  frames: () => string | undefined,
): Promise<void> {
  const pages = new Pages(origin, frames)
  // Assets are found by the wildcard below; the plug-in gives `sendFile`.
  await app.register(fastifyStatic, {
    root: '/',
    serve: false,
    etag: true,
    lastModified: true,
    cacheControl: false,
    preCompressed: true,
  })

  app.get('/*', async (request, reply) => {
    const root = site()
    if (!root) return sendHtml(reply.code(503).header('retry-after', '1'), PREPARING)
    const path = decodePath(request)
    if (path === undefined) return notFound(request, reply, root, '/', pages)
    if (path.endsWith('/')) {
      const page = await pages.load(join(root, path, 'index.html'))
      if (!page) return notFound(request, reply, root, path, pages)
      if (request.headers['if-none-match'] === page.etag) return reply.code(304).send()
      return sendPage(request, reply, page)
    }
    const file = await stat(join(root, path)).catch(() => undefined)
    if (file?.isDirectory()) return reply.redirect(`${path}/`, 301)
    if (!file?.isFile()) return notFound(request, reply, root, path, pages)
    const lasting = path.startsWith('/assets/')
    reply.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
    return reply.sendFile(path.slice(1), root)
  })
}

/** The path of a request, if it can be one of a file of the site. */
function decodePath(request: FastifyRequest): string | undefined {
  try {
    const path = decodeURIComponent(request.url.split('?')[0]!)
    return PATH.test(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** The pages that were asked for, until they change on disk. */
class Pages {
  readonly #known = new Map<string, Page>()
  readonly #origin: () => string
  readonly #frames: () => string | undefined

  constructor(origin: () => string, frames: () => string | undefined) {
    this.#origin = origin
    this.#frames = frames
  }

  /** The page of a file; undefined when there is none. */
  async load(file: string): Promise<Page | undefined> {
    const changed = (await stat(file).catch(() => undefined))?.mtimeMs
    if (changed === undefined) return undefined
    const known = this.#known.get(file)
    if (known?.changed === changed) return known
    const html = (await readFile(file, 'utf8')).replace(ALTERNATE, (start) => start + this.#origin())
    // Weak: the same page has other bytes in another encoding.
    const etag = `W/"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`
    const page: Page = {
      html,
      encoded: new Map(),
      policy: contentPolicy(html, this.#frames()),
      etag,
      changed,
    }
    this.#known.set(file, page)
    return page
  }
}

async function notFound(
  request: FastifyRequest,
  reply: FastifyReply,
  root: string,
  path: string,
  pages: Pages,
): Promise<FastifyReply> {
  const page =
    (await pages.load(join(root, LANGUAGE.exec(path)?.[0] ?? '', '404.html'))) ??
    (await pages.load(join(root, '404.html')))
  reply.code(404)
  return page
    ? sendPage(request, reply, page)
    : sendHtml(reply, '<!doctype html><title>Not found</title><h1>Not found</h1>')
}

async function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): Promise<FastifyReply> {
  const encoding = negotiate(request.headers['accept-encoding'] ?? '', ACCEPTED)
  reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-cache')
    .header('vary', 'accept-encoding')
    .header('etag', page.etag)
    .header('content-security-policy', page.policy)
  if (!encoding) return reply.send(page.html)
  const bytes = page.encoded.get(encoding) ?? ENCODINGS[encoding].encode(Buffer.from(page.html))
  page.encoded.set(encoding, bytes)
  return reply.header('content-encoding', encoding).send(await bytes)
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('content-security-policy', contentPolicy(html))
    .send(html)
}
