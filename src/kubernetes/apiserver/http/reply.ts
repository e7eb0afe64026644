import type { IncomingMessage, ServerResponse } from 'node:http'
import { stringify } from 'yaml'
import { turn } from '#world/turns.ts'
import { StatusError } from '../../api.ts'
import { statusOf } from '../errors.ts'
import { PatchError } from '../patch/json-patch.ts'

/** Whether a person reads the answer. Models apiserver/pkg/endpoints/handlers/negotiation isPrettyPrint. */
function wantsPretty({ url = '', headers }: IncomingMessage): boolean {
  const asked = /[?&]pretty(?:=([^&]*))?(?:&|$)/.exec(url)
  if (asked) return ['true', '1', ''].includes(asked[1] ?? '')
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '')
}

const pretty = (json: string): string => JSON.stringify(JSON.parse(json), null, 2)

/** Answers JSON text, or YAML where the client prefers it. */
export function sendText(req: IncomingMessage, res: ServerResponse, code: number, json: string): void {
  if (res.headersSent || res.destroyed) return
  const asYaml = /^application\/yaml/.test(req.headers.accept ?? '')
  const body = asYaml ? stringify(JSON.parse(json)) : wantsPretty(req) ? pretty(json) : `${json}\n`
  res.writeHead(code, {
    'cache-control': 'no-cache, private',
    'content-type': asYaml ? 'application/yaml' : 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  res.end(body)
}

/** As `sendText`, for what is made piece by piece: a long answer is sent so too, and others get their turns in between. */
export async function sendPieces(
  req: IncomingMessage,
  res: ServerResponse,
  code: number,
  pieces: Generator<string>,
): Promise<void> {
  const first = pieces.next().value ?? ''
  let piece = pieces.next()
  if (piece.done) return sendText(req, res, code, first)
  if (/^application\/yaml/.test(req.headers.accept ?? '') || wantsPretty(req))
    return sendText(req, res, code, [first, piece.value, ...pieces].join(''))
  if (res.headersSent || res.destroyed) return
  res.writeHead(code, { 'cache-control': 'no-cache, private', 'content-type': 'application/json' })
  res.write(first)
  for (; !piece.done && !res.destroyed; piece = pieces.next()) {
    if (!res.write(piece.value)) await drained(res)
    await turn()
  }
  res.end()
}

/** Resolves when the client has taken what was written, or has left. */
export function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done)
      resolve()
    }
    res.on('drain', done).on('close', done)
  })
}

export const sendJson = (req: IncomingMessage, res: ServerResponse, code: number, value: unknown): void =>
  sendText(req, res, code, JSON.stringify(value))

/** Answers indented JSON, whoever asks. Models apiserver/pkg/endpoints/handlers/responsewriters WriteRawJSON. */
export function sendRaw(res: ServerResponse, value: unknown): void {
  const body = JSON.stringify(value, null, 2)
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

export function sendPlain(res: ServerResponse, code: number, text: string): void {
  if (res.headersSent || res.destroyed) return
  res.writeHead(code, {
    'cache-control': 'no-cache, private',
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

/** Models apiserver/pkg/server/filters tooManyRequests: clients wait as long as it says, and try again. */
export function sendTooMany(res: ServerResponse): void {
  res.setHeader('retry-after', '1')
  sendPlain(res, 429, 'Too many requests, please try again later.\n')
}

/** Any error as a `Status`; one that nobody foresaw is an InternalError. */
export function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error
  // Upstream answers so when a JSON patch does not fit the object.
  if (error instanceof PatchError)
    return new StatusError(
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
      {},
    )
  return new StatusError(
    500,
    'InternalError',
    `Internal error occurred: ${(error as Error)?.message ?? error}`,
  )
}

export function sendError(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const status = asStatusError(error)
  sendJson(req, res, status.code, statusOf(status))
}

/** Adds a `Warning` header, which kubectl prints as `Warning: …`. */
export function warn(res: ServerResponse, text: string): void {
  const clean = text.replace(/\p{Cc}/gu, ' ').replace(/(["\\])/g, '\\$1')
  // Headers are bytes; Node.js writes one for each character.
  res.appendHeader('warning', `299 - "${Buffer.from(clean).toString('latin1')}"`)
}
