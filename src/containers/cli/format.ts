import { humanDuration } from '../engine/durations.ts'
import type { ParsedFlags } from './flags.ts'

/** A table as the Docker CLI prints it: columns three spaces apart. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell.padEnd(Math.max(widths[column]! + 3, 10)),
        )
        .join(''),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** Decimal sizes: `150kB`, `1.98MB`. */
export function humanSize(bytes: number, digits = 3): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${Number(size.toPrecision(digits))}${units[unit]}`
}

/** `5 minutes ago`, from seconds since the epoch and now in ms. */
export const ago = (seconds: number, now: number): string => `${humanDuration(now - seconds * 1000)} ago`

export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

/** Cuts as the CLI does, with an ellipsis. */
export const ellipsis = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

// biome-ignore lint/suspicious/noExplicitAny: values of any JSON answer.
type Value = any

/** The Go templates that people write with `--format`: `{{.A.B}}`, `{{json .A}}`, `{{index .A "k"}}`, range and len. */
export function template(text: string, value: Value): string {
  const loop = /\{\{range (?:\$\w+, ?\$\w+ ?:= ?)?(\.[\w.]*)\}\}([\s\S]*?)\{\{end\}\}/.exec(text)
  if (loop) {
    const items = Object.values(path(loop[1]!, value) ?? {})
    const body = items.map((item) => template(loop[2]!, item)).join('')
    return (
      template(text.slice(0, loop.index), value) +
      body +
      template(text.slice(loop.index + loop[0].length), value)
    )
  }
  return text
    .replace(/\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
      const [word = '', argument = '.', key] = expression.split(/\s+/)
      if (word === 'json') return JSON.stringify(path(argument, value))
      if (word === 'len') return String(Object.keys(path(argument, value) ?? {}).length)
      if (word === 'index') return shown(path(argument, value)?.[key!.replace(/^"|"$/g, '')])
      return shown(path(word, value))
    })
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t')
}

const path = (text: string, value: Value): Value =>
  text
    .split('.')
    .filter(Boolean)
    .reduce((at, name) => at?.[name], value)

function shown(value: Value): string {
  if (value === null || value === undefined) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`
  if (typeof value === 'object')
    return `map[${Object.entries(value)
      .map(([key, item]) => `${key}:${shown(item)}`)
      .join(' ')}]`
  return String(value)
}

/** Rows as `--quiet`, `--format` (a template, `json`, `table …`) and neither show them; `titles`: the table's columns. */
export function formatted(
  flags: ParsedFlags,
  titles: Record<string, string>,
  rows: Record<string, string>[],
): string {
  const format = flags.text('format')
  if (flags.has('quiet')) return rows.map((row) => `${row.ID ?? Object.values(row)[0]}\n`).join('')
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  if (format && format !== 'table' && !format.startsWith('table '))
    return rows.map((row) => `${template(format, row)}\n`).join('')
  const columns = format?.startsWith('table ')
    ? [...format.matchAll(/\{\{\s*\.(\w+)\s*\}\}/g)].map((match) => match[1]!)
    : Object.keys(titles)
  return table(
    columns.map((name) => titles[name] ?? name.toUpperCase()),
    rows.map((row) => columns.map((name) => row[name] ?? '')),
  )
}

/** Binary sizes: `5MiB`, `4GiB`. */
export function binarySize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${Number(size.toPrecision(4))}${units[unit]}`
}
