import { pipeline } from 'node:stream'
import type { LogOptions } from '../../api.ts'
import { badRequest, notFound } from '../errors.ts'
import type { Call } from '../http/call.ts'
import { flagIn, numberIn } from '../http/options.ts'
import type { SubresourceParts } from '../http/subresources.ts'

function logOptions(query: URLSearchParams): LogOptions {
  const container = query.get('container')
  const sinceTime = query.get('sinceTime')
  const sinceSeconds = numberIn(query, 'sinceSeconds')
  const tailLines = numberIn(query, 'tailLines')
  const limitBytes = numberIn(query, 'limitBytes')
  if (sinceTime && Number.isNaN(Date.parse(sinceTime)))
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)}`)
  return {
    ...(container && { container }),
    ...(sinceTime && { sinceTime }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    follow: flagIn(query, 'follow'),
    previous: flagIn(query, 'previous'),
    timestamps: flagIn(query, 'timestamps'),
  }
}

/** `pods/log`: the kubelet's stream, as it comes. */
export async function log(call: Call, { objects, kubelet }: SubresourceParts): Promise<void> {
  const { res, info, kind } = call
  if (!objects.get(kind, info.namespace, info.name)) throw notFound(kind, info.name)
  const stream = await kubelet.get().logs(info.namespace, info.name, logOptions(info.query))
  res.writeHead(200, { 'cache-control': 'no-cache, private', 'content-type': 'text/plain' })
  res.flushHeaders()
  // A client that leaves, or a container that goes, ends the answer; neither is an error here.
  pipeline(stream, res, () => stream.destroy())
}
