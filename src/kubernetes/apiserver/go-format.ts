import { isObject, type Json } from './json.ts'

// How Go's fmt writes what a client sent, which stands in some of the server's texts.

/** As `%v` writes maps, slices and scalars: `map[a:1 b:[x y]]`. */
export function plain(value: Json): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(plain).join(' ')}]`
  if (!isObject(value)) return String(value)
  const entries = Object.keys(value).sort()
  return `map[${entries.map((key) => `${key}:${plain(value[key])}`).join(' ')}]`
}

/** As `%#v` writes them: `map[string]interface {}{"a":1}`. */
export function syntax(value: Json): string {
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map(syntax).join(', ')}}`
  if (!isObject(value)) return JSON.stringify(value)
  const entries = Object.keys(value).sort()
  return `map[string]interface {}{${entries.map((key) => `${JSON.stringify(key)}:${syntax(value[key])}`).join(', ')}}`
}

/** As `%T` names the type of a decoded value. */
export function typeName(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
