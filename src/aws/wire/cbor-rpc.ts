import { cbor, tag } from '@smithy/core/cbor'
import { readJson } from './json.ts'
import { queryError } from './json-rpc.ts'
import type { Protocol } from './protocol.ts'
import { CborError, readCbor } from './read-cbor.ts'
import { MalformedInput } from './scalars.ts'
import type { Shape } from './shape.ts'

/** Tag of an epoch time (RFC 8949, 3.4.2). */
const EPOCH_TAG = 1
const HEADERS = { 'Content-Type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }

/** Whether a request speaks this protocol; a service may be asked in several. */
export const isCbor = (request: { headers: Record<string, string[] | undefined> }): boolean =>
  request.headers['smithy-protocol']?.[0] === 'rpc-v2-cbor'

/** Smithy RPC v2 CBOR: `POST /service/<name>/operation/<operation>`. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html */
export const cborRpc: Protocol = {
  route(model, request) {
    const [, name] = /\/service\/[^/]+\/operation\/([^/?]+)$/.exec(request.path) ?? []
    const operation = name === undefined ? undefined : model.operations.get(name)
    return operation && { operation, state: undefined }
  },

  read({ operation }, request) {
    if (request.body.length === 0 || operation.input.kind === 'unit') return {}
    let parsed: unknown
    try {
      parsed = readCbor(request.body)
    } catch (error) {
      if (!(error instanceof CborError)) throw error
      throw new MalformedInput('The request body is not CBOR')
    }
    return (readJson(operation.input, parsed, '') ?? {}) as Record<string, unknown>
  },

  write(_model, operation, output, requestId) {
    return {
      status: 200,
      headers: { 'x-amzn-RequestId': requestId, ...HEADERS },
      body: cbor.serialize(operation.output.kind === 'unit' ? {} : writeCbor(operation.output, output)),
    }
  },

  error(model, error, requestId) {
    return {
      status: error.status,
      headers: { 'x-amzn-RequestId': requestId, ...queryError(model, error), ...HEADERS },
      body: cbor.serialize({ ...error.fields, __type: error.name, message: error.message }),
    }
  },
}

/** A handler's output for the CBOR encoder: tagged times, bytes as they are. */
function writeCbor(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  switch (shape.kind) {
    case 'struct': {
      const given = value as Record<string, unknown>
      const result: Record<string, unknown> = {}
      for (const member of shape.members) {
        const item = given[member.name]
        if (item !== undefined && item !== null) result[member.name] = writeCbor(member.shape, item)
      }
      return result
    }
    case 'list':
      return (value as unknown[]).map((item) => writeCbor(shape.member, item) ?? null)
    case 'map':
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, writeCbor(shape.value, item)]),
      )
    case 'timestamp':
      return tag({ tag: EPOCH_TAG, value: (value as Date).getTime() / 1000 })
    default:
      return value
  }
}
