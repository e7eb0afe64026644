import { at, type Json, type Obj } from '../json.ts'
import { age } from './duration.ts'

/** One column of `kubectl get`. `wide` columns show with `-o wide` only. */
export interface Column {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  wide: boolean
  format?: string
  description?: string
  value(object: Obj, now: number): Json
}

/** What a column shows: the field at a path, or what is made of the object at a time (ms since the epoch). */
export type Value = string | ((object: Obj, now: number) => Json)

const get = (value: Value, fallback: Json): Column['value'] =>
  typeof value === 'function' ? value : (object) => at(object, value) ?? fallback

/** A column of text; `fallback` where the field is not set. */
export const text = (name: string, value: Value, fallback = ''): Column => ({
  name,
  type: 'string',
  wide: false,
  value: get(value, fallback),
})

/** A column of whole numbers; 0 where the field is not set. */
export const number = (name: string, value: Value): Column => ({
  name,
  type: 'integer',
  wide: false,
  value: get(value, 0),
})

/** Shown with `-o wide` only. */
export const wide = (column: Column): Column => ({ ...column, wide: true })

/** `true` or `false`, as text. */
export const bool =
  (path: string, fallback = false): Value =>
  (object) =>
    String(at(object, path) ?? fallback)

export const NAME = text('Name', 'metadata.name')
export const AGE = text('Age', (object, now) => age(object.metadata.creationTimestamp, now))

/** Of an object's condition; undefined where it has none of the type. */
export const conditionStatus = (object: Obj, type: string): string | undefined =>
  object.status?.conditions?.find((condition: Obj) => condition.type === type)?.status
