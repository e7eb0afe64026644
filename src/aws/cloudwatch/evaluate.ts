import type { Scope } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { datapoints, statisticOf } from './metrics.ts'
import { MetricQueries } from './queries.ts'
import type { AlarmRecord, AlarmState, MathQuery, MetricQuery } from './records.ts'

const COMPARE: Record<string, { test(value: number, threshold: number): boolean; words: string }> = {
  GreaterThanOrEqualToThreshold: { test: (a, b) => a >= b, words: 'greater than or equal to' },
  GreaterThanThreshold: { test: (a, b) => a > b, words: 'greater than' },
  LessThanThreshold: { test: (a, b) => a < b, words: 'less than' },
  LessThanOrEqualToThreshold: { test: (a, b) => a <= b, words: 'less than or equal to' },
}
export const COMPARISONS = Object.keys(COMPARE)

export interface Verdict {
  state: AlarmState
  reason: string
  reasonData: string
}

/** The values of an alarm's evaluation range, oldest first; undefined where a period has none. */
export function alarmValues(scope: Scope, alarm: AlarmRecord): { at: number; value: number | undefined }[] {
  const { metric, evaluationPeriods } = alarm
  const length = metric.period * 1000
  // The period that is still going on does not count.
  const end = Math.floor(scope.world.clock.now() / length) * length
  const start = end - evaluationPeriods * length
  const found =
    'queries' in metric ? mathValues(scope, metric, start, end) : metricValues(scope, metric, start, end)
  return Array.from({ length: evaluationPeriods }, (_, index) => {
    const at = start + index * length
    return { at, value: found.get(at) }
  })
}

function metricValues(scope: Scope, metric: MetricQuery, start: number, end: number): Map<number, number> {
  const points = datapoints(scope, metric, metric.period, start, end)
  return new Map(points.map((point) => [point.at, statisticOf(point, metric.statistic)]))
}

/** The values of the one query that an alarm returns data of; none while it gives no series (the first of no metrics). */
function mathValues(scope: Scope, { queries }: MathQuery, start: number, end: number): Map<number, number> {
  const returned = queries.find(({ ReturnData }) => ReturnData ?? true)!
  try {
    return new MetricQueries(scope, queries, { start, end }).series(returned.Id!)[0]?.points ?? new Map()
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return new Map()
  }
}

/**
 * The state that an alarm is in by its metric.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function evaluate(scope: Scope, alarm: AlarmRecord): Verdict | undefined {
  const values = alarmValues(scope, alarm)
  const needed = alarm.datapointsToAlarm ?? alarm.evaluationPeriods
  const { test, words } = COMPARE[alarm.comparison]!
  const present = values.filter(({ value }) => value !== undefined)
  const breaching = present.filter(({ value }) => test(value!, alarm.threshold))
  const missing = values.length - present.length
  if (present.length === 0 && alarm.treatMissing === 'ignore') return undefined
  if (present.length === 0 && alarm.treatMissing === 'missing') {
    const plural = alarm.evaluationPeriods === 1 ? 'datapoint was' : 'datapoints were'
    return verdict(
      alarm,
      values,
      'INSUFFICIENT_DATA',
      `Insufficient Data: ${values.length} ${plural} unknown.`,
    )
  }
  const counted = breaching.length + (alarm.treatMissing === 'breaching' ? missing : 0)
  const inAlarm = counted >= needed
  const state = inAlarm ? 'ALARM' : 'OK'
  // What is missing could decide it: the state stays until there is more.
  const open = breaching.length > 0 && breaching.length + missing >= needed
  if (!inAlarm && open && /^(missing|ignore)$/.test(alarm.treatMissing)) return undefined
  const shown = inAlarm ? breaching : present
  if (shown.length === 0) {
    const treated = alarm.treatMissing === 'breaching' ? 'Breaching' : 'NonBreaching'
    return verdict(
      alarm,
      values,
      state,
      `Threshold Crossed: no datapoints were received for ${missing} ${missing === 1 ? 'period' : 'periods'} and ${missing} missing ${missing === 1 ? 'datapoint was' : 'datapoints were'} treated as [${treated}].`,
    )
  }
  const list = shown.map(({ at, value }) => `${number(value!)} (${stamp(at)})`).reverse()
  const count = shown.length
  const [was, noun] = count === 1 ? ['was', 'datapoint'] : ['were', 'datapoints']
  const reason = inAlarm
    ? `Threshold Crossed: ${count} out of the last ${alarm.evaluationPeriods} datapoints [${list.join(', ')}] ${was} ${words} the threshold (${number(alarm.threshold)}) (minimum ${needed} ${needed === 1 ? 'datapoint' : 'datapoints'} for OK -> ALARM transition).`
    : `Threshold Crossed: ${count} ${noun} [${list.join(', ')}] ${was} not ${words} the threshold (${number(alarm.threshold)}).`
  return verdict(alarm, values, state, reason)
}

function verdict(
  alarm: AlarmRecord,
  values: { at: number; value: number | undefined }[],
  state: AlarmState,
  reason: string,
): Verdict {
  const { metric, threshold } = alarm
  const data = {
    version: '1.0',
    queryDate: iso(values.at(-1)!.at + metric.period * 1000),
    ...('queries' in metric ? {} : { statistic: metric.statistic }),
    period: metric.period,
    recentDatapoints: values.filter(({ value }) => value !== undefined).map(({ value }) => value),
    threshold,
  }
  return { state, reason, reasonData: JSON.stringify(data) }
}

/** Numbers as the service writes them: `1.0`. */
const number = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value))
const iso = (time: number) => new Date(time).toISOString().replace('Z', '+0000')
/** `21/11/26 08:00:00`. */
function stamp(time: number): string {
  const [date = '', clock = ''] = new Date(time).toISOString().split('T')
  const [year = '', month, day] = date.split('-')
  return `${day}/${month}/${year.slice(2)} ${clock.slice(0, 8)}`
}
