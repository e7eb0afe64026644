import type * as sdk from '@aws-sdk/client-servicediscovery'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { filterFits, page } from './find.ts'
import type { OperationRecord } from './records.ts'
import { operations } from './tables.ts'

/** How long they take on AWS, ms: a private namespace waits for its hosted zone (about a minute, from knowledge 2026-11). */
const DURATIONS: Partial<Record<sdk.OperationType, number>> = {
  CREATE_NAMESPACE: 60_000,
  DELETE_NAMESPACE: 30_000,
}
/** Kept so that nobody's list grows without end. */
const KEPT_MS = 86_400_000

/** Notes what was asked for; gives the id by which it is followed. */
export function begin(scope: Scope, type: sdk.OperationType, targets: Record<string, string>): string {
  const { world } = scope
  const now = world.clock.now()
  for (const old of operations.list(scope)) if (now - old.created > KEPT_MS) operations.delete(scope, old)
  const done = now + world.provisioningTime(DURATIONS[type] ?? 0)
  const id = `${world.ids.text(26, 'abcdefghijklmnopqrstuvwxyz234567')}-${world.ids.text(8, '0123456789abcdef')}`
  return operations.put(scope, { id, type, targets, created: now, done }).id
}

const statusOf = (scope: Scope, { done }: OperationRecord): sdk.OperationStatus =>
  scope.world.clock.now() < done ? 'PENDING' : 'SUCCESS'

function fits(scope: Scope, operation: OperationRecord, filter: sdk.OperationFilter): boolean {
  const value = {
    NAMESPACE_ID: operation.targets.NAMESPACE ?? '',
    SERVICE_ID: operation.targets.SERVICE ?? '',
    STATUS: statusOf(scope, operation),
    TYPE: operation.type,
    UPDATE_DATE: String(operation.created / 1000),
  }[filter.Name as string]
  if (filter.Name !== 'UPDATE_DATE' || filter.Condition !== 'BETWEEN') return filterFits(value ?? '', filter)
  const [from = 0, to = Number.POSITIVE_INFINITY] = (filter.Values ?? []).map(Number)
  return from <= Number(value) && Number(value) <= to
}

export const operationHandlers: Record<string, Handler> = {
  GetOperation: (input: sdk.GetOperationCommandInput, context) => {
    const operation = operations.find(context, input.OperationId!)
    if (!operation) throw new AwsError('OperationNotFound', `Operation not found: ${input.OperationId}`)
    return {
      Operation: {
        Id: operation.id,
        OwnerAccount: context.accountId,
        Type: operation.type,
        Status: statusOf(context, operation),
        CreateDate: new Date(operation.created),
        UpdateDate: new Date(Math.min(operation.done, context.world.clock.now())),
        Targets: operation.targets,
      },
    }
  },

  ListOperations: (input: sdk.ListOperationsCommandInput, context) => {
    const wanted = operations
      .list(context)
      .filter((one) => (input.Filters ?? []).every((filter) => fits(context, one, filter)))
      .sort((a, b) => b.created - a.created)
    const { items, rest } = page(wanted, input)
    return { Operations: items.map((one) => ({ Id: one.id, Status: statusOf(context, one) })), ...rest }
  },
}
