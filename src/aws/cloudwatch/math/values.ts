import { MathError } from './parse.ts'

/** A metric over time: start of a period, ms → value; in order. */
export interface Series {
  label: string
  /** Seconds. */
  period: number
  points: Map<number, number>
}

export type Value = number | string | Series | Series[]

export const isSeries = (value: Value): value is Series => typeof value === 'object' && !Array.isArray(value)

const OPERATIONS: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
}

/** A series with other values; what is no number (a division by zero) is no datapoint. */
export function mapPoints(series: Series, change: (value: number, at: number) => number | undefined): Series {
  const points = new Map<number, number>()
  for (const [at, value] of series.points) {
    const next = change(value, at)
    if (next !== undefined && Number.isFinite(next)) points.set(at, next)
  }
  return { ...series, points }
}

/** Two values by an operator: arrays by element, series where both have a datapoint. Throws MathError. */
export function combine(operator: string, left: Value, right: Value): Value {
  const operation = OPERATIONS[operator]!
  if (typeof left === 'string' || typeof right === 'string')
    throw new MathError(
      `Unsupported operand type(s) for ${operator}: '${[left, right].map(typeName).join("' and '")}'`,
    )
  if (Array.isArray(left) || Array.isArray(right)) {
    const [a, b] = [left, right]
    if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) throw new MathError('The arrays have different lengths')
      return a.map((one, index) => combine(operator, one, b[index]!) as Series)
    }
    return Array.isArray(a)
      ? a.map((one) => combine(operator, one, b) as Series)
      : (b as Series[]).map((one) => combine(operator, a, one) as Series)
  }
  if (typeof left === 'number') {
    if (typeof right === 'number') return operation(left, right)
    return mapPoints(right, (value) => operation(left, value))
  }
  if (typeof right === 'number') return mapPoints(left, (value) => operation(value, right))
  return mapPoints({ ...left, period: Math.max(left.period, right.period) }, (value, at) => {
    const other = right.points.get(at)
    return other === undefined ? undefined : operation(value, other)
  })
}

export const typeName = (value: Value): string =>
  typeof value === 'number'
    ? 'Scalar'
    : typeof value === 'string'
      ? 'String'
      : isSeries(value)
        ? 'TimeSeries'
        : 'TimeSeries[]'
