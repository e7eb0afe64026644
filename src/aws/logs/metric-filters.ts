import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import { type Datum, putMetrics } from '../cloudwatch/index.ts'
import type { Scope } from '../ec2/index.ts'
import { pageOf, Table } from '../table.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { filterPattern } from './pattern.ts'
import { groups } from './tables.ts'

interface MetricFilterRecord {
  group: string
  name: string
  pattern: string
  transformations: sdk.MetricTransformation[]
  created: number
}

const metricFilters = new Table<MetricFilterRecord>(
  'logs',
  'metric-filters',
  ({ group, name }) => `${group}#${name}`,
)

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

/** How many filters a group has. */
export const countFilters = (scope: Scope, group: string): number =>
  metricFilters.list(scope).filter((one) => one.group === group).length

export function dropFilters(scope: Scope, group: string): void {
  for (const one of metricFilters.list(scope)) if (one.group === group) metricFilters.delete(scope, one)
}

/** Turns new events of a group into metrics, as its filters say. */
export function countEvents(
  scope: Scope,
  group: string,
  events: { timestamp: number; message: string }[],
): void {
  const own = metricFilters.list(scope).filter((one) => one.group === group)
  if (own.length === 0) return
  const data = own.flatMap(({ pattern, transformations }) => {
    const matches = filterPattern(pattern)
    return events.flatMap(({ timestamp, message }) =>
      transformations.flatMap(({ metricNamespace, metricName, metricValue, defaultValue, unit }): Datum[] => {
        const value = matches(message) ? Number(metricValue) : defaultValue
        if (value === undefined) return []
        return [
          { namespace: metricNamespace!, name: metricName!, sum: value, at: timestamp, unit: unit ?? 'None' },
        ]
      }),
    )
  })
  if (data.length > 0) putMetrics(scope, data)
}

const toFilter = (record: MetricFilterRecord): sdk.MetricFilter => ({
  filterName: record.name,
  filterPattern: record.pattern,
  metricTransformations: record.transformations,
  creationTime: record.created,
  logGroupName: record.group,
  applyOnTransformedLogs: false,
})

export const metricFilterHandlers: Record<string, Handler> = {
  PutMetricFilter: (input: sdk.PutMetricFilterCommandInput, context) => {
    const group = groups.get(context, input.logGroupName!)
    // Throws for patterns that are not simulated.
    filterPattern(input.filterPattern)
    for (const { metricValue, dimensions } of input.metricTransformations ?? []) {
      if (dimensions && Object.keys(dimensions).length > 0)
        throw new AwsError(
          'NotImplemented',
          'Drydock does not simulate dimensions of metric filters: they come from fields of JSON or space-delimited patterns.',
          { status: 501 },
        )
      if (!Number.isFinite(Number(metricValue)))
        throw invalid(
          `Invalid metric transformation: the metric value ${metricValue} is not a number. Values from fields need JSON or space-delimited patterns, which Drydock does not simulate.`,
        )
    }
    metricFilters.put(context, {
      group: group.name,
      name: input.filterName!,
      pattern: input.filterPattern ?? '',
      transformations: input.metricTransformations ?? [],
      created: Math.floor(context.world.clock.now()),
    })
    return {}
  },

  DescribeMetricFilters: (input: sdk.DescribeMetricFiltersCommandInput, context) => {
    if (input.logGroupName) groups.get(context, input.logGroupName)
    const all = metricFilters
      .list(context)
      .filter(({ group }) => input.logGroupName === undefined || group === input.logGroupName)
      .filter(({ name }) => name.startsWith(input.filterNamePrefix ?? ''))
      .filter(({ transformations }) =>
        transformations.some(
          ({ metricName, metricNamespace }) =>
            (input.metricName === undefined || metricName === input.metricName) &&
            (input.metricNamespace === undefined || metricNamespace === input.metricNamespace),
        ),
      )
    const { items, next } = pageOf(all, input.limit ?? 50, input.nextToken, () =>
      invalid('The specified nextToken is invalid.'),
    )
    return { metricFilters: items.map(toFilter), nextToken: next }
  },

  DeleteMetricFilter: (input: sdk.DeleteMetricFilterCommandInput, context) => {
    const group = groups.get(context, input.logGroupName!)
    const record = metricFilters.find(context, `${group.name}#${input.filterName}`)
    if (!record)
      throw new AwsError('ResourceNotFoundException', 'The specified metric filter does not exist.')
    metricFilters.delete(context, record)
    return {}
  },

  TestMetricFilter: (input: sdk.TestMetricFilterCommandInput) => {
    const matches = filterPattern(input.filterPattern)
    return {
      matches: (input.logEventMessages ?? []).flatMap((eventMessage, index) =>
        matches(eventMessage) ? [{ eventNumber: index + 1, eventMessage, extractedValues: {} }] : [],
      ),
    }
  },
}
