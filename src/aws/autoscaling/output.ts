import type * as sdk from '@aws-sdk/client-auto-scaling'
import { type Scope, tables } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import type { ActivityRecord, GroupInstance, GroupRecord, GroupTag } from './records.ts'

function templateOf({ launch }: GroupRecord): sdk.LaunchTemplateSpecification | undefined {
  if (launch.kind === 'configuration') return undefined
  const { id, name, version } = launch.kind === 'template' ? launch : (launch.template ?? {})
  return id === undefined ? undefined : { LaunchTemplateId: id, LaunchTemplateName: name, Version: version }
}

function launchedWith(group: GroupRecord) {
  return group.launch.kind === 'configuration'
    ? { LaunchConfigurationName: group.launch.name }
    : { LaunchTemplate: templateOf(group) }
}

export function instanceOutput(group: GroupRecord, member: GroupInstance) {
  return {
    InstanceId: member.id,
    InstanceType: member.type,
    AvailabilityZone: member.zone,
    LifecycleState: member.lifecycle,
    HealthStatus: member.healthy ? 'Healthy' : 'Unhealthy',
    ...(group.launch.kind === 'configuration'
      ? { LaunchConfigurationName: group.launch.name }
      : {
          LaunchTemplate: {
            ...templateOf(group),
            ...(member.version === undefined ? {} : { Version: member.version }),
          },
        }),
    ProtectedFromScaleIn: member.protected,
  }
}

export function tagOutput(group: GroupRecord, { key, value, propagate }: GroupTag): sdk.TagDescription {
  return {
    ResourceId: group.name,
    ResourceType: 'auto-scaling-group',
    Key: key,
    Value: value,
    PropagateAtLaunch: propagate,
  }
}

/** A policy with its defaults. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html */
function mixedOutput(group: GroupRecord): sdk.MixedInstancesPolicy {
  const { LaunchTemplate: template, InstancesDistribution: given } = group.mixed!
  return {
    LaunchTemplate: { ...template, LaunchTemplateSpecification: templateOf(group) },
    InstancesDistribution: {
      OnDemandAllocationStrategy: 'prioritized',
      OnDemandBaseCapacity: 0,
      OnDemandPercentageAboveBaseCapacity: 100,
      SpotAllocationStrategy: 'lowest-price',
      ...given,
    },
  }
}

/** Where the traffic of a group comes from. */
const sourcesOf = ({
  loadBalancerNames,
  targetGroupArns = [],
}: GroupRecord): sdk.TrafficSourceIdentifier[] => [
  ...targetGroupArns.map((Identifier) => ({ Identifier, Type: 'elbv2' })),
  ...loadBalancerNames.map((Identifier) => ({ Identifier, Type: 'elb' })),
]

/** A group in Auto Scaling's shape. */
export function groupOutput(scope: Scope, group: GroupRecord) {
  const zones = group.subnetIds.map((id) => tables.subnets.find(scope, id)?.zone)
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    ...(group.mixed ? { MixedInstancesPolicy: mixedOutput(group) } : launchedWith(group)),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desired,
    DefaultCooldown: group.cooldown,
    AvailabilityZones: [...new Set(zones.filter((zone) => zone !== undefined))],
    LoadBalancerNames: group.loadBalancerNames,
    TargetGroupARNs: group.targetGroupArns ?? [],
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGracePeriod,
    Instances: group.instances.map((member) => instanceOutput(group, member)),
    CreatedTime: new Date(group.created),
    SuspendedProcesses: group.suspended.map((ProcessName) => ({
      ProcessName,
      SuspensionReason: 'User suspended',
    })),
    VPCZoneIdentifier: group.subnetIds.join(','),
    EnabledMetrics: (group.metrics ?? []).map((Metric) => ({ Metric, Granularity: '1Minute' })),
    ...(group.deleting ? { Status: 'Delete in progress' } : {}),
    Tags: group.tags.map((tag) => tagOutput(group, tag)),
    TerminationPolicies: group.terminationPolicies,
    NewInstancesProtectedFromScaleIn: group.protectFromScaleIn,
    ServiceLinkedRoleARN: `arn:aws:iam::${scope.accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    ...group.settings,
    TrafficSources: sourcesOf(group),
  }
}

/** Ends are told in whole seconds, as the examples of the AWS CLI show them. */
export const second = (time: number) => new Date(Math.floor(time / 1000) * 1000)

export function activityOutput(_scope: Scope, activity: ActivityRecord, group: GroupRecord | undefined) {
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.group,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.started),
    ...(activity.ended === undefined ? {} : { EndTime: second(activity.ended) }),
    StatusCode: activity.status,
    ...(activity.message === undefined ? {} : { StatusMessage: activity.message }),
    Progress: activity.status === 'InProgress' ? 50 : 100,
    Details: JSON.stringify({ 'Subnet ID': activity.subnetId, 'Availability Zone': activity.zone }),
    ...(group ? { AutoScalingGroupARN: group.arn } : { AutoScalingGroupState: 'Deleted' }),
  }
}

/** One page and the token of the next. Throws InvalidNextToken. */
export function paged<T>(items: T[], input: { MaxRecords?: number; NextToken?: string }, size: number) {
  const start =
    input.NextToken === undefined
      ? 0
      : Number(/^t(\d+)$/.exec(Buffer.from(input.NextToken, 'base64').toString('latin1'))?.[1])
  if (Number.isNaN(start)) throw new AwsError('InvalidNextToken', 'The token is not valid.')
  const end = start + (input.MaxRecords ?? size)
  return {
    items: items.slice(start, end),
    NextToken: end < items.length ? Buffer.from(`t${end}`).toString('base64') : undefined,
  }
}
