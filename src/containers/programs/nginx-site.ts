import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as httpRequest } from 'node:http'
import { contentSize, readContent, streamContent, type TreeNode } from '../files/nodes.ts'
import { resolvePath } from '../files/tree.ts'
import type { Process } from '../processes/process.ts'
import { clientAddress, countBody } from './http-listener.ts'
import { type Directive, find, findAll } from './nginx-config.ts'

const REASONS: Record<number, string> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Authorization Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
}

/** What answers requests: the `http` block and what the server says of itself. */
export interface Site {
  process: Process
  http: Directive[]
  server: Directive[]
  version: string
  /** Writes to the file or device that a log directive names. */
  log(target: string, line: string): void
}

interface Exchange {
  site: Site
  req: IncomingMessage
  res: ServerResponse
  /** Decoded, normalized path. */
  uri: string
  query: string
  /** Blocks from the outside in: http, server, location. */
  scopes: Directive[][]
  status: number
  sent: () => number
  redirects: number
}

/** Answers one request as nginx would. */
export async function serve(site: Site, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [path = '/', ...rest] = (req.url ?? '/').split('?')
  const exchange: Exchange = {
    site,
    req,
    res,
    uri: normalize(path),
    query: rest.join('?'),
    scopes: [site.http, site.server],
    status: 200,
    sent: countBody(res),
    redirects: 0,
  }
  res.sendDate = false
  await locate(exchange)
  accessLog(exchange)
}

function normalize(path: string): string {
  let decoded = path
  try {
    decoded = decodeURIComponent(path)
  } catch {
    // A stray percent sign is taken as it is.
  }
  return resolvePath('/', decoded) + (decoded.endsWith('/') && resolvePath('/', decoded) !== '/' ? '/' : '')
}

/** The innermost value of a directive. */
function setting(exchange: Exchange, name: string): Directive | undefined {
  for (const scope of exchange.scopes.toReversed()) {
    const directive = find(scope, name)
    if (directive) return directive
  }
  return undefined
}

async function locate(exchange: Exchange): Promise<void> {
  if (++exchange.redirects > 10) return fail(exchange, 500)
  const serverReturn = find(exchange.site.server, 'return')
  if (serverReturn) return answerReturn(exchange, serverReturn)
  if (rewrite(exchange, exchange.site.server) === 'done') return
  const location = chooseLocation(exchange.site.server, exchange.uri)
  exchange.scopes = [exchange.site.http, exchange.site.server, ...(location ? [location.block ?? []] : [])]
  const block = location?.block ?? []
  const returned = find(block, 'return')
  if (returned) return answerReturn(exchange, returned)
  const outcome = rewrite(exchange, block)
  if (outcome === 'done') return
  if (outcome === 'again') return locate(exchange)
  if (find(block, 'deny')?.args[0] === 'all') return fail(exchange, 403)
  if (find(block, 'stub_status')) return stubStatus(exchange)
  const proxied = find(block, 'proxy_pass')
  if (proxied) return proxy(exchange, proxied.args[0]!, location!)
  if (exchange.req.method !== 'GET' && exchange.req.method !== 'HEAD') return fail(exchange, 405)
  const tries = setting(exchange, 'try_files')
  if (tries) return tryFiles(exchange, tries.args, location)
  return serveFile(exchange, location)
}

function chooseLocation(server: readonly Directive[], uri: string): Directive | undefined {
  const locations = findAll(server, 'location')
  let best: Directive | undefined
  let bestLength = -1
  for (const location of locations) {
    const [first = '', second] = location.args
    const modifier = second === undefined ? '' : first
    const pattern = second ?? first
    if (modifier === '=' && uri === pattern) return location
    if (
      (modifier === '' || modifier === '^~') &&
      !pattern.startsWith('@') &&
      uri.startsWith(pattern) &&
      pattern.length > bestLength
    ) {
      best = location
      bestLength = pattern.length
    }
  }
  if (best?.args[0] === '^~') return best
  for (const location of locations) {
    const [modifier, pattern] = location.args
    if (modifier !== '~' && modifier !== '~*') continue
    if (new RegExp(pattern!, modifier === '~*' ? 'i' : '').test(uri)) return location
  }
  return best
}

function rewrite(exchange: Exchange, block: readonly Directive[]): 'done' | 'again' | undefined {
  for (const { args } of findAll(block, 'rewrite')) {
    const match = new RegExp(args[0]!).exec(exchange.uri)
    if (!match) continue
    const target = variables(
      exchange,
      args[1]!.replace(/\$(\d)/g, (_, n) => match[Number(n)] ?? ''),
    )
    if (args[2] === 'redirect' || args[2] === 'permanent' || /^https?:/.test(target)) {
      redirect(exchange, args[2] === 'permanent' ? 301 : 302, target)
      return 'done'
    }
    const [path = '/', query] = target.split('?')
    exchange.uri = path
    if (query !== undefined) exchange.query = query
    if (args[2] === 'break') return undefined
    return 'again'
  }
  return undefined
}

async function answerReturn(exchange: Exchange, { args }: Directive): Promise<void> {
  const hasCode = /^\d{3}$/.test(args[0]!)
  const code = hasCode ? Number(args[0]) : 302
  const text = hasCode ? args[1] : args[0]
  if ([301, 302, 303, 307, 308].includes(code) && text !== undefined)
    return redirect(exchange, code, variables(exchange, text))
  if (text === undefined && code >= 300) return fail(exchange, code)
  const type = setting(exchange, 'default_type')?.args[0] ?? 'text/plain'
  send(exchange, code, { 'Content-Type': type }, Buffer.from(variables(exchange, text ?? '')))
}

function redirect(exchange: Exchange, code: number, target: string): void {
  const host = exchange.req.headers.host ?? 'localhost'
  const location = target.startsWith('/') ? `http://${host}${target}` : target
  send(exchange, code, { 'Content-Type': 'text/html', Location: location }, page(exchange, code))
}

async function tryFiles(exchange: Exchange, args: string[], location: Directive | undefined): Promise<void> {
  for (const arg of args.slice(0, -1)) {
    const uri = variables(exchange, arg)
    const node = exchange.site.process.machine.files.find(
      filePath(exchange, uri.replace(/(.)\/$/, '$1'), location),
    )
    if (node?.kind === (arg.endsWith('/') ? 'directory' : 'file')) {
      exchange.uri = uri
      return serveFile(exchange, location)
    }
  }
  const last = args.at(-1)!
  if (last.startsWith('=')) return fail(exchange, Number(last.slice(1)))
  if (last.startsWith('@')) {
    const named = findAll(exchange.site.server, 'location').find((candidate) => candidate.args[0] === last)
    const proxied = find(named?.block, 'proxy_pass')
    const returned = find(named?.block, 'return')
    if (returned) return answerReturn(exchange, returned)
    return proxied ? proxy(exchange, proxied.args[0]!, named!) : fail(exchange, 500)
  }
  const [path = '/'] = variables(exchange, last).split('?')
  exchange.uri = path
  const next = chooseLocation(exchange.site.server, path)
  if (next !== location) return locate(exchange)
  return serveFile(exchange, location)
}

function filePath(exchange: Exchange, uri: string, location: Directive | undefined): string {
  const alias = find(location?.block, 'alias')
  if (alias) return resolvePath('/', `${alias.args[0]}${uri.slice(location!.args.at(-1)!.length)}`)
  const root = setting(exchange, 'root')?.args[0] ?? 'html'
  return resolvePath('/', `${root.startsWith('/') ? root : `/etc/nginx/${root}`}/${uri}`)
}

async function serveFile(exchange: Exchange, location: Directive | undefined): Promise<void> {
  const { site, uri, req } = exchange
  const { files } = site.process.machine
  const path = filePath(exchange, uri, location)
  const node = files.find(path)
  if (!node || (uri.endsWith('/') && node.kind !== 'directory')) {
    errorLog(exchange, `open() "${path}" failed (2: No such file or directory)`)
    return fail(exchange, 404)
  }
  if (node.kind !== 'directory') return sendFile(exchange, path, node)
  if (!uri.endsWith('/')) {
    const port = req.headers.host ?? 'localhost'
    return redirect(exchange, 301, `http://${port}${uri}/${exchange.query ? `?${exchange.query}` : ''}`)
  }
  const indexes = setting(exchange, 'index')?.args ?? ['index.html']
  for (const name of indexes) {
    const index = files.find(`${path}/${name}`)
    if (index?.kind === 'file') return sendFile(exchange, `${path}/${name}`, index)
  }
  if (setting(exchange, 'autoindex')?.args[0] === 'on') return listing(exchange, path)
  errorLog(exchange, `directory index of "${path === '/' ? '' : path}/" is forbidden`)
  return fail(exchange, 403)
}

async function sendFile(exchange: Exchange, path: string, node: TreeNode): Promise<void> {
  const { req, res } = exchange
  if (node.kind !== 'file') return fail(exchange, 403)
  if (!(node.mode & 0o004) && exchange.site.process.machine.user.uid === 0) {
    // Workers run as the nginx user: only what others may read is served.
    errorLog(exchange, `open() "${path}" failed (13: Permission denied)`)
    return fail(exchange, 403)
  }
  const size = contentSize(node.content)
  const seconds = Math.floor(node.mtime / 1000)
  const modified = new Date(seconds * 1000).toUTCString()
  const etag = `"${seconds.toString(16)}-${size.toString(16)}"`
  const headers = { 'Last-Modified': modified, ETag: etag }
  const since = req.headers['if-modified-since']
  if (req.headers['if-none-match'] === etag || (!req.headers['if-none-match'] && since === modified)) {
    return send(exchange, 304, headers, undefined)
  }
  const range = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? '')
  let [start, end] = [0, size]
  if (range && (range[1] || range[2])) {
    start = range[1] ? Number(range[1]) : Math.max(0, size - Number(range[2]))
    end = range[1] && range[2] ? Math.min(size, Number(range[2]) + 1) : size
    if (start >= end) return fail(exchange, 416, { 'Content-Range': `bytes */${size}` })
  }
  const partial = range !== null && (range[1] !== '' || range[2] !== '')
  const status = partial ? 206 : 200
  exchange.status = status
  res.writeHead(
    status,
    headerList(exchange, {
      'Content-Type': contentType(exchange, path),
      'Content-Length': String(end - start),
      ...headers,
      ...(partial ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : { 'Accept-Ranges': 'bytes' }),
    }),
  )
  if (req.method === 'HEAD') {
    res.end()
    return
  }
  for await (const chunk of streamContent(node.content, start, end)) {
    if (!res.write(chunk)) await new Promise((resolve) => res.once('drain', resolve).once('close', resolve))
    if (res.destroyed) return
  }
  res.end()
}

function contentType(exchange: Exchange, path: string): string {
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

function headerList(exchange: Exchange, headers: Record<string, string>): string[] {
  const { site, req, status } = exchange
  const quiet = setting(exchange, 'server_tokens')?.args[0] === 'off'
  const list = [
    'Server',
    quiet ? 'nginx' : `nginx/${site.version}`,
    'Date',
    new Date(site.process.machine.clock.now()).toUTCString(),
  ]
  for (const [name, value] of Object.entries(headers)) list.push(name, value)
  list.push(
    'Connection',
    req.headers.connection?.toLowerCase() === 'close' || req.httpVersion === '1.0' ? 'close' : 'keep-alive',
  )
  const own =
    exchange.scopes
      .toReversed()
      .map((scope) => findAll(scope, 'add_header'))
      .find((found) => found.length > 0) ?? []
  for (const { args } of own) {
    if (args[2] === 'always' || [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].includes(status)) {
      list.push(args[0]!, variables(exchange, args[1] ?? ''))
    }
  }
  return list
}

function send(
  exchange: Exchange,
  status: number,
  headers: Record<string, string>,
  body: Buffer | undefined,
): void {
  exchange.status = status
  const length: Record<string, string> =
    body && status !== 204 && status !== 304 ? { 'Content-Length': String(body.length) } : {}
  const { 'Content-Type': type, ...rest } = headers
  exchange.res.writeHead(
    status,
    headerList(exchange, Object.assign(type ? { 'Content-Type': type } : {}, length, rest)),
  )
  exchange.res.end(exchange.req.method === 'HEAD' ? undefined : body)
}

async function fail(exchange: Exchange, status: number, headers: Record<string, string> = {}): Promise<void> {
  for (const scope of exchange.scopes.toReversed()) {
    const custom = findAll(scope, 'error_page').find(({ args }) => args.slice(0, -1).includes(String(status)))
    if (!custom || exchange.redirects > 1) continue
    const target = custom.args.at(-1)!
    const override = custom.args.find((arg) => /^=\d*$/.test(arg))?.slice(1)
    if (!target.startsWith('/')) break
    exchange.redirects = 5
    exchange.uri = target
    const location = chooseLocation(exchange.site.server, target)
    exchange.scopes = [exchange.site.http, exchange.site.server, ...(location?.block ? [location.block] : [])]
    const path = filePath(exchange, target, location)
    const node = exchange.site.process.machine.files.find(path)
    if (node?.kind !== 'file') break
    const body = Buffer.from(await readContent(node.content))
    return send(
      exchange,
      override ? Number(override) : status,
      { 'Content-Type': contentType(exchange, path), ...headers },
      body,
    )
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

function listing(exchange: Exchange, path: string): void {
  const { files } = exchange.site.process.machine
  const rows = files.listSync(path).map((name) => {
    const folder = files.find(`${path}/${name}`)?.kind === 'directory'
    const shown = folder ? `${name}/` : name
    return `<a href="${encodeURIComponent(name)}${folder ? '/' : ''}">${escapeHtml(shown)}</a>\r\n`
  })
  const title = `Index of ${escapeHtml(exchange.uri)}`
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<h1>${title}</h1><hr><pre><a href="../">../</a>\r\n${rows.join('')}</pre><hr></body>\r\n</html>\r\n`
  send(exchange, 200, { 'Content-Type': 'text/html' }, Buffer.from(body))
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

function stubStatus(exchange: Exchange): void {
  const text =
    'Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n'
  send(exchange, 200, { 'Content-Type': 'text/plain' }, Buffer.from(text))
}

async function proxy(exchange: Exchange, target: string, location: Directive): Promise<void> {
  const { site, req, res } = exchange
  const url = new URL(variables(exchange, target))
  const upstream = findAll(site.http, 'upstream').find(({ args }) => args[0] === url.hostname)
  const servers = findAll(upstream?.block, 'server').map(({ args }) => args[0]!)
  const chosen = servers.length > 0 ? servers[Math.floor(Math.random() * servers.length)]! : url.host
  const [name = '', port = url.port || '80'] = chosen.split(':')
  const address = site.process.machine.resolveName(name)
  const hasPath = /^https?:\/\/[^/]+\//.test(target)
  const prefix = location.args.at(-1)!
  const path = hasPath ? url.pathname + exchange.uri.slice(prefix.length) : exchange.uri
  const headers: Record<string, string | string[] | undefined> = {
    ...req.headers,
    host: url.host,
    connection: 'close',
  }
  for (const scope of exchange.scopes) {
    for (const { args } of findAll(scope, 'proxy_set_header'))
      headers[args[0]!.toLowerCase()] = variables(exchange, args[1] ?? '')
  }
  await new Promise<void>((resolve) => {
    const failed = (reason: string) => {
      errorLog(exchange, `${reason} while connecting to upstream`)
      resolve(fail(exchange, 502))
    }
    if (!address) return failed(`${name} could not be resolved (3: Host not found)`)
    try {
      const socket = site.process.machine.connect(address, Number(port))
      const outgoing = httpRequest({
        method: req.method,
        path: path + (exchange.query ? `?${exchange.query}` : ''),
        headers,
        // biome-ignore lint/suspicious/noExplicitAny: a stream of the simulated network serves as a socket.
        createConnection: () => socket as any,
      })
      outgoing.on('error', () => {
        if (!res.headersSent) return failed('upstream prematurely closed connection')
        res.destroy()
        resolve()
      })
      outgoing.on('response', (answer) => {
        exchange.status = answer.statusCode!
        const {
          server: _server,
          date: _date,
          connection: _connection,
          'transfer-encoding': _coding,
          ...rest
        } = answer.headers
        const plain = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]))
        res.writeHead(answer.statusCode!, headerList(exchange, plain))
        answer.on('data', (chunk) => res.write(chunk))
        answer.on('end', () => {
          res.end()
          resolve()
        })
      })
      req.pipe(outgoing)
    } catch {
      failed('connect() failed (111: Connection refused)')
    }
  })
}

function variables(exchange: Exchange, text: string): string {
  const { req } = exchange
  const { machine } = exchange.site.process
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced, plain) => {
    const name: string = braced ?? plain
    if (name.startsWith('http_')) return header(req, name.slice(5).replaceAll('_', '-'))
    if (name.startsWith('arg_')) return new URLSearchParams(exchange.query).get(name.slice(4)) ?? ''
    switch (name) {
      case 'uri':
      case 'document_uri':
        return exchange.uri
      case 'request_uri':
        return req.url ?? '/'
      case 'args':
      case 'query_string':
        return exchange.query
      case 'is_args':
        return exchange.query ? '?' : ''
      case 'host':
        return (req.headers.host ?? 'localhost').replace(/:\d+$/, '')
      case 'server_name':
        return find(exchange.site.server, 'server_name')?.args[0] ?? ''
      case 'hostname':
        return machine.hostname
      case 'remote_addr':
        return clientAddress(req)
      case 'remote_port':
        return String((req.socket as { remotePort?: number }).remotePort ?? 0)
      case 'server_addr':
        return machine.address
      case 'server_port':
        return find(exchange.site.server, 'listen')?.args[0]?.replace(/^.*:/, '') ?? '80'
      case 'scheme':
        return 'http'
      case 'request_method':
        return req.method ?? 'GET'
      case 'server_protocol':
        return `HTTP/${req.httpVersion}`
      case 'nginx_version':
        return exchange.site.version
      case 'proxy_add_x_forwarded_for': {
        const before = header(req, 'x-forwarded-for')
        return before ? `${before}, ${clientAddress(req)}` : clientAddress(req)
      }
      case 'status':
        return String(exchange.status)
      case 'body_bytes_sent':
      case 'bytes_sent':
        return String(exchange.sent())
      case 'request':
        return `${req.method} ${req.url} HTTP/${req.httpVersion}`
      case 'remote_user':
        return ''
      case 'request_time':
        return '0.000'
      case 'time_local':
        return localTime(machine.clock.now())
      case 'time_iso8601':
        return new Date(machine.clock.now()).toISOString().replace(/\.\d+Z/, '+00:00')
      case 'msec':
        return (machine.clock.now() / 1000).toFixed(3)
      default:
        return whole
    }
  })
}

const header = (req: IncomingMessage, name: string): string => String(req.headers[name] ?? '')

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `21/Nov/2025:07:44:25 +0000`, as access logs write it. */
export function localTime(now: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(now).toISOString())!
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000`
}

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'

function accessLog(exchange: Exchange): void {
  const directive = setting(exchange, 'access_log')
  if (directive?.args[0] === 'off') return
  const format = findAll(exchange.site.http, 'log_format').find(({ args }) => args[0] === directive?.args[1])
  const text = format ? format.args.slice(format.args[1]?.startsWith('escape=') ? 2 : 1).join('') : COMBINED
  const line = text.replace(/\$\{?\w+\}?/g, (name) => variables(exchange, name) || '-')
  exchange.site.log(directive?.args[0] ?? '/var/log/nginx/access.log', `${line}\n`)
}

function errorLog(exchange: Exchange, message: string): void {
  const { site, req } = exchange
  const directive = setting(exchange, 'error_log') ?? find(site.http, 'error_log')
  const name = find(site.server, 'server_name')?.args[0] ?? ''
  const text = `${errorTime(site.process.machine.clock.now())} [error] 29#29: *1 ${message}, client: ${clientAddress(req)}, server: ${name}, request: "${req.method} ${req.url} HTTP/${req.httpVersion}", host: "${req.headers.host ?? ''}"\n`
  site.log(directive?.args[0] ?? '/var/log/nginx/error.log', text)
}

/** `2025/11/21 07:44:25`, as error logs write it. */
export const errorTime = (now: number): string =>
  new Date(now).toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/')
