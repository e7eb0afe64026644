import { encodeEvents, eventsOf } from './event-stream.ts'
import { parseJsonBody, writeJson } from './json.ts'
import type { ServiceModel } from './model.ts'
import type { Protocol, WireError } from './protocol.ts'
import { header } from './request.ts'

/** AWS JSON 1.0 and 1.1: `X-Amz-Target: Prefix.Operation`, everything else in the body. */
export const jsonRpc: Protocol = {
  route(model, request) {
    const [, name] = /\.([^.]*)$/.exec(header(request, 'x-amz-target') ?? '') ?? []
    const operation = name === undefined ? undefined : model.operations.get(name)
    return operation && { operation, state: undefined }
  },

  read({ operation }, request) {
    return parseJsonBody(operation.input, request.body)
  },

  write(model, operation, output, requestId) {
    const stream = eventsOf(operation.output, output)
    if (stream)
      return {
        status: 200,
        headers: { 'x-amzn-RequestId': requestId, 'Content-Type': 'application/vnd.amazon.eventstream' },
        body: encodeEvents(stream.shape, stream.events),
      }
    return {
      status: 200,
      headers: { 'x-amzn-RequestId': requestId, 'Content-Type': `application/x-amz-json-${model.version}` },
      body: operation.output.kind === 'unit' ? '' : JSON.stringify(writeJson(operation.output, output)),
    }
  },

  error(model, error, requestId) {
    return {
      status: error.status,
      headers: {
        'x-amzn-RequestId': requestId,
        'Content-Type': `application/x-amz-json-${model.version}`,
        ...queryError(model, error),
      },
      body: JSON.stringify({ __type: error.name, message: error.message, ...error.fields }),
    }
  },
}

/** The header in which a service that once spoke Query keeps the error codes of that protocol. */
export function queryError(model: ServiceModel, error: WireError): Record<string, string> {
  if (!model.queryCompatible) return {}
  return { 'x-amzn-query-error': `${error.code};${error.fault === 'server' ? 'Receiver' : 'Sender'}` }
}
