import { isObject, type Json, type Obj } from '../json.ts'
import type { ModelNode, TypeNode } from './schema.ts'

type Visit = (value: Obj, path: string, context: Json) => void

/**
 * Calls a function for each value of the models that it names, parents before children, wherever in an object they
 * are: what holds for a container holds in a Pod, a Deployment and a CronJob alike. Parts of the schema from which
 * none of the named models can be reached are not entered.
 */
export class Walker {
  readonly #visits: Map<string, Visit>
  readonly #reaches = new Map<ModelNode, boolean>()

  constructor(visits: Record<string, Visit>) {
    this.#visits = new Map(Object.entries(visits))
  }

  walk(model: ModelNode, value: Obj, context: Json = undefined, path = ''): void {
    this.#visits.get(model.name)?.(value, path, context)
    for (const field of model.fields.values()) {
      const inner = value[field.name]
      if (typeof inner === 'object' && inner !== null && this.#enters(field.type)) {
        this.#walkType(field.type, inner, context, path ? `${path}.${field.name}` : field.name)
      }
    }
  }

  #walkType(type: TypeNode, value: Json, context: Json, path: string): void {
    if (type.kind === 'model') {
      if (isObject(value)) this.walk(type.model, value, context, path)
    } else if (type.kind === 'array') {
      for (let index = 0; index < value.length; index++) {
        this.#walkType(type.of, value[index], context, `${path}[${index}]`)
      }
    } else if (type.kind === 'map') {
      for (const key in value) this.#walkType(type.of, value[key], context, `${path}[${key}]`)
    }
  }

  #enters(type: TypeNode): boolean {
    if (type.kind === 'array' || type.kind === 'map') return this.#enters(type.of)
    if (type.kind !== 'model') return false
    const { model } = type
    let reaches = this.#reaches.get(model)
    if (reaches === undefined) {
      reaches = this.#visits.has(model.name)
      this.#reaches.set(model, reaches)
      if (!reaches) {
        for (const field of model.fields.values()) {
          if (this.#enters(field.type)) {
            reaches = true
            break
          }
        }
        this.#reaches.set(model, reaches)
      }
    }
    return reaches
  }
}
