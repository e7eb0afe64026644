import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import {
  type InstanceRecord,
  launchInstances,
  type Scope,
  scopeOfKey,
  tables,
  terminateInstance,
} from '../ec2/index.ts'
import { deregisterInstances, registerInstances } from '../elb/load-balancers.ts'
import { findLoadBalancer } from '../elb/tables.ts'
import { AwsError } from '../wire/service.ts'
import { emptiestSubnet, launchSpec } from './launch-spec.ts'
import type { ActivityRecord, GroupInstance, GroupRecord } from './records.ts'
import {
  activitiesOf,
  findActivity,
  findGroup,
  groupKey,
  putActivity,
  putGroup,
  removeGroup,
} from './tables.ts'

const GROUP_KEY = /^aws\/\d+\/[^/]+\/autoscaling\/groups\/([^/]+)$/
const INSTANCE_KEY = /^aws\/\d+\/[^/]+\/ec2\/instances\//
const GROUP_TAG = 'aws:autoscaling:groupName'
/** The cause of a launch that nobody asked for. */
const DIFFERENCE = 'an instance was started in response to a difference between desired and actual capacity.'
/** How long a group waits after a failed launch, ms. */
const LAUNCH_RETRY_MS = 60_000

/** Keeps every group at its desired size: launches, replaces and terminates instances. */
export function autoScalingController(world: World): Controller {
  return {
    name: 'autoscaling',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry }) => {
          if (GROUP_KEY.test(key)) return [key]
          if (!INSTANCE_KEY.test(key)) return []
          const name = (entry.value as InstanceRecord).tags[GROUP_TAG]
          return name === undefined ? [] : [groupKey(scopeOfKey(world, key), name)]
        },
      },
    ],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const name = decodeURIComponent(GROUP_KEY.exec(key)![1]!)
      if (!findGroup(scope, name)) return undefined
      followInstances(scope, name)
      return resize(scope, name)
    },
  }
}

/** Takes over what has happened to the instances: started, ended, found unhealthy. */
function followInstances(scope: Scope, name: string): void {
  for (const { id } of findGroup(scope, name)!.instances) {
    const group = findGroup(scope, name)!
    const member = group.instances.find((one) => one.id === id)!
    const state = tables.instances.find(scope, id)?.state
    const suspended = (process: string) => group.suspended.includes(process)
    if (state === undefined || state === 'terminated') dropInstance(scope, group, member)
    else if (member.lifecycle === 'Pending' && state === 'running') enterService(scope, group, member)
    else if (member.lifecycle !== 'Terminating') {
      const ended = state !== 'running' && state !== 'pending'
      if ((ended || !member.healthy) && !suspended('ReplaceUnhealthy') && !suspended('HealthCheck')) {
        const why = ended
          ? 'an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.'
          : 'an instance was taken out of service in response to a user health-check.'
        beginTermination(scope, group, member, why)
      }
    }
  }
}

function enterService(scope: Scope, group: GroupRecord, member: GroupInstance): void {
  for (const name of group.loadBalancerNames)
    if (findLoadBalancer(scope, name)) registerInstances(scope, name, [member.id])
  finish(scope, group, member.activityId)
  replace(scope, group, { ...member, lifecycle: 'InService' })
}

function dropInstance(scope: Scope, group: GroupRecord, member: GroupInstance): void {
  leaveBalancers(scope, group, member.id)
  // One that ended by itself has no activity of its end yet.
  const ending =
    member.lifecycle === 'Terminating'
      ? member
      : announceEnd(
          scope,
          group,
          member,
          'an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.',
        )
  finish(scope, group, ending.activityId)
  putGroup(scope, { ...group, instances: group.instances.filter(({ id }) => id !== member.id) })
}

/** Brings the number of instances to the desired one; a group that is being deleted wants none. */
function resize(scope: Scope, name: string): Result | undefined {
  let group = findGroup(scope, name)!
  if (group.deleting && group.instances.length === 0) {
    removeGroup(scope, name)
    return undefined
  }
  const wanted = group.deleting ? 0 : group.desired
  const alive = () => group.instances.filter(({ lifecycle }) => lifecycle !== 'Terminating')
  while (alive().length > wanted && !group.suspended.includes('Terminate')) {
    const victim = victimOf(group.deleting ? alive() : alive().filter((one) => !one.protected))
    if (!victim) break
    group = beginTermination(scope, group, victim, group.cause)
  }
  while (alive().length < wanted && !group.suspended.includes('Launch')) {
    const launched = launch(scope, group)
    if (!launched) return { requeueAfterMs: LAUNCH_RETRY_MS }
    group = launched
  }
  // The wish that led here is fulfilled: what changes next has another cause.
  if (!group.deleting && group.cause !== '') putGroup(scope, { ...group, cause: '' })
  return undefined
}

/** The default policy: from the fullest zone, the oldest instance. */
function victimOf(instances: GroupInstance[]): GroupInstance | undefined {
  const inZone = (zone: string) => instances.filter((one) => one.zone === zone).length
  return [...instances].sort((a, b) => inZone(b.zone) - inZone(a.zone) || a.added - b.added)[0]
}

/** Launches one instance; gives undefined, with a failed activity, when EC2 refuses. */
function launch(scope: Scope, group: GroupRecord): GroupRecord | undefined {
  const now = scope.world.clock.now()
  const cause = `At ${stamp(now)} ${group.cause || DIFFERENCE}`
  const activity = { id: scope.world.ids.uuid(), group: group.name, cause, started: now }
  try {
    const { tags, ...spec } = launchSpec(scope, group.launch)
    const subnet = emptiestSubnet(scope, group)
    const propagated = group.tags.filter(({ propagate }) => propagate).map(({ key, value }) => [key, value])
    const [instance] = launchInstances(scope, {
      ...spec,
      subnet,
      count: 1,
      requesterId: 'autoscaling.amazonaws.com',
      tags: { ...tags, ...Object.fromEntries(propagated), [GROUP_TAG]: group.name },
    })
    const { id, zone, type } = instance!
    putActivity(scope, {
      ...activity,
      description: `Launching a new EC2 instance: ${id}`,
      status: 'InProgress',
      subnetId: subnet.id,
      zone,
    })
    const member: GroupInstance = {
      id,
      zone,
      type,
      lifecycle: 'Pending',
      healthy: true,
      protected: group.protectFromScaleIn,
      added: now,
      activityId: activity.id,
    }
    return putGroup(scope, { ...group, instances: [...group.instances, member] })
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const message = `${error.message} Launching EC2 instance failed.`
    const last = activitiesOf(scope, group.name).at(-1)
    if (last?.message !== message)
      putActivity(scope, {
        ...activity,
        description: `Launching a new EC2 instance.  Status Reason: ${message}`,
        status: 'Failed',
        message,
        ended: now,
      })
    return undefined
  }
}

function leaveBalancers(scope: Scope, group: GroupRecord, instanceId: string): void {
  for (const name of group.loadBalancerNames)
    if (findLoadBalancer(scope, name)?.instanceIds.includes(instanceId))
      deregisterInstances(scope, name, [instanceId])
}

function beginTermination(scope: Scope, group: GroupRecord, member: GroupInstance, why: string): GroupRecord {
  leaveBalancers(scope, group, member.id)
  const ending = announceEnd(scope, group, member, why)
  const next = replace(scope, group, ending)
  if (tables.instances.find(scope, member.id)) terminateInstance(scope, member.id)
  return next
}

function announceEnd(scope: Scope, group: GroupRecord, member: GroupInstance, why: string): GroupInstance {
  const now = scope.world.clock.now()
  const activity: ActivityRecord = {
    id: scope.world.ids.uuid(),
    group: group.name,
    description: `Terminating EC2 instance: ${member.id}`,
    cause: `At ${stamp(now)} ${why}`,
    started: now,
    status: 'InProgress',
    zone: member.zone,
  }
  putActivity(scope, activity)
  return { ...member, lifecycle: 'Terminating', activityId: activity.id }
}

function finish(scope: Scope, group: GroupRecord, activityId: string): void {
  const activity = findActivity(scope, group.name, activityId)
  if (activity?.status === 'InProgress')
    putActivity(scope, { ...activity, status: 'Successful', ended: scope.world.clock.now() })
}

function replace(scope: Scope, group: GroupRecord, member: GroupInstance): GroupRecord {
  const instances = group.instances.map((one) => (one.id === member.id ? member : one))
  return putGroup(scope, { ...group, instances })
}

/** `2026-11-21T08:00:00Z`, as causes write it. */
export function stamp(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
