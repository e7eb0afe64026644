import type * as sdk from '@aws-sdk/client-cloudwatch'
import type { Scope } from '../ec2/index.ts'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalidValue, notSimulated, validation } from './errors.ts'
import { COMPARISONS } from './evaluate.ts'
import { checkPeriod, checkStatistic, dimensionsOf, toDimensions } from './metric-queries.ts'
import { MetricQueries } from './queries.ts'
import type { AlarmRecord, AlarmState, HistoryItem, MathQuery, MetricQuery } from './records.ts'
import { alarms } from './tables.ts'

/** Changes of an alarm that are kept; the service keeps two weeks of them. */
const HISTORY_KEPT = 100
const MISSING = ['missing', 'breaching', 'notBreaching', 'ignore']

const invalidToken = () => new AwsError('InvalidNextToken', 'The next token specified is invalid.')

export const alarmArn = ({ region, accountId }: Pick<Scope, 'region' | 'accountId'>, name: string) =>
  `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`

const withHistory = (record: AlarmRecord, item: HistoryItem): AlarmRecord => ({
  ...record,
  history: [item, ...record.history].slice(0, HISTORY_KEPT),
})

/** Moves an alarm to another state, with the actions that this leads to in its history. */
export function setState(
  scope: Scope,
  record: AlarmRecord,
  next: { state: AlarmState; reason: string; reasonData?: string; byHand?: boolean },
): AlarmRecord {
  const now = scope.world.clock.now()
  const { reasonData: _before, ...rest } = { ...record, byHand: next.byHand ?? false }
  if (next.state === record.state)
    return alarms.put(scope, {
      ...rest,
      reason: next.reason,
      ...(next.reasonData ? { reasonData: next.reasonData } : {}),
    })
  const data = {
    version: '1.0',
    oldState: { stateValue: record.state, stateReason: record.reason },
    newState: { stateValue: next.state, stateReason: next.reason },
  }
  let changed = withHistory(
    {
      ...rest,
      state: next.state,
      reason: next.reason,
      ...(next.reasonData ? { reasonData: next.reasonData } : {}),
      stateSince: now,
    },
    {
      at: now,
      type: 'StateUpdate',
      summary: `Alarm updated from ${record.state} to ${next.state}`,
      data: JSON.stringify(data),
    },
  )
  for (const action of changed.actionsEnabled ? actionsOf(changed) : [])
    changed = withHistory(changed, { at: now, type: 'Action', summary: actionSummary(action) })
  return alarms.put(scope, changed)
}

const actionsOf = ({ state, okActions, alarmActions, insufficientActions }: AlarmRecord) =>
  state === 'OK' ? okActions : state === 'ALARM' ? alarmActions : insufficientActions

/** Scaling policies are seen to by their services; there is no SNS here to publish to. */
const actionSummary = (action: string) =>
  action.includes(':sns:')
    ? `Failed to execute action ${action}. Received error: "Drydock does not simulate Amazon SNS"`
    : `Successfully executed action ${action}`

function toAlarm(record: AlarmRecord): sdk.MetricAlarm {
  const { metric } = record
  return {
    AlarmName: record.name,
    AlarmArn: record.arn,
    ...(record.description === undefined ? {} : { AlarmDescription: record.description }),
    AlarmConfigurationUpdatedTimestamp: new Date(record.configured),
    ActionsEnabled: record.actionsEnabled,
    OKActions: record.okActions,
    AlarmActions: record.alarmActions,
    InsufficientDataActions: record.insufficientActions,
    StateValue: record.state,
    StateReason: record.reason,
    ...(record.reasonData === undefined ? {} : { StateReasonData: record.reasonData }),
    StateUpdatedTimestamp: new Date(record.stateSince),
    ...('queries' in metric
      ? { Dimensions: [], Metrics: metric.queries }
      : {
          MetricName: metric.name,
          Namespace: metric.namespace,
          Statistic: metric.statistic,
          Dimensions: toDimensions(metric.dimensions),
          Period: metric.period,
          ...(metric.unit === undefined ? {} : { Unit: metric.unit as sdk.StandardUnit }),
        }),
    EvaluationPeriods: record.evaluationPeriods,
    ...(record.datapointsToAlarm === undefined ? {} : { DatapointsToAlarm: record.datapointsToAlarm }),
    Threshold: record.threshold,
    ComparisonOperator: record.comparison as sdk.ComparisonOperator,
    TreatMissingData: record.treatMissing,
    StateTransitionedTimestamp: new Date(record.stateSince),
  }
}

/** Makes or changes an alarm; its state stays when it is changed. */
export function putAlarm(
  scope: Scope,
  given: Omit<AlarmRecord, 'arn' | 'state' | 'reason' | 'stateSince' | 'configured' | 'history'>,
): AlarmRecord {
  const now = scope.world.clock.now()
  const known = alarms.find(scope, given.name)
  const item: HistoryItem = {
    at: now,
    type: 'ConfigurationUpdate',
    summary: `Alarm "${given.name}" ${known ? 'updated' : 'created'}`,
  }
  const record: AlarmRecord = {
    ...given,
    arn: alarmArn(scope, given.name),
    state: known?.state ?? 'INSUFFICIENT_DATA',
    reason: known?.reason ?? 'Unchecked: Initial alarm creation',
    ...(known?.reasonData ? { reasonData: known.reasonData } : {}),
    stateSince: known?.stateSince ?? now,
    configured: now,
    tags: known ? known.tags : given.tags,
    history: known?.history ?? [],
  }
  return alarms.put(scope, withHistory(record, item))
}

export function removeAlarm(scope: Scope, name: string): void {
  const known = alarms.find(scope, name)
  if (known) alarms.delete(scope, known)
}

/** What an alarm on several queries looks at. Throws ValidationError for what gives it no single series. */
function mathOf(scope: Scope, input: sdk.PutMetricAlarmCommandInput): MathQuery {
  const queries = input.Metrics!
  const single = ['MetricName', 'Namespace', 'Period', 'Statistic', 'Dimensions', 'Unit'] as const
  if (single.some((name) => input[name] !== undefined && String(input[name]) !== ''))
    throw validation(
      'Metrics list and MetricName, Namespace, Dimensions, Period, Unit, Statistic or ExtendedStatistic must not be specified together.',
    )
  const returned = queries.filter(({ ReturnData }) => ReturnData ?? true)
  if (returned.length !== 1) throw validation('Exactly one element of the metrics list should return data.')
  const now = scope.world.clock.now()
  const { Id = '' } = returned[0]!
  if (new MetricQueries(scope, queries, { start: now - 3_600_000, end: now }).series(Id).length !== 1)
    throw validation(`Error in expression '${Id}': The expression must return a single time series.`)
  const period = Math.max(
    60,
    returned[0]!.Period ?? 0,
    ...queries.map(({ MetricStat }) => MetricStat?.Period ?? 0),
  )
  return { queries, period }
}

function singleOf(input: sdk.PutMetricAlarmCommandInput): MetricQuery {
  for (const [name, value] of [
    ['MetricName', input.MetricName],
    ['Namespace', input.Namespace],
    ['Period', input.Period],
    ['Statistic', input.Statistic],
  ] as const)
    if (value === undefined) throw new AwsError('MissingParameter', `The parameter ${name} is required.`)
  return {
    namespace: input.Namespace!,
    name: input.MetricName!,
    dimensions: dimensionsOf(input.Dimensions),
    statistic: checkStatistic(input.Statistic!),
    period: checkPeriod(input.Period),
    ...(input.Unit === undefined ? {} : { unit: input.Unit }),
  }
}

function fromInput(scope: Scope, input: sdk.PutMetricAlarmCommandInput): Parameters<typeof putAlarm>[1] {
  if (input.ThresholdMetricId) throw notSimulated('alarms on anomaly detection')
  if (input.ExtendedStatistic) throw notSimulated(`the statistic ${input.ExtendedStatistic}`)
  for (const [name, value] of [
    ['Threshold', input.Threshold],
    ['EvaluationPeriods', input.EvaluationPeriods],
  ] as const)
    if (value === undefined) throw new AwsError('MissingParameter', `The parameter ${name} is required.`)
  if (!COMPARISONS.includes(input.ComparisonOperator!))
    throw notSimulated(`the operator ${input.ComparisonOperator}`)
  const treatMissing = input.TreatMissingData ?? 'missing'
  if (!MISSING.includes(treatMissing))
    throw validation(`Option ${treatMissing} is not supported for TreatMissingData.`)
  const points = input.DatapointsToAlarm
  if (points !== undefined && points > input.EvaluationPeriods!)
    throw validation('DatapointsToAlarm must be less than or equal to EvaluationPeriods')
  const metric = input.Metrics?.length ? mathOf(scope, input) : singleOf(input)
  if (metric.period * input.EvaluationPeriods! > 7 * 86_400)
    throw validation(
      'Metrics cannot be checked across more than seven days (EvaluationPeriods * Period must be <= 604800).',
    )
  return {
    name: input.AlarmName!,
    ...(input.AlarmDescription === undefined ? {} : { description: input.AlarmDescription }),
    actionsEnabled: input.ActionsEnabled ?? true,
    okActions: input.OKActions ?? [],
    alarmActions: input.AlarmActions ?? [],
    insufficientActions: input.InsufficientDataActions ?? [],
    metric,
    evaluationPeriods: input.EvaluationPeriods!,
    ...(points === undefined ? {} : { datapointsToAlarm: points }),
    threshold: input.Threshold!,
    comparison: input.ComparisonOperator!,
    treatMissing,
    tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!])),
  }
}

function enable(context: RequestContext, names: string[] | undefined, actionsEnabled: boolean): void {
  for (const name of names ?? []) {
    const record = alarms.find(context, name)
    if (record) alarms.put(context, { ...record, actionsEnabled })
  }
}

export const alarmHandlers: Record<string, Handler> = {
  PutMetricAlarm: (input: sdk.PutMetricAlarmCommandInput, context) => {
    putAlarm(context, fromInput(context, input))
  },

  DescribeAlarms: (input: sdk.DescribeAlarmsCommandInput, context) => {
    if (input.AlarmNames?.length && input.AlarmNamePrefix)
      throw validation('AlarmNamePrefix and AlarmNames may not be used together.')
    // There are no composite alarms here.
    const metricAlarms = !input.AlarmTypes?.length || input.AlarmTypes.includes('MetricAlarm')
    const all = (metricAlarms ? alarms.list(context) : [])
      .filter(({ name }) => !input.AlarmNames?.length || input.AlarmNames.includes(name))
      .filter(({ name }) => name.startsWith(input.AlarmNamePrefix ?? ''))
      .filter(({ state }) => input.StateValue === undefined || state === input.StateValue)
      .filter(
        ({ alarmActions, okActions, insufficientActions }) =>
          input.ActionPrefix === undefined ||
          [...alarmActions, ...okActions, ...insufficientActions].some((one) =>
            one.startsWith(input.ActionPrefix!),
          ),
      )
    const { items, next } = pageOf(all, input.MaxRecords ?? 50, input.NextToken, invalidToken)
    return { MetricAlarms: items.map(toAlarm), CompositeAlarms: [], NextToken: next }
  },

  DescribeAlarmsForMetric: (input: sdk.DescribeAlarmsForMetricCommandInput, context) => {
    const dimensions = JSON.stringify(Object.entries(dimensionsOf(input.Dimensions)).sort())
    return {
      MetricAlarms: alarms
        .list(context)
        .filter(
          ({ metric }) =>
            !('queries' in metric) &&
            metric.name === input.MetricName &&
            metric.namespace === input.Namespace &&
            (input.Statistic === undefined || metric.statistic === input.Statistic) &&
            JSON.stringify(Object.entries(metric.dimensions).sort()) === dimensions,
        )
        .map(toAlarm),
    }
  },

  DescribeAlarmHistory: (input: sdk.DescribeAlarmHistoryCommandInput, context) => {
    const [start, end] = [
      input.StartDate?.getTime() ?? 0,
      input.EndDate?.getTime() ?? Number.POSITIVE_INFINITY,
    ]
    const all = alarms
      .list(context)
      .filter(({ name }) => input.AlarmName === undefined || name === input.AlarmName)
      .flatMap(({ name, history }) => history.map((item) => ({ name, item })))
      .filter(({ item }) => item.at >= start && item.at <= end)
      .filter(({ item }) => input.HistoryItemType === undefined || item.type === input.HistoryItemType)
      .sort((a, b) => (input.ScanBy === 'TimestampAscending' ? a.item.at - b.item.at : b.item.at - a.item.at))
    const { items, next } = pageOf(all, input.MaxRecords ?? 100, input.NextToken, invalidToken)
    return {
      AlarmHistoryItems: items.map(({ name, item }) => ({
        AlarmName: name,
        AlarmType: 'MetricAlarm',
        Timestamp: new Date(item.at),
        HistoryItemType: item.type,
        HistorySummary: item.summary,
        ...(item.data === undefined ? {} : { HistoryData: item.data }),
      })),
      NextToken: next,
    }
  },

  SetAlarmState: (input: sdk.SetAlarmStateCommandInput, context) => {
    const record = alarms.find(context, input.AlarmName!)
    if (!record) throw new AwsError('ResourceNotFound', '')
    if (input.StateReasonData !== undefined && !isJson(input.StateReasonData))
      throw new AwsError('InvalidFormat', 'StateReasonData was not valid JSON')
    setState(context, record, {
      state: input.StateValue as AlarmState,
      reason: input.StateReason!,
      byHand: true,
      ...(input.StateReasonData ? { reasonData: input.StateReasonData } : {}),
    })
  },

  DeleteAlarms: (input: sdk.DeleteAlarmsCommandInput, context) => {
    const found = (input.AlarmNames ?? []).map((name) => [name, alarms.find(context, name)] as const)
    const missing = found.find(([, record]) => !record)
    if (missing) throw new AwsError('ResourceNotFound', `Alarm ${missing[0]} does not exist`)
    for (const [, record] of found) alarms.delete(context, record!)
  },

  EnableAlarmActions: (input: sdk.EnableAlarmActionsCommandInput, context) =>
    enable(context, input.AlarmNames, true),
  DisableAlarmActions: (input: sdk.DisableAlarmActionsCommandInput, context) =>
    enable(context, input.AlarmNames, false),

  TagResource: (input: sdk.TagResourceCommandInput, context) => {
    const record = tagged(context, input.ResourceARN!)
    const added = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]))
    alarms.put(context, { ...record, tags: { ...record.tags, ...added } })
    return {}
  },
  UntagResource: (input: sdk.UntagResourceCommandInput, context) => {
    const record = tagged(context, input.ResourceARN!)
    const left = Object.entries(record.tags).filter(([key]) => !input.TagKeys?.includes(key))
    alarms.put(context, { ...record, tags: Object.fromEntries(left) })
    return {}
  },
  ListTagsForResource: (input: sdk.ListTagsForResourceCommandInput, context) => ({
    Tags: Object.entries(tagged(context, input.ResourceARN!).tags).map(([Key, Value]) => ({ Key, Value })),
  }),
}

function tagged(context: RequestContext, arn: string): AlarmRecord {
  const name = arn.split(':alarm:')[1]
  if (name === undefined) throw invalidValue(`The value ${arn} for parameter ResourceARN is invalid.`)
  const record = alarms.find(context, name)
  if (!record) throw new AwsError('ResourceNotFoundException', `Unknown`)
  return record
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
