import { SWAGGER_HEAD, type Swagger } from './swagger.ts'

// Field numbers of `openapi.v2` in protobuf, in which kubectl asks for OpenAPI v2. Source: google/gnostic openapiv2/OpenAPIv2.proto, read 2026-11.

type Json = Record<string, unknown>
type Kind = 'text' | 'texts' | 'flag' | 'any' | Write
type Write = (value: never) => Buffer
type Fields = Record<string, [number: number, kind: Kind]>

const tag = (number: number, wire: number): Buffer => varint(number * 8 + wire)

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest)
      return Buffer.from(bytes)
    }
    bytes.push((rest % 128) + 128)
  }
}

function block(number: number, body: Buffer | string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return Buffer.concat([tag(number, 2), varint(bytes.length), bytes])
}

const any = (value: unknown): Buffer => block(2, JSON.stringify(value))

/** A message of named fields; those that start with `x-` go into its vendor extensions. */
const message =
  (fields: Fields, extensions?: number) =>
  (value: Json): Buffer => {
    const parts: Buffer[] = []
    for (const [name, inner] of Object.entries(value)) {
      const field = fields[name]
      if (field) parts.push(...write(field, inner))
      else if (extensions && name.startsWith('x-')) parts.push(block(extensions, named(name, any(inner))))
    }
    return Buffer.concat(parts)
  }

function write([number, kind]: [number, Kind], value: unknown): Buffer[] {
  if (kind === 'text') return [block(number, String(value))]
  if (kind === 'texts') return (value as string[]).map((text) => block(number, text))
  if (kind === 'flag') return value ? [tag(number, 0), varint(1)] : []
  if (kind === 'any') return [block(number, any(value))]
  return [block(number, (kind as (value: unknown) => Buffer)(value))]
}

const named = (name: string, value: Buffer): Buffer => Buffer.concat([block(1, name), block(2, value)])

/** A map as a list of names and values. */
const map =
  (number: number, value: (inner: Json) => Buffer) =>
  (entries: Json): Buffer =>
    Buffer.concat(
      Object.entries(entries).map(([name, inner]) => block(number, named(name, value(inner as Json)))),
    )

const list =
  (number: number, item: (inner: Json) => Buffer) =>
  (items: Json[]): Buffer =>
    Buffer.concat(items.map((inner) => block(number, item(inner))))

const SCHEMA: Fields = {
  $ref: [1, 'text'],
  format: [2, 'text'],
  title: [3, 'text'],
  description: [4, 'text'],
  pattern: [13, 'text'],
  uniqueItems: [16, 'flag'],
  required: [19, 'texts'],
  additionalProperties: [
    21,
    (value: Json | boolean) =>
      typeof value === 'object' ? block(1, schema(value)) : (write([2, 'flag'], value)[0] ?? Buffer.alloc(0)),
  ],
  type: [22, (type: string) => block(1, type)],
  items: [23, (value: Json) => block(1, schema(value))],
  properties: [25, (value: Json) => map(1, schema)(value)],
}

const schema = message(SCHEMA, 31)

const body = message(
  {
    description: [1, 'text'],
    name: [2, 'text'],
    in: [3, 'text'],
    required: [4, 'flag'],
    schema: [5, schema],
  },
  6,
)
const query = message({
  required: [1, 'flag'],
  in: [2, 'text'],
  description: [3, 'text'],
  name: [4, 'text'],
  type: [6, 'text'],
  format: [7, 'text'],
  uniqueItems: [20, 'flag'],
})
const path = message({
  required: [1, 'flag'],
  in: [2, 'text'],
  description: [3, 'text'],
  name: [4, 'text'],
  type: [5, 'text'],
  uniqueItems: [19, 'flag'],
})

/** `ParametersItem` → `Parameter` → the kind of its place. */
function parameter(value: Json): Buffer {
  if (value.in === 'body') return block(1, block(1, body(value)))
  return block(1, block(2, value.in === 'path' ? block(4, path(value)) : block(3, query(value))))
}

const response = message(
  { description: [1, 'text'], schema: [2, (value: Json) => block(1, schema(value))] },
  5,
)

/** A repeated field is written once an item, and not as one block. */
function withParameters(fields: (value: Json) => Buffer, number: number) {
  return ({ parameters, ...rest }: Json): Buffer =>
    Buffer.concat([fields(rest), list(number, parameter)((parameters ?? []) as Json[])])
}

const operation = withParameters(
  message(
    {
      description: [3, 'text'],
      operationId: [5, 'text'],
      produces: [6, 'texts'],
      consumes: [7, 'texts'],
      responses: [9, (value: Json) => map(1, (inner) => block(1, response(inner)))(value)],
      schemes: [10, 'texts'],
    },
    13,
  ),
  8,
)

const pathItem = withParameters(
  message({
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    patch: [8, operation],
  }),
  9,
)

const document = message({
  swagger: [1, 'text'],
  info: [2, message({ title: [1, 'text'], version: [2, 'text'] })],
  paths: [8, map(2, pathItem)],
  definitions: [9, map(1, schema)],
})

/** A whole document. Two one after the other are one with the paths and definitions of both. */
export const encodeSwagger = (swagger: Swagger): Buffer => document({ ...SWAGGER_HEAD, ...swagger })
