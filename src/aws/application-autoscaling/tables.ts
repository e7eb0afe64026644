import type { Scope } from '../ec2/index.ts'
import { Table } from '../table.ts'
import type { ActivityRecord, PolicyRecord, ScheduledActionRecord, TargetRecord } from './records.ts'

const SERVICE = 'application-autoscaling'

export const scalableTargets = new Table<TargetRecord>(SERVICE, 'targets', ({ resourceId }) => resourceId)
export const policies = new Table<PolicyRecord>(
  SERVICE,
  'policies',
  ({ resourceId, name }) => `${resourceId}#${name}`,
)
export const scheduledActions = new Table<ScheduledActionRecord>(
  SERVICE,
  'scheduled-actions',
  ({ resourceId, name }) => `${resourceId}#${name}`,
)
const activities = new Table<ActivityRecord>(SERVICE, 'activities', ({ started, id }) => `${started}#${id}`)

/** Activities that are kept; AWS keeps six weeks of them. */
const ACTIVITIES_KEPT = 500

/** Newest first. */
export function listActivities(scope: Scope): ActivityRecord[] {
  return activities.list(scope).sort((a, b) => b.started - a.started)
}

export function putActivity(scope: Scope, activity: ActivityRecord): ActivityRecord {
  for (const old of listActivities(scope).slice(ACTIVITIES_KEPT - 1)) activities.delete(scope, old)
  return activities.put(scope, activity)
}
