import type * as sdk from '@aws-sdk/client-cloudformation'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { setStack } from './engine/status.ts'
import { exportsOf } from './engine/surroundings.ts'
import { isUnchanged } from './plan.ts'
import type { StackRecord, StackStatus, Wanted } from './records.ts'
import { type StackRequest, validation, wantedOf, workerOf } from './requests.ts'
import { stacks } from './tables.ts'
import { parseTemplate } from './template/parse.ts'

const NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/

const UPDATABLE: StackStatus[] = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'UPDATE_FAILED',
  'CREATE_FAILED',
]

/** A new stack's record, not yet begun. */
export function newStack(
  context: RequestContext,
  name: string,
  wanted: Wanted,
  fields: Partial<StackRecord> & Pick<StackRecord, 'principal'>,
): StackRecord {
  if (!NAME.test(name))
    throw validation(
      `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
    )
  const { world, region, accountId } = context
  const { Description } = parseTemplate(wanted.template)
  const now = world.clock.now()
  return {
    name,
    arn: `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${world.ids.uuid()}`,
    ...(Description === undefined ? {} : { description: Description }),
    status: 'REVIEW_IN_PROGRESS',
    wanted,
    operation: world.ids.uuid(),
    onFailure: 'ROLLBACK',
    retain: [],
    outputs: [],
    imports: [],
    terminationProtection: false,
    notificationArns: [],
    created: now,
    began: now,
    ...fields,
  }
}

/** Begins to make a stack's resources. */
export function beginCreation(context: RequestContext, stack: StackRecord): StackRecord {
  return setStack(context, stack, 'CREATE_IN_PROGRESS', 'User Initiated', {
    operation: context.world.ids.uuid(),
    began: context.world.clock.now(),
  })
}

/** Begins to bring a stack to another template, other parameters or tags. Throws when it cannot be updated now. */
export function beginUpdate(
  context: RequestContext,
  stack: StackRecord,
  wanted: Wanted,
  fields: Partial<StackRecord>,
): StackRecord {
  requireUpdatable(stack)
  const { Description } = parseTemplate(wanted.template)
  const now = context.world.clock.now()
  const { description: _, roleArn: __, drift: ___, ...rest } = stack
  return setStack(context, rest as StackRecord, 'UPDATE_IN_PROGRESS', 'User Initiated', {
    onFailure: 'ROLLBACK',
    ...fields,
    ...(Description === undefined ? {} : { description: Description }),
    wanted,
    previous: stack.wanted,
    operation: context.world.ids.uuid(),
    updated: now,
    began: now,
  })
}

export function requireUpdatable(stack: StackRecord): void {
  if (!UPDATABLE.includes(stack.status))
    throw validation(`Stack:${stack.arn} is in ${stack.status} state and can not be updated.`)
}

const tokenOf = (token: string | undefined) => (token === undefined ? {} : { clientToken: token })

export const stackHandlers: Record<string, Handler> = {
  CreateStack(input: sdk.CreateStackCommandInput, context) {
    const name = input.StackName!
    const known = stacks.find(context, name)
    if (known && input.ClientRequestToken !== undefined && known.clientToken === input.ClientRequestToken)
      return { StackId: known.arn, OperationId: known.operation }
    if (known) throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists`)
    const wanted = wantedOf(input as StackRequest)
    const disabled = input.DisableRollback === true
    if (disabled && input.OnFailure !== undefined)
      throw validation('You can specify either DisableRollback or OnFailure, but not both.')
    const stack = newStack(context, name, wanted, {
      ...workerOf(context, input.RoleARN),
      ...tokenOf(input.ClientRequestToken),
      onFailure: disabled ? 'DO_NOTHING' : (input.OnFailure ?? 'ROLLBACK'),
      terminationProtection: input.EnableTerminationProtection ?? false,
      notificationArns: input.NotificationARNs ?? [],
      ...(input.StackPolicyBody === undefined ? {} : { policy: input.StackPolicyBody }),
      ...(input.TimeoutInMinutes === undefined ? {} : { timeoutMinutes: input.TimeoutInMinutes }),
    })
    const { arn, operation } = beginCreation(context, stack)
    return { StackId: arn, OperationId: operation }
  },

  UpdateStack(input: sdk.UpdateStackCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    requireUpdatable(stack)
    const wanted = wantedOf(input as StackRequest, stack.wanted)
    if (isUnchanged(context, stack, { ...stack, wanted })) throw validation('No updates are to be performed.')
    const { arn, operation } = beginUpdate(context, stack, wanted, {
      ...workerOf(context, input.RoleARN ?? stack.roleArn),
      ...tokenOf(input.ClientRequestToken),
      onFailure: input.DisableRollback ? 'DO_NOTHING' : 'ROLLBACK',
    })
    return { StackId: arn, OperationId: operation }
  },

  DeleteStack(input: sdk.DeleteStackCommandInput, context) {
    const stack = stacks.find(context, input.StackName!)
    if (!stack || stack.status === 'DELETE_COMPLETE' || stack.status === 'DELETE_IN_PROGRESS') return {}
    const { name, status } = stack
    if (stack.terminationProtection)
      throw validation(`Stack [${name}] cannot be deleted while TerminationProtection is enabled`)
    const retain = input.RetainResources ?? []
    if (retain.length > 0 && status !== 'DELETE_FAILED')
      throw validation(
        `Invalid operation on stack [${stack.arn}]. Specify RetainResources only for stacks in the DELETE_FAILED state.`,
      )
    const user = usedExport(context, stack)
    if (user) {
      setStack(
        context,
        stack,
        status,
        `Delete canceled. Cannot delete export ${user.name} as it is in use by ${user.by}.`,
      )
      return {}
    }
    setStack(context, stack, 'DELETE_IN_PROGRESS', 'User Initiated', {
      operation: context.world.ids.uuid(),
      began: context.world.clock.now(),
      retain,
      ...(input.RoleARN === undefined
        ? { principal: stack.roleArn ? stack.principal : context.principal }
        : workerOf(context, input.RoleARN)),
      ...tokenOf(input.ClientRequestToken),
    })
    return {}
  },

  CancelUpdateStack(input: sdk.CancelUpdateStackCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    if (stack.status !== 'UPDATE_IN_PROGRESS' || !stack.previous)
      throw validation(`CancelUpdateStack cannot be called from current stack status`)
    setStack(context, stack, 'UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated', {
      operation: context.world.ids.uuid(),
      wanted: stack.previous,
    })
    return {}
  },

  ContinueUpdateRollback(input: sdk.ContinueUpdateRollbackCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED')
      throw validation(`Stack:${stack.arn} is in ${stack.status} state and can not continue rollback.`)
    if (input.ResourcesToSkip?.length)
      throw validation(
        'Drydock does not simulate ResourcesToSkip: mend what keeps the resource from going back.',
      )
    setStack(context, stack, 'UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated', {
      operation: context.world.ids.uuid(),
    })
    return {}
  },

  RollbackStack(input: sdk.RollbackStackCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    const operation = context.world.ids.uuid()
    if (stack.status === 'CREATE_FAILED')
      setStack(context, stack, 'ROLLBACK_IN_PROGRESS', 'User Initiated', { operation })
    else if (stack.status === 'UPDATE_FAILED' && stack.previous)
      setStack(context, stack, 'UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated', {
        operation,
        wanted: stack.previous,
      })
    else throw validation(`Stack:${stack.arn} is in ${stack.status} state and can not be rolled back.`)
    return { StackId: stack.arn, OperationId: operation }
  },

  UpdateTerminationProtection(input: sdk.UpdateTerminationProtectionCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    stacks.put(context, { ...stack, terminationProtection: input.EnableTerminationProtection! })
    return { StackId: stack.arn }
  },

  SetStackPolicy(input: sdk.SetStackPolicyCommandInput, context) {
    const stack = stacks.get(context, input.StackName!)
    stacks.put(context, { ...stack, policy: input.StackPolicyBody ?? '' })
    return {}
  },

  GetStackPolicy(input: sdk.GetStackPolicyCommandInput, context) {
    const { policy } = stacks.get(context, input.StackName!)
    return policy === undefined ? {} : { StackPolicyBody: policy }
  },
}

/** An export of a stack that another stack uses. */
function usedExport(context: RequestContext, stack: StackRecord): { name: string; by: string } | undefined {
  const others = stacks.live(context).filter(({ arn }) => arn !== stack.arn)
  for (const { name, stackArn } of exportsOf(context)) {
    const user = stackArn === stack.arn && others.find(({ imports }) => imports.includes(name))
    if (user) return { name, by: user.name }
  }
  return undefined
}
