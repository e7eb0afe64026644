import { readContent } from '../../files/nodes.ts'
import { find, findAll } from './config.ts'
import { type Exchange, setting } from './exchange.ts'
import { chooseLocation, filePath } from './location.ts'
import { variables } from './variables.ts'

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

/** Answers with a whole body. */
export function send(
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

/** Answers with another place; a path is put on the host that was asked. */
export function redirect(exchange: Exchange, code: number, target: string): void {
  const host = exchange.req.headers.host ?? 'localhost'
  const location = target.startsWith('/') ? `http://${host}${target}` : target
  send(exchange, code, { 'Content-Type': 'text/html', Location: location }, page(exchange, code))
}

/** Answers with an error: the page that `error_page` names, or nginx's own. */
export async function fail(
  exchange: Exchange,
  status: number,
  headers: Record<string, string> = {},
): Promise<void> {
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

/** The headers of an answer in nginx's order, with those of `add_header`. */
export function headerList(exchange: Exchange, headers: Record<string, string>): string[] {
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
