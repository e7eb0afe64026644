import { MathError } from './parse.ts'
import { combine, isSeries, mapPoints, type Series, typeName, type Value } from './values.ts'

/** Where an expression is evaluated: the range that is asked for, ms. */
export interface Range {
  start: number
  end: number
}

/** As many datapoints as CloudWatch keeps of a metric's minutes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html */
const MOST_POINTS = 15 * 24 * 60

type Fold = (values: number[]) => number

const sum: Fold = (values) => values.reduce((all, one) => all + one, 0)
const average: Fold = (values) => sum(values) / values.length
const deviation: Fold = (values) => {
  const middle = average(values)
  return Math.sqrt(average(values.map((value) => (value - middle) ** 2)))
}

const FOLDS: Record<string, Fold> = {
  SUM: sum,
  AVG: average,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  STDDEV: deviation,
}

const EACH: Record<string, (value: number) => number> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
  LOG: Math.log,
  LOG10: Math.log10,
}

const CLOCK: Record<string, (date: Date) => number> = {
  MINUTE: (date) => date.getUTCMinutes(),
  HOUR: (date) => date.getUTCHours(),
  // Monday is 1.
  DAY: (date) => date.getUTCDay() || 7,
  DATE: (date) => date.getUTCDate(),
  MONTH: (date) => date.getUTCMonth() + 1,
  YEAR: (date) => date.getUTCFullYear(),
  EPOCH: (date) => Math.floor(date.getTime() / 1000),
}

/** What metric math has beside these; it is refused by name. */
export const UNSIMULATED = [
  'SEARCH',
  'ANOMALY_DETECTION_BAND',
  'INSIGHT_RULE_METRIC',
  'DB_PERF_INSIGHTS',
  'SERVICE_QUOTA',
  'LAMBDA',
]

function seriesOf(name: string, value: Value | undefined): Series {
  if (value === undefined || !isSeries(value))
    throw new MathError(`${name} needs a time series${value === undefined ? '' : `, not ${typeName(value)}`}`)
  return value
}

/** A function of one series, or of each of an array. */
function eachOf(name: string, value: Value | undefined, change: (series: Series) => Series): Value {
  if (Array.isArray(value)) return value.map(change)
  return change(seriesOf(name, value))
}

/** The series of an array folded into one: at each time those that have a datapoint. */
function across(fold: Fold, all: Series[]): Series {
  const times = [...new Set(all.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b)
  const points = new Map(
    times.map((at) => [at, fold(all.flatMap((one) => one.points.get(at) ?? []))] as [number, number]),
  )
  return { label: '', period: Math.max(0, ...all.map(({ period }) => period)), points }
}

/** What changed from each datapoint to the next. */
function stepwise(series: Series, change: (now: number, before: number, seconds: number) => number): Series {
  let before: [at: number, value: number] | undefined
  return mapPoints(series, (value, at) => {
    const last = before
    before = [at, value]
    return last && change(value, last[1], (at - last[0]) / 1000)
  })
}

/** Fills the periods without a datapoint: with a number, the last value before, or the line between two. Of a long range the latest. */
function fill(series: Series, how: Value, { start, end }: Range): Series {
  const length = series.period * 1000
  if (length <= 0) return series
  const points = new Map<number, number>()
  const known = [...series.points].sort(([a], [b]) => a - b)
  const first = known[0]?.[0] ?? Math.floor(start / length) * length
  const earliest = first - Math.ceil(Math.max(0, first - start) / length - 1e-9) * length
  const surplus = Math.max(0, Math.ceil((end - earliest) / length) - MOST_POINTS)
  let passed = 0
  for (let at = earliest + surplus * length; at < end; at += length) {
    while (passed < known.length && known[passed]![0] < at) passed++
    const own = series.points.get(at)
    const [before, after] = [known[passed - 1], known[passed]]
    const between =
      before && after
        ? before[1] + ((after[1] - before[1]) * (at - before[0])) / (after[0] - before[0])
        : undefined
    const value = own ?? (typeof how === 'number' ? how : how === 'LINEAR' ? between : before?.[1])
    if (value !== undefined) points.set(at, value)
  }
  return { ...series, points }
}

/** `IF(condition, then, otherwise)`: where a datapoint of the condition is not 0. */
function choose(condition: Value, then: Value, otherwise: Value | undefined): Value {
  if (typeof condition === 'number') return condition !== 0 ? then : (otherwise ?? then)
  const test = seriesOf('IF', condition)
  const at = (value: Value | undefined, time: number) =>
    value === undefined
      ? undefined
      : typeof value === 'number'
        ? value
        : seriesOf('IF', value).points.get(time)
  return mapPoints(test, (value, time) => at(value !== 0 ? then : otherwise, time))
}

function sorted(
  all: Value | undefined,
  by: Value | undefined,
  order: Value | undefined,
  count: Value | undefined,
) {
  if (!Array.isArray(all)) throw new MathError('SORT needs an array of time series')
  const fold = FOLDS[String(by).toUpperCase()]
  if (!fold) throw new MathError('SORT sorts by AVG, MIN, MAX or SUM')
  const value = ({ points }: Series) =>
    points.size === 0 ? Number.NEGATIVE_INFINITY : fold([...points.values()])
  const sign = String(order ?? 'ASC').toUpperCase() === 'DESC' ? -1 : 1
  const ordered = [...all].sort((a, b) => sign * (value(a) - value(b)))
  return typeof count === 'number' ? ordered.slice(0, count) : ordered
}

/** Calls a function of metric math; METRICS is known to the evaluator. Throws MathError. */
export function callFunction(name: string, args: Value[], range: Range): Value {
  const [first, second, third, fourth] = args
  const fold = FOLDS[name]
  if (fold && first !== undefined) {
    if (Array.isArray(first)) return across(fold, first)
    const values = typeof first === 'number' ? [first] : [...seriesOf(name, first).points.values()]
    return values.length === 0 ? Number.NaN : fold(values)
  }
  const each = EACH[name]
  if (each)
    return typeof first === 'number' ? each(first) : eachOf(name, first, (one) => mapPoints(one, each))
  const clock = CLOCK[name]
  if (clock) return eachOf(name, first, (one) => mapPoints(one, (_value, at) => clock(new Date(at))))
  switch (name) {
    case 'DIFF':
      return eachOf(name, first, (one) => stepwise(one, (now, before) => now - before))
    case 'DIFF_TIME':
      return eachOf(name, first, (one) => stepwise(one, (_now, _before, seconds) => seconds))
    case 'RATE':
      return eachOf(name, first, (one) => stepwise(one, (now, before, seconds) => (now - before) / seconds))
    case 'RUNNING_SUM':
      return eachOf(name, first, (one) => {
        let total = 0
        return mapPoints(one, (value) => {
          total += value
          return total
        })
      })
    case 'FILL':
      return eachOf(name, first, (one) => fill(one, second ?? 'REPEAT', range))
    case 'IF':
      if (first === undefined || second === undefined) throw new MathError('IF needs a condition and a value')
      return choose(first, second, third)
    case 'PERIOD':
      return seriesOf(name, first).period
    case 'DATAPOINT_COUNT':
      return Array.isArray(first)
        ? across((values) => values.length, first)
        : seriesOf(name, first).points.size
    case 'METRIC_COUNT':
      return Array.isArray(first) ? first.length : 1
    case 'FIRST':
    case 'LAST': {
      if (!Array.isArray(first) || first.length === 0)
        throw new MathError(`${name} needs an array of time series`)
      return name === 'FIRST' ? first[0]! : first.at(-1)!
    }
    case 'SLICE':
      if (!Array.isArray(first)) throw new MathError('SLICE needs an array of time series')
      return first.slice(Number(second), third === undefined ? undefined : Number(third))
    case 'SORT':
      return sorted(first, second, third, fourth)
    case 'REMOVE_EMPTY':
      return Array.isArray(first) ? first.filter(({ points }) => points.size > 0) : seriesOf(name, first)
    case 'TIME_SERIES': {
      if (typeof first !== 'number') throw new MathError('TIME_SERIES needs a number')
      const minute = 60_000
      const points = new Map<number, number>()
      const start = Math.max(range.start, range.end - MOST_POINTS * minute)
      for (let at = Math.ceil(start / minute) * minute; at < range.end; at += minute) points.set(at, first)
      return { label: '', period: 60, points }
    }
    default:
      throw new MathError(`Undefined function '${name}'`)
  }
}

/** `-x` */
export const negated = (value: Value): Value => combine('*', -1, value)
