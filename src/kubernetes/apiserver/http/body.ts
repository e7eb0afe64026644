import type { IncomingMessage } from 'node:http'
import { parseDocument } from 'yaml'
import { turn } from '#world/turns.ts'
import { StatusError } from '../../api.ts'
import { badRequest, unsupportedMediaType } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import { decodeProtobuf, PROTOBUF } from '../schema/protobuf.ts'
import type { Schema } from '../schema/schema.ts'
import { duplicateFields } from './duplicates.ts'
import { goJsonError } from './go-json.ts'

/** Largest request body that an API server reads. */
const LIMIT = 3 * 1024 * 1024

/** Bodies that were read, for requests that are tried again. */
const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>()

/**
 * The whole body, when it is the request's turn: many that come at once hold nobody up, as what they write is work for the
 * event loop as any controller's. Throws RequestEntityTooLarge.
 */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const receiving = bodies.get(req) ?? receive(req)
  bodies.set(req, receiving)
  const body = await receiving
  await turn()
  return body
}

async function receive(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += (chunk as Buffer).length
    if (size > LIMIT) {
      throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LIMIT}`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

export const mediaType = (req: IncomingMessage): string =>
  (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

/**
 * The object in a request's body: JSON, YAML or protobuf; undefined when there is none. `of` is the kind that it should have.
 * Throws BadRequest or UnsupportedMediaType.
 */
export async function readObject(
  req: IncomingMessage,
  schema: Schema,
  of = 'object',
): Promise<Obj | undefined> {
  const body = await readBody(req)
  if (body.length === 0) return undefined
  const type = mediaType(req)
  if (type === PROTOBUF) return decodeProtobuf(schema, body)
  const refuse = (why: string) =>
    unrecognized(of, body, `couldn't get version/kind; json parse error: ${why}`)
  const value = parseValue(body, type, refuse)
  if (isObject(value)) return value
  throw refuse(`json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${TYPE_META}`)
}

/** As `readObject`, for requests that must have one. */
export async function readNeeded(req: IncomingMessage, schema: Schema, of?: string): Promise<Obj> {
  const object = await readObject(req, schema, of)
  if (object) return object
  const why = `couldn't get version/kind; json parse error: unexpected end of JSON input`
  throw unrecognized(of ?? 'object', Buffer.alloc(0), why)
}

/** What Go reads first of any object. */
const TYPE_META = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`

/** Source: transformDecodeError and summarizeData in apiserver/pkg/endpoints/handlers/rest.go. */
function unrecognized(of: string, body: Buffer, why: string): StatusError {
  const format = body[0] === '{'.charCodeAt(0) ? 'utf8' : 'hex'
  const rest = body.length > SUMMARY ? ' ...' : ''
  const shown = body.length === 0 ? '<empty>' : body.subarray(0, SUMMARY).toString(format) + rest
  return badRequest(`the object provided is unrecognized (must be of type ${of}): ${why} (${shown})`)
}

/** So many bytes of what cannot be read are shown. */
const SUMMARY = 30

/** What Go calls a value of JSON. */
export function jsonTypeOf(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value
}

/** Assigning a member `__proto__` would change what an object inherits: no object of Kubernetes has one. */
function withoutPrototypes(value: Json, text: string): Json {
  if (!/__proto__|\\u/.test(text)) return value
  return JSON.parse(JSON.stringify(value) ?? 'null', (key, inner) =>
    key === '__proto__' ? undefined : inner,
  )
}

/** Deepest nesting of a body. What is stored is walked by recursion in many places. */
const MAX_DEPTH = 500

function isDeeper(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth === 0) return true
  for (const key in value) if (isDeeper(value[key], depth - 1)) return true
  return false
}

/** The JSON that objects of requests were read from. */
const texts = new WeakMap<object, string>()
/** What is wrong with the keys of those that were read from YAML. */
const repeatedKeys = new WeakMap<object, string[]>()

/** Fields that stood twice in a request's text, as strict decoding tells of them. */
export const duplicatesIn = (object: Obj): string[] => {
  const text = texts.get(object)
  if (text !== undefined)
    return duplicateFields(text).map((path) => `duplicate field ${JSON.stringify(path)}`)
  const repeated = repeatedKeys.get(object)
  return repeated
    ? [`error converting YAML to JSON: yaml: unmarshal errors:\n  ${repeated.join('\n  ')}`]
    : []
}

/** The last of several alike keys counts; that there were several is remembered. */
function parseYaml(text: string): Json {
  const document = parseDocument(text)
  const wrong = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  if (wrong) throw wrong
  const value = document.toJS()
  const repeated = document.errors.map(({ pos: [start], linePos }) => {
    const [, key] = /^["']?([^"':\s]*)/.exec(text.slice(start))!
    return `line ${linePos![0].line}: key ${JSON.stringify(key)} already set in map`
  })
  if (repeated.length > 0 && isObject(value)) repeatedKeys.set(value, repeated)
  return value
}

/** The value in a body of JSON or YAML. Throws what `refuse` makes of a syntax error, or UnsupportedMediaType. */
export function parseValue(body: Buffer, type: string, refuse: (why: string) => StatusError): Json {
  const isYaml = type === 'application/yaml'
  if (type !== '' && type !== 'application/json' && !isYaml) {
    throw unsupportedMediaType(['application/json', 'application/yaml', PROTOBUF])
  }
  const text = body.toString('utf8')
  try {
    const value = withoutPrototypes(isYaml ? parseYaml(text) : JSON.parse(text), text)
    if (isDeeper(value, MAX_DEPTH)) throw new Error('exceeded max depth')
    if (!isYaml && isObject(value)) texts.set(value, text)
    return value
  } catch (error) {
    throw refuse(isYaml ? (error as Error).message : goJsonError(text, error as Error))
  }
}
