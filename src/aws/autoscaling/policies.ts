import type * as sdk from '@aws-sdk/client-auto-scaling'
import { alarmArn, type MetricQuery, type Statistic } from '../cloudwatch/index.ts'
import type { Scope } from '../ec2/index.ts'
import { parseUnixCron } from '../schedule.ts'
import { adjusted, dropAlarms, stepFor, trackingAlarms } from '../target-tracking.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { paged } from './output.ts'
import type { GroupRecord, PolicyRecord, ScheduledActionRecord } from './records.ts'
import { getGroup, policies, putGroup, removePolicy, scheduledActions } from './tables.ts'

const validation = (message: string) => new AwsError('ValidationError', message)
const refused = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })

const toPolicy = (scope: Scope, record: PolicyRecord): sdk.ScalingPolicy => ({
  AutoScalingGroupName: record.group,
  PolicyName: record.name,
  PolicyARN: record.arn,
  PolicyType: record.kind,
  ...(record.adjustmentType === undefined ? {} : { AdjustmentType: record.adjustmentType }),
  ...(record.adjustment === undefined ? {} : { ScalingAdjustment: record.adjustment }),
  ...(record.minMagnitude === undefined ? {} : { MinAdjustmentMagnitude: record.minMagnitude }),
  ...(record.cooldown === undefined ? {} : { Cooldown: record.cooldown }),
  StepAdjustments: record.steps ?? [],
  ...(record.kind === 'StepScaling' ? { MetricAggregationType: record.aggregation ?? 'Average' } : {}),
  ...(record.tracking ? { TargetTrackingConfiguration: { DisableScaleIn: false, ...record.tracking } } : {}),
  Alarms: record.alarms.map((AlarmName) => ({ AlarmName, AlarmARN: alarmArn(scope, AlarmName) })),
  Enabled: record.enabled,
})

/** A policy of a group by name or ARN. Throws ValidationError. */
function find(scope: Scope, group: string | undefined, named: string): PolicyRecord {
  const found = policies
    .list(scope)
    .find((one) => one.arn === named || (one.name === named && (group === undefined || one.group === group)))
  if (!found) throw validation(`ScalingPolicy name not found - ${named}`)
  return found
}

/** What target tracking of a group looks at. */
function trackedMetric(group: GroupRecord, config: sdk.TargetTrackingConfiguration): MetricQuery {
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: custom } = config
  if (custom) {
    if (custom.Metrics?.length) throw refused('metric math')
    return {
      namespace: custom.Namespace!,
      name: custom.MetricName!,
      dimensions: Object.fromEntries((custom.Dimensions ?? []).map(({ Name, Value }) => [Name!, Value!])),
      statistic: custom.Statistic as Statistic,
      period: custom.Period ?? 60,
    }
  }
  switch (predefined?.PredefinedMetricType) {
    case 'ASGAverageCPUUtilization':
      return {
        namespace: 'AWS/EC2',
        name: 'CPUUtilization',
        dimensions: { AutoScalingGroupName: group.name },
        statistic: 'Average',
        period: 60,
      }
    case 'ALBRequestCountPerTarget': {
      const [, balancer, target] =
        /^(app\/[^/]+\/[^/]+)\/(targetgroup\/[^/]+\/[^/]+)$/.exec(predefined.ResourceLabel ?? '') ?? []
      if (!balancer || !target)
        throw validation('Resource label must be specified for ALBRequestCountPerTarget.')
      return {
        namespace: 'AWS/ApplicationELB',
        name: 'RequestCountPerTarget',
        dimensions: { LoadBalancer: balancer, TargetGroup: target },
        statistic: 'Sum',
        period: 60,
      }
    }
    default:
      throw refused(`the metric ${predefined?.PredefinedMetricType} of groups`)
  }
}

function putPolicy(input: sdk.PutScalingPolicyCommandInput, context: RequestContext) {
  const group = getGroup(context, input.AutoScalingGroupName!)
  const { world, region, accountId } = context
  const kind = (input.PolicyType ?? 'SimpleScaling') as PolicyRecord['kind']
  if (!['SimpleScaling', 'StepScaling', 'TargetTrackingScaling'].includes(kind))
    throw refused(`policies of type ${kind}`)
  const key = `${group.name}#${input.PolicyName}`
  const known = policies.find(context, key)
  if (known) dropAlarms(context, known.alarms)
  const arn =
    known?.arn ??
    `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:${world.ids.uuid()}:autoScalingGroupName/${group.name}:policyName/${input.PolicyName}`
  const base: PolicyRecord = {
    name: input.PolicyName!,
    arn,
    group: group.name,
    kind,
    enabled: input.Enabled ?? true,
    alarms: [],
  }
  if (kind === 'TargetTrackingScaling') {
    const tracking = input.TargetTrackingConfiguration
    if (!tracking)
      throw validation(
        'TargetTrackingConfiguration must be specified for policies of type TargetTrackingScaling.',
      )
    const alarms = trackingAlarms(context, {
      subject: group.name,
      policyArn: arn,
      metric: trackedMetric(group, tracking),
      target: tracking.TargetValue!,
      scaleIn: !tracking.DisableScaleIn,
    })
    const record = policies.put(context, { ...base, tracking, alarms })
    return { PolicyARN: arn, Alarms: toPolicy(context, record).Alarms }
  }
  if (!input.AdjustmentType) throw validation('AdjustmentType must be specified.')
  if (kind === 'StepScaling' && !input.StepAdjustments?.length)
    throw validation('At least one StepAdjustment must be specified.')
  if (kind === 'SimpleScaling' && input.ScalingAdjustment === undefined)
    throw validation('ScalingAdjustment must be specified.')
  policies.put(context, {
    ...base,
    adjustmentType: input.AdjustmentType,
    ...(input.ScalingAdjustment === undefined ? {} : { adjustment: input.ScalingAdjustment }),
    ...(input.MinAdjustmentMagnitude === undefined ? {} : { minMagnitude: input.MinAdjustmentMagnitude }),
    ...(input.Cooldown === undefined ? {} : { cooldown: input.Cooldown }),
    ...(input.StepAdjustments?.length ? { steps: input.StepAdjustments } : {}),
    ...(input.MetricAggregationType === undefined ? {} : { aggregation: input.MetricAggregationType }),
  })
  return { PolicyARN: arn, Alarms: [] }
}

/** The desired capacity that a policy leads to, given how far its metric is from the threshold. */
export function policyTarget(
  group: GroupRecord,
  policy: PolicyRecord,
  difference: number,
): number | undefined {
  const { adjustmentType = 'ChangeInCapacity', minMagnitude } = policy
  const adjustment = policy.steps ? stepFor(policy.steps, difference) : policy.adjustment
  if (adjustment === undefined) return undefined
  return adjusted(group.desired, adjustmentType, adjustment, minMagnitude)
}

/** Sets the desired capacity in the name of a policy or schedule, within the group's bounds. */
export function resizeTo(scope: Scope, group: GroupRecord, wanted: number, who: string): boolean {
  const desired = Math.min(Math.max(wanted, group.minSize), group.maxSize)
  if (desired === group.desired) return false
  const cause = `${who} changing the desired capacity from ${group.desired} to ${desired}.`
  putGroup(scope, { ...group, desired, cause })
  return true
}

/** When a scheduled action is due next, ms; undefined: never again. */
export function nextDue({ start, recurrence, timezone, done }: ScheduledActionRecord): number | undefined {
  if (recurrence === undefined) return start !== undefined && start > done ? start : undefined
  return parseUnixCron(recurrence, timezone)?.next(Math.max(done, (start ?? 0) - 1))
}

/** A recurring action begins when it is due next. */
function timesOf(record: ScheduledActionRecord): Pick<sdk.ScheduledUpdateGroupAction, 'Time' | 'StartTime'> {
  const time = nextDue(record) ?? record.start
  return time === undefined ? {} : { Time: new Date(time), StartTime: new Date(time) }
}

const toAction = (record: ScheduledActionRecord): sdk.ScheduledUpdateGroupAction => ({
  AutoScalingGroupName: record.group,
  ScheduledActionName: record.name,
  ScheduledActionARN: record.arn,
  ...timesOf(record),
  ...(record.end === undefined ? {} : { EndTime: new Date(record.end) }),
  ...(record.recurrence === undefined ? {} : { Recurrence: record.recurrence }),
  ...(record.minSize === undefined ? {} : { MinSize: record.minSize }),
  ...(record.maxSize === undefined ? {} : { MaxSize: record.maxSize }),
  ...(record.desired === undefined ? {} : { DesiredCapacity: record.desired }),
  ...(record.timezone === 'UTC' ? {} : { TimeZone: record.timezone }),
})

function putAction(
  context: RequestContext,
  groupName: string,
  input: sdk.ScheduledUpdateGroupActionRequest,
): void {
  const group = getGroup(context, groupName)
  const { world, region, accountId } = context
  const known = scheduledActions.find(context, `${group.name}#${input.ScheduledActionName}`)
  const timezone = input.TimeZone ?? 'UTC'
  const now = world.clock.now()
  if (input.Recurrence !== undefined && !parseUnixCron(input.Recurrence, timezone))
    throw validation('Given recurrence string is invalid')
  const start = input.StartTime?.getTime()
  if (start !== undefined && start < now) throw validation('Given start time is in the past')
  if (start === undefined && input.Recurrence === undefined)
    throw validation('Either StartTime or Recurrence must be specified.')
  scheduledActions.put(context, {
    name: input.ScheduledActionName!,
    arn:
      known?.arn ??
      `arn:aws:autoscaling:${region}:${accountId}:scheduledUpdateGroupAction:${world.ids.uuid()}:autoScalingGroupName/${group.name}:scheduledActionName/${input.ScheduledActionName}`,
    group: group.name,
    ...(start === undefined ? {} : { start }),
    ...(input.EndTime ? { end: input.EndTime.getTime() } : {}),
    ...(input.Recurrence === undefined ? {} : { recurrence: input.Recurrence }),
    timezone,
    ...(input.MinSize === undefined ? {} : { minSize: input.MinSize }),
    ...(input.MaxSize === undefined ? {} : { maxSize: input.MaxSize }),
    ...(input.DesiredCapacity === undefined ? {} : { desired: input.DesiredCapacity }),
    done: now,
  })
}

export const policyHandlers: Record<string, Handler> = {
  PutScalingPolicy: putPolicy,

  DescribePolicies: (input: sdk.DescribePoliciesCommandInput, context) => {
    const all = policies
      .list(context)
      .filter(({ group }) => input.AutoScalingGroupName === undefined || group === input.AutoScalingGroupName)
      .filter(
        ({ name, arn }) =>
          !input.PolicyNames?.length || input.PolicyNames.includes(name) || input.PolicyNames.includes(arn),
      )
      .filter(({ kind }) => !input.PolicyTypes?.length || input.PolicyTypes.includes(kind))
    const { items, NextToken } = paged(all, input, 50)
    return { ScalingPolicies: items.map((record) => toPolicy(context, record)), NextToken }
  },

  DeletePolicy: (input: sdk.DeletePolicyCommandInput, context) => {
    removePolicy(context, find(context, input.AutoScalingGroupName, input.PolicyName!))
  },

  ExecutePolicy: (input: sdk.ExecutePolicyCommandInput, context) => {
    const policy = find(context, input.AutoScalingGroupName, input.PolicyName!)
    if (policy.kind === 'TargetTrackingScaling')
      throw validation('Executing policies of type TargetTrackingScaling is not supported.')
    const group = getGroup(context, policy.group)
    const rests = (policy.acted ?? 0) + (policy.cooldown ?? group.cooldown) * 1000 > context.world.clock.now()
    if (input.HonorCooldown && rests)
      throw new AwsError('ScalingActivityInProgress', 'The scaling policy rests: its cooldown is not over.')
    const difference = (input.MetricValue ?? 0) - (input.BreachThreshold ?? 0)
    const wanted = policyTarget(group, policy, difference)
    if (
      wanted !== undefined &&
      resizeTo(context, group, wanted, `a user request executed policy ${policy.name}`)
    )
      policies.put(context, { ...policy, acted: context.world.clock.now() })
  },

  DescribeAdjustmentTypes: () => ({
    AdjustmentTypes: ['ChangeInCapacity', 'ExactCapacity', 'PercentChangeInCapacity'].map(
      (AdjustmentType) => ({ AdjustmentType }),
    ),
  }),

  PutScheduledUpdateGroupAction: (input: sdk.PutScheduledUpdateGroupActionCommandInput, context) => {
    putAction(context, input.AutoScalingGroupName!, {
      ...input,
      ScheduledActionName: input.ScheduledActionName!,
      StartTime: input.StartTime ?? input.Time,
    })
  },

  BatchPutScheduledUpdateGroupAction: (
    input: sdk.BatchPutScheduledUpdateGroupActionCommandInput,
    context,
  ) => {
    const failed: sdk.FailedScheduledUpdateGroupActionRequest[] = []
    for (const action of input.ScheduledUpdateGroupActions ?? []) {
      try {
        putAction(context, input.AutoScalingGroupName!, action)
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        failed.push({
          ScheduledActionName: action.ScheduledActionName,
          ErrorCode: error.code,
          ErrorMessage: error.message,
        })
      }
    }
    return { FailedScheduledUpdateGroupActions: failed }
  },

  DescribeScheduledActions: (input: sdk.DescribeScheduledActionsCommandInput, context) => {
    const all = scheduledActions
      .list(context)
      .filter(({ group }) => input.AutoScalingGroupName === undefined || group === input.AutoScalingGroupName)
      .filter(({ name }) => !input.ScheduledActionNames?.length || input.ScheduledActionNames.includes(name))
      .filter((record) => {
        const time = timesOf(record).StartTime
        if (input.StartTime && !(time && time >= input.StartTime)) return false
        return !(input.EndTime && !(time && time <= input.EndTime))
      })
    const { items, NextToken } = paged(all, input, 50)
    return { ScheduledUpdateGroupActions: items.map(toAction), NextToken }
  },

  DeleteScheduledAction: (input: sdk.DeleteScheduledActionCommandInput, context) => {
    const record = scheduledActions.find(
      context,
      `${input.AutoScalingGroupName}#${input.ScheduledActionName}`,
    )
    if (!record) throw validation('Scheduled action name not found')
    scheduledActions.delete(context, record)
  },
}
