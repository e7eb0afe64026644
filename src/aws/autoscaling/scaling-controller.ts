import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type AlarmRecord, alarms, alarmValues, type Datum, putMetrics } from '../cloudwatch/index.ts'
import { type Scope, scopeOfKey } from '../ec2/index.ts'
import { nextDue, policyTarget, resizeTo } from './policies.ts'
import type { GroupRecord, PolicyRecord, ScheduledActionRecord } from './records.ts'
import { refresh } from './refreshes.ts'
import { findGroup, groupKey, policies, putGroup, refreshes, scheduledActions } from './tables.ts'

const GROUP_KEY = /^aws\/\d+\/[^/]+\/autoscaling\/groups\/([^/]+)$/
const OTHER_KEY = /^aws\/\d+\/[^/]+\/autoscaling\/(?:policies|scheduled-actions|refreshes)\//
const ALARM_KEY = /^aws\/\d+\/[^/]+\/cloudwatch\/alarms\//
/** An alarm that stays in ALARM leads to its policy every minute; metrics of groups are published as often. */
const MINUTE_MS = 60_000

/** Changes the size of groups by their policies and schedules, and replaces their instances when they are refreshed. */
export function groupScalingController(world: World): Controller {
  return {
    name: 'autoscaling-policies',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry }) => {
          if (GROUP_KEY.test(key)) return [key]
          const scope = scopeOfKey(world, key)
          if (OTHER_KEY.test(key)) return [groupKey(scope, (entry.value as { group: string }).group)]
          if (!ALARM_KEY.test(key)) return []
          const { alarmActions } = entry.value as AlarmRecord
          return policies
            .list(scope)
            .filter(({ arn }) => alarmActions.includes(arn))
            .map(({ group }) => groupKey(scope, group))
        },
      },
    ],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const name = decodeURIComponent(GROUP_KEY.exec(key)![1]!)
      const group = findGroup(scope, name)
      if (!group || group.deleting) return undefined
      for (const record of refreshes.list(scope)) if (record.group === name) refresh(scope, record)
      const waits = [followSchedules(scope, name), followAlarms(scope, name), publish(scope, name)]
      const next = waits.filter((wait) => wait !== undefined)
      return next.length > 0 ? { requeueAfterMs: Math.min(...next) } : undefined
    },
  }
}

/** Gives how long until the next scheduled action, ms. */
function followSchedules(scope: Scope, name: string): number | undefined {
  const now = scope.world.clock.now()
  let soonest: number | undefined
  for (const action of scheduledActions.list(scope)) {
    if (action.group !== name) continue
    const due = nextDue(action)
    if (due === undefined || due > (action.end ?? Number.POSITIVE_INFINITY)) {
      scheduledActions.delete(scope, action)
      continue
    }
    if (due > now) {
      soonest = Math.min(soonest ?? due - now, due - now)
      continue
    }
    scheduledActions.put(scope, { ...action, done: now })
    if (!findGroup(scope, name)!.suspended.includes('ScheduledActions')) apply(scope, name, action)
  }
  return soonest
}

function apply(scope: Scope, name: string, action: ScheduledActionRecord): void {
  const group = findGroup(scope, name)!
  const minSize = action.minSize ?? group.minSize
  const maxSize = Math.max(action.maxSize ?? group.maxSize, minSize)
  const next = putGroup(scope, { ...group, minSize, maxSize })
  resizeTo(scope, next, action.desired ?? group.desired, `a scheduled action ${action.name} was executed`)
}

/** Lets the alarms that ring act through their policies; gives when to look again, ms. */
function followAlarms(scope: Scope, name: string): number | undefined {
  let again: number | undefined
  for (const policy of policies.list(scope)) {
    if (policy.group !== name || !policy.enabled) continue
    for (const alarm of alarms.list(scope)) {
      if (alarm.state !== 'ALARM' || !alarm.actionsEnabled || !alarm.alarmActions.includes(policy.arn))
        continue
      again = MINUTE_MS
      const group = findGroup(scope, name)!
      if (!group.suspended.includes('AlarmNotification')) act(scope, group, policy, alarm)
    }
  }
  return again
}

function act(scope: Scope, group: GroupRecord, policy: PolicyRecord, alarm: AlarmRecord): void {
  const now = scope.world.clock.now()
  const rest = policy.cooldown ?? group.cooldown
  if (policy.acted !== undefined && now < policy.acted + rest * 1000) return
  const value = alarmValues(scope, alarm).findLast((one) => one.value !== undefined)?.value
  if (value === undefined) return
  const wanted = policy.tracking
    ? Math.ceil((group.desired * value) / policy.tracking.TargetValue!)
    : policyTarget(group, policy, value - alarm.threshold)
  if (wanted === undefined) return
  const who = `a monitor alarm ${alarm.name} in state ALARM triggered policy ${policy.name}`
  if (resizeTo(scope, group, wanted, who)) policies.put(scope, { ...policy, acted: now })
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html */
function publish(scope: Scope, name: string): number | undefined {
  const group = findGroup(scope, name)
  if (!group?.metrics?.length) return undefined
  const count = (state: RegExp) => group.instances.filter(({ lifecycle }) => state.test(lifecycle)).length
  // Instances weigh one each, so the capacity is their number.
  const states = {
    InService: count(/^InService/),
    Pending: count(/^Pending/),
    Terminating: count(/^Terminating/),
    Standby: count(/Standby$/),
    Total: group.instances.length,
  }
  const values: Record<string, number> = {
    ...Object.fromEntries(
      Object.entries(states).flatMap(([name, value]) => [
        [`Group${name}Instances`, value],
        [`Group${name}Capacity`, value],
      ]),
    ),
    GroupMinSize: group.minSize,
    GroupMaxSize: group.maxSize,
    GroupDesiredCapacity: group.desired,
  }
  const data = group.metrics.flatMap((metric): Datum[] => {
    const sum = values[metric]
    return sum === undefined
      ? []
      : [{ namespace: 'AWS/AutoScaling', name: metric, dimensions: { AutoScalingGroupName: name }, sum }]
  })
  putMetrics(scope, data)
  return MINUTE_MS
}
