import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { Table } from '../table.ts'
import { dropAlarms } from '../target-tracking.ts'
import { AwsError } from '../wire/service.ts'
import type {
  ActivityRecord,
  GroupRecord,
  LaunchConfigurationRecord,
  PolicyRecord,
  RefreshRecord,
  ScheduledActionRecord,
} from './records.ts'

const encode = encodeURIComponent
export const groupKey = ({ accountId, region }: Scope, name: string) =>
  awsKey(accountId, region, 'autoscaling', 'groups', encode(name))
const configurationKey = ({ accountId, region }: Scope, name: string) =>
  awsKey(accountId, region, 'autoscaling', 'launch-configurations', encode(name))
const activityFolder = ({ accountId, region }: Scope, group: string) =>
  `${awsPrefix(accountId, region, 'autoscaling', 'activities')}${encode(group)}/`

const SERVICE = 'autoscaling'
export const policies = new Table<PolicyRecord>(SERVICE, 'policies', ({ group, name }) => `${group}#${name}`)
export const scheduledActions = new Table<ScheduledActionRecord>(
  SERVICE,
  'scheduled-actions',
  ({ group, name }) => `${group}#${name}`,
)
export const refreshes = new Table<RefreshRecord>(SERVICE, 'refreshes', ({ group, id }) => `${group}#${id}`)

/** Removes a policy with its own alarms. */
export function removePolicy(scope: Scope, policy: PolicyRecord): void {
  dropAlarms(scope, policy.alarms)
  policies.delete(scope, policy)
}

/** Activities kept for a group; AWS keeps six weeks of them. */
const ACTIVITIES_KEPT = 200

export function findGroup(scope: Scope, name: string): GroupRecord | undefined {
  return scope.world.store.get<GroupRecord>(groupKey(scope, name))?.value
}

/** Throws ValidationError when there is no such group. */
export function getGroup(scope: Scope, name: string): GroupRecord {
  const group = findGroup(scope, name)
  if (!group)
    throw new AwsError(
      'ValidationError',
      `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`,
    )
  return group
}

export function listGroups({ world, accountId, region }: Scope): GroupRecord[] {
  return world.store.values<GroupRecord>(awsPrefix(accountId, region, 'autoscaling', 'groups'))
}

export function putGroup(scope: Scope, group: GroupRecord): GroupRecord {
  scope.world.store.put(groupKey(scope, group.name), group)
  return group
}

/** Removes a group with its history and all that was set up for it. */
export function removeGroup(scope: Scope, name: string): void {
  for (const policy of policies.list(scope)) if (policy.group === name) removePolicy(scope, policy)
  for (const action of scheduledActions.list(scope))
    if (action.group === name) scheduledActions.delete(scope, action)
  for (const refresh of refreshes.list(scope)) if (refresh.group === name) refreshes.delete(scope, refresh)
  const history = scope.world.store.list(activityFolder(scope, name)).entries
  const keys = [...history.map(({ key }) => key), groupKey(scope, name)]
  scope.world.store.commit(keys.map((key) => ({ key, value: undefined })))
}

/** Oldest first. */
export function activitiesOf(scope: Scope, group: string): ActivityRecord[] {
  return scope.world.store
    .values<ActivityRecord>(activityFolder(scope, group))
    .sort((a, b) => a.started - b.started)
}

export function putActivity(scope: Scope, activity: ActivityRecord): ActivityRecord {
  const folder = activityFolder(scope, activity.group)
  const history = activitiesOf(scope, activity.group)
  const surplus = history.slice(0, Math.max(0, history.length - ACTIVITIES_KEPT))
  scope.world.store.commit([
    ...surplus.map(({ id }) => ({ key: folder + id, value: undefined })),
    { key: folder + activity.id, value: activity },
  ])
  return activity
}

export function findActivity(scope: Scope, group: string, id: string): ActivityRecord | undefined {
  return scope.world.store.get<ActivityRecord>(activityFolder(scope, group) + id)?.value
}

export function findConfiguration(scope: Scope, name: string): LaunchConfigurationRecord | undefined {
  return scope.world.store.get<LaunchConfigurationRecord>(configurationKey(scope, name))?.value
}

export function listConfigurations({ world, accountId, region }: Scope): LaunchConfigurationRecord[] {
  return world.store.values(awsPrefix(accountId, region, 'autoscaling', 'launch-configurations'))
}

export function putConfiguration(scope: Scope, record: LaunchConfigurationRecord): void {
  scope.world.store.put(configurationKey(scope, record.name), record)
}

export function removeConfiguration(scope: Scope, name: string): void {
  scope.world.store.delete(configurationKey(scope, name))
}
