import { type Agent as HttpAgent, request as httpCall, type IncomingMessage } from 'node:http'
import { type Agent as HttpsAgent, request as httpsCall } from 'node:https'

/** How connections are made: directly or through the lab network's proxy. */
export interface Agents {
  http: HttpAgent
  https: HttpsAgent
}

export interface HttpOptions {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Until the whole answer is there, in ms. Default 5000. */
  timeout?: number
}

/** What came back. Without `status` no answer came, and `failure` says why in curl's manner. */
export interface HttpAnswer {
  status?: number
  headers: Record<string, string>
  body: string
  /** "could not resolve host", "connection refused", "no answer within 5 s". */
  failure?: string
}

const DEFAULT_TIMEOUT_MS = 5_000
const BODY_LIMIT_BYTES = 1024 * 1024

/** One request, redirects not followed. Never rejects for what the network does. */
export async function httpRequest(
  url: string,
  agents: Agents,
  options: HttpOptions = {},
): Promise<HttpAnswer> {
  try {
    const response = await openRequest(url, agents, options)
    const headers = Object.fromEntries(Object.entries(response.headers).map(([k, v]) => [k, String(v)]))
    return { status: response.statusCode!, headers, body: await text(response) }
  } catch (error) {
    return { headers: {}, body: '', failure: describeFailure(error as NodeJS.ErrnoException, options) }
  }
}

/** Sends a request; gives the response with its body unread. */
export function openRequest(
  url: string,
  agents: Agents,
  options: HttpOptions = {},
): Promise<IncomingMessage> {
  const secure = url.startsWith('https:')
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsCall : httpCall)(url, {
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
      agent: secure ? agents.https : agents.http,
      signal: AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT_MS),
    })
    request.on('response', resolve)
    request.on('error', reject)
    request.end(options.body)
  })
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    size += chunk.length
    if (size > BODY_LIMIT_BYTES) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function describeFailure(error: NodeJS.ErrnoException, options: HttpOptions): string {
  const seconds = (options.timeout ?? DEFAULT_TIMEOUT_MS) / 1000
  switch (error.code ?? error.name) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'could not resolve host'
    case 'ECONNREFUSED':
      return 'connection refused'
    case 'ECONNRESET':
      return 'the connection was reset'
    case 'ABORT_ERR':
    case 'TimeoutError':
    case 'ETIMEDOUT':
      return `no answer within ${seconds} s`
    default:
      return error.message
  }
}
