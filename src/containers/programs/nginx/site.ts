import type { IncomingMessage, ServerResponse } from 'node:http'
import { resolvePath } from '../../files/tree.ts'
import { countBody } from '../http-listener.ts'
import { admitted } from './access.ts'
import { fail, send } from './answer.ts'
import { type Directive, find, findAll } from './config.ts'
import { type Exchange, matches, type Site, type Traffic } from './exchange.ts'
import { chooseLocations, enter, filePath } from './location.ts'
import { accessLog, errorLog } from './logs.ts'
import { proxy } from './proxy.ts'
import { rewrite } from './rewrite.ts'
import { serveFile } from './static-files.ts'
import { variables } from './variables.ts'

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
    location: undefined,
    variables: new Map(),
    evaluations: 0,
    status: 200,
    sent: countBody(res),
    redirects: 0,
    user: '',
    upstream: undefined,
  }
  res.sendDate = false
  const host = (req.headers.host ?? '').replace(/:\d+$/, '')
  // The groups of the name that has brought it here.
  for (const name of find(site.server, 'server_name')?.args ?? [])
    if (name.startsWith('~') && matches(exchange, name.slice(1), host)) break
  count(site.traffic, req)
  try {
    await fromServer(exchange)
  } finally {
    site.traffic.answering--
  }
  accessLog(exchange)
}

const seen = new WeakSet<object>()

/** Counts a request, and its connection when it is the first of it. */
function count(traffic: Traffic, { socket }: IncomingMessage): void {
  traffic.requests++
  traffic.answering++
  if (seen.has(socket)) return
  seen.add(socket)
  traffic.accepted++
  traffic.clients++
  socket.once('close', () => traffic.clients--)
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

/** From the server's own rewrites on, as a new request and an internal redirect begin. */
async function fromServer(exchange: Exchange): Promise<void> {
  enter(exchange, [])
  if ((await rewrite(exchange, exchange.site.server)) === 'answered') return
  return locate(exchange)
}

/** Into the location of the request's path. */
async function locate(exchange: Exchange): Promise<void> {
  if (++exchange.redirects > 10) {
    errorLog(exchange, 'rewrite or internal redirection cycle while processing')
    return fail(exchange, 500)
  }
  enter(exchange, chooseLocations(exchange, exchange.site.server, exchange.uri))
  const internal = find(exchange.location?.block, 'internal')
  if (internal && exchange.redirects === 1) return fail(exchange, 404)
  return inLocation(exchange)
}

async function inLocation(exchange: Exchange): Promise<void> {
  const block = exchange.location?.block ?? []
  const outcome = await rewrite(exchange, block)
  if (outcome === 'answered') return
  if (outcome === 'again') return locate(exchange)
  if (!(await admitted(exchange))) return
  return content(exchange)
}

/** What answers in the location: what an `if` of it says goes before, what is around it does not count. */
function handler({ location, scopes }: Exchange, name: string): Directive | undefined {
  const own = location?.block ? scopes.slice(scopes.indexOf(location.block)) : []
  return own.toReversed().flatMap((scope) => findAll(scope, name))[0]
}

async function content(exchange: Exchange): Promise<void> {
  const { location, site } = exchange
  if (handler(exchange, 'stub_status')) return stubStatus(exchange)
  const proxied = handler(exchange, 'proxy_pass')
  if (proxied) return proxy(exchange, proxied.args[0]!)
  const other = ['fastcgi_pass', 'uwsgi_pass', 'grpc_pass', 'scgi_pass'].find((name) =>
    handler(exchange, name),
  )
  if (other) {
    errorLog(exchange, `drydock: ${other} is not simulated: only proxy_pass is`)
    return fail(exchange, 502)
  }
  const tries = find(location ? location.block : site.server, 'try_files')
  if (tries) return tryFiles(exchange, tries.args)
  return staticContent(exchange)
}

async function staticContent(exchange: Exchange): Promise<void> {
  const { method } = exchange.req
  if (method !== 'GET' && method !== 'HEAD') return fail(exchange, 405)
  const index = await serveFile(exchange)
  if (index === undefined) return
  exchange.uri = index
  return fromServer(exchange)
}

async function tryFiles(exchange: Exchange, args: string[]): Promise<void> {
  for (const arg of args.slice(0, -1)) {
    const uri = variables(exchange, arg).replace(/\/{2,}/g, '/')
    const node = exchange.site.process.machine.files.find(filePath(exchange, uri.replace(/(.)\/$/, '$1')))
    if (node?.kind === (arg.endsWith('/') ? 'directory' : 'file')) {
      exchange.uri = uri
      return staticContent(exchange)
    }
  }
  const last = args.at(-1)!
  if (last.startsWith('=')) return fail(exchange, Number(last.slice(1)))
  if (last.startsWith('@')) {
    const named = findAll(exchange.site.server, 'location').filter((one) => one.args[0] === last)
    if (named.length === 0) return fail(exchange, 500)
    enter(exchange, named)
    return inLocation(exchange)
  }
  const [path = '/', query] = variables(exchange, last).split('?')
  exchange.uri = path
  if (query !== undefined) exchange.query = query
  return fromServer(exchange)
}

/** https://nginx.org/en/docs/http/ngx_http_stub_status_module.html */
function stubStatus(exchange: Exchange): void {
  const { clients, accepted, requests, answering } = exchange.site.traffic
  const text = `Active connections: ${clients} \nserver accepts handled requests\n ${accepted} ${accepted} ${requests} \nReading: 0 Writing: ${answering} Waiting: ${clients - answering} \n`
  send(exchange, 200, { 'Content-Type': 'text/plain' }, Buffer.from(text))
}
