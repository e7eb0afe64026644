import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { contentSize, readContent, streamContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process } from '../../processes/process.ts'
import { all, type HttpdDirective, last } from './config.ts'

const TYPES: Record<string, string> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  json: 'application/json',
  txt: 'text/plain',
  png: 'image/png',
  jpg: 'image/jpeg',
  svg: 'image/svg+xml',
  ico: 'image/vnd.microsoft.icon',
}

const PAGES: Record<number, [title: string, text: string]> = {
  403: ['Forbidden', "You don't have permission to access this resource."],
  404: ['Not Found', 'The requested URL was not found on this server.'],
  503: [
    'Service Unavailable',
    'The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems. Please try again later.',
  ],
}
const REDIRECTS: Record<string, [status: number, title: string]> = {
  permanent: [301, 'Moved Permanently'],
  temp: [302, 'Found'],
  seeother: [303, 'See Other'],
}

interface Exchange {
  process: Process
  version: string
  /** The server's directives, then those of the virtual host that was asked. */
  scopes: readonly (readonly HttpdDirective[])[]
  req: IncomingMessage
  res: ServerResponse
  uri: string
}

const settings = ({ scopes }: Exchange, name: string) => scopes.flatMap((scope) => all(scope, name))
const setting = ({ scopes }: Exchange, name: string) =>
  scopes.map((scope) => last(scope, name)).findLast((value) => value !== undefined)

/** Whether a URL path lies at or under a prefix, as `Alias` and `ProxyPass` match. */
const under = (uri: string, prefix: string) =>
  uri === prefix || uri.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)

/** Answers one request as Apache would. */
export async function serve(exchange: Exchange): Promise<void> {
  const { uri } = exchange
  for (const { name, args } of [...settings(exchange, 'ProxyPass'), ...redirectsOf(exchange)]) {
    const words = /^redirect$/i.test(name) && args.length > 2 ? args.slice(1) : args
    const [prefix = '', target = ''] = words
    if (!under(uri, prefix) || target === '!') continue
    const rest = uri.slice(prefix.length)
    if (/^proxypass$/i.test(name)) return proxy(exchange, new URL(target + rest))
    const kind = name.toLowerCase().replace('redirect', '') || (words === args ? 'temp' : args[0]!)
    const [status, title] = REDIRECTS[kind] ?? [Number(kind), '']
    return redirect(exchange, target + rest, status, title)
  }
  const { files } = exchange.process.machine
  const path = filePath(exchange, uri)
  const node = files.find(path)
  if (!node) return fail(exchange, 404)
  if (node.kind === 'file') return sendFile(exchange, path)
  if (!uri.endsWith('/')) {
    const host = exchange.req.headers.host ?? 'localhost'
    return redirect(exchange, `http://${host}${uri}/`, 301, 'Moved Permanently')
  }
  const index = settings(exchange, 'DirectoryIndex').at(-1)?.args ?? ['index.html']
  for (const name of index)
    if (files.find(`${path}/${name}`)?.kind === 'file') return sendFile(exchange, `${path}/${name}`)
  const listed = settings(exchange, 'Directory').some(
    ({ args, section = [] }) =>
      under(path, args[0]!.replace(/\/$/, '')) &&
      all(section, 'Options').some((one) => one.args.includes('Indexes')),
  )
  return listed ? listing(exchange, path) : fail(exchange, 403)
}

const redirectsOf = (exchange: Exchange) =>
  ['Redirect', 'RedirectPermanent', 'RedirectTemp'].flatMap((name) => settings(exchange, name))

function filePath(exchange: Exchange, uri: string): string {
  const alias = settings(exchange, 'Alias').find(({ args }) => under(uri, args[0]!.replace(/(.)\/$/, '$1')))
  const inside = resolvePath('/', alias ? `/${uri.slice(alias.args[0]!.length)}` : uri)
  const root = alias ? alias.args[1]! : (setting(exchange, 'DocumentRoot') ?? '/usr/local/apache2/htdocs')
  return resolvePath('/', root + inside)
}

function head(exchange: Exchange, status: number, headers: string[]): void {
  const { process, version, res } = exchange
  const tokens = setting(exchange, 'ServerTokens')?.toLowerCase()
  const server = tokens === 'prod' ? 'Apache' : `Apache/${version} (Unix)`
  res.writeHead(status, [
    'Date',
    new Date(process.machine.clock.now()).toUTCString(),
    'Server',
    server,
    ...headers,
  ])
}

function send(exchange: Exchange, status: number, body: string, headers: string[] = []): void {
  const length = ['Content-Length', String(Buffer.byteLength(body))]
  head(exchange, status, [...headers, ...length, 'Content-Type', 'text/html; charset=iso-8859-1'])
  exchange.res.end(exchange.req.method === 'HEAD' ? undefined : body)
}

const document = (title: string, heading: string, text: string) =>
  `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${title}</title>\n</head><body>\n<h1>${heading}</h1>\n<p>${text}</p>\n</body></html>\n`

function redirect(exchange: Exchange, target: string, status: number, title: string): void {
  const text = `The document has moved <a href="${target}">here</a>.`
  send(exchange, status, document(`${status} ${title}`, title, text), ['Location', target])
}

/** Answers with what `ErrorDocument` says, or with Apache's own page. */
async function fail(exchange: Exchange, status: number): Promise<void> {
  const own = settings(exchange, 'ErrorDocument').findLast(({ args }) => args[0] === String(status))?.args[1]
  const [title, text] = PAGES[status]!
  if (own === undefined) return send(exchange, status, document(`${status} ${title}`, title, text))
  if (/^https?:/.test(own)) return redirect(exchange, own, 302, 'Found')
  if (!own.startsWith('/')) return send(exchange, status, own)
  const { files } = exchange.process.machine
  const node = files.find(filePath(exchange, own))
  const page = node?.kind === 'file' ? Buffer.from(await readContent(node.content)).toString() : undefined
  send(exchange, status, page ?? document(`${status} ${title}`, title, text))
}

async function sendFile(exchange: Exchange, path: string): Promise<void> {
  const { process, req, res } = exchange
  const found = process.machine.files.find(path)
  if (found?.kind !== 'file') return fail(exchange, 404)
  const size = contentSize(found.content)
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)]
  head(exchange, 200, [
    'Last-Modified',
    new Date(found.mtime).toUTCString(),
    'ETag',
    `"${size.toString(16)}-${Math.floor(found.mtime).toString(16)}"`,
    'Accept-Ranges',
    'bytes',
    'Content-Length',
    String(size),
    ...(type ? ['Content-Type', type] : []),
  ])
  if (req.method !== 'HEAD') for await (const chunk of streamContent(found.content)) res.write(chunk)
  res.end()
}

function listing(exchange: Exchange, path: string): void {
  const { files } = exchange.process.machine
  const rows = files.listSync(path).map((name) => {
    const shown = files.find(`${path}/${name}`)?.kind === 'directory' ? `${name}/` : name
    return `<li><a href="${encodeURI(shown)}"> ${shown}</a></li>\n`
  })
  const up = exchange.uri === '/' ? '' : '<li><a href="../"> Parent Directory</a></li>\n'
  const title = `Index of ${exchange.uri.replace(/(.)\/$/, '$1')}`
  send(
    exchange,
    200,
    `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n  <title>${title}</title>\n </head>\n <body>\n<h1>${title}</h1>\n<ul>${up}${rows.join('')}</ul>\n</body></html>\n`,
  )
}

/** Passes a request on to another server. */
function proxy(exchange: Exchange, url: URL): Promise<void> {
  const { process, req, res } = exchange
  return new Promise((resolve) => {
    const unavailable = () => resolve(res.headersSent ? void res.destroy() : fail(exchange, 503))
    const address = process.machine.resolveName(url.hostname)
    if (!address) return unavailable()
    try {
      const socket = process.machine.connect(address, Number(url.port || 80))
      const query = (req.url ?? '').includes('?') ? `?${req.url!.split('?')[1]}` : ''
      const outgoing = httpRequest({
        method: req.method,
        path: url.pathname + query,
        headers: { ...req.headers, host: url.host, connection: 'close' },
        // biome-ignore lint/suspicious/noExplicitAny: a stream of the simulated network serves as a socket.
        createConnection: () => socket as any,
      })
      outgoing.on('error', unavailable)
      outgoing.on('response', (answer) => {
        res.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(res)
        answer.on('end', () => resolve())
      })
      req.pipe(outgoing)
    } catch {
      unavailable()
    }
  })
}
