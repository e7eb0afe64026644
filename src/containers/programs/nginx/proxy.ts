import { request as httpRequest, type IncomingMessage } from 'node:http'
import { ConnectError } from '#network/virtual-network.ts'
import { begin, fail, type Headers } from './answer.ts'
import { findAll } from './config.ts'
import { type Exchange, setting, settings } from './exchange.ts'
import { errorLog } from './logs.ts'
import { type Choice, choices } from './upstream.ts'
import { variables } from './variables.ts'

/** What became of one server: it answered, or nothing reached it and the next may be asked. */
type Outcome = 'answered' | 'next'

/** Passes a request on to another server, as `proxy_pass` says. */
export async function proxy(exchange: Exchange, target: string): Promise<void> {
  const { site, location } = exchange
  const url = new URL(variables(exchange, target))
  const hasPath = /^https?:\/\/[^/]+\//.test(target)
  const byPattern = location?.args[0]?.startsWith('~') || target.includes('$')
  const prefix = location && !byPattern ? location.args.at(-1)! : ''
  // A target of variables is taken as it is.
  const path = !hasPath
    ? exchange.uri
    : byPattern
      ? url.pathname
      : url.pathname + exchange.uri.slice(prefix.length)
  const query = target.includes('$') && hasPath ? url.search : exchange.query && `?${exchange.query}`
  const upstream = findAll(site.http, 'upstream').find(({ args }) => args[0] === url.hostname)
  const single: Choice = { target: `${url.hostname}:${url.port || '80'}`, done() {} }
  let asked = 0
  for (const choice of upstream ? choices(exchange, upstream) : [single]) {
    asked++
    const outcome = await ask(exchange, choice, url, encodeURI(path) + query, prefix)
    choice.done(outcome === 'next')
    if (outcome === 'answered') return
  }
  if (asked === 0) {
    errorLog(exchange, 'no live upstreams while connecting to upstream')
    exchange.upstream = { address: url.hostname, status: '502' }
  }
  await fail(exchange, 502)
}

async function ask(
  exchange: Exchange,
  choice: Choice,
  url: URL,
  path: string,
  prefix: string,
): Promise<Outcome> {
  const { site, req } = exchange
  const [name = '', port = '80'] = choice.target.split(':')
  const failed = (reason: string): Outcome => {
    errorLog(exchange, `${reason} while connecting to upstream`)
    return 'next'
  }
  const address = site.process.machine.resolveName(name)
  if (!address) return failed(`${name} could not be resolved (3: Host not found)`)
  exchange.upstream = { address: `${address}:${port}`, status: '502' }
  const { traffic } = site
  if (traffic.clients + traffic.upstreams >= traffic.most) {
    errorLog(
      exchange,
      `${traffic.most} worker_connections are not enough while connecting to upstream`,
      'alert',
    )
    await fail(exchange, 500)
    return 'answered'
  }
  let leave = () => {}
  try {
    const socket = site.process.machine.connect(address, Number(port))
    traffic.upstreams++
    socket.once('close', () => traffic.upstreams--)
    // Nobody waits for the answer any more.
    leave = () => void socket.destroy()
    exchange.res.once('close', leave)
    const outgoing = httpRequest({
      method: req.method,
      path,
      headers: passedHeaders(exchange, url),
      // biome-ignore lint/suspicious/noExplicitAny: a stream of the simulated network serves as a socket.
      createConnection: () => socket as any,
    })
    req.pipe(outgoing)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('error', reject).on('response', resolve)
    })
    await passBack(exchange, answer, url, prefix)
    return 'answered'
  } catch (error) {
    if (error instanceof ConnectError)
      return failed(
        error.code === 'ECONNREFUSED'
          ? 'connect() failed (111: Connection refused)'
          : 'connect() failed (113: No route to host)',
      )
    if (exchange.res.destroyed && !exchange.res.headersSent) {
      exchange.status = 499
      return 'answered'
    }
    if (exchange.res.headersSent) {
      exchange.res.destroy()
      return 'answered'
    }
    errorLog(exchange, 'upstream prematurely closed connection while reading response header from upstream')
    // What has been sent is not sent again to another server.
    await fail(exchange, 502)
    return 'answered'
  } finally {
    exchange.res.off('close', leave)
  }
}

function passedHeaders(exchange: Exchange, url: URL): Record<string, string | string[] | undefined> {
  const headers: Record<string, string | string[] | undefined> = {
    ...exchange.req.headers,
    host: url.host,
    connection: 'close',
  }
  for (const { args } of settings(exchange, 'proxy_set_header')) {
    const [name, value] = [args[0]!.toLowerCase(), variables(exchange, args[1] ?? '')]
    // An empty value takes the header away.
    if (value === '') delete headers[name]
    else headers[name] = value
  }
  // Only one request is made of a connection.
  headers.connection = 'close'
  return headers
}

/** Gives the upstream's answer to the client. */
async function passBack(
  exchange: Exchange,
  answer: IncomingMessage,
  url: URL,
  prefix: string,
): Promise<void> {
  const status = answer.statusCode!
  exchange.upstream!.status = String(status)
  const intercepts = setting(exchange, 'proxy_intercept_errors')?.args[0] === 'on'
  if (
    intercepts &&
    status >= 300 &&
    settings(exchange, 'error_page').some(({ args }) => args.slice(0, -1).includes(String(status)))
  ) {
    answer.resume()
    return fail(exchange, status)
  }
  const hidden = new Set(
    ['server', 'date', 'connection', 'transfer-encoding', 'keep-alive'].concat(
      settings(exchange, 'proxy_hide_header').map(({ args }) => args[0]!.toLowerCase()),
    ),
  )
  const headers: Headers = {}
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const [given = '', value = ''] = answer.rawHeaders.slice(index, index + 2)
    if (hidden.has(given.toLowerCase())) continue
    // Those that nginx itself understands are written its way, the others as they came.
    const name = OWN_NAMES.find((one) => one.toLowerCase() === given.toLowerCase()) ?? given
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  if (typeof headers.Location === 'string')
    headers.Location = redirected(exchange, headers.Location, url, prefix)
  const writer = begin(exchange, status, headers)
  try {
    for await (const chunk of answer) {
      if (exchange.res.destroyed) return
      if (!writer.write(chunk))
        await new Promise((resolve) => writer.once('drain', resolve).once('close', resolve))
    }
    writer.end()
  } catch {
    errorLog(exchange, 'upstream prematurely closed connection while reading upstream')
    exchange.res.destroy()
  }
}

const OWN_NAMES = [
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Last-Modified',
  'ETag',
  'Location',
  'Accept-Ranges',
]

/** https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_redirect */
function redirected(exchange: Exchange, location: string, url: URL, prefix: string): string {
  const rules = settings(exchange, 'proxy_redirect').map(({ args }) => args)
  const wanted = rules.length > 0 ? rules : [['default']]
  for (const [from = '', to = ''] of wanted) {
    if (from === 'off') return location
    const [source, target] = from === 'default' ? [url.href, prefix] : [from, variables(exchange, to)]
    if (!location.startsWith(source)) continue
    const moved = target + location.slice(source.length)
    if (!moved.startsWith('/')) return moved
    const scheme = 'encrypted' in exchange.req.socket ? 'https' : 'http'
    return `${scheme}://${exchange.req.headers.host ?? 'localhost'}${moved}`
  }
  return location
}
