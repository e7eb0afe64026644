import type { Json, Obj } from '../json.ts'
import type { Column } from '../tables/column.ts'
import { age } from '../tables/duration.ts'
import { jsonPath } from './json-path.ts'

const NAME: Column = { name: 'Name', type: 'string', wide: false, value: (object) => object.metadata.name }
const AGE: Column = {
  name: 'Age',
  type: 'date',
  wide: false,
  value: (object, now) => age(object.metadata.creationTimestamp, now),
}

/** The columns of a custom resource's Table. Models apiextensions-apiserver/pkg/registry/customresource/tableconvertor. */
export function printerColumns(given: Obj[] | undefined): Column[] {
  if (!given?.length) return [NAME, AGE]
  return [
    NAME,
    ...given.map(({ name, type, format, description, priority, jsonPath: path }): Column => {
      const read = jsonPath(path)
      return {
        name,
        type,
        ...(format && { format }),
        description: description ?? `Custom resource definition column (in JSONPath format): ${path}`,
        wide: (priority ?? 0) > 0,
        value: (object, now) => cell(type, read?.(object)[0], now),
      }
    }),
  ]
}

function cell(type: string, value: Json, now: number): Json {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    default:
      if (typeof value !== 'string') return null
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : age(value, now)
  }
}
