import type { LogGroupClass } from '@aws-sdk/client-cloudwatch-logs'

export interface LogGroupRecord {
  name: string
  created: number
  retentionInDays?: number
  /** ARN of the key that its events are encrypted with, when it is not the service's own. */
  kmsKeyId?: string
  class: LogGroupClass
  deletionProtected?: boolean
  tags: Record<string, string>
}

export interface LogStreamRecord {
  group: string
  name: string
  created: number
  /** Of the events that are kept; ms since the epoch. */
  firstEvent?: number
  lastEvent?: number
  lastIngestion?: number
  /** How many events it ever took; numbers the next one. */
  count: number
}

/** One event. `n` counts the events of its stream from 0. */
export interface LogEvent {
  n: number
  timestamp: number
  ingestion: number
  message: string
}
