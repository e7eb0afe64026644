import { request as httpRequest } from 'node:http'
import { fail, headerList } from './answer.ts'
import { type Directive, findAll } from './config.ts'
import type { Exchange } from './exchange.ts'
import { errorLog } from './logs.ts'
import { variables } from './variables.ts'

/** Passes a request on to another server, as `proxy_pass` says. */
export async function proxy(exchange: Exchange, target: string, location: Directive): Promise<void> {
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
