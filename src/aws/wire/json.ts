import { MalformedInput, readTimestamp, timestampText } from './scalars.ts'
import type { Shape, StructShape } from './shape.ts'

/** Parses a JSON body into the SDK's input. An empty body is an empty input. Throws MalformedInput. */
export function parseJsonBody(shape: Shape, body: Buffer): Record<string, unknown> {
  if (body.length === 0 || shape.kind === 'unit') return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    throw new MalformedInput('Unexpected token or end of input in the JSON body')
  }
  return (readJson(shape, parsed, '') ?? {}) as Record<string, unknown>
}

/** Turns parsed JSON into what handlers take: Dates for timestamps, bytes for blobs; null members are left out. */
export function readJson(shape: Shape, value: unknown, path: string): unknown {
  if (value === null || value === undefined) return undefined
  switch (shape.kind) {
    case 'struct':
      return readStruct(shape, value, path)
    case 'list':
      if (!Array.isArray(value)) throw unexpected(path, 'list', value)
      return value.map((item, index) => readItem(shape.member, item, `${path}[${index}]`))
    case 'map': {
      if (typeof value !== 'object' || Array.isArray(value)) throw unexpected(path, 'map', value)
      const map: Record<string, unknown> = Object.create(null)
      for (const [key, item] of Object.entries(value))
        map[key.toWellFormed()] = readItem(shape.value, item, `${path}.${key}`)
      return { ...map }
    }
    case 'string':
      if (typeof value === 'object') throw unexpected(path, 'string', value)
      // Half a character, which JSON can escape and UTF-8 has no bytes for, is none.
      return String(value).toWellFormed()
    case 'number':
      if (typeof value === 'number') return value
      if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)))
        return Number(value)
      throw unexpected(path, 'number', value)
    case 'boolean':
      if (typeof value !== 'boolean') throw unexpected(path, 'boolean', value)
      return value
    case 'timestamp':
      return readTimestamp(value, path)
    case 'blob':
      if (typeof value !== 'string') throw unexpected(path, 'blob', value)
      return Buffer.from(value, 'base64')
    default:
      return value
  }
}

/**
 * What is in a list or map is not null: none of the services here has one that is sparse.
 * https://smithy.io/2.0/spec/type-refinement-traits.html#sparse-trait
 */
function readItem(shape: Shape, value: unknown, path: string): unknown {
  if (value === null) throw unexpected(path, shape.kind === 'struct' ? 'structure' : shape.kind, value)
  return readJson(shape, value, path)
}

function readStruct(shape: StructShape, value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || Array.isArray(value)) throw unexpected(path, 'structure', value)
  const result: Record<string, unknown> = {}
  const given = value as Record<string, unknown>
  for (const key of Object.keys(given)) {
    const member = shape.byJsonName.get(key)
    if (!member) continue
    const read = readJson(member.shape, given[key], path ? `${path}.${key}` : key)
    if (read !== undefined) result[member.name] = read
  }
  return result
}

function unexpected(path: string, expected: string, value: unknown): MalformedInput {
  const found =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'list'
        : typeof value === 'object'
          ? 'structure'
          : typeof value
  return new MalformedInput(`Expected ${expected} at '${path}', found ${found}`)
}

/** Turns a handler's output into what `JSON.stringify` writes: epoch seconds for timestamps, base64 for blobs. */
export function writeJson(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  switch (shape.kind) {
    case 'struct': {
      const given = value as Record<string, unknown>
      const result: Record<string, unknown> = {}
      for (const member of shape.members) {
        const item = given[member.name]
        if (item === undefined || item === null || member.binding.in !== 'body') continue
        result[member.jsonName] = writeJson(member.shape, item)
      }
      return result
    }
    case 'list':
      return (value as unknown[]).map((item) => writeJson(shape.member, item) ?? null)
    case 'map': {
      const result: Record<string, unknown> = {}
      for (const [key, item] of Object.entries(value)) result[key] = writeJson(shape.value, item)
      return result
    }
    case 'timestamp': {
      const date = value as Date
      return shape.format && shape.format !== 'epoch-seconds'
        ? timestampText(date, shape.format)
        : date.getTime() / 1000
    }
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64')
    default:
      return value
  }
}
