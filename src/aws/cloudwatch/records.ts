import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch'

/** A dimension is a name and a value; a metric's are sorted by name. */
export type Dimensions = Record<string, string>

export interface MetricRecord {
  namespace: string
  name: string
  dimensions: Dimensions
  /** When it last had a datapoint, ms since the epoch. */
  latest: number
}

/** The statistics of one minute. */
export interface Minute {
  /** Start, ms since the epoch. */
  at: number
  count: number
  sum: number
  min: number
  max: number
  unit: string
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

export interface AlarmRecord {
  name: string
  arn: string
  description?: string
  actionsEnabled: boolean
  okActions: string[]
  alarmActions: string[]
  insufficientActions: string[]
  metric: MetricQuery | MathQuery
  evaluationPeriods: number
  datapointsToAlarm?: number
  threshold: number
  comparison: string
  treatMissing: string
  state: AlarmState
  /** Whether the state was set by hand: it holds until the next evaluation. */
  byHand?: boolean
  reason: string
  reasonData?: string
  /** ms since the epoch. */
  stateSince: number
  configured: number
  history: HistoryItem[]
  tags: Record<string, string>
}

/** What an alarm or a query looks at. */
export interface MetricQuery {
  namespace: string
  name: string
  dimensions: Dimensions
  statistic: Statistic
  /** Seconds. */
  period: number
  unit?: string
}

/** What an alarm on metric math looks at: several queries, of which one gives its values. */
export interface MathQuery {
  queries: MetricDataQuery[]
  /** Seconds. */
  period: number
}

export type Statistic = 'SampleCount' | 'Average' | 'Sum' | 'Minimum' | 'Maximum'

export interface HistoryItem {
  at: number
  type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action'
  summary: string
  data?: string
}
