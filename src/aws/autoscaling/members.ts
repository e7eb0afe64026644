import type { Scope } from '../ec2/index.ts'
import { tables, terminateInstance } from '../ec2/index.ts'
import { deregisterInstances, registerInstances } from '../elb/load-balancers.ts'
import { findLoadBalancer } from '../elb/tables.ts'
import { deregisterTargets, registerTargets, targetGroups, targets } from '../elbv2/index.ts'
import { beginHook } from './hooks.ts'
import type { ActivityRecord, GroupInstance, GroupRecord } from './records.ts'
import { findActivity, putActivity, putGroup } from './tables.ts'

/** Whether an instance is on its way out. */
export const isEnding = ({ lifecycle }: GroupInstance): boolean => lifecycle.startsWith('Terminating')
/** Whether an instance counts for the group's size. */
export const counts = (member: GroupInstance): boolean =>
  !isEnding(member) && member.lifecycle !== 'Standby' && member.lifecycle !== 'EnteringStandby'

export function replaceMember(scope: Scope, group: GroupRecord, member: GroupInstance): GroupRecord {
  const instances = group.instances.map((one) => (one.id === member.id ? member : one))
  return putGroup(scope, { ...group, instances })
}

/** Puts an instance behind the load balancers of its group. */
export function joinBalancers(scope: Scope, group: GroupRecord, id: string): void {
  for (const name of group.loadBalancerNames)
    if (findLoadBalancer(scope, name)) registerInstances(scope, name, [id])
  for (const arn of group.targetGroupArns ?? [])
    if (targetGroups.find(scope, arn)) registerTargets(scope, arn, [{ id }])
}

export function leaveBalancers(scope: Scope, group: GroupRecord, id: string): void {
  for (const name of group.loadBalancerNames)
    if (findLoadBalancer(scope, name)?.instanceIds.includes(id)) deregisterInstances(scope, name, [id])
  for (const arn of group.targetGroupArns ?? [])
    if (targetGroups.find(scope, arn)) deregisterTargets(scope, arn, [{ id }])
}

/** Whether a load balancer has found an instance unwell; only groups with ELB health checks ask. */
export function failsBalancer(scope: Scope, group: GroupRecord, member: GroupInstance): boolean {
  if (!group.healthCheckType.includes('ELB')) return false
  if (scope.world.clock.now() < member.added + group.healthCheckGracePeriod * 1000) return false
  return (group.targetGroupArns ?? []).some((arn) =>
    targets.list(scope, arn).some(({ id, state }) => id === member.id && state === 'unhealthy'),
  )
}

/** The instance takes part: it has started and no hook holds it. */
export function enterService(scope: Scope, group: GroupRecord, member: GroupInstance): GroupRecord {
  joinBalancers(scope, group, member.id)
  finish(scope, group, member.activityId)
  const { hook: _done, ...rest } = member
  return replaceMember(scope, group, { ...rest, lifecycle: 'InService' })
}

/** Starts the end of an instance: out of its load balancers, through the hook for that, if there is one. */
export function beginTermination(
  scope: Scope,
  group: GroupRecord,
  member: GroupInstance,
  ...why: string[]
): GroupRecord {
  leaveBalancers(scope, group, member.id)
  const ending = announceEnd(scope, group, member, ...why)
  const waiting = beginHook(scope, group, ending, 'autoscaling:EC2_INSTANCE_TERMINATING')
  if (waiting) return replaceMember(scope, group, { ...waiting, lifecycle: 'Terminating:Wait' })
  return endMember(scope, group, ending)
}

/** Ends the instance itself. */
export function endMember(scope: Scope, group: GroupRecord, member: GroupInstance): GroupRecord {
  const { hook: _done, ...rest } = member
  const next = replaceMember(scope, group, { ...rest, lifecycle: 'Terminating' })
  if (tables.instances.find(scope, member.id)) terminateInstance(scope, member.id)
  return next
}

export function announceEnd(
  scope: Scope,
  group: GroupRecord,
  member: GroupInstance,
  ...why: string[]
): GroupInstance {
  const now = scope.world.clock.now()
  const activity: ActivityRecord = {
    id: scope.world.ids.uuid(),
    group: group.name,
    description: `Terminating EC2 instance: ${member.id}`,
    cause: causeOf(now, why),
    started: now,
    status: 'InProgress',
    ...placeOf(scope, member),
  }
  putActivity(scope, activity)
  return { ...member, lifecycle: 'Terminating', activityId: activity.id }
}

export function finish(scope: Scope, group: GroupRecord, activityId: string): void {
  const activity = findActivity(scope, group.name, activityId)
  if (activity?.status === 'InProgress')
    putActivity(scope, { ...activity, status: 'Successful', ended: scope.world.clock.now() })
}

/** Where an instance of a group is, for its activities. */
export const placeOf = (scope: Scope, { id, zone }: GroupInstance) => ({
  subnetId: tables.instances.find(scope, id)?.subnetId,
  zone,
})

/** What an activity says of its cause: each thing that led to it with its time, two spaces between them. */
export const causeOf = (time: number, causes: string[]): string =>
  causes.map((cause) => `At ${stamp(time)} ${cause}`).join('  ')

/** `2026-11-21T08:00:00Z`, as causes write it. */
export function stamp(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
