import type * as sdk from '@aws-sdk/client-auto-scaling'
import { type Scope, tables } from '../ec2/index.ts'
import { findTemplate } from '../ec2/launch-templates.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { capacityCause, checkSizes, createGroup, deleteGroup, setDesired } from './groups.ts'
import { launchSpec } from './launch-spec.ts'
import { beginTermination } from './members.ts'
import { identifiers } from './membership.ts'
import { activityOutput, groupOutput, instanceOutput, paged, tagOutput } from './output.ts'
import type { GroupRecord, GroupTag, LaunchSource } from './records.ts'
import { changedSettings } from './settings.ts'
import {
  activitiesOf,
  findActivity,
  findGroup,
  getGroup,
  listConfigurations,
  listGroups,
  putGroup,
} from './tables.ts'

interface LaunchInput {
  LaunchConfigurationName?: string
  LaunchTemplate?: sdk.LaunchTemplateSpecification
  MixedInstancesPolicy?: sdk.MixedInstancesPolicy
}

function launchSource(scope: Scope, input: LaunchInput): LaunchSource | undefined {
  const mixed = input.MixedInstancesPolicy
  if (mixed?.LaunchTemplate?.Overrides?.some(({ InstanceRequirements }) => InstanceRequirements))
    throw new AwsError(
      'NotImplemented',
      'Drydock does not choose instance types by their attributes; name them as InstanceType in the overrides.',
      { status: 501 },
    )
  if (input.LaunchConfigurationName) return { kind: 'configuration', name: input.LaunchConfigurationName }
  const asked = mixed?.LaunchTemplate?.LaunchTemplateSpecification ?? input.LaunchTemplate
  if (!asked) return undefined
  const { id, name } = findTemplate(scope, asked)
  return { kind: 'template', id, name, ...(asked.Version ? { version: asked.Version } : {}) }
}

/** Subnets by `vpc-zone-identifier`, or the default ones of zones. */
function subnetsOf(
  scope: Scope,
  input: { VPCZoneIdentifier?: string; AvailabilityZones?: string[] },
): string[] {
  if (input.VPCZoneIdentifier) return input.VPCZoneIdentifier.split(',').map((id) => id.trim())
  return (input.AvailabilityZones ?? []).map((zone) => {
    const subnet = tables.subnets.list(scope).find((one) => one.isDefault && one.zone === zone)
    if (!subnet) throw new AwsError('ValidationError', `Invalid Availability Zones [${zone}]`)
    return subnet.id
  })
}

function toTags(tags: sdk.Tag[] | undefined): GroupTag[] {
  return (tags ?? []).map((tag) => ({
    key: tag.Key!,
    value: tag.Value ?? '',
    propagate: tag.PropagateAtLaunch ?? true,
  }))
}

/** The group of an instance. Throws ValidationError. */
function owner(scope: Scope, instanceId: string): GroupRecord {
  const group = listGroups(scope).find(({ instances }) => instances.some(({ id }) => id === instanceId))
  if (!group)
    throw new AwsError(
      'ValidationError',
      `Instance Id not found - No managed instance found for instance ID: ${instanceId}`,
    )
  return group
}

export const groupHandlers: Record<string, Handler> = {
  CreateAutoScalingGroup: (input: sdk.CreateAutoScalingGroupCommandInput, context) => {
    const launch = launchSource(context, input)
    if (!launch)
      throw new AwsError(
        'ValidationError',
        'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.',
      )
    createGroup(context, {
      name: input.AutoScalingGroupName!,
      minSize: input.MinSize!,
      maxSize: input.MaxSize!,
      desired: input.DesiredCapacity,
      subnetIds: subnetsOf(context, input),
      launch,
      tags: toTags(input.Tags),
      loadBalancerNames: [...(input.LoadBalancerNames ?? []), ...identifiers(input.TrafficSources, true)],
      targetGroupArns: [...(input.TargetGroupARNs ?? []), ...identifiers(input.TrafficSources)],
      mixed: input.MixedInstancesPolicy,
      healthCheckType: input.HealthCheckType,
      healthCheckGracePeriod: input.HealthCheckGracePeriod,
      cooldown: input.DefaultCooldown,
      terminationPolicies: input.TerminationPolicies,
      protectFromScaleIn: input.NewInstancesProtectedFromScaleIn,
      settings: input,
    })
  },

  UpdateAutoScalingGroup: (input: sdk.UpdateAutoScalingGroupCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const minSize = input.MinSize ?? group.minSize
    const maxSize = input.MaxSize ?? group.maxSize
    // Narrower bounds pull the desired size along; one that is given must lie within.
    const desired = input.DesiredCapacity ?? Math.min(Math.max(group.desired, minSize), maxSize)
    checkSizes(minSize, maxSize, desired)
    const launch = launchSource(context, input) ?? group.launch
    launchSpec(context, launch)
    const zones = input.VPCZoneIdentifier || input.AvailabilityZones?.length
    putGroup(context, {
      ...group,
      minSize,
      maxSize,
      desired,
      launch,
      ...(input.MixedInstancesPolicy || input.LaunchTemplate || input.LaunchConfigurationName
        ? { mixed: input.MixedInstancesPolicy }
        : {}),
      subnetIds: zones ? subnetsOf(context, input) : group.subnetIds,
      cooldown: input.DefaultCooldown ?? group.cooldown,
      healthCheckType: input.HealthCheckType ?? group.healthCheckType,
      healthCheckGracePeriod: input.HealthCheckGracePeriod ?? group.healthCheckGracePeriod,
      terminationPolicies: input.TerminationPolicies ?? group.terminationPolicies,
      protectFromScaleIn: input.NewInstancesProtectedFromScaleIn ?? group.protectFromScaleIn,
      settings: changedSettings(group.settings ?? {}, input),
      ...(desired === group.desired ? {} : { cause: capacityCause(group.desired, desired) }),
    })
  },

  DeleteAutoScalingGroup: (input: sdk.DeleteAutoScalingGroupCommandInput, context) => {
    deleteGroup(context, input.AutoScalingGroupName!, input.ForceDelete ?? false)
  },

  SetDesiredCapacity: (input: sdk.SetDesiredCapacityCommandInput, context) => {
    setDesired(context, input.AutoScalingGroupName!, input.DesiredCapacity!)
  },

  DescribeAutoScalingGroups: (input: sdk.DescribeAutoScalingGroupsCommandInput, context) => {
    const names = input.AutoScalingGroupNames
    const groups = listGroups(context).filter(
      (group) => (!names?.length || names.includes(group.name)) && matches(group, input.Filters),
    )
    const { items, NextToken } = paged(groups, input, 50)
    return { AutoScalingGroups: items.map((group) => groupOutput(context, group)), NextToken }
  },

  DescribeAutoScalingInstances: (input: sdk.DescribeAutoScalingInstancesCommandInput, context) => {
    const all = listGroups(context)
      .flatMap((group) => group.instances.map((member) => ({ group, member })))
      .filter(({ member }) => !input.InstanceIds?.length || input.InstanceIds.includes(member.id))
    const { items, NextToken } = paged(all, input, 50)
    return {
      AutoScalingInstances: items.map(({ group, member }) => ({
        ...instanceOutput(group, member),
        AutoScalingGroupName: group.name,
      })),
      NextToken,
    }
  },

  DescribeScalingActivities: (input: sdk.DescribeScalingActivitiesCommandInput, context) => {
    const names =
      input.AutoScalingGroupName === undefined
        ? listGroups(context).map(({ name }) => name)
        : [input.AutoScalingGroupName]
    const all = names
      .flatMap((name) => activitiesOf(context, name))
      .filter(({ id }) => !input.ActivityIds?.length || input.ActivityIds.includes(id))
      .sort((a, b) => b.started - a.started)
    const { items, NextToken } = paged(all, { MaxRecords: input.MaxRecords, NextToken: input.NextToken }, 100)
    return {
      Activities: items.map((one) => activityOutput(context, one, findGroup(context, one.group))),
      NextToken,
    }
  },

  TerminateInstanceInAutoScalingGroup: (
    input: sdk.TerminateInstanceInAutoScalingGroupCommandInput,
    context,
  ) => {
    const id = input.InstanceId!
    const group = owner(context, id)
    const lower = input.ShouldDecrementDesiredCapacity ?? false
    const desired = lower ? group.desired - 1 : group.desired
    if (desired < group.minSize)
      throw new AwsError(
        'ValidationError',
        `Currently, desiredSize equals minSize (${group.minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
      )
    const shrink = lower ? `, shrinking the capacity from ${group.desired} to ${desired}` : ''
    const member = group.instances.find((one) => one.id === id)!
    const why = `instance ${id} was taken out of service in response to a user request${shrink}.`
    const next = beginTermination(context, { ...group, desired, cause: '' }, member, why)
    const { activityId } = next.instances.find((one) => one.id === id)!
    const activity = findActivity(context, group.name, activityId)!
    return { Activity: { ...activityOutput(context, activity, group), Progress: 0 } }
  },

  SetInstanceHealth: (input: sdk.SetInstanceHealthCommandInput, context) => {
    const group = owner(context, input.InstanceId!)
    const healthy = input.HealthStatus === 'Healthy'
    const instances = group.instances.map((one) => (one.id === input.InstanceId ? { ...one, healthy } : one))
    putGroup(context, { ...group, instances, cause: '' })
  },

  SetInstanceProtection: (input: sdk.SetInstanceProtectionCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const instances = group.instances.map((one) =>
      input.InstanceIds?.includes(one.id) ? { ...one, protected: input.ProtectedFromScaleIn ?? false } : one,
    )
    putGroup(context, { ...group, instances })
    return {}
  },

  SuspendProcesses: (input: sdk.SuspendProcessesCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const added = input.ScalingProcesses?.length ? input.ScalingProcesses : PROCESSES
    putGroup(context, { ...group, suspended: [...new Set([...group.suspended, ...added])] })
  },

  ResumeProcesses: (input: sdk.ResumeProcessesCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const resumed = input.ScalingProcesses?.length ? input.ScalingProcesses : PROCESSES
    putGroup(context, { ...group, suspended: group.suspended.filter((name) => !resumed.includes(name)) })
  },

  CreateOrUpdateTags: (input: sdk.CreateOrUpdateTagsCommandInput, context) => {
    for (const tag of input.Tags ?? []) {
      const group = getGroup(context, tag.ResourceId!)
      const others = group.tags.filter(({ key }) => key !== tag.Key)
      putGroup(context, { ...group, tags: [...others, ...toTags([tag])] })
    }
  },

  DeleteTags: (input: sdk.DeleteTagsCommandInput, context) => {
    for (const tag of input.Tags ?? []) {
      const group = getGroup(context, tag.ResourceId!)
      putGroup(context, { ...group, tags: group.tags.filter(({ key }) => key !== tag.Key) })
    }
  },

  DescribeTags: (input: sdk.DescribeTagsCommandInput, context) => {
    const wanted = (name: string, value: string) =>
      (input.Filters ?? []).every((filter) => filter.Name !== name || filter.Values?.includes(value))
    const all = listGroups(context).flatMap((group) =>
      group.tags
        .filter(
          ({ key, value }) =>
            wanted('auto-scaling-group', group.name) && wanted('key', key) && wanted('value', value),
        )
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map((tag) => tagOutput(group, tag)),
    )
    const { items, NextToken } = paged(all, input, 50)
    return { Tags: items, NextToken }
  },

  // Neither can be made here, so no group has any.
  DescribeWarmPool: (input: sdk.DescribeWarmPoolCommandInput, context) => {
    getGroup(context, input.AutoScalingGroupName!)
    return { Instances: [] }
  },
  DescribeNotificationConfigurations: () => ({ NotificationConfigurations: [] }),
  DescribeAutoScalingNotificationTypes: () => ({ AutoScalingNotificationTypes: NOTIFICATIONS }),
  DescribeTerminationPolicyTypes: () => ({ TerminationPolicyTypes: TERMINATION_POLICIES }),

  DescribeScalingProcessTypes: () => ({ Processes: PROCESSES.map((ProcessName) => ({ ProcessName })) }),
  DescribeAccountLimits: (_input: unknown, context) => ({
    MaxNumberOfAutoScalingGroups: 500,
    MaxNumberOfLaunchConfigurations: 200,
    NumberOfAutoScalingGroups: listGroups(context).length,
    NumberOfLaunchConfigurations: listConfigurations(context).length,
  }),
}

const PROCESSES = [
  'AZRebalance',
  'AddToLoadBalancer',
  'AlarmNotification',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
  'ReplaceUnhealthy',
  'ScheduledActions',
  'Terminate',
]

const NOTIFICATIONS = ['LAUNCH', 'LAUNCH_ERROR', 'TERMINATE', 'TERMINATE_ERROR']
  .map((name) => `autoscaling:EC2_INSTANCE_${name}`)
  .concat('autoscaling:TEST_NOTIFICATION')

const TERMINATION_POLICIES = [
  'AllocationStrategy',
  'ClosestToNextInstanceHour',
  'Default',
  'NewestInstance',
  'OldestInstance',
  'OldestLaunchConfiguration',
  'OldestLaunchTemplate',
]

function matches(group: GroupRecord, filters: sdk.Filter[] | undefined): boolean {
  return (filters ?? []).every(({ Name: name = '', Values: values = [] }) => {
    if (name === 'tag-key') return group.tags.some(({ key }) => values.includes(key))
    if (name === 'tag-value') return group.tags.some(({ value }) => values.includes(value))
    if (name.startsWith('tag:'))
      return group.tags.some(({ key, value }) => key === name.slice(4) && values.includes(value))
    throw new AwsError(
      'ValidationError',
      `Filter type ${name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>`,
    )
  })
}
