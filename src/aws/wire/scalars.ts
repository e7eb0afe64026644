import type { ScalarShape, TimestampFormat } from './shape.ts'

/** The request's text does not fit its shape; each protocol has its own error for it. */
export class MalformedInput extends Error {
  override readonly name = 'MalformedInput'
}

/** A timestamp as text. Whole seconds are written without a fraction, as Query services do. */
export function timestampText(date: Date, format: TimestampFormat): string {
  if (format === 'http-date') return date.toUTCString()
  if (format === 'epoch-seconds') return String(date.getTime() / 1000)
  return date.toISOString().replace('.000Z', 'Z')
}

/** Reads a scalar from text: Query values, labels, query strings and headers. Throws MalformedInput. */
export function readText(shape: ScalarShape, text: string, name: string): unknown {
  switch (shape.kind) {
    case 'number': {
      const number = Number(text)
      if (text.trim() === '' || Number.isNaN(number))
        throw new MalformedInput(`Value (${text}) for parameter ${name} is invalid. Expected: number`)
      return number
    }
    case 'boolean':
      if (/^true$/i.test(text)) return true
      if (/^false$/i.test(text)) return false
      throw new MalformedInput(`Value (${text}) for parameter ${name} is invalid. Expected: boolean`)
    case 'timestamp':
      return readTimestamp(text, name)
    case 'blob':
      return Buffer.from(text, 'base64')
    case 'document':
      try {
        return JSON.parse(text)
      } catch {
        throw new MalformedInput(`Value for parameter ${name} is not JSON`)
      }
    default:
      return text
  }
}

/** Reads a timestamp from ISO text, HTTP date, or seconds since the epoch. Throws MalformedInput. */
export function readTimestamp(value: unknown, name: string): Date {
  const seconds =
    typeof value === 'number' ? value : /^-?\d+(\.\d+)?$/.test(String(value)) ? Number(value) : undefined
  const date = seconds === undefined ? new Date(String(value)) : new Date(Math.round(seconds * 1000))
  if (Number.isNaN(date.getTime()))
    throw new MalformedInput(`Value (${value}) for parameter ${name} is not a date`)
  return date
}

/** Writes a scalar as text. */
export function writeText(shape: ScalarShape, value: unknown, timestamps: TimestampFormat): string {
  if (value instanceof Date) return timestampText(value, shape.format ?? timestamps)
  if (shape.kind === 'blob') return Buffer.from(value as Uint8Array).toString('base64')
  if (shape.kind === 'document') return JSON.stringify(value)
  return String(value)
}
