import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type InstanceRecord, launchInstances, type Scope, scopeOfKey, tables } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { beginHook } from './hooks.ts'
import { emptiestSubnet, launchMark, launchSpec, launchVersion } from './launch-spec.ts'
import {
  announceEnd,
  beginTermination,
  causeOf,
  counts,
  endMember,
  enterService,
  failsBalancer,
  finish,
  isEnding,
  leaveBalancers,
  replaceMember,
} from './members.ts'
import type { GroupInstance, GroupRecord } from './records.ts'
import {
  activitiesOf,
  findGroup,
  groupKey,
  listGroups,
  putActivity,
  putGroup,
  removeGroup,
} from './tables.ts'

const GROUP_KEY = /^aws\/\d+\/[^/]+\/autoscaling\/groups\/([^/]+)$/
const INSTANCE_KEY = /^aws\/\d+\/[^/]+\/ec2\/instances\//
const TARGET_KEY = /^aws\/\d+\/[^/]+\/elbv2\/targets\//
const GROUP_TAG = 'aws:autoscaling:groupName'
const EC2_HEALTH =
  'an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.'
const ELB_HEALTH = 'an instance was taken out of service in response to an ELB system health check failure.'
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
          const scope = scopeOfKey(world, key)
          if (TARGET_KEY.test(key)) {
            const { groupArn } = entry.value as { groupArn: string }
            return listGroups(scope)
              .filter(({ targetGroupArns }) => targetGroupArns?.includes(groupArn))
              .map(({ name }) => groupKey(scope, name))
          }
          if (!INSTANCE_KEY.test(key)) return []
          const name = (entry.value as InstanceRecord).tags[GROUP_TAG]
          return name === undefined ? [] : [groupKey(scope, name)]
        },
      },
    ],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const name = decodeURIComponent(GROUP_KEY.exec(key)![1]!)
      if (!findGroup(scope, name)) return undefined
      followInstances(scope, name)
      const result = resize(scope, name)
      const wait = hookWait(scope, name)
      return wait === undefined ? result : { requeueAfterMs: Math.min(wait, result?.requeueAfterMs ?? wait) }
    },
  }
}

/** Takes over what has happened to the instances: started, ended, found unhealthy, waited long enough. */
function followInstances(scope: Scope, name: string): void {
  const now = scope.world.clock.now()
  for (const { id } of findGroup(scope, name)!.instances) {
    const group = findGroup(scope, name)!
    const member = group.instances.find((one) => one.id === id)!
    const state = tables.instances.find(scope, id)?.state
    const suspended = (process: string) => group.suspended.includes(process)
    if (state === undefined || state === 'terminated') dropInstance(scope, group, member)
    else if (member.lifecycle === 'Pending' && state === 'running') begin(scope, group, member)
    else if (member.hook && member.hook.until <= now) endHook(scope, group, member)
    else if (!isEnding(member) && member.lifecycle !== 'Standby') {
      const ended = state !== 'running' && state !== 'pending'
      const sick = member.lifecycle === 'InService' && failsBalancer(scope, group, member)
      if (!(ended || sick || !member.healthy) || suspended('ReplaceUnhealthy') || suspended('HealthCheck'))
        continue
      const asked = 'an instance was taken out of service in response to a user health-check.'
      beginTermination(scope, group, member, ended ? EC2_HEALTH : sick ? ELB_HEALTH : asked)
    }
  }
}

/** An instance that runs waits for the hook of launches, or takes part at once. */
function begin(scope: Scope, group: GroupRecord, member: GroupInstance): void {
  const waiting = beginHook(scope, group, member, 'autoscaling:EC2_INSTANCE_LAUNCHING')
  if (waiting) replaceMember(scope, group, { ...waiting, lifecycle: 'Pending:Wait' })
  else enterService(scope, group, member)
}

/** A hook is over, by its time or by an answer: what it held goes on, or a launch is given up. */
function endHook(scope: Scope, group: GroupRecord, member: GroupInstance): void {
  if (isEnding(member)) endMember(scope, group, member)
  else if (member.hook!.result === 'CONTINUE') enterService(scope, group, member)
  else {
    const why = `an instance was taken out of service in response to a lifecycle action result of ABANDON.`
    const { hook: _over, ...rest } = member
    endMember(scope, group, announceEnd(scope, group, rest, why))
  }
}

/** How long until the next hook of a group is over, ms. */
function hookWait(scope: Scope, name: string): number | undefined {
  const ends = (findGroup(scope, name)?.instances ?? []).flatMap(({ hook }) => (hook ? [hook.until] : []))
  return ends.length > 0 ? Math.max(0, Math.min(...ends) - scope.world.clock.now()) : undefined
}

function dropInstance(scope: Scope, group: GroupRecord, member: GroupInstance): void {
  leaveBalancers(scope, group, member.id)
  // One that ended by itself has no activity of its end yet.
  const ending = isEnding(member) ? member : announceEnd(scope, group, member, EC2_HEALTH)
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
  const alive = () => group.instances.filter((one) => (group.deleting ? !isEnding(one) : counts(one)))
  const change = `a difference between desired and actual capacity, ${alive().length < wanted ? 'increasing' : 'shrinking'} the capacity from ${alive().length} to ${wanted}.`
  while (alive().length > wanted && !group.suspended.includes('Terminate')) {
    const victim = victimOf(group, group.deleting ? alive() : alive().filter((one) => !one.protected))
    if (!victim) break
    const taken = `an instance was taken out of service in response to ${change}`
    group = beginTermination(scope, group, victim, ...wishOf(group), taken, selected(victim))
  }
  while (alive().length < wanted && !group.suspended.includes('Launch')) {
    const launched = launch(scope, group, change)
    if (!launched) return { requeueAfterMs: LAUNCH_RETRY_MS }
    group = launched
  }
  // The wish that led here is fulfilled: what changes next has another cause.
  if (!group.deleting && group.cause !== '') putGroup(scope, { ...group, cause: '' })
  return undefined
}

/** From the fullest zone, by the group's policies; the default one takes the oldest. */
function victimOf(group: GroupRecord, instances: GroupInstance[]): GroupInstance | undefined {
  const inZone = (zone: string) => instances.filter((one) => one.zone === zone).length
  const newest = group.terminationPolicies[0] === 'NewestInstance'
  return [...instances].sort(
    (a, b) => inZone(b.zone) - inZone(a.zone) || (newest ? b.added - a.added : a.added - b.added),
  )[0]
}

/** What somebody has asked for, if it was not the world that changed. */
const wishOf = ({ cause }: GroupRecord): string[] => (cause ? [cause] : [])
const selected = ({ id }: GroupInstance) => `instance ${id} was selected for termination.`

/** Launches one instance; gives undefined, with a failed activity, when EC2 refuses. */
function launch(scope: Scope, group: GroupRecord, change: string): GroupRecord | undefined {
  const now = scope.world.clock.now()
  const cause = causeOf(now, [...wishOf(group), `an instance was started in response to ${change}`])
  const activity = { id: scope.world.ids.uuid(), group: group.name, cause, started: now }
  try {
    const { tags, ...spec } = launchSpec(scope, group.launch, group)
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
      launched: launchMark(scope, group),
      ...launchVersion(scope, group),
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
