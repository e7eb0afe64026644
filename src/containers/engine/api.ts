import type { IncomingMessage, ServerResponse } from 'node:http'

/** An error that the Engine API answers as `{"message": …}`; the CLI prints it after `Error response from daemon: `. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const notFound = (message: string) => new EngineError(404, message)
export const badRequest = (message: string) => new EngineError(400, message)
export const conflict = (message: string) => new EngineError(409, message)

/** A request of the Engine API with its path parameters. */
export interface Call {
  req: IncomingMessage
  res: ServerResponse
  url: URL
  query: URLSearchParams
  params: string[]
}

export type Handler = (call: Call) => Promise<void> | void

/** Method, path pattern (groups are the parameters), behaviour. */
export type Route = [method: string, path: RegExp, handler: Handler]

/** The pattern of a path below a container, whose name is the first parameter. */
export const containerPath = (rest: string): RegExp => new RegExp(`^/containers/([^/]+)${rest}$`)

export function sendJson({ res }: Pick<Call, 'res'>, status: number, value: unknown): void {
  const body = `${JSON.stringify(value)}\n`
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

export function sendNothing({ res }: Pick<Call, 'res'>, status = 204): void {
  res.writeHead(status).end()
}

/** The request's JSON body; an empty one is an empty object. Throws EngineError. */
// biome-ignore lint/suspicious/noExplicitAny: bodies are read field by field.
export async function readJson({ req }: Pick<Call, 'req'>): Promise<any> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`invalid JSON: ${(error as Error).message}`)
  }
}

/** `true`, `1`, `True`, as Go's clients write it. */
export const isTrue = (value: string | null): boolean => /^(?:1|t|true)$/i.test(value ?? '')

/** A stream of JSON messages, as pull, push and build answer. Errors after the first byte go into the stream. */
export class MessageStream {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
    res.writeHead(200, { 'content-type': 'application/json' })
    res.flushHeaders()
  }

  send(message: Record<string, unknown>): void {
    if (!this.#res.destroyed) this.#res.write(`${JSON.stringify(message)}\r\n`)
  }

  fail(message: string, code?: number): void {
    this.send({ errorDetail: { ...(code === undefined ? {} : { code }), message }, error: message })
  }

  end(): void {
    this.#res.end()
  }
}

/** `{"label":["a=b"]}` or the older `{"label":{"a=b":true}}` → lists. */
export function parseFilters(text: string | null): Record<string, string[]> {
  if (!text) return {}
  let value: Record<string, string[] | Record<string, boolean>>
  try {
    value = JSON.parse(text)
  } catch {
    throw badRequest('invalid filter')
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, list]) => [name, Array.isArray(list) ? list : Object.keys(list)]),
  )
}
