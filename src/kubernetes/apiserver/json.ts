/** An API object's inside, whose shape the schema knows and TypeScript does not. */
// biome-ignore lint/suspicious/noExplicitAny: the objects of some 60 kinds pass through the same code.
export type Json = any
export type Obj = Record<string, Json>

/** A deep copy of plain JSON. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(clone) as T
  const copy: Obj = {}
  for (const key in value) copy[key] = clone((value as Obj)[key])
  return copy as T
}

/** A copy whose keys are in order, as Go writes maps. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]))
}

/** The value at a dotted path; undefined where the path breaks off. */
export function at(value: Json, path: string): Json {
  for (const part of path.split('.')) {
    if (value === undefined || value === null) return undefined
    value = value[part]
  }
  return value
}

export const isObject = (value: Json): value is Obj =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
