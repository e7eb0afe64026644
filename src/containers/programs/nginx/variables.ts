import type { IncomingMessage } from 'node:http'
import { resolvePath } from '../../files/tree.ts'
import { inNetwork } from './addresses.ts'
import { portOf } from './certificates.ts'
import { type Directive, find, findAll, NginxConfigError } from './config.ts'
import { type Exchange, expression, remoteAddress, setting } from './exchange.ts'
import { localTime } from './times.ts'

/** Characters that a text may have with its variables, each of which may name others. */
const MAX_TEXT = 1024 ** 2

/** Replaces the `$variables` of a text; unknown ones stay. Throws RangeError for more than nginx would find memory for. */
export function variables(exchange: Exchange, text: string): string {
  if (!text.includes('$')) return text
  let length = text.length
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced, plain) => {
    const name: string = braced ?? plain
    const value = own(exchange, name) ?? exchange.variables.get(name) ?? mapped(exchange, name) ?? whole
    length += value.length
    if (length > MAX_TEXT) throw new RangeError(`a text with "$${name}" is too long`)
    return value
  })
}

/** nginx's own variables. */
const BUILT_IN: Readonly<Record<string, (exchange: Exchange) => string>> = {
  uri: ({ uri }) => uri,
  document_uri: ({ uri }) => uri,
  request_uri: ({ req }) => req.url ?? '/',
  args: ({ query }) => query,
  query_string: ({ query }) => query,
  is_args: ({ query }) => (query ? '?' : ''),
  host: ({ req }) => (req.headers.host ?? 'localhost').replace(/:\d+$/, '').toLowerCase(),
  server_name: ({ site }) => find(site.server, 'server_name')?.args[0] ?? '',
  hostname: ({ site }) => site.process.machine.hostname,
  pid: ({ site }) => String(site.process.pid),
  remote_addr: remoteAddress,
  binary_remote_addr: remoteAddress,
  realip_remote_addr: ({ req }) => (req.socket as { remoteAddress?: string }).remoteAddress ?? '',
  remote_port: ({ req }) => String((req.socket as { remotePort?: number }).remotePort ?? 0),
  remote_user: ({ user }) => user,
  server_addr: ({ site }) => site.process.machine.address,
  server_port: ({ site }) => String(portOf(find(site.server, 'listen')?.args[0] ?? '80')),
  scheme: ({ req }) => ('encrypted' in req.socket ? 'https' : 'http'),
  https: ({ req }) => ('encrypted' in req.socket ? 'on' : ''),
  request_method: ({ req }) => req.method ?? 'GET',
  request: ({ req }) => `${req.method} ${req.url} HTTP/${req.httpVersion}`,
  request_length: ({ req }) => String(`${req.method} ${req.url}`.length + req.rawHeaders.join('  ').length),
  request_time: () => '0.000',
  request_completion: () => 'OK',
  request_filename: (exchange) => resolvePath('/', `${documentRoot(exchange)}/${exchange.uri}`),
  document_root: documentRoot,
  realpath_root: documentRoot,
  server_protocol: ({ req }) => `HTTP/${req.httpVersion}`,
  nginx_version: ({ site }) => site.version,
  content_type: ({ req }) => header(req, 'content-type'),
  content_length: ({ req }) => header(req, 'content-length'),
  proxy_add_x_forwarded_for: (exchange) => {
    const before = header(exchange.req, 'x-forwarded-for')
    const direct = remoteAddress(exchange)
    return before ? `${before}, ${direct}` : direct
  },
  proxy_host: (exchange) => proxied(exchange, 0),
  proxy_port: (exchange) => proxied(exchange, 1),
  upstream_addr: ({ upstream }) => upstream?.address ?? '',
  upstream_status: ({ upstream }) => upstream?.status ?? '',
  upstream_response_time: ({ upstream }) => (upstream ? '0.000' : ''),
  upstream_connect_time: ({ upstream }) => (upstream ? '0.000' : ''),
  upstream_header_time: ({ upstream }) => (upstream ? '0.000' : ''),
  upstream_cache_status: () => '',
  status: ({ status }) => String(status),
  body_bytes_sent: ({ sent }) => String(sent()),
  bytes_sent: ({ sent }) => String(sent()),
  connection: () => '1',
  connection_requests: () => '1',
  pipe: () => '.',
  gzip_ratio: () => '',
  limit_rate: () => '0',
  request_body: () => '',
  request_id: ({ site, req }) => requestId(site.process.machine.hostname, req),
  ssl_protocol: ({ req }) => ('encrypted' in req.socket ? 'TLSv1.3' : ''),
  ssl_cipher: ({ req }) => ('encrypted' in req.socket ? 'TLS_AES_256_GCM_SHA384' : ''),
  ssl_server_name: ({ req }) => ('encrypted' in req.socket ? header(req, 'host') : ''),
  time_local: ({ site }) => localTime(site.process.machine.clock.now()),
  time_iso8601: ({ site }) =>
    new Date(site.process.machine.clock.now()).toISOString().replace(/\.\d+Z/, '+00:00'),
  msec: ({ site }) => (site.process.machine.clock.now() / 1000).toFixed(3),
}

/** Families of variables, by what their names begin with. */
const FAMILIES: readonly [prefix: string, value: (exchange: Exchange, rest: string) => string][] = [
  ['http_', ({ req }, name) => header(req, name.replaceAll('_', '-'))],
  ['arg_', ({ query }, name) => new URLSearchParams(query).get(name) ?? ''],
  ['cookie_', ({ req }, name) => cookie(req, name)],
  ['sent_http_', ({ res }, name) => String(res.getHeader(name.replaceAll('_', '-')) ?? '')],
  ['upstream_http_', ({ res }, name) => String(res.getHeader(name.replaceAll('_', '-')) ?? '')],
  ['upstream_cookie_', () => ''],
]

function own(exchange: Exchange, name: string): string | undefined {
  if (Object.hasOwn(BUILT_IN, name)) return BUILT_IN[name]!(exchange)
  const family = FAMILIES.find(([prefix]) => name.startsWith(prefix))
  return family?.[1](exchange, name.slice(family[0].length))
}

function documentRoot(exchange: Exchange): string {
  const root = setting(exchange, 'root')?.args[0] ?? 'html'
  return root.startsWith('/') ? root : `/etc/nginx/${root}`
}

function proxied(exchange: Exchange, part: 0 | 1): string {
  const target = find(exchange.location?.block, 'proxy_pass')?.args[0] ?? ''
  const [host = '', port = '80'] = target.replace(/^https?:\/\//, '').split(/[/:]/)
  return part === 0 ? host : port
}

const header = (req: IncomingMessage, name: string): string => String(req.headers[name] ?? '')

const cookie = (req: IncomingMessage, name: string): string =>
  header(req, 'cookie')
    .split(/;\s*/)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? ''

const ids = new WeakMap<IncomingMessage, string>()
let requests = 0

/** 32 hexadecimal digits that no other request has. */
function requestId(hostname: string, req: IncomingMessage): string {
  const known = ids.get(req)
  if (known) return known
  const count = (++requests).toString(16).padStart(16, '0')
  const id = `${Buffer.from(hostname).toString('hex').padEnd(16, '0').slice(0, 16)}${count}`
  ids.set(req, id)
  return id
}

/** How often a request may ask for values that are not kept, or that lead in circles. */
const MOST_EVALUATIONS = 1000

/** The value that a `map` or `geo` block of the configuration gives to a variable: found once a request, unless `volatile`. */
function mapped(exchange: Exchange, name: string): string | undefined {
  const directive = exchange.site.http.find(
    (one) => (one.name === 'map' || one.name === 'geo') && one.args.at(-1) === `$${name}`,
  )
  if (!directive) return undefined
  if (++exchange.evaluations > MOST_EVALUATIONS) return ''
  const value = directive.name === 'map' ? mapValue(exchange, directive) : geoValue(exchange, directive)
  const isVolatile = directive.block?.some((row) => row.name === 'volatile' && row.args.length === 0)
  if (!isVolatile) exchange.variables.set(name, value)
  return value
}

/** https://nginx.org/en/docs/http/ngx_http_map_module.html */
function mapValue(exchange: Exchange, { args, block = [] }: Directive): string {
  const source = variables(exchange, args[0]!)
  const rows = block.map(({ name, args: [value = ''] }) => ({ key: name.replace(/^\\/, ''), name, value }))
  const hostnames = rows.some(({ name, value }) => name === 'hostnames' && value === '')
  const exact = rows.find(
    ({ key, name }) => !name.startsWith('~') && key.toLowerCase() === source.toLowerCase(),
  )
  const wild =
    hostnames &&
    rows.find(
      ({ key }) => (key.startsWith('*.') || key.startsWith('.')) && source.endsWith(key.replace(/^\*/, '')),
    )
  const found =
    exact ||
    wild ||
    rows.find(({ name }) => {
      if (!name.startsWith('~')) return false
      const insensitive = name.startsWith('~*')
      const match = expression(name.slice(insensitive ? 2 : 1), insensitive).exec(source)
      for (const [group, value] of Object.entries(match?.groups ?? {}))
        exchange.variables.set(group, value ?? '')
      for (const [group, value] of (match ?? []).entries()) exchange.variables.set(String(group), value ?? '')
      return match !== null
    }) ||
    rows.find(({ name }) => name === 'default')
  return found ? variables(exchange, found.value) : ''
}

/** https://nginx.org/en/docs/http/ngx_http_geo_module.html */
function geoValue(exchange: Exchange, { args, block = [] }: Directive): string {
  const address = args.length > 1 ? variables(exchange, args[0]!) : remoteAddress(exchange)
  const size = (network: string) => Number(network.split('/')[1] ?? 128)
  const fitting = block
    .filter(({ name }) => /^[\d.:a-f]+(?:\/\d+)?$/i.test(name) && inNetwork(address, name))
    .sort((a, b) => size(b.name) - size(a.name))
  const found = fitting[0] ?? find(block, 'default')
  return found?.args[0] ?? ''
}

/** Refuses a configuration that names variables which nothing gives. Throws NginxConfigError. */
export function checkVariables(config: readonly Directive[]): void {
  const defined = new Set<string>()
  const used: string[] = []
  const walk = (directives: readonly Directive[]) => {
    for (const { name, args, block = [] } of directives) {
      if (name === 'set' || name === 'auth_request_set') defined.add(args[0]?.slice(1) ?? '')
      if (name === 'map' || name === 'geo' || name === 'split_clients')
        defined.add(args.at(-1)?.slice(1) ?? '')
      for (const word of [name, ...args])
        for (const [, group] of word.matchAll(/\(\?P?<(\w+)>/g)) defined.add(group!)
      if (!WITH_PATTERNS.has(name))
        for (const word of args)
          for (const [, braced, plain] of word.matchAll(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g))
            used.push((braced ?? plain)!)
      walk(block)
    }
  }
  walk(findAll(config, 'http'))
  const known = (name: string) =>
    defined.has(name) ||
    /^\d$/.test(name) ||
    Object.hasOwn(BUILT_IN, name) ||
    name === 'invalid_referer' ||
    FAMILIES.some(([prefix]) => name.startsWith(prefix))
  const unknown = used.find((name) => !known(name))
  if (unknown !== undefined) throw new NginxConfigError(`unknown "${unknown}" variable`)
}

/** Directives whose words are patterns, or are written by people, and may hold a dollar sign of their own. */
const WITH_PATTERNS = new Set(['location', 'server_name', 'valid_referers', 'types', 'env'])
