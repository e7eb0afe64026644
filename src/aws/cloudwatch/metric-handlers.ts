import type * as sdk from '@aws-sdk/client-cloudwatch'
import { isTurnOver, turn } from '#world/turns.ts'
import type { Scope } from '../ec2/index.ts'
import { pageOf } from '../table.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { invalidCombination, invalidValue, notSimulated, validation } from './errors.ts'
import { checkPeriod, dimensionsOf, toDimensions } from './metric-queries.ts'
import { type Datapoint, type Datum, datapoints, listMetrics, putMetrics, statisticOf } from './metrics.ts'
import { MetricQueries } from './queries.ts'
import type { Statistic } from './records.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
const OLDEST_MS = 14 * DAY_MS
const NEWEST_MS = 2 * HOUR_MS
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html */
const MOST_DATAPOINTS = 1440
const invalidToken = () => invalidValue('The value for parameter NextToken is invalid.')

function toData(scope: Scope, namespace: string, datum: sdk.MetricDatum, index: number): Datum[] {
  const now = scope.world.clock.now()
  const at = datum.Timestamp?.getTime() ?? now
  const place = `MetricData.member.${index + 1}`
  if (at < now - OLDEST_MS || at > now + NEWEST_MS)
    throw invalidValue(
      `The parameter ${place}.Timestamp must specify a time within the past two weeks and less than two hours in the future.`,
    )
  const base = {
    namespace,
    name: datum.MetricName!,
    dimensions: dimensionsOf(datum.Dimensions),
    unit: datum.Unit ?? 'None',
    at,
  }
  const given = [datum.Value, datum.StatisticValues, datum.Values].filter((one) => one !== undefined)
  if (given.length === 0)
    throw new AwsError(
      'MissingParameter',
      `The parameter ${place} must contain Value, StatisticValues or Values.`,
    )
  if (given.length > 1)
    throw invalidCombination(
      `The parameters ${place}.Value and ${place}.StatisticValues are mutually exclusive and you have specified both.`,
    )
  if (datum.Value !== undefined) {
    if (!Number.isFinite(datum.Value))
      throw invalidValue(`The value ${datum.Value} for parameter ${place}.Value is invalid.`)
    return [{ ...base, sum: datum.Value }]
  }
  if (datum.StatisticValues) {
    const { SampleCount: count, Sum: sum, Minimum: min, Maximum: max } = datum.StatisticValues
    return [{ ...base, count: count!, sum: sum!, min: min!, max: max! }]
  }
  return datum.Values!.map((value, i) => {
    const count = datum.Counts?.[i] ?? 1
    return { ...base, count, sum: value * count, min: value, max: value }
  })
}

const toPoint = (point: Datapoint, statistics: string[]): sdk.Datapoint => ({
  Timestamp: new Date(point.at),
  ...Object.fromEntries(statistics.map((name) => [name, statisticOf(point, name as Statistic)])),
  Unit: point.unit as sdk.StandardUnit,
})

export const metricHandlers: Record<string, Handler> = {
  PutMetricData: (input: sdk.PutMetricDataCommandInput, context) => {
    const namespace = input.Namespace!
    if (namespace.startsWith('AWS/'))
      throw invalidValue(`The value ${namespace} for parameter Namespace is invalid.`)
    if (input.EntityMetricData?.length) throw notSimulated('entities of metrics')
    putMetrics(
      context,
      (input.MetricData ?? []).flatMap((datum, index) => toData(context, namespace, datum, index)),
    )
  },

  ListMetrics: (input: sdk.ListMetricsCommandInput, context) => {
    const since = input.RecentlyActive === 'PT3H' ? context.world.clock.now() - 3 * HOUR_MS : 0
    const all = listMetrics(context)
      .filter(({ namespace }) => input.Namespace === undefined || namespace === input.Namespace)
      .filter(({ name }) => input.MetricName === undefined || name === input.MetricName)
      .filter(({ latest }) => latest >= since)
      .filter(({ dimensions }) =>
        (input.Dimensions ?? []).every(
          ({ Name, Value }) => Name! in dimensions && (Value === undefined || dimensions[Name!] === Value),
        ),
      )
    const { items, next } = pageOf(all, 500, input.NextToken, invalidToken)
    return {
      Metrics: items.map(({ namespace, name, dimensions }) => ({
        Namespace: namespace,
        MetricName: name,
        Dimensions: toDimensions(dimensions),
      })),
      NextToken: next,
    }
  },

  GetMetricStatistics: (input: sdk.GetMetricStatisticsCommandInput, context) => {
    const [start, end] = [input.StartTime!.getTime(), input.EndTime!.getTime()]
    if (start >= end) throw invalidValue('The parameter StartTime must be less than the parameter EndTime.')
    const period = checkPeriod(input.Period)
    if (input.ExtendedStatistics?.length) throw notSimulated('percentiles')
    const statistics = input.Statistics ?? []
    if (statistics.length === 0)
      throw new AwsError('MissingParameter', 'Must specify either Statistics or ExtendedStatistics')
    if ((end - start) / 1000 / period > MOST_DATAPOINTS)
      throw invalidCombination(
        `You have requested up to ${Math.floor((end - start) / 1000 / period)} datapoints, which exceeds the limit of ${MOST_DATAPOINTS}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
      )
    const metric = {
      namespace: input.Namespace!,
      name: input.MetricName!,
      dimensions: dimensionsOf(input.Dimensions),
      unit: input.Unit,
    }
    return {
      Label: input.MetricName,
      Datapoints: datapoints(context, metric, period, start, end).map((point) => toPoint(point, statistics)),
    }
  },

  GetMetricData: async (input: sdk.GetMetricDataCommandInput, context) => {
    const [start, end] = [input.StartTime!.getTime(), input.EndTime!.getTime()]
    if (start >= end) throw validation('The parameter StartTime must be less than the parameter EndTime.')
    const queries = input.MetricDataQueries ?? []
    const math = new MetricQueries(context, queries, { start, end })
    const results: sdk.MetricDataResult[] = []
    for (const { Id, Label, Expression } of queries.filter(({ ReturnData }) => ReturnData ?? true)) {
      if (isTurnOver()) await turn()
      const all = math.series(Id!)
      for (const series of all) {
        const points = [...series.points].sort(([a], [b]) => a - b)
        // Newest first, as the service gives them.
        if (input.ScanBy !== 'TimestampAscending') points.reverse()
        const own = Expression === undefined ? series.label : (Label ?? Id)
        results.push({
          Id,
          Label: all.length > 1 && series.label !== '' ? `${own} ${series.label}` : own,
          Timestamps: points.map(([at]) => new Date(at)),
          Values: points.map(([, value]) => value),
          StatusCode: 'Complete',
        })
      }
    }
    return { ...pageOfPoints(results, input), Messages: [] }
  },
}

/** Results as far as a page of so many datapoints, of all queries together, holds them. */
function pageOfPoints(
  results: sdk.MetricDataResult[],
  { MaxDatapoints = 100_800, NextToken }: sdk.GetMetricDataCommandInput,
): Pick<sdk.GetMetricDataCommandOutput, 'MetricDataResults' | 'NextToken'> {
  const places = results.flatMap((result, query) =>
    // A query without data stands in the first place it could have.
    (result.Values!.length > 0 ? result.Values! : [undefined]).map((_, point) => ({ query, point })),
  )
  const { items, next } = pageOf(places, MaxDatapoints, NextToken, () =>
    validation('The value for parameter NextToken is not valid.'),
  )
  const byQuery = Map.groupBy(items, ({ query }) => query)
  const MetricDataResults = [...byQuery].map(([query, points]) => {
    const { Timestamps = [], Values = [], ...result } = results[query]!
    const [from, to] = [points[0]!.point, points.at(-1)!.point + 1]
    return {
      ...result,
      Timestamps: Timestamps.slice(from, to),
      Values: Values.slice(from, to),
      StatusCode: to < Values.length ? ('PartialData' as const) : result.StatusCode,
    }
  })
  return { MetricDataResults, NextToken: next }
}
