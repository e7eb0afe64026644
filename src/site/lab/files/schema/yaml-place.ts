/** Where in a manifest a line is, found by indentation alone: while somebody types, YAML does not parse. */
export interface YamlPlace {
  /** Names of fields from the document's root, `[]` for an item of a list; the last is the line's own field. */
  path: string[]
  /** The document's `apiVersion` and `kind`, as far as they are written. */
  apiVersion: string | undefined
  kind: string | undefined
  /** Lines (from 0) of the document. */
  from: number
  to: number
}

interface Line {
  /** Columns of the dashes before the field. */
  dashes: number[]
  /** Column of the field. */
  column: number
  key: string | undefined
  value: string
}

/** Reads a line: dashes, field, value. Undefined for empty ones and comments. */
export function readLine(text: string): Line | undefined {
  const [, indent = '', dashes = '', rest = ''] = /^( *)((?:- +)*(?:-$)?)(.*)$/.exec(text) ?? []
  if ((rest.trim() === '' && dashes === '') || rest.startsWith('#')) return undefined
  const columns: number[] = []
  for (let at = 0; at < dashes.length; at++) if (dashes[at] === '-') columns.push(indent.length + at)
  const [, key, value] = /^(?:"([^"]*)"|'[^']*'|[^\s:#"'][^:#]*?) *:(?: +(.*))?$/.exec(rest)
    ? (/^["']?([^"':]*?)["']? *:(?: +(.*))?$/.exec(rest) ?? [])
    : []
  return { dashes: columns, column: indent.length + dashes.length, key, value: (value ?? '').trim() }
}

/** The place of a line. With `column`, that of a field that would begin there. */
export function placeOf(lines: string[], at: number, column?: number): YamlPlace {
  let from = at
  while (from > 0 && !/^---/.test(lines[from - 1] ?? '')) from--
  let to = at
  while (to + 1 < lines.length && !/^---/.test(lines[to + 1] ?? '')) to++
  const here = readLine(lines[at] ?? '')
  const path: string[] = here?.key !== undefined ? [here.key] : ['']
  let depth = column ?? here?.column ?? 0
  /** Whether a list's field may stand in the column of its dashes. */
  let list = false
  const intoList = (dashes: number[]) => {
    for (const dash of dashes.toReversed()) {
      path.unshift('[]')
      depth = dash
      list = true
    }
  }
  if (here) intoList(here.dashes.filter((dash) => dash < depth))
  for (let above = at - 1; above >= from && (depth > 0 || list); above--) {
    const line = readLine(lines[above] ?? '')
    if (!line) continue
    const holds = line.key !== undefined && (line.value === '' || line.value.startsWith('#'))
    if (holds && (line.column < depth || (list && line.column === depth && line.dashes.length === 0))) {
      path.unshift(line.key!)
      depth = line.column
      list = false
      intoList(line.dashes)
    } else if (!list && line.column === depth && line.dashes.length > 0) intoList(line.dashes)
  }
  const top = (name: string) =>
    lines
      .slice(from, to + 1)
      .map((text) => new RegExp(`^${name}: *["']?([^"'#]+?)["']? *(?:#.*)?$`).exec(text)?.[1])
      .find((value) => value !== undefined)
  return { path, apiVersion: top('apiVersion'), kind: top('kind'), from, to }
}

/** The names of the fields beside the one at a line, which are taken. */
export function siblings(lines: string[], at: number, column: number): Set<string> {
  const taken = new Set<string>()
  for (const step of [-1, 1]) {
    for (let line = at + step; line >= 0 && line < lines.length; line += step) {
      const read = readLine(lines[line] ?? '')
      if (/^---/.test(lines[line] ?? '')) break
      if (!read) continue
      if (read.column < column) break
      // A dash begins the next item, or is where this one began.
      if (step === 1 && read.dashes.some((dash) => dash < column)) break
      if (read.column === column && read.key !== undefined) taken.add(read.key)
      if (step === -1 && read.column === column && read.dashes.length > 0) break
    }
  }
  return taken
}
