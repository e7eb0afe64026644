import type * as sdk from '@aws-sdk/client-application-auto-scaling'
import { alarmArn } from '../cloudwatch/index.ts'
import type { Scope } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { parseSchedule } from '../schedule.ts'
import { pageOf } from '../table.ts'
import { dropAlarms, trackingAlarms } from '../target-tracking.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { serviceOf, trackedMetric } from './ecs-services.ts'
import { notFound, notSimulated, validation } from './errors.ts'
import type { PolicyRecord, ScheduledActionRecord, TargetRecord } from './records.ts'
import { enterBounds } from './scale.ts'
import { listActivities, policies, scalableTargets, scheduledActions } from './tables.ts'

const ECS = { namespace: 'ecs', dimension: 'ecs:service:DesiredCount' } as const
const LINKED = 'ecs.application-autoscaling.amazonaws.com'

interface Subject {
  ServiceNamespace?: string
  ResourceId?: string
  ScalableDimension?: string
}

/** Throws for what is not the desired count of an ECS service. */
function checkSubject({ ServiceNamespace: namespace, ScalableDimension: dimension }: Subject): void {
  if (namespace !== ECS.namespace)
    throw notSimulated(`Application Auto Scaling of the namespace ${namespace}`)
  if (dimension !== undefined && dimension !== ECS.dimension)
    throw validation(`Unsupported service namespace, resource type or scalable dimension: ${dimension}`)
}

const describeSubject = ({ ServiceNamespace, ResourceId, ScalableDimension }: Subject) =>
  `service namespace: ${ServiceNamespace}, resource ID: ${ResourceId}, scalable dimension: ${ScalableDimension}`

/** The registered target of a request. Throws ObjectNotFoundException. */
function targetOf(context: RequestContext, input: Subject): TargetRecord {
  checkSubject(input)
  const record = scalableTargets.find(context, input.ResourceId!)
  if (!record) throw notFound(`No scalable target registered for ${describeSubject(input)}`)
  return record
}

const invalidToken = () => new AwsError('InvalidNextTokenException', 'The next token supplied was invalid.')
const optionalDate = <K extends string>(key: K, time: number | undefined) =>
  time === undefined ? {} : { [key]: new Date(time) }

const toTarget = (record: TargetRecord): sdk.ScalableTarget => ({
  ServiceNamespace: ECS.namespace,
  ResourceId: record.resourceId,
  ScalableDimension: ECS.dimension,
  MinCapacity: record.min,
  MaxCapacity: record.max,
  RoleARN: record.roleArn,
  CreationTime: new Date(record.created),
  SuspendedState: {
    DynamicScalingInSuspended: record.suspended.in,
    DynamicScalingOutSuspended: record.suspended.out,
    ScheduledScalingSuspended: record.suspended.scheduled,
  },
  ScalableTargetARN: record.arn,
})

const alarmsOf = (scope: Scope, { alarms }: PolicyRecord): sdk.Alarm[] =>
  alarms.map((name) => ({ AlarmName: name, AlarmARN: alarmArn(scope, name) }))

const toPolicy = (scope: Scope, record: PolicyRecord): sdk.ScalingPolicy => ({
  PolicyARN: record.arn,
  PolicyName: record.name,
  ServiceNamespace: ECS.namespace,
  ResourceId: record.resourceId,
  ScalableDimension: ECS.dimension,
  PolicyType: record.tracking ? 'TargetTrackingScaling' : 'StepScaling',
  ...(record.step ? { StepScalingPolicyConfiguration: record.step } : {}),
  ...(record.tracking ? { TargetTrackingScalingPolicyConfiguration: record.tracking } : {}),
  Alarms: alarmsOf(scope, record),
  CreationTime: new Date(record.created),
})

const toAction = (record: ScheduledActionRecord): sdk.ScheduledAction => ({
  ScheduledActionName: record.name,
  ScheduledActionARN: record.arn,
  ServiceNamespace: ECS.namespace,
  Schedule: record.schedule,
  ...(record.timezone === 'UTC' ? {} : { Timezone: record.timezone }),
  ResourceId: record.resourceId,
  ScalableDimension: ECS.dimension,
  ...optionalDate('StartTime', record.start),
  ...optionalDate('EndTime', record.end),
  ScalableTargetAction: {
    ...(record.min === undefined ? {} : { MinCapacity: record.min }),
    ...(record.max === undefined ? {} : { MaxCapacity: record.max }),
  },
  CreationTime: new Date(record.created),
})

/** Whether a record is one that a Describe call asks for. */
const asked = (input: Subject & { ResourceIds?: string[] }) => (record: { resourceId: string }) =>
  (input.ResourceId === undefined || record.resourceId === input.ResourceId) &&
  (!input.ResourceIds?.length || input.ResourceIds.includes(record.resourceId))

function registerTarget(input: sdk.RegisterScalableTargetCommandInput, context: RequestContext) {
  checkSubject(input)
  const resourceId = input.ResourceId!
  const known = scalableTargets.find(context, resourceId)
  if (!/^service\/[^/]+\/[^/]+$/.test(resourceId))
    throw validation(
      `ECS resource id must be of the form service/<cluster-name>/<service-name>: ${resourceId}`,
    )
  if (!serviceOf(context, resourceId)) throw validation(`ECS service doesn't exist: ${resourceId}`)
  const min = input.MinCapacity ?? known?.min
  const max = input.MaxCapacity ?? known?.max
  if (min === undefined || max === undefined)
    throw validation('MinCapacity and MaxCapacity must be specified when registering a new scalable target.')
  if (min > max) throw validation('Maximum capacity cannot be less than minimum capacity')
  if (min < 0) throw validation('Minimum capacity cannot be negative')
  const role = ensureLinkedRole(context.world, context.accountId, LINKED)
  const { SuspendedState: given } = input
  const before = known?.suspended ?? { in: false, out: false, scheduled: false }
  const record = scalableTargets.put(context, {
    resourceId,
    arn:
      known?.arn ??
      `arn:aws:application-autoscaling:${context.region}:${context.accountId}:scalable-target/${context.world.ids.text(36, '0123456789abcdefghijklmnopqrstuvwxyz')}`,
    min,
    max,
    roleArn: role.arn,
    suspended: {
      in: given?.DynamicScalingInSuspended ?? before.in,
      out: given?.DynamicScalingOutSuspended ?? before.out,
      scheduled: given?.ScheduledScalingSuspended ?? before.scheduled,
    },
    created: known?.created ?? context.world.clock.now(),
    tags: known?.tags ?? input.Tags ?? {},
  })
  enterBounds(context, record)
  return { ScalableTargetARN: record.arn }
}

function putPolicy(input: sdk.PutScalingPolicyCommandInput, context: RequestContext) {
  const target = targetOf(context, input)
  const { world, region, accountId } = context
  const name = input.PolicyName!
  const known = policies.find(context, `${target.resourceId}#${name}`)
  const type = input.PolicyType ?? (known?.tracking ? 'TargetTrackingScaling' : 'StepScaling')
  if (type === 'PredictiveScaling') throw notSimulated('predictive scaling')
  const arn =
    known?.arn ??
    `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:${world.ids.uuid()}:resource/ecs/${target.resourceId}:policyName/${name}`
  const base = {
    name,
    arn,
    resourceId: target.resourceId,
    created: known?.created ?? world.clock.now(),
  }
  if (type === 'StepScaling') {
    const step = input.StepScalingPolicyConfiguration
    if (!step?.StepAdjustments?.length || !step.AdjustmentType)
      throw validation(
        'StepScalingPolicyConfiguration with AdjustmentType and StepAdjustments must be specified for a policy of type StepScaling.',
      )
    if (known) dropAlarms(context, known.tracking ? known.alarms : [])
    policies.put(context, { ...base, step, alarms: [] })
    return { PolicyARN: arn, Alarms: [] }
  }
  const tracking = input.TargetTrackingScalingPolicyConfiguration
  if (!tracking)
    throw validation(
      'TargetTrackingScalingPolicyConfiguration must be specified for a policy of type TargetTrackingScaling.',
    )
  const metric = trackedMetric(target.resourceId, tracking)
  if (known?.tracking) dropAlarms(context, known.alarms)
  const alarms = trackingAlarms(context, {
    subject: target.resourceId,
    policyArn: arn,
    metric,
    target: tracking.TargetValue!,
    scaleIn: !tracking.DisableScaleIn,
  })
  const record = policies.put(context, { ...base, tracking, alarms })
  return { PolicyARN: arn, Alarms: alarmsOf(context, record) }
}

function putScheduledAction(input: sdk.PutScheduledActionCommandInput, context: RequestContext) {
  const target = targetOf(context, input)
  const { world, region, accountId } = context
  const name = input.ScheduledActionName!
  const known = scheduledActions.find(context, `${target.resourceId}#${name}`)
  const now = world.clock.now()
  const schedule = input.Schedule ?? known?.schedule
  const timezone = input.Timezone ?? known?.timezone ?? 'UTC'
  if (!schedule) throw validation('Schedule must be specified when creating a scheduled action.')
  if (!parseSchedule(schedule, timezone, now))
    throw validation(`Invalid schedule expression. Details: ${schedule}.`)
  const action = input.ScalableTargetAction
  const [min, max] = [action?.MinCapacity ?? known?.min, action?.MaxCapacity ?? known?.max]
  if (min === undefined && max === undefined)
    throw validation('At least one of MinCapacity and MaxCapacity must be specified in ScalableTargetAction.')
  const [start, end] = [input.StartTime?.getTime() ?? known?.start, input.EndTime?.getTime() ?? known?.end]
  scheduledActions.put(context, {
    name,
    arn:
      known?.arn ??
      `arn:aws:autoscaling:${region}:${accountId}:scheduledAction:${world.ids.uuid()}:resource/ecs/${target.resourceId}:scheduledActionName/${name}`,
    resourceId: target.resourceId,
    schedule,
    timezone,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    created: known?.created ?? now,
    done: now,
  })
  return {}
}

/** The tagged target of an ARN. Throws ResourceNotFoundException. */
function tagged(context: RequestContext, arn: string): TargetRecord {
  const record = scalableTargets.list(context).find((one) => one.arn === arn)
  if (!record) throw new AwsError('ResourceNotFoundException', `The specified resource doesn't exist: ${arn}`)
  return record
}

export const applicationAutoScalingHandlers: Record<string, Handler> = {
  RegisterScalableTarget: registerTarget,
  PutScalingPolicy: putPolicy,
  PutScheduledAction: putScheduledAction,

  DescribeScalableTargets: (input: sdk.DescribeScalableTargetsCommandInput, context) => {
    const all =
      input.ServiceNamespace === ECS.namespace ? scalableTargets.list(context).filter(asked(input)) : []
    const { items, next } = pageOf(all, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return { ScalableTargets: items.map(toTarget), NextToken: next }
  },

  DeregisterScalableTarget: (input: sdk.DeregisterScalableTargetCommandInput, context) => {
    const target = targetOf(context, input)
    for (const policy of policies.list(context).filter(asked({ ResourceId: target.resourceId }))) {
      if (policy.tracking) dropAlarms(context, policy.alarms)
      policies.delete(context, policy)
    }
    for (const action of scheduledActions.list(context).filter(asked({ ResourceId: target.resourceId })))
      scheduledActions.delete(context, action)
    scalableTargets.delete(context, target)
    return {}
  },

  DescribeScalingPolicies: (input: sdk.DescribeScalingPoliciesCommandInput, context) => {
    const all = policies
      .list(context)
      .filter(asked(input))
      .filter(({ name }) => !input.PolicyNames?.length || input.PolicyNames.includes(name))
    const shown = input.ServiceNamespace === ECS.namespace ? all : []
    const { items, next } = pageOf(shown, input.MaxResults ?? 10, input.NextToken, invalidToken)
    return { ScalingPolicies: items.map((policy) => toPolicy(context, policy)), NextToken: next }
  },

  DeleteScalingPolicy: (input: sdk.DeleteScalingPolicyCommandInput, context) => {
    const policy = policies.find(context, `${input.ResourceId}#${input.PolicyName}`)
    if (!policy)
      throw notFound(
        `No scaling policy found for ${describeSubject(input)}, policy name: ${input.PolicyName}`,
      )
    if (policy.tracking) dropAlarms(context, policy.alarms)
    policies.delete(context, policy)
    return {}
  },

  DescribeScheduledActions: (input: sdk.DescribeScheduledActionsCommandInput, context) => {
    const all = scheduledActions
      .list(context)
      .filter(asked(input))
      .filter(({ name }) => !input.ScheduledActionNames?.length || input.ScheduledActionNames.includes(name))
    const { items, next } = pageOf(all, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return { ScheduledActions: items.map(toAction), NextToken: next }
  },

  DeleteScheduledAction: (input: sdk.DeleteScheduledActionCommandInput, context) => {
    const action = scheduledActions.find(context, `${input.ResourceId}#${input.ScheduledActionName}`)
    if (!action)
      throw notFound(
        `No scheduled action found for ${describeSubject(input)}, scheduled action name: ${input.ScheduledActionName}`,
      )
    scheduledActions.delete(context, action)
    return {}
  },

  DescribeScalingActivities: (input: sdk.DescribeScalingActivitiesCommandInput, context) => {
    const all = input.ServiceNamespace === ECS.namespace ? listActivities(context).filter(asked(input)) : []
    const { items, next } = pageOf(all, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return {
      ScalingActivities: items.map((one) => ({
        ActivityId: one.id,
        ServiceNamespace: ECS.namespace,
        ResourceId: one.resourceId,
        ScalableDimension: ECS.dimension,
        Description: one.description,
        Cause: one.cause,
        StartTime: new Date(one.started),
        ...optionalDate('EndTime', one.ended),
        StatusCode: one.status,
        StatusMessage: one.message,
      })),
      NextToken: next,
    }
  },

  TagResource: (input: sdk.TagResourceCommandInput, context) => {
    const record = tagged(context, input.ResourceARN!)
    scalableTargets.put(context, { ...record, tags: { ...record.tags, ...input.Tags } })
    return {}
  },
  UntagResource: (input: sdk.UntagResourceCommandInput, context) => {
    const record = tagged(context, input.ResourceARN!)
    const left = Object.entries(record.tags).filter(([key]) => !input.TagKeys?.includes(key))
    scalableTargets.put(context, { ...record, tags: Object.fromEntries(left) })
    return {}
  },
  ListTagsForResource: (input: sdk.ListTagsForResourceCommandInput, context) => ({
    Tags: tagged(context, input.ResourceARN!).tags,
  }),
}
