import type { ConsoleResource, ConsoleType } from '#server/api.ts'
import { valuesAt } from './values.ts'

/** Where a resource is found. */
export interface Place {
  type: string
  id: string
}

/** All resources by type and by id. */
export type Inventory = ReadonlyMap<string, ReadonlyMap<string, ConsoleResource>>

/** A resource that is named by another, in the attribute at `path`. */
export interface Relation extends Place {
  path: string
}

/** What ids, ARNs and names stand for. */
export interface Names {
  /** The resource that a text in the attribute at `path` of a resource of `type` names. */
  find(type: ConsoleType, path: string, text: string): Place | undefined
}

export function collectNames(types: ReadonlyMap<string, ConsoleType>, inventory: Inventory): Names {
  const identities = new Map<string, Place>()
  const keys = new Map<string, Place>()
  for (const [id, type] of types)
    for (const resource of inventory.get(id)?.values() ?? []) {
      const place = { type: id, id: resource.id }
      keys.set(`${id}\0${keyOf(resource)}`, place)
      for (const path of type.identities)
        for (const identity of valuesAt(resource.attributes, path)) identities.set(String(identity), place)
    }
  return {
    find: (type, path, text) =>
      identities.get(text) ?? (path in type.names ? keys.get(`${type.names[path]}\0${text}`) : undefined),
  }
}

/** The last part of a resource's id: what tells it from others of its parent. */
export function keyOf({ id }: ConsoleResource): string {
  return decodeURIComponent(id.slice(id.lastIndexOf('/') + 1))
}

/** The id of the resource that a child's belongs to. */
export function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/'))
}

/** A text and, where it names a resource, that one; lists in one text, as `subnet-1,subnet-2`, are taken apart. */
export function linked(
  names: Names,
  type: ConsoleType,
  path: string,
  text: string,
): { text: string; place?: Place }[] {
  const whole = names.find(type, path, text)
  if (whole) return [{ text, place: whole }]
  const parts = text.split(',').map((part) => ({ text: part, place: names.find(type, path, part.trim()) }))
  return parts.length > 1 && parts.some(({ place }) => place) ? parts : [{ text }]
}

/** The resources that a resource's attributes name, each once, without itself. */
export function relationsOf(names: Names, type: ConsoleType, resource: ConsoleResource): Relation[] {
  const found = new Map<string, Relation>()
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, path)
    else if (typeof value === 'object' && value !== null)
      for (const [member, inner] of Object.entries(value)) walk(inner, path ? `${path}.${member}` : member)
    else if (typeof value === 'string')
      for (const { place } of linked(names, type, path, value)) {
        if (!place || (place.type === type.id && place.id === resource.id)) continue
        const key = `${place.type}\0${place.id}`
        if (!found.has(key)) found.set(key, { ...place, path })
      }
  }
  walk(resource.attributes, '')
  return [...found.values()]
}

/** Who names whom: `type`, a zero byte and `id` → the resources whose attributes name it. */
export function collectReferrers(
  types: ReadonlyMap<string, ConsoleType>,
  inventory: Inventory,
  names: Names,
): Map<string, Relation[]> {
  const referrers = new Map<string, Relation[]>()
  for (const [id, type] of types)
    for (const resource of inventory.get(id)?.values() ?? [])
      for (const { path, ...named } of relationsOf(names, type, resource)) {
        const key = `${named.type}\0${named.id}`
        const list = referrers.get(key) ?? []
        referrers.set(key, list)
        list.push({ type: id, id: resource.id, path })
      }
  return referrers
}
