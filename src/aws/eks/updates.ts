import type * as sdk from '@aws-sdk/client-eks'
import type { Scope } from '../ec2/index.ts'
import type { RequestContext } from '../wire/service.ts'
import { notFound, requireCluster } from './errors.ts'
import { page } from './pagination.ts'
import type { UpdateRecord } from './records.ts'
import { updates } from './tables.ts'

/** Begins an update; a controller ends it. */
export function beginUpdate(
  scope: Scope,
  update: Pick<UpdateRecord, 'clusterName' | 'nodegroupName' | 'addonName' | 'type' | 'params' | 'force'>,
): UpdateRecord {
  const id = scope.world.ids.uuid()
  const record: UpdateRecord = { ...update, id, status: 'InProgress', createdAt: scope.world.clock.now() }
  return updates.put(scope, record, update.clusterName, id)
}

/** Ends an update, with the errors that it failed with if it did. */
export function endUpdate(
  scope: Scope,
  clusterName: string,
  id: string | undefined,
  errors?: UpdateRecord['errors'],
): void {
  const update = id === undefined ? undefined : updates.find(scope, clusterName, id)
  if (!update) return
  const status = errors ? 'Failed' : 'Successful'
  updates.put(scope, { ...update, status, ...(errors && { errors }) }, clusterName, update.id)
}

export const toUpdate = (update: UpdateRecord): sdk.Update => ({
  id: update.id,
  status: update.status,
  type: update.type as sdk.UpdateType,
  params: update.params as sdk.UpdateParam[],
  createdAt: new Date(update.createdAt),
  errors: (update.errors ?? []).map(({ code, message, resourceIds }) => ({
    errorCode: code as sdk.ErrorCode,
    errorMessage: message,
    resourceIds,
  })),
})

export function describeUpdate(input: sdk.DescribeUpdateCommandInput, context: RequestContext) {
  requireCluster(context, input.name)
  const update = updates.find(context, input.name!, input.updateId!)
  if (!update || (input.nodegroupName && update.nodegroupName !== input.nodegroupName)) {
    throw notFound(`No update found for ID: ${input.updateId}`)
  }
  return { update: toUpdate(update) }
}

export function listUpdates(input: sdk.ListUpdatesCommandInput, context: RequestContext) {
  requireCluster(context, input.name)
  const own = updates
    .list(context, input.name!)
    .filter(
      ({ nodegroupName, addonName }) =>
        nodegroupName === input.nodegroupName && addonName === input.addonName,
    )
  const { items, nextToken } = page(own, input)
  return { updateIds: items.map(({ id }) => id), nextToken }
}
