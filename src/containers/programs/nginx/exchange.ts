import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Process } from '../../processes/process.ts'
import { clientAddress } from '../http-listener.ts'
import { inNetwork } from './addresses.ts'
import { type Directive, find } from './config.ts'

/** What answers requests: the `http` block and what the server says of itself. */
export interface Site {
  process: Process
  http: Directive[]
  server: Directive[]
  version: string
  traffic: Traffic
  /** Writes to the file or device that a log directive names. */
  log(target: string, line: string): void
}

/** The connections of a running configuration. */
export interface Traffic {
  /** `worker_connections`: how many there may be, to clients and servers together. */
  readonly most: number
  /** Open now. */
  clients: number
  upstreams: number
  /** Since the start. */
  accepted: number
  requests: number
  /** Requests that are not answered yet. */
  answering: number
}

/** One request on its way to an answer. */
export interface Exchange {
  site: Site
  req: IncomingMessage
  res: ServerResponse
  /** Decoded, normalized path. */
  uri: string
  query: string
  /** Blocks from the outside in: http, server, locations, and each `if` that held. */
  scopes: Directive[][]
  /** The location that the request is in. */
  location: Directive | undefined
  /** What `set` and named groups have given; text groups of the last match by their numbers. */
  variables: Map<string, string>
  /** How often a `map` or `geo` was asked. */
  evaluations: number
  status: number
  sent: () => number
  redirects: number
  /** Who has been let in by `auth_basic`. */
  user: string
  /** The servers that it was passed to, and what they answered. */
  upstream: { address: string; status: string } | undefined
}

/** The innermost value of a directive. */
export function setting(exchange: Exchange, name: string): Directive | undefined {
  for (const scope of exchange.scopes.toReversed()) {
    const directive = find(scope, name)
    if (directive) return directive
  }
  return undefined
}

/** All directives of some names in the innermost block that has one: how nginx inherits lists. */
export function settings(exchange: Exchange, ...names: string[]): Directive[] {
  for (const scope of exchange.scopes.toReversed()) {
    const found = scope.filter(({ name }) => names.includes(name))
    if (found.length > 0) return found
  }
  return []
}

/** The client's address, or what a trusted proxy says that it is (`set_real_ip_from`). */
export function remoteAddress(exchange: Exchange): string {
  const direct = clientAddress(exchange.req)
  const trusted = settings(exchange, 'set_real_ip_from').map(({ args }) => args[0]!)
  const trusts = (address: string) => trusted.some((network) => inNetwork(address, network))
  if (!trusts(direct)) return direct
  const header = setting(exchange, 'real_ip_header')?.args[0] ?? 'X-Real-IP'
  const told = String(exchange.req.headers[header.toLowerCase()] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
  const recursive = setting(exchange, 'real_ip_recursive')?.args[0] === 'on'
  return (recursive ? told.findLast((address) => !trusts(address)) : told.at(-1)) ?? direct
}

/** Matches a regular expression of the configuration; its groups become `$1`… and variables of their names. */
export function matches(
  exchange: Pick<Exchange, 'variables'>,
  pattern: string,
  text: string,
  insensitive = false,
): boolean {
  const match = expression(pattern, insensitive).exec(text)
  if (!match) return false
  for (let group = 0; group <= 9; group++) exchange.variables.set(String(group), match[group] ?? '')
  for (const [name, value] of Object.entries(match.groups ?? {})) exchange.variables.set(name, value ?? '')
  return true
}

/** A regular expression as PCRE writes it. Throws SyntaxError. */
export function expression(pattern: string, insensitive = false): RegExp {
  const inline = /^\(\?i\)/.test(pattern)
  const text = pattern.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<')
  return new RegExp(text, insensitive || inline ? 'i' : '')
}
