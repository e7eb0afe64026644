import type * as sdk from '@aws-sdk/client-auto-scaling'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import type { GroupInstance, GroupRecord, HookRecord } from './records.ts'
import { getGroup, putGroup } from './tables.ts'

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html: seconds. */
const HEARTBEAT = { usual: 3600, least: 30, most: 7200 }
const GLOBAL_TIMEOUT = 172_800

/** An instance that waits for the first hook of a transition; undefined when there is none. */
export function beginHook(
  scope: Scope,
  group: GroupRecord,
  member: GroupInstance,
  transition: HookRecord['transition'],
): GroupInstance | undefined {
  const hook = group.hooks?.find((one) => one.transition === transition)
  if (!hook) return undefined
  const until = scope.world.clock.now() + hook.heartbeat * 1000
  return { ...member, hook: { name: hook.name, token: scope.world.ids.uuid(), until, result: hook.result } }
}

const toHook = (group: GroupRecord, hook: HookRecord): sdk.LifecycleHook => ({
  LifecycleHookName: hook.name,
  AutoScalingGroupName: group.name,
  LifecycleTransition: hook.transition,
  ...(hook.metadata === undefined ? {} : { NotificationMetadata: hook.metadata }),
  HeartbeatTimeout: hook.heartbeat,
  GlobalTimeout: GLOBAL_TIMEOUT,
  DefaultResult: hook.result,
})

/** The instance of a lifecycle action that goes on. Throws ValidationError. */
function waiting(
  context: RequestContext,
  input: {
    AutoScalingGroupName?: string
    LifecycleHookName?: string
    InstanceId?: string
    LifecycleActionToken?: string
  },
): { group: GroupRecord; member: GroupInstance } {
  const group = getGroup(context, input.AutoScalingGroupName!)
  const member = group.instances.find(
    ({ id, hook }) =>
      hook?.name === input.LifecycleHookName &&
      (id === input.InstanceId || hook?.token === input.LifecycleActionToken),
  )
  if (!member)
    throw new AwsError(
      'ValidationError',
      input.InstanceId
        ? `No active Lifecycle Action found with instance ID ${input.InstanceId}`
        : `No active Lifecycle Action found with token ${input.LifecycleActionToken}`,
    )
  return { group, member }
}

function rewrite(context: RequestContext, group: GroupRecord, member: GroupInstance): void {
  const instances = group.instances.map((one) => (one.id === member.id ? member : one))
  putGroup(context, { ...group, instances })
}

export const hookHandlers: Record<string, Handler> = {
  PutLifecycleHook: (input: sdk.PutLifecycleHookCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const known = group.hooks?.find(({ name }) => name === input.LifecycleHookName)
    const transition = input.LifecycleTransition ?? known?.transition
    if (
      transition !== 'autoscaling:EC2_INSTANCE_LAUNCHING' &&
      transition !== 'autoscaling:EC2_INSTANCE_TERMINATING'
    )
      throw new AwsError(
        'ValidationError',
        'LifecycleTransition must be one of autoscaling:EC2_INSTANCE_LAUNCHING, autoscaling:EC2_INSTANCE_TERMINATING.',
      )
    const heartbeat = input.HeartbeatTimeout ?? known?.heartbeat ?? HEARTBEAT.usual
    if (heartbeat < HEARTBEAT.least || heartbeat > HEARTBEAT.most)
      throw new AwsError(
        'ValidationError',
        `HeartbeatTimeout must be between ${HEARTBEAT.least} and ${HEARTBEAT.most}.`,
      )
    if (input.NotificationTargetARN)
      throw new AwsError(
        'NotImplemented',
        'Drydock does not simulate Amazon SNS and SQS, which lifecycle hooks would notify.',
        { status: 501 },
      )
    const hook: HookRecord = {
      name: input.LifecycleHookName!,
      transition,
      heartbeat,
      result: (input.DefaultResult ?? known?.result ?? 'ABANDON') as HookRecord['result'],
      ...(input.NotificationMetadata === undefined ? {} : { metadata: input.NotificationMetadata }),
    }
    const others = (group.hooks ?? []).filter(({ name }) => name !== hook.name)
    putGroup(context, { ...group, hooks: [...others, hook] })
    return {}
  },

  DescribeLifecycleHooks: (input: sdk.DescribeLifecycleHooksCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const names = input.LifecycleHookNames
    const hooks = (group.hooks ?? []).filter(({ name }) => !names?.length || names.includes(name))
    return { LifecycleHooks: hooks.map((hook) => toHook(group, hook)) }
  },

  DescribeLifecycleHookTypes: () => ({
    LifecycleHookTypes: ['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING'],
  }),

  DeleteLifecycleHook: (input: sdk.DeleteLifecycleHookCommandInput, context) => {
    const group = getGroup(context, input.AutoScalingGroupName!)
    const hooks = (group.hooks ?? []).filter(({ name }) => name !== input.LifecycleHookName)
    if (hooks.length === (group.hooks ?? []).length)
      throw new AwsError('ValidationError', `No Lifecycle Hook found with name: ${input.LifecycleHookName}`)
    // Instances that wait for it go on.
    const now = context.world.clock.now()
    const instances = group.instances.map((one) =>
      one.hook?.name === input.LifecycleHookName
        ? { ...one, hook: { ...one.hook!, until: now, result: 'CONTINUE' as const } }
        : one,
    )
    putGroup(context, { ...group, hooks, instances })
    return {}
  },

  CompleteLifecycleAction: (input: sdk.CompleteLifecycleActionCommandInput, context) => {
    const { group, member } = waiting(context, input)
    const result = input.LifecycleActionResult
    if (result !== 'CONTINUE' && result !== 'ABANDON')
      throw new AwsError('ValidationError', 'The lifecycle action result must be CONTINUE or ABANDON.')
    rewrite(context, group, {
      ...member,
      hook: { ...member.hook!, until: context.world.clock.now(), result },
    })
    return {}
  },

  RecordLifecycleActionHeartbeat: (input: sdk.RecordLifecycleActionHeartbeatCommandInput, context) => {
    const { group, member } = waiting(context, input)
    const heartbeat =
      group.hooks?.find(({ name }) => name === member.hook!.name)?.heartbeat ?? HEARTBEAT.usual
    const until = context.world.clock.now() + heartbeat * 1000
    rewrite(context, group, { ...member, hook: { ...member.hook!, until } })
    return {}
  },
}
