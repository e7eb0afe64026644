import { parseJsonBody, readJson, writeJson } from './json.ts'
import type { ServiceModel } from './model.ts'
import type { Protocol, WireResponse } from './protocol.ts'
import { header, type WireRequest } from './request.ts'
import { type RouteMatch, Routes } from './routes.ts'
import { MalformedInput, readText, writeText } from './scalars.ts'
import type { Member, ScalarShape, Shape, StructShape } from './shape.ts'

const routes = new WeakMap<ServiceModel, Routes>()

/** REST-JSON: members travel in the path, the query, headers and the body, as their traits say. */
export const restJson: Protocol = {
  route(model, request) {
    let table = routes.get(model)
    if (!table) {
      table = new Routes(model.operations.values())
      routes.set(model, table)
    }
    const match = table.match(request.method, request.path, request.query)
    return match && { operation: match.operation, state: match }
  },

  read({ operation, state }, request) {
    const shape = operation.input
    if (shape.kind !== 'struct') return {}
    const input = hasBody(shape) ? parseJsonBody(shape, request.body) : {}
    const parameters = new URLSearchParams(request.query)
    for (const member of shape.members) {
      const value = readBound(member, shape, state as RouteMatch, parameters, request)
      if (value !== undefined) input[member.name] = value
    }
    return input
  },

  write(_model, operation, output, requestId) {
    const response: WireResponse = {
      status: operation.status,
      headers: { 'x-amzn-RequestId': requestId, 'Content-Type': 'application/json' },
      body: '{}',
    }
    const shape = operation.output
    if (shape.kind !== 'struct') return response
    const payload = shape.members.find((member) => member.binding.in === 'payload')
    for (const member of shape.members) writeBound(member, output[member.name], response)
    if (!payload) response.body = JSON.stringify(writeJson(shape, output))
    return response
  },

  error(_model, error, requestId) {
    return {
      status: error.status,
      headers: {
        'x-amzn-RequestId': requestId,
        'x-amzn-ErrorType': error.code,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ ...error.fields, message: error.message }),
    }
  },
}

function hasBody(shape: StructShape): boolean {
  return shape.byJsonName.size > 0
}

function readBound(
  member: Member,
  input: StructShape,
  match: RouteMatch,
  parameters: URLSearchParams,
  request: WireRequest,
): unknown {
  const { binding, shape } = member
  switch (binding.in) {
    case 'label':
      return readText(shape as ScalarShape, match.labels[binding.name]!, member.name)
    case 'query':
      return readQueryValue(shape, parameters.getAll(binding.name), member.name)
    case 'queryMap':
      return readQueryMap(input, parameters)
    case 'header': {
      const text = header(request, binding.name)
      return text === undefined ? undefined : readText(shape as ScalarShape, text, member.name)
    }
    case 'prefixHeaders':
      return Object.fromEntries(
        Object.entries(request.headers)
          .filter(([name]) => name.startsWith(binding.name))
          .map(([name, values]) => [name.slice(binding.name.length), values.join(',')]),
      )
    case 'payload':
      return readPayload(shape, request.body)
    default:
      return undefined
  }
}

function readQueryValue(shape: Shape, values: string[], name: string): unknown {
  if (values.length === 0) return undefined
  if (shape.kind === 'list') return values.map((value) => readText(shape.member as ScalarShape, value, name))
  return readText(shape as ScalarShape, values[0]!, name)
}

function readQueryMap(input: StructShape, parameters: URLSearchParams): Record<string, string> {
  const named = new Set(input.members.map(({ binding }) => (binding.in === 'query' ? binding.name : '')))
  return Object.fromEntries([...parameters].filter(([key]) => !named.has(key)))
}

function readPayload(shape: Shape, body: Buffer): unknown {
  if (shape.kind === 'blob') return body
  if (body.length === 0) return undefined
  if (shape.kind === 'string') return body.toString('utf8')
  try {
    return readJson(shape, JSON.parse(body.toString('utf8')), '')
  } catch (error) {
    if (error instanceof SyntaxError) throw new MalformedInput('the body is not JSON')
    throw error
  }
}

function writeBound(member: Member, value: unknown, response: WireResponse): void {
  if (value === undefined || value === null) {
    if (member.binding.in === 'payload') response.body = ''
    return
  }
  const { binding, shape } = member
  if (binding.in === 'header')
    response.headers[binding.name] = writeText(shape as ScalarShape, value, 'http-date')
  else if (binding.in === 'prefixHeaders') {
    for (const [key, text] of Object.entries(value as Record<string, string>))
      response.headers[binding.name + key] = text
  } else if (binding.in === 'status') response.status = value as number
  else if (binding.in === 'payload') {
    if (shape.kind === 'blob') response.body = value as Uint8Array
    else response.body = shape.kind === 'string' ? String(value) : JSON.stringify(writeJson(shape, value))
  }
}
