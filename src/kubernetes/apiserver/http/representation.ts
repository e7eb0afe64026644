import type { IncomingMessage } from 'node:http'
import type { Entry } from '#world/store.ts'
import { notAcceptable } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import { objectOf, servedAs, textOf } from '../storage/entries.ts'
import { columnDefinitions, rowOf } from '../tables/table.ts'

/** The form in which a client wants objects. */
export interface Representation {
  /** The JSON of one object on its own, as in a watch event or the answer to a get. */
  one(entry: Entry): string
  /** The JSON of a list's answer, in pieces: a list may be longer than any string. */
  list(entries: Entry[], meta: Obj): Generator<string>
}

/** About how many characters a piece of a list has. */
const PIECE = 128 * 1024

/** The JSON of an object whose last member is a list of what is JSON already. */
function* listed(head: Obj, member: string, items: Iterable<string>): Generator<string> {
  let text = `${JSON.stringify(head).slice(0, -1)},"${member}":[`
  let separator = ''
  for (const item of items) {
    text += separator + item
    separator = ','
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield `${text}]}`
}

function* mapped<T>(items: Iterable<T>, form: (item: T) => string): Iterable<string> {
  for (const item of items) yield form(item)
}

type As = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | undefined

/** The first of the accepted forms that there is: a Table, metadata only, or the plain object. */
export function accepted(accept: string): { as: As; version: string } {
  for (const type of accept.split(',')) {
    const as = type.match(/;\s*as=(\w+)/)?.[1]
    const version = type.match(/;\s*v=(\w+)/)?.[1] ?? 'v1'
    if (as === 'Table' || as?.startsWith('PartialObjectMetadata')) return { as: as as As, version }
    if (/^\s*(application\/json|\*\/\*|application\/\*|application\/yaml)/.test(type)) break
  }
  return { as: undefined, version: 'v1' }
}

const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** Throws NotAcceptable where a client takes nothing but Tables, of a resource that has none. */
export function requireOtherThanTable({ headers }: IncomingMessage): void {
  const isTable = accepted(headers.accept ?? '').as === 'Table'
  if (isTable && headers.accept!.split(',').every((type) => type.includes('as=Table')))
    throw notAcceptable(MEDIA_TYPES)
}

/** How to answer this request. `now` is the world's time, for ages. */
export function representation(
  req: IncomingMessage,
  kind: Kind,
  now: () => number,
  query: URLSearchParams,
): Representation {
  const { as, version } = accepted(req.headers.accept ?? '')
  if (as === 'Table') return new TableForm(kind, now, query.get('includeObject') ?? 'Metadata', version)
  return as ? new MetadataForm(version) : new PlainForm(kind)
}

class PlainForm implements Representation {
  readonly #kind: Kind
  constructor(kind: Kind) {
    this.#kind = kind
  }
  one(entry: Entry): string {
    return textOf(this.#kind, entry)
  }
  list(entries: Entry[], metadata: Obj): Generator<string> {
    const { kind, group, version, listKind = `${kind}List` } = this.#kind
    const apiVersion = group ? `${group}/${version}` : version
    const items = mapped(entries, (entry) => textOf(this.#kind, entry))
    return listed({ kind: listKind, apiVersion, metadata }, 'items', items)
  }
}

const metadataOnly = (object: Obj, version: string): Obj => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
})

class MetadataForm implements Representation {
  readonly #version: string
  constructor(version: string) {
    this.#version = version
  }
  one(entry: Entry): string {
    return JSON.stringify(metadataOnly(objectOf(entry), this.#version))
  }
  list(entries: Entry[], metadata: Obj): Generator<string> {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${this.#version}`, metadata }
    return listed(
      head,
      'items',
      mapped(entries, (entry) => this.one(entry)),
    )
  }
}

class TableForm implements Representation {
  readonly #kind: Kind
  readonly #now: () => number
  readonly #include: string
  readonly #version: string
  /** Only the first table of a watch carries the columns. */
  #sentColumns = false

  constructor(kind: Kind, now: () => number, include: string, version: string) {
    this.#kind = kind
    this.#now = now
    this.#include = include
    this.#version = version
  }

  one(entry: Entry): string {
    const text = [...this.#table([entry], { resourceVersion: String(entry.modRevision) }, this.#sentColumns)]
    this.#sentColumns = true
    return text.join('')
  }

  list(entries: Entry[], meta: Obj): Generator<string> {
    return this.#table(entries, meta, false)
  }

  #table(entries: Entry[], metadata: Obj, withoutColumns: boolean): Generator<string> {
    const now = this.#now()
    const head = {
      kind: 'Table',
      apiVersion: `meta.k8s.io/${this.#version}`,
      metadata,
      columnDefinitions: withoutColumns ? [] : columnDefinitions(this.#kind),
    }
    const row = (entry: Entry) => {
      const object = servedAs(this.#kind, entry)
      return JSON.stringify({ ...rowOf(this.#kind, object, now), ...this.#object(object) })
    }
    return listed(head, 'rows', mapped(entries, row))
  }

  #object(object: Obj): Obj {
    if (this.#include === 'None') return {}
    return { object: this.#include === 'Object' ? object : metadataOnly(object, this.#version) }
  }
}
