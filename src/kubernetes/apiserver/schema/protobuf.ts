import { badRequest } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import { kindNamed } from '../kinds/registry.ts'
import { layoutOf } from './layout.ts'
import type { FieldNode, ModelNode, Scalar, Schema, TypeNode } from './schema.ts'

// Kubernetes' own protobuf: what kubectl sends since 1.35. Models apimachinery/pkg/runtime/serializer/protobuf.

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

const MAGIC = Buffer.from('k8s\0')
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** A kind that is sent and not stored: model by `apiVersion/kind`. */
const OTHERS: Record<string, string> = {
  DeleteOptions: 'V1DeleteOptions',
  Eviction: 'V1Eviction',
  Scale: 'V1Scale',
  TokenRequest: 'AuthenticationV1TokenRequest',
}

/** Maps whose values are a message with a list (`ExtraValue`). */
const isExtra = (field: FieldNode) => field.type.kind === 'map' && field.type.of.kind === 'array'

/** Reads fields of one message. */
class Reader {
  readonly #data: Buffer
  #at = 0

  constructor(data: Buffer) {
    this.#data = data
  }

  /** Calls back with each field's number and value: a bigint, or bytes. */
  each(visit: (number: number, value: bigint | Buffer) => void): void {
    while (this.#at < this.#data.length) {
      const tag = Number(this.#varint())
      visit(tag >>> 3, this.#value(tag & 7))
    }
  }

  #value(wireType: number): bigint | Buffer {
    switch (wireType) {
      case VARINT:
        return this.#varint()
      case FIXED64:
        return this.#take(8)
      case BYTES:
        return this.#take(Number(this.#varint()))
      case FIXED32:
        return this.#take(4)
      default:
        throw malformed()
    }
  }

  #varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#data[this.#at++]
      if (byte === undefined) throw malformed()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, value)
    }
    throw malformed()
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (!(length >= 0 && end <= this.#data.length)) throw malformed()
    const bytes = this.#data.subarray(this.#at, end)
    this.#at = end
    return bytes
  }
}

const malformed = () => badRequest('the protobuf in the request body is malformed')

/** An object in Kubernetes' protobuf as JSON. Throws BadRequest on what is broken or of an unknown kind. */
export function decodeProtobuf(schema: Schema, body: Buffer): Obj {
  if (!body.subarray(0, 4).equals(MAGIC))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  let apiVersion = ''
  let kind = ''
  let raw: Buffer = Buffer.alloc(0)
  new Reader(body.subarray(4)).each((number, value) => {
    if (number === 1) {
      new Reader(bytes(value)).each((part, text) => {
        if (part === 1) apiVersion = bytes(text).toString()
        if (part === 2) kind = bytes(text).toString()
      })
    }
    if (number === 2) raw = bytes(value)
  })
  const model = kindNamed(apiVersion, kind)?.model ?? OTHERS[kind]
  if (!model)
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    )
  return { apiVersion, kind, ...decodeModel(schema.model(model), raw) }
}

function bytes(value: bigint | Buffer): Buffer {
  if (typeof value === 'bigint') throw malformed()
  return value
}

function decodeModel(model: ModelNode, data: Buffer, message = model.name, out: Obj = {}): Obj {
  const layout = layoutOf(message)
  new Reader(data).each((number, value) => {
    const slot = layout.get(number)
    if (!slot) return
    const { name, pointer } = slot
    if (name.startsWith('...')) {
      decodeModel(model, bytes(value), name.slice(3), out)
      return
    }
    const field = model.fields.get(name)
    if (field) decodeField(field, value, out, pointer)
  })
  return out
}

function decodeField(field: FieldNode, value: bigint | Buffer, out: Obj, pointer: boolean): void {
  const { name, type } = field
  if (type.kind === 'array') {
    out[name] ??= []
    out[name].push(decodeValue(type.of, value))
  } else if (type.kind === 'map') {
    out[name] ??= {}
    const [key, inner] = mapEntry(bytes(value))
    if (isExtra(field)) out[name][key] = stringsOf(inner)
    else out[name][key] = inner === undefined ? '' : decodeValue(type.of, inner)
  } else {
    const decoded = decodeValue(type, value)
    const omitted = isZero(decoded) && !pointer && !field.required
    if (decoded !== null && !omitted) out[name] = decoded
  }
}

/** Go's encoder writes every field that is not a pointer, also when it is empty and JSON would leave it out. */
const isZero = (value: Json) => value === '' || value === 0 || value === false

function mapEntry(data: Buffer): [string, bigint | Buffer | undefined] {
  let key = ''
  let value: bigint | Buffer | undefined
  new Reader(data).each((number, part) => {
    if (number === 1) key = bytes(part).toString()
    if (number === 2) value = part
  })
  return [key, value]
}

function stringsOf(value: bigint | Buffer | undefined): string[] {
  const list: string[] = []
  if (value !== undefined) new Reader(bytes(value)).each((_number, item) => list.push(bytes(item).toString()))
  return list
}

function decodeValue(type: TypeNode, value: bigint | Buffer): Json {
  switch (type.kind) {
    case 'model':
      return decodeModel(type.model, bytes(value))
    case 'any':
      return rawJson(bytes(value))
    case 'scalar':
      return decodeScalar(type.scalar, value)
    default:
      throw malformed()
  }
}

/** RawExtension, FieldsV1: JSON in the first field of a message. */
function rawJson(data: Buffer): Json {
  let value: Json = null
  new Reader(data).each((number, part) => {
    if (number === 1) value = JSON.parse(bytes(part).toString() || 'null')
  })
  return value
}

function decodeScalar(scalar: Scalar, value: bigint | Buffer): Json {
  if (typeof value === 'bigint') return scalar === 'boolean' ? value !== 0n : Number(value)
  switch (scalar) {
    case 'bytes':
      return value.toString('base64')
    case 'double':
      return value.readDoubleLE()
    case 'quantity':
      return firstText(value)
    case 'time':
    case 'microtime':
      return timeText(value, scalar === 'microtime')
    case 'int-or-string':
      return intOrString(value)
    default:
      return value.toString()
  }
}

function firstText(data: Buffer): string {
  let text = ''
  new Reader(data).each((number, value) => {
    if (number === 1) text = bytes(value).toString()
  })
  return text
}

/** `null` for the zero time. */
function timeText(data: Buffer, micro: boolean): string | null {
  let seconds: bigint | undefined
  let nanos = 0n
  new Reader(data).each((number, value) => {
    if (typeof value !== 'bigint') return
    if (number === 1) seconds = value
    if (number === 2) nanos = value
  })
  if (seconds === undefined) return null
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime()) || seconds < -62_135_596_800n + 1n) return null
  const text = date.toISOString().slice(0, 19)
  return micro ? `${text}.${String(nanos / 1000n).padStart(6, '0')}Z` : `${text}Z`
}

function intOrString(data: Buffer): number | string {
  let isText = false
  let number = 0
  let text = ''
  new Reader(data).each((field, value) => {
    if (field === 1) isText = value === 1n
    if (field === 2) number = Number(value)
    if (field === 3) text = bytes(value).toString()
  })
  return isText ? text : number
}
