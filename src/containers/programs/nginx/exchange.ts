import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Process } from '../../processes/process.ts'
import { type Directive, find } from './config.ts'

/** What answers requests: the `http` block and what the server says of itself. */
export interface Site {
  process: Process
  http: Directive[]
  server: Directive[]
  version: string
  /** Writes to the file or device that a log directive names. */
  log(target: string, line: string): void
}

/** One request on its way to an answer. */
export interface Exchange {
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

/** The innermost value of a directive. */
export function setting(exchange: Exchange, name: string): Directive | undefined {
  for (const scope of exchange.scopes.toReversed()) {
    const directive = find(scope, name)
    if (directive) return directive
  }
  return undefined
}
