import { createHash } from 'node:crypto'
import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import type { Dimensions, MetricQuery, MetricRecord, Minute } from './records.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** Datapoints of a minute are kept for fifteen days: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html */
const KEPT_MS = 15 * 24 * HOUR_MS

/** One value, or the statistics of several, at a time. */
export interface Datum {
  namespace: string
  name: string
  dimensions?: Dimensions
  unit?: string
  /** ms since the epoch. Default: now. */
  at?: number
  count?: number
  sum: number
  min?: number
  max?: number
}

type Identity = Pick<MetricRecord, 'namespace' | 'name' | 'dimensions'>

/** The same for the same metric, whatever the order of its dimensions. */
function hashOf({ namespace, name, dimensions }: Identity): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([namespace, name, sorted]))
    .digest('hex')
    .slice(0, 32)
}

const metricKey = ({ accountId, region }: Scope, hash: string) =>
  awsKey(accountId, region, 'cloudwatch', 'metrics', hash)
const pointsFolder = ({ accountId, region }: Scope, hash: string) =>
  `${awsPrefix(accountId, region, 'cloudwatch', 'points')}${hash}/`
/** Hours as fixed-width numbers list in order. */
const hourOf = (at: number) => String(Math.floor(at / HOUR_MS)).padStart(8, '0')

/** Adds values to metrics, in one commit. */
export function putMetrics(scope: Scope, data: Datum[]): void {
  const { store, clock } = scope.world
  const hours = new Map<string, Minute[]>()
  const metrics = new Map<string, MetricRecord>()
  for (const datum of data) {
    const { namespace, name, dimensions = {}, unit = 'None', at = clock.now(), count = 1, sum } = datum
    const hash = hashOf({ namespace, name, dimensions })
    const key = `${pointsFolder(scope, hash)}${hourOf(at)}`
    const minutes = hours.get(key) ?? store.get<Minute[]>(key)?.value ?? []
    const added = {
      at: Math.floor(at / MINUTE_MS) * MINUTE_MS,
      count,
      sum,
      min: datum.min ?? sum / count,
      max: datum.max ?? sum / count,
      unit,
    }
    hours.set(key, merged(minutes, added))
    const known = metrics.get(hash) ?? store.get<MetricRecord>(metricKey(scope, hash))?.value
    metrics.set(hash, { namespace, name, dimensions, latest: Math.max(known?.latest ?? 0, at) })
    if (!known) dropOld(scope, hash)
  }
  store.commit([
    ...[...hours].map(([key, value]) => ({ key, value })),
    ...[...metrics].map(([hash, value]) => ({ key: metricKey(scope, hash), value })),
  ])
}

function merged(minutes: Minute[], added: Minute): Minute[] {
  const index = minutes.findIndex(({ at, unit }) => at === added.at && unit === added.unit)
  if (index === -1) return [...minutes, added]
  const known = minutes[index]!
  return minutes.with(index, {
    ...known,
    count: known.count + added.count,
    sum: known.sum + added.sum,
    min: Math.min(known.min, added.min),
    max: Math.max(known.max, added.max),
  })
}

/** Forgets the hours of a metric that are past their time. */
function dropOld(scope: Scope, hash: string): void {
  const { store, clock } = scope.world
  const folder = pointsFolder(scope, hash)
  const oldest = folder + hourOf(clock.now() - KEPT_MS)
  const gone = store.list(folder).entries.filter(({ key }) => key < oldest)
  if (gone.length > 0) store.commit(gone.map(({ key }) => ({ key, value: undefined })))
}

export function listMetrics({ world, accountId, region }: Scope): MetricRecord[] {
  return world.store.values<MetricRecord>(awsPrefix(accountId, region, 'cloudwatch', 'metrics'))
}

/** A period of a metric. */
export interface Datapoint {
  /** Start of the period, ms since the epoch. */
  at: number
  count: number
  sum: number
  min: number
  max: number
  unit: string
}

/** The datapoints of a metric from `start` up to, not including, `end`, gathered by periods (s); only those that have values. */
export function datapoints(
  scope: Scope,
  metric: Identity & { unit?: string },
  period: number,
  start: number,
  end: number,
): Datapoint[] {
  const folder = pointsFolder(scope, hashOf(metric))
  const length = period * 1000
  const from = Math.floor(start / Math.min(length, HOUR_MS)) * Math.min(length, HOUR_MS)
  const periods = new Map<number, Datapoint>()
  const [first, last] = [folder + hourOf(from), folder + hourOf(end)]
  for (const { key, value } of scope.world.store.list<Minute[]>(folder).entries) {
    if (key < first || key > last) continue
    for (const minute of value) {
      if (minute.at < from || minute.at >= end) continue
      if (metric.unit !== undefined && metric.unit !== minute.unit) continue
      const at = from + Math.floor((minute.at - from) / length) * length
      const known = periods.get(at)
      periods.set(
        at,
        known ? merged([{ ...known }], { ...minute, at, unit: known.unit })[0]! : { ...minute, at },
      )
    }
  }
  return [...periods.values()].sort((a, b) => a.at - b.at)
}

/** One statistic of a datapoint. */
export function statisticOf(point: Datapoint, statistic: MetricQuery['statistic']): number {
  switch (statistic) {
    case 'SampleCount':
      return point.count
    case 'Sum':
      return point.sum
    case 'Minimum':
      return point.min
    case 'Maximum':
      return point.max
    case 'Average':
      return point.count === 0 ? 0 : point.sum / point.count
  }
}
