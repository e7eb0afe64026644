import { readFile } from 'node:fs/promises'
import type { Kind } from '../kinds/kind.ts'
import {
  ATOMIC_MAPS,
  ATOMIC_MODELS,
  EMBEDDED,
  LIST_RULES,
  type ListRule,
  NULL_TIMES,
  QUANTITIES,
} from './lists.ts'

/** The type of a value, with references to other models resolved. */
export type TypeNode =
  | { kind: 'scalar'; scalar: Scalar }
  | { kind: 'model'; model: ModelNode }
  | { kind: 'array'; of: TypeNode }
  | { kind: 'map'; of: TypeNode }
  | { kind: 'any' }

export type Scalar =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'boolean'
  | 'time'
  | 'microtime'
  | 'int-or-string'
  | 'quantity'
  | 'bytes'

export interface ModelNode {
  name: string
  fields: Map<string, FieldNode>
  /** Server-side apply owns its fields only together. */
  atomic: boolean
  /** Takes fields that it does not name. */
  open?: boolean
  /** Times that are null when they are not set. */
  nullTimes?: string[]
}

export interface FieldNode {
  name: string
  type: TypeNode
  required: boolean
  list: ListRule
  /** A map that server-side apply owns as a whole. */
  atomic: boolean
  /** A structure that is there even when nothing is in it. */
  embedded?: boolean
}

/** What `buildOpenApi` writes: model → field → `[type, required]`, types as `V1X`, `[]T`, `{}T` or a scalar. */
export type SchemaFile = Record<string, Record<string, [type: string, required: 0 | 1]>>

/** The models of the Kubernetes API by name. */
export class Schema {
  readonly #models = new Map<string, ModelNode>()

  constructor(file: SchemaFile) {
    for (const name of Object.keys(file)) {
      const nullTimes = NULL_TIMES[name]
      const atomic = ATOMIC_MODELS.has(name)
      this.#models.set(name, { name, fields: new Map(), atomic, ...(nullTimes && { nullTimes }) })
    }
    for (const [name, fields] of Object.entries(file)) {
      const model = this.#models.get(name)!
      for (const [field, [type, required]] of Object.entries(fields)) {
        const path = `${name}.${field}`
        model.fields.set(field, {
          name: field,
          type: this.#type(type, QUANTITIES.has(path)),
          required: required === 1,
          list: LIST_RULES[path] ?? (field === 'conditions' ? CONDITIONS : NO_RULE),
          atomic: ATOMIC_MAPS.has(path),
          embedded: EMBEDDED.has(field),
        })
      }
    }
  }

  /** Throws on a name that does not exist: a mistake in our tables. */
  model(name: string): ModelNode {
    const model = this.#models.get(name)
    if (!model) throw new Error(`the schema has no model ${name}`)
    return model
  }

  #type(text: string, quantity: boolean): TypeNode {
    if (text.startsWith('[]')) return { kind: 'array', of: this.#type(text.slice(2), quantity) }
    if (text.startsWith('{}')) return { kind: 'map', of: this.#type(text.slice(2), quantity) }
    if (text === 'any') return { kind: 'any' }
    const model = this.#models.get(text)
    if (model) return { kind: 'model', model }
    return { kind: 'scalar', scalar: quantity ? 'quantity' : (text as Scalar) }
  }
}

/** The fields of a kind. */
export const modelOf = (schema: Schema, kind: Kind): ModelNode =>
  kind.custom ? kind.custom.model(schema) : schema.model(kind.model)

const NO_RULE: ListRule = {}
/** Status conditions everywhere are told apart by their type. */
const CONDITIONS: ListRule = { keys: ['type'], mergeKey: 'type' }

const loaded = new Map<string, Promise<Schema>>()

/** Loads the schema that `buildOpenApi` wrote into `folder`, once in the process. */
export function loadSchema(folder: string): Promise<Schema> {
  let schema = loaded.get(folder)
  if (!schema) {
    schema = readFile(`${folder}/schema.json`, 'utf8').then((text) => new Schema(JSON.parse(text)))
    loaded.set(folder, schema)
  }
  return schema
}
