import type { Expression } from './parse.ts'

/** One record as a query sees it: fields of its own, and those that commands have made. */
export type Row = Map<string, Value>
export type Value = string | number | undefined

/** What an expression calls that there is none of. */
export class UnknownFunction extends Error {
  override readonly name = 'UnknownFunction'
}

const SPANS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const numeric = (value: Value): number =>
  typeof value === 'number' ? value : value === undefined || value.trim() === '' ? Number.NaN : Number(value)
const text = (value: Value): string => (value === undefined ? '' : String(value))
const truth = (value: boolean): number => Number(value)

type Call = (args: Value[]) => Value
const math =
  (change: (...numbers: number[]) => number): Call =>
  (args) => {
    const result = change(...args.map(numeric))
    return Number.isNaN(result) ? undefined : result
  }

/** `bin(5m)`: the start of the period that a time is in. */
function floorTo(time: Value, span: Value): Value {
  const [, count = '', unit = ''] = /^(\d+)(ms|[smhdw])$/.exec(text(span)) ?? []
  const length = Number(count) * (SPANS[unit] ?? 0)
  const at = numeric(time)
  return length > 0 && !Number.isNaN(at) ? Math.floor(at / length) * length : undefined
}

const FUNCTIONS: Record<string, Call> = {
  abs: math(Math.abs),
  ceil: math(Math.ceil),
  floor: math(Math.floor),
  sqrt: math(Math.sqrt),
  log: math(Math.log),
  greatest: math(Math.max),
  least: math(Math.min),
  datefloor: ([time, span]) => floorTo(time, span),
  frommillis: ([time]) => time,
  tomillis: ([time]) => time,
  isempty: ([value]) => truth(value === undefined || value === ''),
  isblank: ([value]) => truth(text(value).trim() === ''),
  ispresent: ([value]) => truth(value !== undefined),
  coalesce: (args) => args.find((value) => value !== undefined),
  concat: (args) => args.map(text).join(''),
  strlen: ([value]) => text(value).length,
  trim: ([value]) => text(value).trim(),
  ltrim: ([value]) => text(value).trimStart(),
  rtrim: ([value]) => text(value).trimEnd(),
  toupper: ([value]) => text(value).toUpperCase(),
  tolower: ([value]) => text(value).toLowerCase(),
  substr: ([value, start, length]) =>
    text(value).substr(numeric(start), length === undefined ? undefined : numeric(length)),
  replace: ([value, from, to]) => text(value).replaceAll(text(from), () => text(to)),
  strcontains: ([value, part]) => truth(text(value).includes(text(part))),
}

/** The value of an expression for a record. Throws UnknownFunction. */
export function evaluate(expression: Expression, row: Row): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'field':
      return row.get(expression.name)
    case 'not':
      return truth(!holds(expression.of, row))
    case 'call': {
      const name = expression.name.toLowerCase()
      if (name === 'bin') return floorTo(row.get('@timestamp'), evaluate(expression.args[0]!, row))
      return functionNamed(expression.name)(expression.args.map((one) => evaluate(one, row)))
    }
    case 'binary':
      return binary(expression, row)
    default:
      return undefined
  }
}

/** Throws UnknownFunction. */
export function functionNamed(name: string): Call {
  const found = FUNCTIONS[name.toLowerCase()]
  if (!found || !Object.hasOwn(FUNCTIONS, name.toLowerCase())) throw new UnknownFunction(name)
  return found
}

export const holds = (expression: Expression, row: Row): boolean => {
  const value = evaluate(expression, row)
  return value !== undefined && value !== 0 && value !== ''
}

function binary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>, row: Row): Value {
  if (operator === 'and') return truth(holds(left, row) && holds(right, row))
  if (operator === 'or') return truth(holds(left, row) || holds(right, row))
  const value = evaluate(left, row)
  if (operator === 'in' && right.kind === 'list')
    return truth(right.items.some((item) => same(value, evaluate(item, row))))
  if (operator === 'like') {
    if (value === undefined) return 0
    if (right.kind === 'pattern') return truth(right.pattern.matcher(text(value)).find())
    return truth(text(value).includes(text(evaluate(right, row))))
  }
  const other = evaluate(right, row)
  if (operator === '=') return truth(same(value, other))
  if (operator === '!=') return truth(!same(value, other))
  const [a, b] = [numeric(value), numeric(other)]
  if (/^[<>]/.test(operator)) return truth(compare(operator, value, other))
  const result = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b, '^': a ** b }[operator]
  return result === undefined || !Number.isFinite(result) ? undefined : result
}

function same(a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) return false
  return text(a) === text(b) || numeric(a) === numeric(b)
}

function compare(operator: string, left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) return false
  const order = orderOf(left, right)
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

/** Numbers by size, else texts; what is missing comes last. */
export function orderOf(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  const [first, second] = [numeric(a), numeric(b)]
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second
  return text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0
}

/** Aggregates of `stats`: the values of a field over the records of a group, in their order. */
export const AGGREGATES: Record<string, (values: Value[], extra: Value) => Value> = {
  count: (values) => values.length,
  count_distinct: (values) => new Set(values.map(text)).size,
  sum: (values) => total(numbersOf(values)),
  avg: (values) => mean(numbersOf(values)),
  min: (values) => [...values].sort(orderOf)[0],
  max: (values) => [...values].sort(orderOf).at(-1),
  stddev: (values) => {
    const all = numbersOf(values)
    const middle = mean(all)
    return middle === undefined ? undefined : Math.sqrt(mean(all.map((one) => (one - middle) ** 2))!)
  },
  median: (values) => percentile(values, 50),
  pct: (values, at) => percentile(values, numeric(at)),
  earliest: (values) => values[0],
  latest: (values) => values.at(-1),
  sortsfirst: (values) => [...values].sort(orderOf)[0],
  sortslast: (values) => [...values].sort(orderOf).at(-1),
}

/** Those of the values that are numbers; the others do not count. */
const numbersOf = (values: Value[]): number[] => values.map(numeric).filter((one) => !Number.isNaN(one))
const total = (numbers: number[]): number => numbers.reduce((sum, one) => sum + one, 0)
const mean = (numbers: number[]): number | undefined =>
  numbers.length === 0 ? undefined : total(numbers) / numbers.length

function percentile(values: Value[], at: number): Value {
  const sorted = numbersOf(values).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const place = ((sorted.length - 1) * at) / 100
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
  return low + (high - low) * (place - Math.floor(place))
}
