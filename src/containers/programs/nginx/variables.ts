import type { IncomingMessage } from 'node:http'
import { clientAddress } from '../http-listener.ts'
import { find } from './config.ts'
import type { Exchange } from './exchange.ts'
import { localTime } from './times.ts'

/** Replaces the `$variables` of a text; unknown ones stay. */
export function variables(exchange: Exchange, text: string): string {
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
        return 'encrypted' in req.socket ? 'https' : 'http'
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
