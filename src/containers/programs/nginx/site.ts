import type { IncomingMessage, ServerResponse } from 'node:http'
import { resolvePath } from '../../files/tree.ts'
import { countBody } from '../http-listener.ts'
import { fail, redirect, send } from './answer.ts'
import { type Directive, find, findAll } from './config.ts'
import { type Exchange, type Site, setting } from './exchange.ts'
import { chooseLocation, filePath } from './location.ts'
import { accessLog } from './logs.ts'
import { proxy } from './proxy.ts'
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

function stubStatus(exchange: Exchange): void {
  const text =
    'Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n'
  send(exchange, 200, { 'Content-Type': 'text/plain' }, Buffer.from(text))
}
