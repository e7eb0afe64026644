import type { IncomingMessage } from 'node:http'
import { LAB_ADDRESS } from '#network/lab-address.ts'

/** A request as the protocols see it: read whole, nothing decoded yet. */
export interface WireRequest {
  method: string
  /** As sent, still percent-encoded. */
  path: string
  /** As sent, without `?`. */
  query: string
  /** By lower-case name, each value as sent. */
  headers: Record<string, string[]>
  body: Buffer
  sourceIp: string
  secure: boolean
}

/** Thrown when a body exceeds the limit; nothing more of it was kept. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/** Reads a request with its body, at most `limit` bytes. Throws BodyTooLarge. */
export async function readRequest(req: IncomingMessage, limit: number): Promise<WireRequest> {
  const url = req.url ?? '/'
  const mark = url.indexOf('?')
  const socket = req.socket as IncomingMessage['socket'] & { encrypted?: boolean }
  const headers = req.headersDistinct as Record<string, string[]>
  return {
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    body: await readBody(req, Number(headers['content-length']?.[0] ?? 0), limit),
    sourceIp: sourceOf(socket?.remoteAddress),
    secure: socket?.encrypted === true,
  }
}

/** What is on this machine is the lab's shell, which has a public address of its own in the world. */
function sourceOf(address = '127.0.0.1'): string {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '127.0.0.1' || plain === '::1' ? LAB_ADDRESS : plain
}

/** The first value of a header. */
export function header(request: Pick<WireRequest, 'headers'>, name: string): string | undefined {
  return request.headers[name]?.[0]
}

/** By events: an async iterator over the stream costs as much as the parsing of a request. */
function readBody(req: IncomingMessage, declared: number, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (declared > limit) return reject(new BodyTooLarge())
    const chunks: Buffer[] = []
    let length = 0
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length <= limit) return chunks.push(chunk)
      req.off('data', onData).pause()
      return reject(new BodyTooLarge())
    }
    req
      .on('data', onData)
      .on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)))
      .on('error', reject)
      .on(
        'close',
        () => req.complete || reject(new Error('the client went away before its request was whole')),
      )
  })
}
