import { find, findAll } from './config.ts'
import { type Exchange, remoteAddress, setting } from './exchange.ts'
import { errorTime } from './times.ts'
import { variables } from './variables.ts'

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'

/** Writes the line of an answered request. */
export function accessLog(exchange: Exchange): void {
  const directive = setting(exchange, 'access_log')
  if (directive?.args[0] === 'off') return
  const format = findAll(exchange.site.http, 'log_format').find(({ args }) => args[0] === directive?.args[1])
  const text = format ? format.args.slice(format.args[1]?.startsWith('escape=') ? 2 : 1).join('') : COMBINED
  const condition = directive?.args.find((word) => word.startsWith('if='))?.slice(3)
  if (condition !== undefined && ['', '0'].includes(variables(exchange, condition))) return
  const line = text.replace(/\$\{?\w+\}?/g, (name) => variables(exchange, name) || '-')
  exchange.site.log(directive?.args[0] ?? '/var/log/nginx/access.log', `${line}\n`)
}

/** Writes why a request went wrong. */
export function errorLog(exchange: Exchange, message: string, level = 'error'): void {
  const { site, req } = exchange
  const directive = setting(exchange, 'error_log') ?? find(site.http, 'error_log')
  const name = find(site.server, 'server_name')?.args[0] ?? ''
  const text = `${errorTime(site.process.machine.clock.now())} [${level}] 29#29: *1 ${message}, client: ${remoteAddress(exchange)}, server: ${name}, request: "${req.method} ${req.url} HTTP/${req.httpVersion}", host: "${req.headers.host ?? ''}"\n`
  site.log(directive?.args[0] ?? '/var/log/nginx/error.log', text)
}
