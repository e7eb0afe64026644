import type { Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { readContent } from '../../files/nodes.ts'
import { find, findAll } from './config.ts'
import { type Exchange, setting, settings } from './exchange.ts'
import { chooseLocations, enter, filePath } from './location.ts'
import { variables } from './variables.ts'

const REASONS: Record<number, string> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Authorization Required',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Time-out',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
}

/** Headers of an answer; those with several values are written as often. */
export type Headers = Record<string, string | string[]>

/** Answers with a whole body. */
export function send(exchange: Exchange, status: number, headers: Headers, body: Buffer | undefined): void {
  const length: Record<string, string> =
    body && status !== 204 && status !== 304 ? { 'Content-Length': String(body.length) } : {}
  const { 'Content-Type': type, ...rest } = headers
  const writer = begin(exchange, status, Object.assign(type ? { 'Content-Type': type } : {}, length, rest))
  writer.end(exchange.req.method === 'HEAD' ? undefined : body)
}

/** Writes the head of an answer and gives what takes its body, which compresses it where `gzip` says so. */
export function begin(exchange: Exchange, status: number, headers: Headers): Writable {
  const { req, res } = exchange
  exchange.status = status
  if (!isCompressed(exchange, status, headers)) {
    res.writeHead(status, headerList(exchange, headers))
    return res
  }
  const { 'Content-Length': _length, 'Accept-Ranges': _ranges, ...rest } = headers
  if (rest.ETag && !String(rest.ETag).startsWith('W/')) rest.ETag = `W/${rest.ETag}`
  const vary: Record<string, string> =
    setting(exchange, 'gzip_vary')?.args[0] === 'on' ? { Vary: 'Accept-Encoding' } : {}
  res.writeHead(status, headerList(exchange, { ...rest, ...vary, 'Content-Encoding': 'gzip' }))
  if (req.method === 'HEAD') return res
  const gzip = createGzip({ level: Number(setting(exchange, 'gzip_comp_level')?.args[0] ?? 1) })
  // A client that is gone: nobody reads what would be compressed.
  res.once('close', () => gzip.destroy())
  gzip.pipe(res)
  return gzip
}

/** https://nginx.org/en/docs/http/ngx_http_gzip_module.html */
function isCompressed(exchange: Exchange, status: number, headers: Headers): boolean {
  const { req } = exchange
  if (setting(exchange, 'gzip')?.args[0] !== 'on' || ![200, 403, 404].includes(status)) return false
  if (!/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(req.headers['accept-encoding'] ?? '')))
    return false
  if (headers['Content-Encoding']) return false
  if (req.httpVersion === '1.0' || req.headers.via !== undefined) return false
  const length = headers['Content-Length']
  if (length !== undefined && Number(length) < Number(setting(exchange, 'gzip_min_length')?.args[0] ?? 20))
    return false
  const type = String(headers['Content-Type'] ?? '')
    .split(';')[0]!
    .trim()
  const types = ['text/html', ...(setting(exchange, 'gzip_types')?.args ?? [])]
  return types.includes(type) || types.includes('*')
}

/** Answers as `return` says. */
export async function answerReturn(exchange: Exchange, args: readonly string[]): Promise<void> {
  const hasCode = /^\d{3}$/.test(args[0]!)
  const code = hasCode ? Number(args[0]) : 302
  const text = hasCode ? args[1] : args[0]
  if (code === 444) {
    exchange.status = 444
    exchange.res.destroy()
    return
  }
  if ([301, 302, 303, 307, 308].includes(code) && text !== undefined)
    return redirect(exchange, code, variables(exchange, text))
  if (text === undefined && code >= 300) return fail(exchange, code)
  const type = setting(exchange, 'default_type')?.args[0] ?? 'text/plain'
  send(exchange, code, { 'Content-Type': type }, Buffer.from(variables(exchange, text ?? '')))
}

/** Answers with another place; a path is put on the host that was asked. */
export function redirect(exchange: Exchange, code: number, target: string): void {
  const host = exchange.req.headers.host ?? 'localhost'
  const absolute = setting(exchange, 'absolute_redirect')?.args[0] !== 'off'
  const scheme = 'encrypted' in exchange.req.socket ? 'https' : 'http'
  const location = target.startsWith('/') && absolute ? `${scheme}://${host}${target}` : target
  send(exchange, code, { 'Content-Type': 'text/html', Location: location }, page(exchange, code))
}

/** Answers with an error: the page that `error_page` names, or nginx's own. */
export async function fail(
  exchange: Exchange,
  status: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const custom = settings(exchange, 'error_page').find(({ args }) =>
    args.slice(0, -1).includes(String(status)),
  )
  if (custom && exchange.redirects <= 1) {
    const target = variables(exchange, custom.args.at(-1)!)
    const override = custom.args.find((arg) => /^=\d*$/.test(arg))?.slice(1)
    const code = override ? Number(override) : status
    if (/^https?:\/\//.test(target))
      return redirect(exchange, [301, 302, 303, 307, 308].includes(code) ? code : 302, target)
    const named = target.startsWith('@')
    const { server } = exchange.site
    exchange.redirects = 5
    if (!named) exchange.uri = target
    enter(
      exchange,
      named
        ? findAll(server, 'location').filter(({ args }) => args[0] === target)
        : chooseLocations(exchange, server, target),
    )
    const returned = find(exchange.location?.block, 'return')
    if (returned) {
      const [first = '', ...rest] = returned.args
      return answerReturn(exchange, /^\d{3}$/.test(first) ? [override || first, ...rest] : returned.args)
    }
    const path = filePath(exchange, exchange.uri)
    const node = exchange.site.process.machine.files.find(path)
    if (node?.kind === 'file') {
      const body = Buffer.from(await readContent(node.content))
      return send(exchange, code, { 'Content-Type': contentType(exchange, path), ...headers }, body)
    }
  }
  send(exchange, status, { 'Content-Type': 'text/html', ...headers }, page(exchange, status))
}

function page(exchange: Exchange, status: number): Buffer {
  const title = `${status} ${REASONS[status] ?? ''}`.trim()
  const quiet = setting(exchange, 'server_tokens')?.args[0] === 'off'
  const name = quiet ? 'nginx' : `nginx/${exchange.site.version}`
  return Buffer.from(
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${name}</center>\r\n</body>\r\n</html>\r\n`,
  )
}

/** The headers of an answer in nginx's order, with those of `add_header`. */
function headerList(exchange: Exchange, headers: Headers): string[] {
  const { site, req, status } = exchange
  const quiet = setting(exchange, 'server_tokens')?.args[0] === 'off'
  const list = [
    'Server',
    quiet ? 'nginx' : `nginx/${site.version}`,
    'Date',
    new Date(site.process.machine.clock.now()).toUTCString(),
  ]
  for (const [name, values] of Object.entries(headers))
    for (const value of [values].flat()) list.push(name, value)
  list.push(
    'Connection',
    req.headers.connection?.toLowerCase() === 'close' || req.httpVersion === '1.0' ? 'close' : 'keep-alive',
  )
  const ordinary = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].includes(status)
  if (ordinary) list.push(...expires(exchange))
  for (const { args } of settings(exchange, 'add_header')) {
    const value = variables(exchange, args[1] ?? '')
    if (value !== '' && (ordinary || args[2] === 'always')) list.push(args[0]!, value)
  }
  return list
}

const SECONDS: Record<string, number> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
}

/** The headers that `expires` asks for (https://nginx.org/en/docs/http/ngx_http_headers_module.html#expires). */
function expires(exchange: Exchange): string[] {
  const { args = [] } = setting(exchange, 'expires') ?? {}
  const text = variables(exchange, args.at(-1) ?? 'off')
  const both = (date: string, control: string) => ['Expires', date, 'Cache-Control', control]
  if (text === 'epoch') return both('Thu, 01 Jan 1970 00:00:01 GMT', 'no-cache')
  if (text === 'max') return both('Thu, 31 Dec 2037 23:55:55 GMT', 'max-age=315360000')
  const match = /^(-?)((?:\d+[smhdwMy]?)+)$/.exec(text)
  if (!match) return []
  let seconds = 0
  for (const [, count, unit = 's'] of match[2]!.matchAll(/(\d+)([smhdwMy])?/g))
    seconds += Number(count) * SECONDS[unit]!
  const now = exchange.site.process.machine.clock.now()
  const ahead = match[1] ? -seconds : seconds
  const date = new Date(now + ahead * 1000).toUTCString()
  return both(date, ahead < 0 ? 'no-cache' : `max-age=${ahead}`)
}

/** The type of a file by its extension. */
export function contentType(exchange: Exchange, path: string): string {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  for (const scope of exchange.scopes.toReversed()) {
    const types = find(scope, 'types')?.block
    const type = types?.find(({ args }) => args.includes(extension))
    if (type) {
      const charset = setting(exchange, 'charset')?.args[0]
      return charset && charset !== 'off' && /^text\//.test(type.name)
        ? `${type.name}; charset=${charset}`
        : type.name
    }
  }
  return setting(exchange, 'default_type')?.args[0] ?? 'text/plain'
}
