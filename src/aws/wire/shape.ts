import { NormalizedSchema } from '@smithy/core/schema'

/** How a timestamp is written; `undefined` leaves it to the protocol. */
export type TimestampFormat = 'date-time' | 'http-date' | 'epoch-seconds'

export interface ScalarShape {
  kind: 'string' | 'number' | 'boolean' | 'blob' | 'timestamp' | 'document' | 'unit'
  format?: TimestampFormat
  streaming?: boolean
}

export interface ListShape {
  kind: 'list'
  member: Shape
  /** Element name of an item in XML and Query. */
  itemName: string
  flattened: boolean
}

export interface MapShape {
  kind: 'map'
  value: Shape
  keyName: string
  valueName: string
  flattened: boolean
}

export interface StructShape {
  kind: 'struct'
  name: string
  union: boolean
  members: Member[]
  /** Members that bind to the body, by their JSON name. */
  byJsonName: Map<string, Member>
}

export type Shape = ScalarShape | ListShape | MapShape | StructShape

/** Where a member travels in REST-JSON; `body` is the default. */
export type Binding =
  | { in: 'body' | 'payload' | 'status' | 'queryMap' }
  | { in: 'label' | 'query' | 'header' | 'prefixHeaders'; name: string }

/** One member of a structure with its names in every protocol, worked out once. */
export interface Member {
  name: string
  shape: Shape
  jsonName: string
  xmlName: string
  /** Key in EC2-Query requests. */
  ec2Name: string
  xmlAttribute: boolean
  /** The list or map is written without its own element. */
  flattened: boolean
  idempotencyToken: boolean
  binding: Binding
}

// biome-ignore lint/suspicious/noExplicitAny: the SDK's schema tuples are untyped.
type Schema = any

const TIMESTAMP_FORMATS: Record<number, TimestampFormat | undefined> = {
  5: 'date-time',
  6: 'http-date',
  7: 'epoch-seconds',
}

const structs = new Map<Schema, StructShape>()

/** Compiles an SDK schema to a table that the protocols walk without looking at traits again. */
export function compileShape(schema: Schema): Shape {
  return compile(NormalizedSchema.of(schema))
}

function compile(ns: NormalizedSchema): Shape {
  if (ns.isUnitSchema()) return { kind: 'unit' }
  if (ns.isStructSchema()) return compileStruct(ns)
  const traits: Schema = ns.getMergedTraits()
  if (ns.isListSchema()) {
    const item = ns.getValueSchema()
    const itemName = (item.getMergedTraits() as Schema).xmlName ?? 'member'
    return { kind: 'list', member: compile(item), itemName, flattened: !!traits.xmlFlattened }
  }
  if (ns.isMapSchema()) {
    const value = ns.getValueSchema()
    return {
      kind: 'map',
      value: compile(value),
      keyName: (ns.getKeySchema().getMergedTraits() as Schema).xmlName ?? 'key',
      valueName: (value.getMergedTraits() as Schema).xmlName ?? 'value',
      flattened: !!traits.xmlFlattened,
    }
  }
  if (ns.isTimestampSchema())
    return { kind: 'timestamp', format: TIMESTAMP_FORMATS[ns.getSchema() as number] }
  if (ns.isBlobSchema()) return { kind: 'blob', streaming: ns.isStreaming() }
  if (ns.isBooleanSchema()) return { kind: 'boolean' }
  if (ns.isStringSchema()) return { kind: 'string' }
  if (ns.isDocumentSchema()) return { kind: 'document' }
  return { kind: 'number' }
}

function compileStruct(ns: NormalizedSchema): StructShape {
  const schema: Schema = ns.getSchema()
  const known = structs.get(schema)
  if (known) return known
  const shape: StructShape = {
    kind: 'struct',
    name: ns.getName() ?? '',
    union: ns.isUnionSchema(),
    members: [],
    byJsonName: new Map(),
  }
  // Kept before its members are compiled: structures may contain themselves.
  structs.set(schema, shape)
  for (const [name, member] of ns.structIterator()) shape.members.push(compileMember(name, member))
  for (const member of shape.members)
    if (member.binding.in === 'body') shape.byJsonName.set(member.jsonName, member)
  return shape
}

function compileMember(name: string, ns: NormalizedSchema): Member {
  const traits: Schema = ns.getMergedTraits()
  const own: Schema = ns.getMemberTraits()
  const xmlName = own.xmlName ?? name
  return {
    name,
    shape: compile(ns),
    jsonName: traits.jsonName ?? name,
    xmlName,
    ec2Name: own.ec2QueryName ?? xmlName[0].toUpperCase() + xmlName.slice(1),
    xmlAttribute: !!traits.xmlAttribute,
    flattened: !!traits.xmlFlattened,
    idempotencyToken: !!traits.idempotencyToken,
    binding: bindingOf(name, traits),
  }
}

function bindingOf(name: string, traits: Schema): Binding {
  if (traits.httpLabel) return { in: 'label', name }
  if (traits.httpQuery) return { in: 'query', name: traits.httpQuery }
  if (traits.httpQueryParams) return { in: 'queryMap' }
  if (traits.httpHeader) return { in: 'header', name: traits.httpHeader.toLowerCase() }
  if (traits.httpPrefixHeaders) return { in: 'prefixHeaders', name: traits.httpPrefixHeaders.toLowerCase() }
  if (traits.httpPayload) return { in: 'payload' }
  if (traits.httpResponseCode) return { in: 'status' }
  return { in: 'body' }
}
