import { StatusError } from '../../api.ts'
import type { CustomKind } from '../custom/kinds.ts'
import { typeName } from '../go-format.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import { canonicalQuantity } from '../quantity.ts'
import type { ModelNode, Scalar, Schema, TypeNode } from './schema.ts'

interface Decoded {
  object: Obj
  /** Fields that the schema does not know, as `spec.template.foo`; they are left out of the object. */
  unknown: string[]
}

/** An object that is not what its kind says; `why` is the decoder's own text. */
export class DecodeError extends StatusError {
  readonly why: string

  constructor(kind: Kind, why: string) {
    const version = apiVersionOf(kind).split('/').at(-1)
    super(
      400,
      'BadRequest',
      `${kind.kind} in version "${version}" cannot be handled as a ${kind.kind}: ${why}`,
    )
    this.why = why
  }
}

/** What reads an object: Go's JSON decoder, or the converter that takes what a strategic merge gave. They differ in their texts. */
export type Reader = 'json' | 'converter'

/**
 * A client's object as the server takes it: fields of the schema only, nulls left out, quantities in canonical form.
 * Throws DecodeError with the reader's text when a value has the wrong type.
 */
export function decode(schema: Schema, kind: Kind, value: Obj, reader: Reader = 'json'): Decoded {
  const unknown: string[] = []
  const context: Context = {
    mismatch: reader === 'json' ? jsonMismatch : converterMismatch,
    fail: (message) => {
      throw new DecodeError(kind, message)
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
  const ofObject = schema.model('V1ObjectMeta')
  const object = custom.prune(clone(value), unknown, (metadata, path) =>
    decodeModel(ofObject, metadata, path.split('.'), unknown, context),
  )
  if (value.metadata === undefined || value.metadata === null) return object
  if (!isObject(value.metadata)) return context.fail('metadata must be an object')
  const metadata = decodeModel(ofObject, value.metadata, ['metadata'], unknown, context)
  return { ...object, metadata }
}

interface Context {
  /** Says that a value is not of its type. */
  mismatch(type: TypeNode, value: Json, path: string[], owner: ModelNode): string
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
  const mismatch = (): never => context.fail(context.mismatch(type, value, path, owner))
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

function zero(type: TypeNode): Json {
  if (type.kind !== 'scalar') return type.kind === 'array' ? [] : {}
  if (type.scalar === 'quantity') return '0'
  return type.scalar === 'int32' || type.scalar === 'int64' ? 0 : ''
}

const jsonMismatch: Context['mismatch'] = (type, value, path, owner) =>
  `json: cannot unmarshal ${jsonType(value)} into Go struct field ${goName(owner.name)}.${path.map(stripIndex).join('.')} of type ${goType(type)}`

/** Source: apimachinery/pkg/runtime/converter.go (fromUnstructured). */
const converterMismatch: Context['mismatch'] = (type, value) => {
  const given = Array.isArray(value) ? 'slice' : isObject(value) ? 'map' : typeName(value)
  switch (type.kind) {
    case 'model':
      return `cannot restore struct from: ${given}`
    case 'map':
      return `cannot restore map from ${given}`
    case 'array':
      return `cannot restore slice from ${given}`
  }
  const wanted = goType(type)
  // Go can make a text of any whole number, which JSON cannot.
  return wanted === 'string' && given === 'int64'
    ? 'cannot convert int64 to string'
    : `unrecognized type: ${wanted}`
}

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
