import type { CustomKind } from '../custom/kinds.ts'
import { badRequest } from '../errors.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import { canonicalQuantity } from '../quantity.ts'
import type { ModelNode, Scalar, Schema, TypeNode } from './schema.ts'

interface Decoded {
  object: Obj
  /** Fields that the schema does not know, as `spec.template.foo`; they are left out of the object. */
  unknown: string[]
}

/**
 * A client's object as the server takes it: fields of the schema only, nulls left out, quantities in canonical form.
 * Throws BadRequest with the Go decoder's text when a value has the wrong type.
 */
export function decode(schema: Schema, kind: Kind, value: Obj): Decoded {
  const unknown: string[] = []
  const context: Context = {
    fail: (message) => {
      throw badRequest(
        `${kind.kind} in version "${apiVersionOf(kind).split('/').at(-1)}" cannot be handled as a ${kind.kind}: ${message}`,
      )
    },
  }
  if (kind.custom) return { object: decodeCustom(schema, kind.custom, value, unknown, context), unknown }
  return { object: decodeModel(schema.model(kind.model), value, [], unknown, context), unknown }
}

/** Only the metadata of a custom resource has types to the decoder; the rest is for validation. */
function decodeCustom(
  schema: Schema,
  custom: CustomKind,
  value: Obj,
  unknown: string[],
  context: Context,
): Obj {
  const object = custom.prune(clone(value), unknown)
  if (value.metadata === undefined || value.metadata === null) return object
  if (!isObject(value.metadata)) return context.fail('metadata must be an object')
  const metadata = decodeModel(schema.model('V1ObjectMeta'), value.metadata, ['metadata'], unknown, context)
  return { ...object, metadata }
}

interface Context {
  fail(message: string): never
}

function decodeModel(model: ModelNode, value: Obj, path: string[], unknown: string[], context: Context): Obj {
  const out: Obj = {}
  for (const name of Object.keys(value)) {
    const field = model.fields.get(name)
    if (!field) {
      unknown.push([...path, name].join('.'))
      continue
    }
    const inner = value[name]
    if (inner === null || inner === undefined) continue
    path.push(name)
    const decoded = decodeType(field.type, inner, path, unknown, context, model)
    path.pop()
    if (field.required || !isEmptyCollection(field.type, decoded)) out[name] = decoded
  }
  for (const name of model.nullTimes ?? []) out[name] ??= null
  return out
}

/** An empty list or map, which Go leaves out when it writes. */
const isEmptyCollection = ({ kind }: TypeNode, value: Json): boolean =>
  kind === 'array' ? value.length === 0 : kind === 'map' && Object.keys(value).length === 0

function decodeType(
  type: TypeNode,
  value: Json,
  path: string[],
  unknown: string[],
  context: Context,
  owner: ModelNode,
): Json {
  const mismatch = (): never =>
    context.fail(
      `json: cannot unmarshal ${jsonType(value)} into Go struct field ${goName(owner.name)}.${path.map(stripIndex).join('.')} of type ${goType(type)}`,
    )
  switch (type.kind) {
    case 'any':
      return value
    case 'model':
      return isObject(value) ? decodeModel(type.model, value, path, unknown, context) : mismatch()
    case 'array': {
      if (!Array.isArray(value)) return mismatch()
      const last = path.length - 1
      const name = path[last]!
      const items = value.map((item, index) => {
        path[last] = `${name}[${index}]`
        return decodeType(type.of, item, path, unknown, context, owner)
      })
      path[last] = name
      return items
    }
    case 'map': {
      if (!isObject(value)) return mismatch()
      const out: Obj = {}
      for (const key of Object.keys(value)) {
        // Go decodes null into the zero value of a map's element.
        out[key] =
          value[key] === null ? zero(type.of) : decodeType(type.of, value[key], path, unknown, context, owner)
      }
      return out
    }
    case 'scalar':
      return decodeScalar(type.scalar, value, mismatch, context)
  }
}

function decodeScalar(scalar: Scalar, value: Json, mismatch: () => never, context: Context): Json {
  switch (scalar) {
    case 'boolean':
      return typeof value === 'boolean' ? value : mismatch()
    case 'int32':
    case 'int64':
      return Number.isInteger(value) && (scalar === 'int64' || Math.abs(value) < 2 ** 31 + 1)
        ? value
        : mismatch()
    case 'double':
      return typeof value === 'number' ? value : mismatch()
    case 'int-or-string':
      return typeof value === 'string' || Number.isInteger(value) ? value : mismatch()
    case 'quantity': {
      if (typeof value !== 'string' && typeof value !== 'number') return mismatch()
      return (
        canonicalQuantity(value) ??
        context.fail(
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )
      )
    }
    case 'time':
    case 'microtime':
      if (typeof value !== 'string') return mismatch()
      if (Number.isNaN(Date.parse(value))) {
        return context.fail(
          `parsing time ${JSON.stringify(JSON.stringify(value))} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
        )
      }
      return value
    case 'bytes':
      if (typeof value !== 'string') return mismatch()
      if (!/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(value)) {
        const offset = value.search(/[^A-Za-z0-9+/\r\n=]/)
        return context.fail(
          `illegal base64 data at input byte ${offset === -1 ? value.indexOf('=') : offset}`,
        )
      }
      return value
    default:
      return typeof value === 'string' ? value : mismatch()
  }
}

const zero = (type: TypeNode): Json =>
  type.kind === 'scalar'
    ? type.scalar === 'int32' || type.scalar === 'int64'
      ? 0
      : ''
    : type.kind === 'array'
      ? []
      : {}

const stripIndex = (part: string) => part.replace(/\[\d+\]$/, '')
const goName = (model: string) => model.replace(/^(?:[A-Z][a-z]+)*?V\d+(?=[A-Z])/, '')

function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`
  return typeof value
}

const GO_SCALARS: Partial<Record<Scalar, string>> = {
  boolean: 'bool',
  double: 'float64',
  time: 'v1.Time',
  microtime: 'v1.MicroTime',
  'int-or-string': 'intstr.IntOrString',
  quantity: 'resource.Quantity',
  bytes: '[]uint8',
}

function goType(type: TypeNode): string {
  switch (type.kind) {
    case 'any':
      return 'interface {}'
    case 'model':
      return type.model.name.replace(/^.*?V(\d+)(?=[A-Z])/, 'v$1.')
    case 'array':
      return `[]${goType(type.of)}`
    case 'map':
      return `map[string]${goType(type.of)}`
    case 'scalar':
      return GO_SCALARS[type.scalar] ?? type.scalar
  }
}
