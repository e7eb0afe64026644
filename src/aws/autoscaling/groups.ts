import { type Scope, tables } from '../ec2/index.ts'
import { findLoadBalancer } from '../elb/tables.ts'
import { targetGroups } from '../elbv2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { AwsError } from '../wire/service.ts'
import { launchSpec } from './launch-spec.ts'
import type { GroupRecord, GroupTag, LaunchSource } from './records.ts'
import { changedSettings, type GroupSettings } from './settings.ts'
import { findGroup, getGroup, putGroup } from './tables.ts'

export interface GroupOptions {
  name: string
  minSize: number
  maxSize: number
  /** Default: the smallest size. */
  desired?: number
  subnetIds: string[]
  launch: LaunchSource
  tags?: GroupTag[]
  loadBalancerNames?: string[]
  targetGroupArns?: string[]
  mixed?: GroupRecord['mixed']
  healthCheckType?: string
  healthCheckGracePeriod?: number
  cooldown?: number
  terminationPolicies?: string[]
  protectFromScaleIn?: boolean
  settings?: GroupSettings
}

/** Makes a group; the controller brings it to its size. Throws AlreadyExists and ValidationError. */
export function createGroup(scope: Scope, options: GroupOptions): GroupRecord {
  const { name, minSize, maxSize, desired = minSize, subnetIds, launch, loadBalancerNames = [] } = options
  const { world, accountId, region } = scope
  if (findGroup(scope, name))
    throw new AwsError(
      'AlreadyExists',
      `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`,
    )
  checkSizes(minSize, maxSize, desired)
  if (subnetIds.length === 0)
    throw new AwsError('ValidationError', 'At least one Availability Zone or VPC Subnet is required.')
  for (const id of subnetIds)
    if (!tables.subnets.find(scope, id))
      throw new AwsError('ValidationError', `The subnet ID '${id}' does not exist`)
  launchSpec(scope, launch)
  checkBalancers(scope, loadBalancerNames)
  checkTargetGroups(scope, options.targetGroupArns ?? [])
  ensureLinkedRole(world, accountId, 'autoscaling.amazonaws.com')
  const now = world.clock.now()
  return putGroup(scope, {
    name,
    arn: `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:${world.ids.uuid()}:autoScalingGroupName/${name}`,
    minSize,
    maxSize,
    desired,
    cooldown: options.cooldown ?? 300,
    subnetIds,
    launch,
    healthCheckType: options.healthCheckType ?? 'EC2',
    healthCheckGracePeriod: options.healthCheckGracePeriod ?? 0,
    loadBalancerNames,
    ...(options.targetGroupArns?.length ? { targetGroupArns: options.targetGroupArns } : {}),
    ...(options.mixed ? { mixed: options.mixed } : {}),
    terminationPolicies: options.terminationPolicies ?? ['Default'],
    suspended: [],
    protectFromScaleIn: options.protectFromScaleIn ?? false,
    ...(options.settings ? { settings: changedSettings({}, options.settings) } : {}),
    tags: options.tags ?? [],
    instances: [],
    cause: `a user request created an AutoScalingGroup changing the desired capacity from 0 to ${desired}.`,
    deleting: false,
    created: now,
  })
}

/** Sets how many instances a group should have. Throws ValidationError outside its bounds. */
export function setDesired(scope: Scope, name: string, desired: number): GroupRecord {
  const group = getGroup(scope, name)
  if (desired > group.maxSize)
    throw new AwsError(
      'ValidationError',
      `New SetDesiredCapacity value ${desired} is above max value ${group.maxSize} for the AutoScalingGroup.`,
    )
  if (desired < group.minSize)
    throw new AwsError(
      'ValidationError',
      `New SetDesiredCapacity value ${desired} is below min value ${group.minSize} for the AutoScalingGroup.`,
    )
  return putGroup(scope, { ...group, desired, cause: capacityCause(group.desired, desired) })
}

/** Starts the end of a group. Throws ResourceInUse when it has instances and `force` is not set. */
export function deleteGroup(scope: Scope, name: string, force: boolean): void {
  const group = getGroup(scope, name)
  if (!force && group.instances.length > 0)
    throw new AwsError(
      'ResourceInUse',
      'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
    )
  putGroup(scope, {
    ...group,
    desired: 0,
    minSize: 0,
    deleting: true,
    cause: 'a user request deleted the AutoScalingGroup.',
  })
}

export function capacityCause(from: number, to: number): string {
  return `a user request explicitly set group desired capacity changing the desired capacity from ${from} to ${to}.`
}

export function checkSizes(minSize: number, maxSize: number, desired: number): void {
  if (maxSize < minSize)
    throw new AwsError(
      'ValidationError',
      `Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}`,
    )
  if (desired < minSize || desired > maxSize)
    throw new AwsError(
      'ValidationError',
      `Desired capacity:${desired} must be between the specified min size:${minSize} and max size:${maxSize}`,
    )
}

/** Throws ValidationError for classic load balancers that there are not. */
export function checkBalancers(scope: Scope, names: string[]): void {
  if (names.some((name) => !findLoadBalancer(scope, name)))
    throw new AwsError(
      'ValidationError',
      'Provided Load Balancers may not be valid. Please ensure they exist and try again.',
    )
}

/** Throws ValidationError for target groups that there are not, or that take no instances. */
export function checkTargetGroups(scope: Scope, arns: string[]): void {
  for (const arn of arns) {
    const group = targetGroups.find(scope, arn)
    if (!group)
      throw new AwsError(
        'ValidationError',
        'Provided Target Groups may not be valid. Please ensure they exist and try again.',
      )
    if (group.targetType !== 'instance')
      throw new AwsError(
        'ValidationError',
        `Provided Target Group ${arn} has an invalid target type. Target type must be instance.`,
      )
  }
}
