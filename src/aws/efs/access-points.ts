import type * as sdk from '@aws-sdk/client-efs'
import type { Scope } from '../ec2/index.ts'
import { pageOf } from '../table.ts'
import type { Handler, RequestContext } from '../wire/service.ts'
import { badRequest, efsError } from './errors.ts'
import type { AccessPointRecord } from './records.ts'
import {
  accessPoints,
  accessPointsOf,
  efsArn,
  requireAccessPoint,
  requireAvailable,
  requireFileSystem,
} from './tables.ts'
import { fromTags, toTags } from './tags.ts'

/** https://docs.aws.amazon.com/efs/latest/ug/limits.html (from knowledge, 2026-11) */
const LIMIT = 10_000

const toAccessPoint = (scope: Scope, record: AccessPointRecord): sdk.AccessPointDescription => ({
  ClientToken: record.clientToken,
  Name: record.tags.Name,
  Tags: toTags(record.tags),
  AccessPointId: record.id,
  AccessPointArn: efsArn(scope, 'access-point', record.id),
  FileSystemId: record.fileSystemId,
  PosixUser: record.posixUser,
  RootDirectory: record.rootDirectory,
  OwnerId: scope.accountId,
  LifeCycleState: record.state,
})

/** What CreateAccessPoint makes. Throws FileSystemNotFound, AccessPointAlreadyExists, AccessPointLimitExceeded. */
export function makeAccessPoint(scope: Scope, input: sdk.CreateAccessPointRequest): AccessPointRecord {
  const fileSystem = requireAvailable(scope, input.FileSystemId)
  const all = accessPointsOf(scope, fileSystem.id)
  const same = all.find(({ clientToken }) => clientToken === input.ClientToken)
  if (same)
    throw efsError('AccessPointAlreadyExists', `Access point already exists with ID ${same.id}`, 409, {
      AccessPointId: same.id,
    })
  if (all.length >= LIMIT)
    throw efsError('AccessPointLimitExceeded', `You have reached the limit of ${LIMIT} access points.`, 403)
  return accessPoints.put(scope, {
    id: `fsap-0${scope.world.ids.hex(16)}`,
    fileSystemId: fileSystem.id,
    clientToken: input.ClientToken!,
    state: 'creating',
    since: scope.world.clock.now(),
    posixUser: input.PosixUser,
    rootDirectory: { ...input.RootDirectory, Path: input.RootDirectory?.Path ?? '/' },
    tags: fromTags(input.Tags),
  })
}

function describe(input: sdk.DescribeAccessPointsCommandInput, context: RequestContext) {
  if (input.AccessPointId && input.FileSystemId)
    throw badRequest('Must specify only one of AccessPointId or FileSystemId.')
  const all = input.AccessPointId
    ? [requireAccessPoint(context, input.AccessPointId)]
    : input.FileSystemId
      ? accessPointsOf(context, requireFileSystem(context, input.FileSystemId).id)
      : accessPoints.list(context)
  const { items, next } = pageOf(all, input.MaxResults ?? 100, input.NextToken, () =>
    badRequest('Invalid NextToken'),
  )
  return { AccessPoints: items.map((one) => toAccessPoint(context, one)), NextToken: next }
}

export const accessPointHandlers: Record<string, Handler> = {
  CreateAccessPoint: (input: sdk.CreateAccessPointCommandInput, context) =>
    toAccessPoint(context, makeAccessPoint(context, input)),
  DescribeAccessPoints: describe,
  DeleteAccessPoint: (input: sdk.DeleteAccessPointCommandInput, context) => {
    accessPoints.delete(context, requireAccessPoint(context, input.AccessPointId))
    return {}
  },
}
