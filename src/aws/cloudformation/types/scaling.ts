import { AwsError } from '../../wire/service.ts'
import type { Properties } from '../records.ts'
import { type Calls, type Order, type ResourceType, without } from './type.ts'

const asg = (call: Calls, operation: string, input: Record<string, unknown>) =>
  call('autoscaling', operation, input)

interface GroupTag {
  Key: string
  Value: string
  PropagateAtLaunch?: boolean
}

/** A group's settings in the form of Auto Scaling's calls. */
function settings(p: Properties) {
  const zones = p.VPCZoneIdentifier as string[] | undefined
  return {
    ...without(p, 'Tags', 'AutoScalingGroupName'),
    ...(zones === undefined ? {} : { VPCZoneIdentifier: zones.join(',') }),
    ...(p.Cooldown === undefined ? {} : { DefaultCooldown: p.Cooldown }),
  }
}

function groupTags(name: string, p: Properties, { tags }: Order) {
  const own = (p.Tags ?? []) as GroupTag[]
  const others = tags.filter(({ Key }) => !own.some((one) => one.Key === Key))
  return [...own, ...others].map((one) => ({
    PropagateAtLaunch: true,
    ...one,
    ResourceId: name,
    ResourceType: 'auto-scaling-group',
  }))
}

const group: ResourceType = {
  name: 'AWS::AutoScaling::AutoScalingGroup',
  lingers: true,
  properties:
    'AutoScalingGroupName* MinSize! MaxSize! DesiredCapacity LaunchTemplate LaunchConfigurationName MixedInstancesPolicy InstanceId* VPCZoneIdentifier AvailabilityZones Cooldown DefaultInstanceWarmup HealthCheckType HealthCheckGracePeriod LoadBalancerNames TargetGroupARNs TerminationPolicies NewInstancesProtectedFromScaleIn CapacityRebalance MaxInstanceLifetime ServiceLinkedRoleARN MetricsCollection Tags',
  async create(call, p, order) {
    const name = String(p.AutoScalingGroupName ?? order.name(255))
    await asg(call, 'CreateAutoScalingGroup', {
      ...settings(p),
      AutoScalingGroupName: name,
      Tags: groupTags(name, p, order),
    })
    return name
  },
  async read(call, name) {
    const { AutoScalingGroups } = await asg(call, 'DescribeAutoScalingGroups', {
      AutoScalingGroupNames: [name],
    })
    const found = AutoScalingGroups[0]
    if (!found) throw new AwsError('NotFound', `AutoScalingGroup name not found - ${name}`)
    const inService = found.Instances.filter(
      ({ LifecycleState }: { LifecycleState: string }) => LifecycleState === 'InService',
    )
    if (found.Status !== undefined || inService.length < found.DesiredCapacity) return { state: 'pending' }
    return { state: 'ready', attributes: { AutoScalingGroupARN: found.AutoScalingGroupARN } }
  },
  async update(call, name, p, _, order) {
    await asg(call, 'UpdateAutoScalingGroup', { ...settings(p), AutoScalingGroupName: name })
    await asg(call, 'CreateOrUpdateTags', { Tags: groupTags(name, p, order) })
  },
  remove: (call, name) =>
    asg(call, 'DeleteAutoScalingGroup', { AutoScalingGroupName: name, ForceDelete: true }),
}

const launchConfiguration: ResourceType = {
  name: 'AWS::AutoScaling::LaunchConfiguration',
  properties:
    'LaunchConfigurationName* ImageId!* InstanceType* KeyName* SecurityGroups* UserData* IamInstanceProfile* BlockDeviceMappings* AssociatePublicIpAddress* InstanceMonitoring* MetadataOptions* SpotPrice* EbsOptimized*',
  async create(call, p, order) {
    const name = String(p.LaunchConfigurationName ?? order.name(255))
    await asg(call, 'CreateLaunchConfiguration', { ...p, LaunchConfigurationName: name })
    return name
  },
  remove: (call, name) => asg(call, 'DeleteLaunchConfiguration', { LaunchConfigurationName: name }),
}

const groupPolicy: ResourceType = {
  name: 'AWS::AutoScaling::ScalingPolicy',
  properties:
    'AutoScalingGroupName!* PolicyType AdjustmentType ScalingAdjustment MinAdjustmentMagnitude Cooldown StepAdjustments MetricAggregationType EstimatedInstanceWarmup TargetTrackingConfiguration',
  async create(call, p, order) {
    const PolicyName = order.name(255)
    const { PolicyARN } = await asg(call, 'PutScalingPolicy', { ...p, PolicyName })
    return { id: PolicyARN, attributes: { Arn: PolicyARN, PolicyName } }
  },
  update: (call, arn, p) => asg(call, 'PutScalingPolicy', { ...p, PolicyName: nameOf(arn) }),
  remove: (call, arn, { AutoScalingGroupName }) =>
    asg(call, 'DeletePolicy', { AutoScalingGroupName, PolicyName: nameOf(arn) }),
}

const lifecycleHook: ResourceType = {
  name: 'AWS::AutoScaling::LifecycleHook',
  properties:
    'AutoScalingGroupName!* LifecycleHookName* LifecycleTransition! DefaultResult HeartbeatTimeout NotificationMetadata NotificationTargetARN RoleARN',
  async create(call, p, order) {
    const LifecycleHookName = String(p.LifecycleHookName ?? order.name(255))
    await asg(call, 'PutLifecycleHook', { ...p, LifecycleHookName })
    return LifecycleHookName
  },
  update: (call, LifecycleHookName, p) => asg(call, 'PutLifecycleHook', { ...p, LifecycleHookName }),
  remove: (call, LifecycleHookName, { AutoScalingGroupName }) =>
    asg(call, 'DeleteLifecycleHook', { AutoScalingGroupName, LifecycleHookName }),
}

const groupSchedule: ResourceType = {
  name: 'AWS::AutoScaling::ScheduledAction',
  properties: 'AutoScalingGroupName!* DesiredCapacity EndTime MaxSize MinSize Recurrence StartTime TimeZone',
  async create(call, p, order) {
    const ScheduledActionName = order.name(255)
    await asg(call, 'PutScheduledUpdateGroupAction', { ...p, ScheduledActionName })
    return ScheduledActionName
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { ScheduledActionName: id } }),
  update: (call, ScheduledActionName, p) =>
    asg(call, 'PutScheduledUpdateGroupAction', { ...p, ScheduledActionName }),
  remove: (call, ScheduledActionName, { AutoScalingGroupName }) =>
    asg(call, 'DeleteScheduledAction', { AutoScalingGroupName, ScheduledActionName }),
}

const nameOf = (arn: string) => arn.slice(arn.indexOf(':policyName/') + ':policyName/'.length)

const app = (call: Calls, operation: string, input: Record<string, unknown>) =>
  call('application-autoscaling', operation, input)

/** `service/default/web|ecs:service:DesiredCount|ecs` */
const targetId = (p: Properties) => `${p.ResourceId}|${p.ScalableDimension}|${p.ServiceNamespace}`
function targetOf(id: string) {
  const [ResourceId, ScalableDimension, ServiceNamespace] = id.split('|')
  return { ResourceId, ScalableDimension, ServiceNamespace }
}

const scalableTarget: ResourceType = {
  name: 'AWS::ApplicationAutoScaling::ScalableTarget',
  properties:
    'ResourceId!* ScalableDimension!* ServiceNamespace!* MinCapacity! MaxCapacity! RoleARN SuspendedState ScheduledActions',
  async create(call, p) {
    await app(call, 'RegisterScalableTarget', without(p, 'ScheduledActions'))
    await setSchedule(call, p, {})
    return targetId(p)
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { Id: id } }),
  async update(call, _, p, before) {
    await app(call, 'RegisterScalableTarget', without(p, 'ScheduledActions'))
    await setSchedule(call, p, before)
  },
  remove: (call, id) => app(call, 'DeregisterScalableTarget', targetOf(id)),
}

interface ScheduledAction {
  ScheduledActionName: string
}

async function setSchedule(call: Calls, p: Properties, before: Properties): Promise<void> {
  const who = targetOf(targetId(p))
  const wanted = (p.ScheduledActions ?? []) as ScheduledAction[]
  for (const { ScheduledActionName } of (before.ScheduledActions ?? []) as ScheduledAction[])
    if (!wanted.some((one) => one.ScheduledActionName === ScheduledActionName))
      await app(call, 'DeleteScheduledAction', { ...who, ScheduledActionName })
  for (const action of wanted) await app(call, 'PutScheduledAction', { ...who, ...action })
}

const targetPolicy: ResourceType = {
  name: 'AWS::ApplicationAutoScaling::ScalingPolicy',
  properties:
    'PolicyName!* PolicyType! ScalingTargetId* ResourceId* ScalableDimension* ServiceNamespace* TargetTrackingScalingPolicyConfiguration StepScalingPolicyConfiguration',
  create: async (call, p) => (await app(call, 'PutScalingPolicy', ofTarget(p))).PolicyARN,
  read: async (_call, id, p) => ({ state: 'ready', attributes: { Arn: id, PolicyName: p.PolicyName } }),
  update: (call, _, p) => app(call, 'PutScalingPolicy', ofTarget(p)),
  remove: (call, _, p) => {
    const { PolicyName, ResourceId, ScalableDimension, ServiceNamespace } = ofTarget(p)
    return app(call, 'DeleteScalingPolicy', { PolicyName, ResourceId, ScalableDimension, ServiceNamespace })
  },
}

/** A policy names its target by its three parts, or by the target's id. */
function ofTarget(p: Properties): Properties {
  const { ScalingTargetId, ...rest } = p
  return ScalingTargetId === undefined ? rest : { ...rest, ...targetOf(String(ScalingTargetId)) }
}

export const scalingTypes = [
  group,
  launchConfiguration,
  groupPolicy,
  lifecycleHook,
  groupSchedule,
  scalableTarget,
  targetPolicy,
]
