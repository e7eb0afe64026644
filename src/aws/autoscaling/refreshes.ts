import type * as sdk from '@aws-sdk/client-auto-scaling'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { launchMark } from './launch-spec.ts'
import { beginTermination, isEnding } from './members.ts'
import { paged, second } from './output.ts'
import type { GroupRecord, RefreshRecord } from './records.ts'
import { findGroup, getGroup, refreshes } from './tables.ts'

const ACTIVE = ['Pending', 'InProgress', 'Cancelling']
const isActive = ({ status }: RefreshRecord) => ACTIVE.includes(status)

/** Those of the instances to replace that are there still. */
const left = (group: GroupRecord, { old }: RefreshRecord) =>
  group.instances.filter(({ id }) => old.includes(id))

function toRefresh(scope: Scope, record: RefreshRecord): sdk.InstanceRefresh {
  const group = findGroup(scope, record.group)
  const remaining = group ? left(group, record).length : 0
  const percentage = record.total === 0 ? 100 : Math.floor(((record.total - remaining) * 100) / record.total)
  return {
    InstanceRefreshId: record.id,
    AutoScalingGroupName: record.group,
    Status: record.status,
    StartTime: second(record.started),
    ...(record.ended === undefined ? {} : { EndTime: second(record.ended) }),
    PercentageComplete: percentage,
    InstancesToUpdate: remaining,
    Preferences: {
      MinHealthyPercentage: record.minHealthyPercentage,
      SkipMatching: record.skipMatching,
      InstanceWarmup: 0,
      AutoRollback: false,
      ScaleInProtectedInstances: 'Ignore',
      StandbyInstances: 'Ignore',
      ...record.preferences,
    },
  }
}

/** One step of a group's refresh: replaces as many old instances as its minimum of healthy ones allows. */
export function refresh(scope: Scope, record: RefreshRecord): void {
  const group = findGroup(scope, record.group)
  if (!group || !isActive(record)) return
  const now = scope.world.clock.now()
  const remaining = left(group, record)
  if (record.status === 'Cancelling') {
    refreshes.put(scope, { ...record, status: 'Cancelled', ended: now })
    return
  }
  if (remaining.length === 0 && group.instances.every(({ lifecycle }) => lifecycle === 'InService')) {
    refreshes.put(scope, { ...record, status: 'Successful', ended: now })
    return
  }
  if (record.status === 'Pending') refreshes.put(scope, { ...record, status: 'InProgress' })
  const inService = group.instances.filter(({ lifecycle }) => lifecycle === 'InService').length
  const least = Math.min(group.desired - 1, Math.ceil((group.desired * record.minHealthyPercentage) / 100))
  let spare = inService - Math.max(0, least)
  for (const member of remaining) {
    if (spare <= 0 || isEnding(member) || member.lifecycle !== 'InService') continue
    spare--
    const present = findGroup(scope, record.group)!
    beginTermination(
      scope,
      present,
      member,
      'an instance was taken out of service in response to an instance refresh.',
    )
  }
}

function keptOf(preferences: sdk.RefreshPreferences = {}): RefreshRecord['preferences'] {
  const { InstanceWarmup, ScaleInProtectedInstances, StandbyInstances } = preferences
  return {
    ...(InstanceWarmup === undefined ? {} : { InstanceWarmup }),
    ...(ScaleInProtectedInstances === undefined ? {} : { ScaleInProtectedInstances }),
    ...(StandbyInstances === undefined ? {} : { StandbyInstances }),
  }
}

function start(input: sdk.StartInstanceRefreshCommandInput, context: RequestContext) {
  const group = getGroup(context, input.AutoScalingGroupName!)
  if (refreshes.list(context).some((one) => one.group === group.name && isActive(one)))
    throw new AwsError(
      'InstanceRefreshInProgress',
      'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.',
    )
  if (input.DesiredConfiguration)
    throw new AwsError(
      'NotImplemented',
      'Drydock does not simulate a DesiredConfiguration of instance refreshes; update the group first.',
      { status: 501 },
    )
  const { Preferences: preferences } = input
  if (preferences?.AutoRollback || preferences?.CheckpointPercentages?.length)
    throw new AwsError(
      'NotImplemented',
      'Drydock does not simulate checkpoints and rollbacks of instance refreshes.',
      { status: 501 },
    )
  const mark = launchMark(context, group)
  const skip = preferences?.SkipMatching ?? false
  const old = group.instances.filter(({ launched }) => !skip || launched !== mark).map(({ id }) => id)
  const id = context.world.ids.uuid()
  refreshes.put(context, {
    id,
    group: group.name,
    status: 'Pending',
    started: context.world.clock.now(),
    minHealthyPercentage: preferences?.MinHealthyPercentage ?? 90,
    skipMatching: skip,
    preferences: keptOf(preferences),
    old,
    total: old.length,
  })
  return { InstanceRefreshId: id }
}

export const refreshHandlers: Record<string, Handler> = {
  StartInstanceRefresh: start,

  DescribeInstanceRefreshes: (input: sdk.DescribeInstanceRefreshesCommandInput, context) => {
    getGroup(context, input.AutoScalingGroupName!)
    const all = refreshes
      .list(context)
      .filter(({ group }) => group === input.AutoScalingGroupName)
      .filter(({ id }) => !input.InstanceRefreshIds?.length || input.InstanceRefreshIds.includes(id))
      .sort((a, b) => b.started - a.started)
    const { items, NextToken } = paged(all, input, 50)
    return { InstanceRefreshes: items.map((record) => toRefresh(context, record)), NextToken }
  },

  CancelInstanceRefresh: (input: sdk.CancelInstanceRefreshCommandInput, context) => {
    getGroup(context, input.AutoScalingGroupName!)
    const active = refreshes
      .list(context)
      .find((one) => one.group === input.AutoScalingGroupName && isActive(one))
    if (!active)
      throw new AwsError(
        'ActiveInstanceRefreshNotFound',
        'No in progress or pending Instance Refresh found for Auto Scaling group ' +
          input.AutoScalingGroupName,
      )
    refreshes.put(context, { ...active, status: 'Cancelling' })
    return { InstanceRefreshId: active.id }
  },
}
