import type { Shape } from './shape.ts'

const flipped = (name: string) => {
  const first = name[0] ?? ''
  return (first === first.toUpperCase() ? first.toLowerCase() : first.toUpperCase()) + name.slice(1)
}

/**
 * Brings values that were written by hand into the form of a shape: members by their name with or without a capital, numbers
 * and booleans and times out of text, text out of numbers. What does not fit stays as it is, for the service to refuse.
 */
export function conform(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  switch (shape.kind) {
    case 'struct': {
      if (typeof value !== 'object' || Array.isArray(value)) return value
      const given = value as Record<string, unknown>
      const result: Record<string, unknown> = {}
      for (const { name, shape: inner } of shape.members) {
        const conformed = conform(inner, given[name] ?? given[flipped(name)])
        if (conformed !== undefined) result[name] = conformed
      }
      return result
    }
    case 'list':
      return (Array.isArray(value) ? value : [value]).map((item) => conform(shape.member, item))
    case 'map':
      if (typeof value !== 'object' || Array.isArray(value)) return value
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, conform(shape.value, item)]))
    case 'number':
      return typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))
        ? Number(value)
        : value
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
    case 'timestamp':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? new Date(value) : value
    case 'blob':
      return typeof value === 'string' ? Buffer.from(value, 'base64') : value
    default:
      return value
  }
}
