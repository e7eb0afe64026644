import type * as sdk from '@aws-sdk/client-cloudformation'
import { AwsError, type Handler } from '../wire/service.ts'
import { setStack } from './engine/status.ts'
import { isUnchanged, planChanges } from './plan.ts'
import type { ChangeSetRecord, StackRecord } from './records.ts'
import { pageOf, type StackRequest, validation, wantedOf, workerOf } from './requests.ts'
import { beginCreation, beginUpdate, newStack, requireUpdatable } from './stacks.ts'
import { changeSets, stacks } from './tables.ts'
import { parametersOutput } from './views.ts'

const NOTHING =
  "The submitted information didn't contain changes. Submit different information to create a change set."

function changeOutput(change: ChangeSetRecord['changes'][number]): sdk.Change {
  const { action, logicalId, physicalId, type, replacement, details } = change
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      ...(physicalId === undefined ? {} : { PhysicalResourceId: physicalId }),
      ResourceType: type,
      ...(replacement === undefined ? {} : { Replacement: replacement }),
      Scope:
        details.length === 0
          ? []
          : details.some(({ name }) => name === 'Tags') && details.length === 1
            ? ['Tags']
            : ['Properties'],
      Details: details.map(({ name, recreation }) => ({
        Target:
          name === 'Tags'
            ? { Attribute: 'Tags', RequiresRecreation: 'Never' }
            : { Attribute: 'Properties', Name: name, RequiresRecreation: recreation },
        Evaluation: 'Static',
        ChangeSource: 'DirectModification',
      })),
    },
  }
}

function summary(record: ChangeSetRecord) {
  return {
    ChangeSetName: record.name,
    ChangeSetId: record.arn,
    StackId: record.stackArn,
    StackName: record.stackName,
    ...(record.description === undefined ? {} : { Description: record.description }),
    CreationTime: new Date(record.created),
    ExecutionStatus: record.execution,
    Status: record.status,
    ...(record.reason === undefined ? {} : { StatusReason: record.reason }),
    IncludeNestedStacks: false,
  }
}

export const changeSetHandlers: Record<string, Handler> = {
  CreateChangeSet(input: sdk.CreateChangeSetCommandInput, context) {
    const kind = input.ChangeSetType ?? 'UPDATE'
    if (kind === 'IMPORT')
      throw validation('Drydock does not simulate change sets of the type IMPORT: nothing was done.')
    const known = stacks.find(context, input.StackName!)
    if (kind === 'CREATE' && known && known.status !== 'REVIEW_IN_PROGRESS')
      throw new AwsError(
        'ValidationError',
        `Stack [${input.StackName}] already exists and cannot be created again with the changeSet [${input.ChangeSetName}].`,
      )
    if (kind === 'UPDATE') requireUpdatable(stacks.get(context, input.StackName!))
    const worker = workerOf(context, input.RoleARN ?? known?.roleArn)
    const wanted = wantedOf(input as StackRequest, kind === 'UPDATE' ? known?.wanted : undefined)
    const stack: StackRecord =
      known ??
      setStack(
        context,
        newStack(context, input.StackName!, wanted, {
          ...worker,
          notificationArns: input.NotificationARNs ?? [],
        }),
        'REVIEW_IN_PROGRESS',
        'User Initiated',
      )
    if (changeSets.list(context, stack.arn).some(({ name }) => name === input.ChangeSetName))
      throw new AwsError('AlreadyExistsException', `ChangeSet ${input.ChangeSetName} already exists`)
    const after = { ...stack, wanted }
    const empty = kind === 'UPDATE' && isUnchanged(context, stack, after)
    const { region, accountId, world } = context
    const record: ChangeSetRecord = {
      name: input.ChangeSetName!,
      arn: `arn:aws:cloudformation:${region}:${accountId}:changeSet/${input.ChangeSetName}/${world.ids.uuid()}`,
      stackArn: stack.arn,
      stackName: stack.name,
      kind: kind as ChangeSetRecord['kind'],
      ...(input.Description === undefined ? {} : { description: input.Description }),
      status: empty ? 'FAILED' : 'CREATE_COMPLETE',
      ...(empty ? { reason: NOTHING } : {}),
      execution: empty ? 'UNAVAILABLE' : 'AVAILABLE',
      wanted,
      ...worker,
      onFailure: (input.OnStackFailure ?? 'ROLLBACK') as StackRecord['onFailure'],
      notificationArns: input.NotificationARNs ?? [],
      changes: planChanges(context, after),
      created: world.clock.now(),
    }
    changeSets.put(context, record)
    return { Id: record.arn, StackId: stack.arn }
  },

  DescribeChangeSet(input: sdk.DescribeChangeSetCommandInput, context) {
    const record = changeSets.get(context, input.ChangeSetName!, input.StackName)
    const { items, ...next } = pageOf(record.changes.map(changeOutput), input.NextToken)
    return {
      ...summary(record),
      ...next,
      Parameters: parametersOutput(record.wanted),
      NotificationARNs: record.notificationArns,
      RollbackConfiguration: {},
      Capabilities: record.wanted.capabilities,
      Tags: Object.entries(record.wanted.tags).map(([Key, Value]) => ({ Key, Value })),
      Changes: items,
      OnStackFailure: record.onFailure,
    }
  },

  ListChangeSets(input: sdk.ListChangeSetsCommandInput, context) {
    const { items, ...next } = pageOf(
      changeSets.list(context, stacks.get(context, input.StackName!).arn),
      input.NextToken,
    )
    return { Summaries: items.map(summary), ...next }
  },

  ExecuteChangeSet(input: sdk.ExecuteChangeSetCommandInput, context) {
    const record = changeSets.get(context, input.ChangeSetName!, input.StackName)
    if (record.execution !== 'AVAILABLE')
      throw new AwsError(
        'InvalidChangeSetStatus',
        `ChangeSet [${record.arn}] cannot be executed in its current status of [${record.status}]`,
      )
    const stack = stacks.get(context, record.stackArn)
    const { principal, roleArn, notificationArns } = record
    const fields: Partial<StackRecord> = {
      principal,
      ...(roleArn === undefined ? {} : { roleArn }),
      notificationArns,
      changeSetArn: record.arn,
      onFailure: input.DisableRollback ? 'DO_NOTHING' : record.onFailure,
      ...(input.ClientRequestToken === undefined ? {} : { clientToken: input.ClientRequestToken }),
    }
    if (record.kind === 'CREATE') beginCreation(context, { ...stack, wanted: record.wanted, ...fields })
    else beginUpdate(context, stack, record.wanted, fields)
    for (const other of changeSets.list(context, stack.arn))
      if (other.arn !== record.arn) changeSets.delete(context, other)
    changeSets.put(context, { ...record, execution: 'EXECUTE_COMPLETE' })
    return {}
  },

  DeleteChangeSet(input: sdk.DeleteChangeSetCommandInput, context) {
    // What is not there is as good as deleted, as long as there is its stack: the CDK relies on it.
    const record = changeSets.find(context, input.ChangeSetName!, input.StackName)
    if (record) changeSets.delete(context, record)
    return {}
  },
}
