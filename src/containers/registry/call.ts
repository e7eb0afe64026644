import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDiskFull } from '../blobs/errors.ts'
import type { RepositoryContents } from './contents.ts'
import { RegistryError, type RegistryIdentity } from './policy.ts'

/** An authorized request on one repository. */
export interface Call {
  req: IncomingMessage
  res: ServerResponse
  url: URL
  repository: string
  identity: RegistryIdentity
  contents: RepositoryContents
}

/** The error for a method that a path does not have. */
export const unsupported = () => new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.')

export const digestInvalid = (message: string) => new RegistryError(400, 'DIGEST_INVALID', message)

/** Whether an `If-None-Match` header names an entity tag (RFC 9110, 13.1.2). */
export function matchesTag(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')))
}

/** Answers with a JSON document. */
export function json(res: ServerResponse, status: number, value: unknown, type = 'application/json'): void {
  const body = JSON.stringify(value)
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

/** Answers with plain text. */
export function text(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  res.end(body)
}

/** Answers with an error of the distribution specification. */
export function sendError(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const known = error instanceof RegistryError ? error : unforeseen(error)
  for (const [name, value] of Object.entries(known.headers)) res.setHeader(name, value)
  const { code, message, detail } = known
  const body = JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] })
  // A body that nobody reads would stall the connection; close it after the answer.
  if (!req.complete) res.setHeader('connection', 'close')
  res.writeHead(known.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}

function unforeseen(error: unknown): RegistryError {
  if (isDiskFull(error)) {
    const detail = 'nothing of this request was kept: free some space, then send it again'
    return new RegistryError(507, 'UNKNOWN', 'no space left on the registry’s disk', { detail })
  }
  return new RegistryError(500, 'UNKNOWN', 'unknown error', { detail: (error as Error)?.message })
}
