import type * as sdk from '@aws-sdk/client-auto-scaling'
import { type Scope, tables } from '../ec2/index.ts'
import { findLoadBalancer, healthOf } from '../elb/tables.ts'
import { targetGroups, targets } from '../elbv2/index.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { checkBalancers, checkTargetGroups } from './groups.ts'
import { launchMark } from './launch-spec.ts'
import { causeOf, enterService, joinBalancers, leaveBalancers, placeOf } from './members.ts'
import { activityOutput, paged } from './output.ts'
import type { ActivityRecord, GroupInstance, GroupRecord } from './records.ts'
import { getGroup, listGroups, putActivity, putGroup } from './tables.ts'

const validation = (message: string) => new AwsError('ValidationError', message)

/** The members of a request. Throws ValidationError for instances of others. */
function membersOf(group: GroupRecord, ids: string[] | undefined): GroupInstance[] {
  return (ids ?? []).map((id) => {
    const member = group.instances.find((one) => one.id === id)
    if (!member) throw validation(`The instance ${id} is not part of Auto Scaling group ${group.name}.`)
    return member
  })
}

function record(
  scope: Scope,
  group: GroupRecord,
  description: string,
  cause: string,
  member?: GroupInstance,
): ActivityRecord {
  const now = scope.world.clock.now()
  return putActivity(scope, {
    ...(member && placeOf(scope, member)),
    id: scope.world.ids.uuid(),
    group: group.name,
    description,
    cause: causeOf(now, [cause]),
    started: now,
    ended: now,
    status: 'Successful',
  })
}

/** An activity as the call that begins it answers: it goes on. */
const begun = (
  scope: Scope,
  activity: ActivityRecord,
  group: GroupRecord,
  status = 'InProgress',
  progress = 50,
) => {
  const { EndTime: _, ...rest } = activityOutput(scope, activity, group)
  return { ...rest, StatusCode: status, Progress: progress }
}

/** How a cause tells that the group becomes smaller by one, if it does. */
const shrinking = (group: GroupRecord, desired: number, index: number) =>
  desired < group.desired
    ? `, shrinking the capacity from ${group.desired - index} to ${group.desired - index - 1}`
    : ''

function lowered(group: GroupRecord, count: number, lower: boolean): number {
  const desired = lower ? group.desired - count : group.desired
  if (desired < group.minSize)
    throw validation(
      `AutoScalingGroup ${group.name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${group.desired}. To place into standby or detach ${count} instances, please update the AutoScalingGroup sizes appropriately.`,
    )
  return desired
}

/**
 * A target group as Auto Scaling shows it: in service once a target of the group is, if the group asks the load balancer for its instances' health.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LoadBalancerTargetGroupState.html
 */
function balancerState(scope: Scope, { instances, healthCheckType }: GroupRecord, arn: string): string {
  if (!targetGroups.find(scope, arn)) return 'Removed'
  if (!healthCheckType.includes('ELB')) return 'Added'
  const own = targets.list(scope, arn).filter(({ id }) => instances.some((one) => one.id === id))
  return own.some(({ state }) => state === 'healthy') ? 'InService' : 'Added'
}

function attachGroups(scope: Scope, name: string, arns: string[]): void {
  const group = getGroup(scope, name)
  checkTargetGroups(scope, arns)
  const next = putGroup(scope, {
    ...group,
    targetGroupArns: [...new Set([...(group.targetGroupArns ?? []), ...arns])],
  })
  for (const { id, lifecycle } of next.instances)
    if (lifecycle === 'InService') joinBalancers(scope, next, id)
}

function detachGroups(scope: Scope, name: string, arns: string[]): void {
  const group = getGroup(scope, name)
  for (const { id } of group.instances)
    leaveBalancers(scope, { ...group, loadBalancerNames: [], targetGroupArns: arns }, id)
  const left = (group.targetGroupArns ?? []).filter((arn) => !arns.includes(arn))
  putGroup(scope, { ...group, targetGroupArns: left })
}

function attachClassic(scope: Scope, name: string, names: string[]): void {
  const group = getGroup(scope, name)
  checkBalancers(scope, names)
  const next = putGroup(scope, {
    ...group,
    loadBalancerNames: [...new Set([...group.loadBalancerNames, ...names])],
  })
  for (const { id, lifecycle } of next.instances)
    if (lifecycle === 'InService') joinBalancers(scope, next, id)
}

function detachClassic(scope: Scope, name: string, names: string[]): void {
  const group = getGroup(scope, name)
  for (const { id } of group.instances)
    leaveBalancers(scope, { ...group, loadBalancerNames: names, targetGroupArns: [] }, id)
  putGroup(scope, {
    ...group,
    loadBalancerNames: group.loadBalancerNames.filter((one) => !names.includes(one)),
  })
}

/** A classic load balancer as Auto Scaling shows it. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LoadBalancerState.html */
function classicState(scope: Scope, { instances, healthCheckType }: GroupRecord, name: string): string {
  if (!findLoadBalancer(scope, name)) return 'Removed'
  const healthy = instances.some(({ id }) => healthOf(scope, name, id)?.state === 'in-service')
  return healthCheckType.includes('ELB') && healthy ? 'InService' : 'Added'
}

/** The target groups (or, of the type `elb`, the classic load balancers) among traffic sources. */
export const identifiers = (sources: sdk.TrafficSourceIdentifier[] = [], classic = false): string[] =>
  sources.filter(({ Type }) => (Type === 'elb') === classic).map(({ Identifier }) => Identifier!)

export const membershipHandlers: Record<string, Handler> = {
  AttachInstances: (input: sdk.AttachInstancesQuery, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const ids = input.InstanceIds ?? []
    const desired = group.desired + ids.length
    if (desired > group.maxSize)
      throw validation(
        `AutoScalingGroup ${group.name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${group.desired}. To attach ${ids.length} more instance(s), please update the AutoScalingGroup sizes appropriately.`,
      )
    let next = group
    for (const id of ids) {
      const instance = tables.instances.find(context, id)
      if (!instance) throw validation(`Invalid Instance ID(s): [${id}] specified`)
      if (instance.state !== 'running')
        throw validation(`Instance ${id} is not in correct state. Instance(s) must be in 'running' state.`)
      if (listGroups(context).some(({ instances }) => instances.some((one) => one.id === id)))
        throw validation(`Instance ${id} is already part of an Auto Scaling group.`)
      const activity = record(
        context,
        group,
        `Attaching an existing EC2 instance: ${id}`,
        `an instance was added in response to user request.`,
      )
      const tags = { ...instance.tags, 'aws:autoscaling:groupName': group.name }
      tables.instances.put(context, { ...instance, tags })
      const member: GroupInstance = {
        id,
        zone: instance.zone,
        type: instance.type,
        lifecycle: 'Pending',
        healthy: true,
        protected: group.protectFromScaleIn,
        added: context.world.clock.now(),
        activityId: activity.id,
        launched: launchMark(context, group),
      }
      next = { ...next, desired: next.desired + 1, instances: [...next.instances, member] }
      next = enterService(context, next, member)
    }
    return {}
  },

  DetachInstances: (input: sdk.DetachInstancesQuery, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const leaving = membersOf(group, input.InstanceIds)
    const desired = lowered(group, leaving.length, input.ShouldDecrementDesiredCapacity!)
    const activities = leaving.map((member, index) => {
      const { id } = member
      leaveBalancers(context, group, id)
      const instance = tables.instances.find(context, id)
      const { 'aws:autoscaling:groupName': _group, ...tags } = instance?.tags ?? {}
      if (instance) tables.instances.put(context, { ...instance, tags })
      return record(
        context,
        group,
        `Detaching EC2 instance: ${id}`,
        `instance ${id} was detached in response to a user request${shrinking(group, desired, index)}.`,
        member,
      )
    })
    const ids = leaving.map(({ id }) => id)
    const instances = group.instances.filter(({ id }) => !ids.includes(id))
    putGroup(context, { ...group, desired, instances, cause: '' })
    return { Activities: activities.map((one) => begun(context, one, group)) }
  },

  EnterStandby: (input: sdk.EnterStandbyQuery, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const members = membersOf(group, input.InstanceIds)
    const wrong = members.find(({ lifecycle }) => lifecycle !== 'InService')
    if (wrong) throw validation(`The instance ${wrong.id} is not in InService.`)
    const desired = lowered(group, members.length, input.ShouldDecrementDesiredCapacity!)
    const activities = members.map((member, index) => {
      const { id } = member
      leaveBalancers(context, group, id)
      return record(
        context,
        group,
        `Moving EC2 instance to Standby: ${id}`,
        `instance ${id} was moved to standby in response to a user request${shrinking(group, desired, index)}.`,
        member,
      )
    })
    const ids = members.map(({ id }) => id)
    const instances = group.instances.map((one) =>
      ids.includes(one.id) ? { ...one, lifecycle: 'Standby' as const } : one,
    )
    putGroup(context, { ...group, desired, instances, cause: '' })
    return { Activities: activities.map((one) => begun(context, one, group)) }
  },

  ExitStandby: (input: sdk.ExitStandbyQuery, context) => {
    let group = getGroup(context, input.AutoScalingGroupName!)
    const members = membersOf(group, input.InstanceIds)
    const wrong = members.find(({ lifecycle }) => lifecycle !== 'Standby')
    if (wrong) throw validation(`The instance ${wrong.id} is not in Standby.`)
    const activities = members.map((member) => {
      const activity = record(
        context,
        group,
        `Moving EC2 instance out of Standby: ${member.id}`,
        `instance ${member.id} was moved out of standby in response to a user request, increasing the capacity from ${group.desired} to ${group.desired + 1}.`,
        member,
      )
      group = enterService(context, { ...group, desired: group.desired + 1, cause: '' }, member)
      return activity
    })
    return { Activities: activities.map((one) => begun(context, one, group, 'PreInService', 30)) }
  },

  AttachLoadBalancerTargetGroups: (input: sdk.AttachLoadBalancerTargetGroupsType, context) => {
    attachGroups(context, input.AutoScalingGroupName!, input.TargetGroupARNs ?? [])
    return {}
  },
  DetachLoadBalancerTargetGroups: (input: sdk.DetachLoadBalancerTargetGroupsType, context) => {
    detachGroups(context, input.AutoScalingGroupName!, input.TargetGroupARNs ?? [])
    return {}
  },
  DescribeLoadBalancerTargetGroups: (input: sdk.DescribeLoadBalancerTargetGroupsRequest, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const { items, NextToken } = paged(group.targetGroupArns ?? [], input, 100)
    return {
      LoadBalancerTargetGroups: items.map((arn) => ({
        LoadBalancerTargetGroupARN: arn,
        State: balancerState(context, group, arn),
      })),
      NextToken,
    }
  },
  AttachLoadBalancers: (input: sdk.AttachLoadBalancersType, context) => {
    attachClassic(context, input.AutoScalingGroupName!, input.LoadBalancerNames ?? [])
    return {}
  },
  DetachLoadBalancers: (input: sdk.DetachLoadBalancersType, context) => {
    detachClassic(context, input.AutoScalingGroupName!, input.LoadBalancerNames ?? [])
    return {}
  },
  DescribeLoadBalancers: (input: sdk.DescribeLoadBalancersRequest, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const { items, NextToken } = paged(group.loadBalancerNames, input, 100)
    return {
      LoadBalancers: items.map((name) => ({
        LoadBalancerName: name,
        State: classicState(context, group, name),
      })),
      NextToken,
    }
  },
  AttachTrafficSources: (input: sdk.AttachTrafficSourcesType, context) => {
    attachGroups(context, input.AutoScalingGroupName!, identifiers(input.TrafficSources))
    attachClassic(context, input.AutoScalingGroupName!, identifiers(input.TrafficSources, true))
    return {}
  },
  DetachTrafficSources: (input: sdk.DetachTrafficSourcesType, context) => {
    detachGroups(context, input.AutoScalingGroupName!, identifiers(input.TrafficSources))
    detachClassic(context, input.AutoScalingGroupName!, identifiers(input.TrafficSources, true))
    return {}
  },
  DescribeTrafficSources: (input: sdk.DescribeTrafficSourcesRequest, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const { items, NextToken } = paged(group.targetGroupArns ?? [], input, 50)
    return {
      TrafficSources: items.map((arn) => ({
        Identifier: arn,
        TrafficSource: arn,
        Type: 'elbv2',
        State: balancerState(context, group, arn),
      })),
      NextToken,
    }
  },

  EnableMetricsCollection: (input: sdk.EnableMetricsCollectionQuery, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const asked = input.Metrics?.length ? input.Metrics : METRICS
    putGroup(context, { ...group, metrics: [...new Set([...(group.metrics ?? []), ...asked])] })
  },
  DisableMetricsCollection: (input: sdk.DisableMetricsCollectionQuery, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const gone = input.Metrics?.length ? input.Metrics : METRICS
    putGroup(context, { ...group, metrics: (group.metrics ?? []).filter((name) => !gone.includes(name)) })
  },
  DescribeMetricCollectionTypes: () => ({
    Metrics: METRICS.map((Metric) => ({ Metric })),
    Granularities: [{ Granularity: '1Minute' }],
  }),
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html (those of warm pools cannot be published here). */
const METRICS = [
  'GroupMinSize',
  'GroupMaxSize',
  'GroupDesiredCapacity',
  ...['InService', 'Pending', 'Terminating', 'Standby', 'Total'].flatMap((state) => [
    `Group${state}Instances`,
    `Group${state}Capacity`,
  ]),
]
