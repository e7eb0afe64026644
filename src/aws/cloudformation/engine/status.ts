import type { Scope } from '../../ec2/index.ts'
import type { ResourceRecord, ResourceStatus, StackRecord, StackStatus } from '../records.ts'
import { events, resources, stacks } from '../tables.ts'

const STACK_TYPE = 'AWS::CloudFormation::Stack'

/** Moves a stack to a status, with the event that tells of it. */
export function setStack(
  scope: Scope,
  stack: StackRecord,
  status: StackStatus,
  reason?: string,
  fields: Partial<StackRecord> = {},
): StackRecord {
  const { reason: _, ...rest } = stack
  const next: StackRecord = { ...rest, ...fields, status, ...(reason === undefined ? {} : { reason }) }
  stacks.put(scope, next)
  events.add(scope, {
    id: scope.world.ids.uuid(),
    stackArn: stack.arn,
    stackName: stack.name,
    logicalId: stack.name,
    physicalId: stack.arn,
    type: STACK_TYPE,
    time: scope.world.clock.now(),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(next.clientToken === undefined ? {} : { clientToken: next.clientToken }),
  })
  return next
}

/** Moves a resource to a status, with the event that tells of it. */
export function setResource(
  scope: Scope,
  stack: StackRecord,
  record: ResourceRecord,
  status: ResourceStatus,
  reason?: string,
): ResourceRecord {
  const { reason: _, drift: __, ...rest } = record
  const updated = scope.world.clock.now()
  const next: ResourceRecord = { ...rest, status, ...(reason === undefined ? {} : { reason }), updated }
  resources.put(scope, next)
  tellOf(scope, stack, next, status, reason)
  return next
}

/** The event of a resource, which stays as it is: one that a replacement left behind goes. */
export function tellOf(
  scope: Scope,
  stack: StackRecord,
  record: Pick<ResourceRecord, 'logicalId' | 'physicalId' | 'type' | 'properties'>,
  status: ResourceStatus,
  reason?: string,
): void {
  const now = scope.world.clock.now()
  events.add(scope, {
    id: `${record.logicalId}-${status}-${new Date(now).toISOString()}`,
    stackArn: stack.arn,
    stackName: stack.name,
    logicalId: record.logicalId,
    physicalId: record.physicalId ?? '',
    type: record.type,
    time: now,
    status,
    ...(reason === undefined ? {} : { reason }),
    properties: JSON.stringify(record.properties),
    ...(stack.clientToken === undefined ? {} : { clientToken: stack.clientToken }),
  })
}
