import { parseJsonBody, writeJson } from './json.ts'
import type { Protocol } from './protocol.ts'
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
    return {
      status: 200,
      headers: { 'x-amzn-RequestId': requestId, 'Content-Type': `application/x-amz-json-${model.version}` },
      body: operation.output.kind === 'unit' ? '' : JSON.stringify(writeJson(operation.output, output)),
    }
  },

  error(model, error, requestId) {
    return {
      status: error.status,
      headers: { 'x-amzn-RequestId': requestId, 'Content-Type': `application/x-amz-json-${model.version}` },
      body: JSON.stringify({ __type: error.code, message: error.message, ...error.fields }),
    }
  },
}
