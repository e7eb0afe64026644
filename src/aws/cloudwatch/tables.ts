import type { Scope } from '../ec2/index.ts'
import { Table } from '../table.ts'
import type { AlarmRecord } from './records.ts'

export const alarms = new Table<AlarmRecord>('cloudwatch', 'alarms', ({ name }) => name)
export const dashboards = new Table<{ name: string; body: string; modified: number }>(
  'cloudwatch',
  'dashboards',
  ({ name }) => name,
)

/** Whether an alarm of that name is in the state ALARM. */
export const inAlarm = (scope: Scope, name: string): boolean => alarms.find(scope, name)?.state === 'ALARM'
