import { isTurnOver, turn } from '#world/turns.ts'
import { AGGREGATES, evaluate, functionNamed, holds, orderOf, type Row, type Value } from './evaluate.ts'
import type { Column, Command, Expression } from './parse.ts'

/** How many rows a query shows when it does not say: the API's own limit. */
export const DEFAULT_LIMIT = 10_000
/** How deep JSON messages are discovered, as the service does. */
const JSON_DEPTH = 5

export interface Outcome {
  rows: [field: string, value: string][][]
  matched: number
}

/** The fields of an event, those of a JSON message included. */
export function rowOf(event: {
  timestamp: number
  ingestion: number
  message: string
  stream: string
  log: string
  pointer: string
}): Row {
  const row: Row = new Map<string, Value>([
    ['@timestamp', event.timestamp],
    ['@message', event.message],
    ['@logStream', event.stream],
    ['@log', event.log],
    ['@ingestionTime', event.ingestion],
    ['@ptr', event.pointer],
  ])
  if (event.message.trimStart().startsWith('{')) discover(row, event.message)
  return row
}

function discover(row: Row, message: string): void {
  let parsed: unknown
  try {
    parsed = JSON.parse(message)
  } catch {
    return
  }
  const enter = (value: unknown, path: string, depth: number): void => {
    if (value === null || value === undefined) return
    if (typeof value !== 'object') {
      row.set(path, typeof value === 'number' ? value : String(value))
      return
    }
    if (depth >= JSON_DEPTH) return
    for (const [name, inner] of Object.entries(value))
      enter(inner, path === '' ? name : `${path}.${name}`, depth + 1)
  }
  enter(parsed, '', 0)
}

/** Throws UnknownFunction for what a query calls that there is none of. */
export function checkFunctions(commands: Command[]): void {
  for (const command of commands) {
    if (command.kind === 'filter') checkCalls(command.condition, false)
    if (command.kind === 'fields' || command.kind === 'display')
      for (const { expression } of command.columns) checkCalls(expression, false)
    if (command.kind !== 'stats') continue
    for (const { expression } of command.columns) checkCalls(expression, true)
    for (const { expression } of command.by) checkCalls(expression, false)
  }
}

function checkCalls(expression: Expression, aggregates: boolean): void {
  if (expression.kind === 'call') {
    const name = expression.name.toLowerCase()
    if (!(aggregates && Object.hasOwn(AGGREGATES, name)) && name !== 'bin') functionNamed(expression.name)
    for (const one of expression.args) checkCalls(one, false)
  } else if (expression.kind === 'binary') {
    checkCalls(expression.left, aggregates)
    checkCalls(expression.right, aggregates)
  } else if (expression.kind === 'not') checkCalls(expression.of, aggregates)
}

/** Runs a query over records, newest first, in the slices that the event loop has for it. */
export async function runQuery(commands: Command[], records: Row[], limit?: number): Promise<Outcome> {
  let rows = records
  let shown: string[] | undefined
  let [matched, most] = [records.length, limit ?? DEFAULT_LIMIT]
  for (const command of commands) {
    switch (command.kind) {
      case 'fields':
      case 'display':
        rows = await each(rows, (row) => withColumns(row, command.columns))
        shown = columnsAfter(shown, command)
        break
      case 'filter':
        rows = await each(rows, (row) => (holds(command.condition, row) ? row : undefined))
        matched = rows.length
        break
      case 'parse':
        rows = await each(rows, (row) => parsed(row, command))
        break
      case 'dedup': {
        const seen = new Set<string>()
        rows = await each(rows, (row) => {
          const key = JSON.stringify(
            command.columns.map(({ expression }) => evaluate(expression, row) ?? null),
          )
          return seen.has(key) ? undefined : seen.add(key) && row
        })
        break
      }
      case 'stats':
        rows = await aggregate(rows, command)
        shown = [...command.by, ...command.columns].map(({ name }) => name)
        break
      case 'sort':
        rows = [...rows].sort((a, b) => compareRows(a, b, command.keys))
        break
      case 'limit':
        most = Math.min(most, command.count)
    }
  }
  const names = shown ?? ['@timestamp', '@message']
  const result = rows.slice(0, most).map((row) => shownRow(row, names))
  return { rows: result, matched }
}

/** Applies a change to all rows; undefined leaves one out. */
async function each(rows: Row[], change: (row: Row) => Row | undefined): Promise<Row[]> {
  const changed: Row[] = []
  for (const row of rows) {
    const next = change(row)
    if (next) changed.push(next)
    if (isTurnOver()) await turn()
  }
  return changed
}

function withColumns(row: Row, columns: Column[]): Row {
  const computed = columns.filter(
    ({ name, expression }) => expression.kind !== 'field' || expression.name !== name,
  )
  if (computed.length === 0) return row
  return new Map([...row, ...computed.map((column) => [column.name, columnValue(row, column)] as const)])
}

/** `fields` adds to what is shown, `display` says it anew. */
function columnsAfter(shown: string[] | undefined, command: { kind: string; columns: Column[] }): string[] {
  const names = command.columns.map(({ name }) => name)
  return command.kind === 'display' ? names : [...new Set([...(shown ?? []), ...names])]
}

function parsed(row: Row, { source, pattern, names }: Extract<Command, { kind: 'parse' }>): Row {
  const matcher = pattern.matcher(String(evaluate(source, row) ?? ''))
  if (!matcher.find()) return row
  const named = pattern.namedGroups() as Record<string, number>
  const values = names.map(
    (name, index) => [name, matcher.group(named[name] ?? index + 1) ?? undefined] as const,
  )
  return new Map([...row, ...values])
}

async function aggregate(rows: Row[], { columns, by }: Extract<Command, { kind: 'stats' }>): Promise<Row[]> {
  const groups = new Map<string, { keys: Value[]; rows: Row[] }>()
  for (const row of rows) {
    const keys = by.map(({ expression }) => evaluate(expression, row))
    const name = JSON.stringify(keys.map((key) => key ?? null))
    const known = groups.get(name)
    if (known) known.rows.push(row)
    else groups.set(name, { keys, rows: [row] })
    if (isTurnOver()) await turn()
  }
  return [...groups.values()].map((group) => {
    const result: Row = new Map(by.map(({ name }, index) => [name, group.keys[index]] as const))
    // Records come newest first; earliest and latest go by time.
    const inTime = group.rows.toReversed()
    for (const { name, expression } of columns) result.set(name, folded(expression, inTime))
    return result
  })
}

function folded(expression: Expression, rows: Row[]): Value {
  if (expression.kind === 'literal') return expression.value
  if (expression.kind === 'binary') {
    const literal = (side: Expression): Expression => {
      const value = folded(side, rows)
      return value === undefined ? { kind: 'field', name: '' } : { kind: 'literal', value }
    }
    return evaluate(
      { ...expression, left: literal(expression.left), right: literal(expression.right) },
      new Map(),
    )
  }
  if (expression.kind !== 'call') return rows[0] && evaluate(expression, rows[0])
  const fold = AGGREGATES[expression.name.toLowerCase()]
  const [first, second] = expression.args
  if (!fold) {
    const args = expression.args.map((one): Expression => {
      const value = folded(one, rows)
      return value === undefined ? { kind: 'field', name: '' } : { kind: 'literal', value }
    })
    return evaluate({ ...expression, args }, new Map())
  }
  const everything = first === undefined || (first.kind === 'field' && first.name === '*')
  const values = everything
    ? rows.map(() => 1)
    : rows.map((row) => evaluate(first, row)).filter((one) => one !== undefined)
  return fold(values, second === undefined ? undefined : evaluate(second, new Map()))
}

/** What a column has in a row: what a command before has made of that name, or else its expression's value. */
const columnValue = (row: Row, { name, expression }: Column): Value =>
  row.has(name) ? row.get(name) : evaluate(expression, row)

function compareRows(a: Row, b: Row, keys: (Column & { descending: boolean })[]): number {
  for (const key of keys) {
    const order = orderOf(columnValue(a, key), columnValue(b, key))
    if (order !== 0) return key.descending ? -order : order
  }
  return 0
}

function shownRow(row: Row, names: string[]): [string, string][] {
  const fields = names.flatMap((name): [string, string][] => {
    const value = row.get(name)
    return value === undefined ? [] : [[name, shownValue(name, value)]]
  })
  const pointer = row.get('@ptr')
  return pointer === undefined || names.includes('@ptr') ? fields : [...fields, ['@ptr', String(pointer)]]
}

/** Times are written out, numbers to four digits behind the point. */
function shownValue(name: string, value: string | number): string {
  if (typeof value !== 'number') return value
  if (/^(@timestamp|@ingestionTime|bin\(.*\)|datefloor\(.*\))$/.test(name))
    return new Date(value).toISOString().replace('T', ' ').replace('Z', '')
  return String(Number(value.toFixed(4)))
}
