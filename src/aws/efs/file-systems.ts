import type * as sdk from '@aws-sdk/client-efs'
import type { Scope } from '../ec2/index.ts'
import { zonesOf } from '../ec2/regions.ts'
import { keyInUse, quoted } from '../encryption.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { pageOf } from '../table.ts'
import type { Handler, RequestContext } from '../wire/service.ts'
import { badRequest, efsError } from './errors.ts'
import type { FileSystemRecord } from './records.ts'
import {
  accessPointsOf,
  dataPrefix,
  efsArn,
  fileSystems,
  mountTargetsOf,
  requireAvailable,
  requireFileSystem,
} from './tables.ts'
import { fromTags, toTags } from './tags.ts'

/** What an empty file system is metered with, bytes. */
const EMPTY_BYTES = 6144

/** The bytes that the files of a file system hold. */
export function storedBytes(scope: Scope, id: string): number {
  const files = scope.world.store.values<{ content: string }>(dataPrefix(scope, id))
  return files.reduce((sum, { content }) => sum + Math.floor((content.length * 3) / 4), EMPTY_BYTES)
}

function toFileSystem(scope: Scope, record: FileSystemRecord): sdk.FileSystemDescription {
  const bytes = storedBytes(scope, record.id)
  return {
    OwnerId: scope.accountId,
    CreationToken: record.creationToken,
    FileSystemId: record.id,
    FileSystemArn: efsArn(scope, 'file-system', record.id),
    CreationTime: new Date(record.createdAt),
    LifeCycleState: record.state,
    Name: record.tags.Name,
    NumberOfMountTargets: mountTargetsOf(scope, record.id).length,
    SizeInBytes: { Value: bytes, ValueInIA: 0, ValueInStandard: bytes, ValueInArchive: 0 },
    PerformanceMode: record.performanceMode,
    Encrypted: record.encrypted,
    KmsKeyId: record.kmsKeyArn,
    ThroughputMode: record.throughputMode,
    ProvisionedThroughputInMibps: record.provisionedMibps,
    AvailabilityZoneName: record.zone?.name,
    AvailabilityZoneId: record.zone?.id,
    Tags: toTags(record.tags),
    FileSystemProtection: { ReplicationOverwriteProtection: record.protection },
  }
}

function checkThroughput(mode: string | undefined, mibps: number | undefined): void {
  if (mode === 'provisioned' && mibps === undefined)
    throw badRequest(
      'ProvisionedThroughputInMibps is a required parameter when the throughput mode is provisioned.',
    )
  if (mode !== 'provisioned' && mibps !== undefined)
    throw badRequest('ProvisionedThroughputInMibps is only allowed with the throughput mode provisioned.')
}

function create(input: sdk.CreateFileSystemCommandInput, context: RequestContext) {
  const creationToken = input.CreationToken!
  const same = fileSystems.list(context).find((one) => one.creationToken === creationToken)
  if (same)
    throw efsError(
      'FileSystemAlreadyExists',
      `File system '${same.id}' already exists with creation token '${creationToken}'`,
      409,
      { FileSystemId: same.id },
    )
  checkThroughput(input.ThroughputMode, input.ProvisionedThroughputInMibps)
  if (input.KmsKeyId !== undefined && !input.Encrypted)
    throw badRequest('If KmsKeyId is specified, the Encrypted parameter must also be set to true.')
  const zone = input.AvailabilityZoneName
    ? zonesOf(context.region).find(({ name }) => name === input.AvailabilityZoneName)
    : undefined
  if (input.AvailabilityZoneName && !zone)
    throw efsError(
      'UnsupportedAvailabilityZone',
      `The availability zone ${input.AvailabilityZoneName} is not supported.`,
    )
  const key = input.Encrypted
    ? keyInUse(
        context,
        {
          service: 'elasticfilesystem',
          keyId: input.KmsKeyId ?? 'alias/aws/elasticfilesystem',
          operations: ['GenerateDataKeyWithoutPlaintext', 'CreateGrant'],
        },
        (error) => badRequest(quoted(context, error)),
      )
    : undefined
  ensureLinkedRole(context.world, context.accountId, 'elasticfilesystem.amazonaws.com')
  const now = context.world.clock.now()
  const record: FileSystemRecord = {
    id: `fs-0${context.world.ids.hex(16)}`,
    creationToken,
    state: 'creating',
    since: now,
    createdAt: now,
    performanceMode: input.PerformanceMode ?? 'generalPurpose',
    throughputMode: input.ThroughputMode ?? 'bursting',
    provisionedMibps: input.ProvisionedThroughputInMibps,
    encrypted: input.Encrypted ?? false,
    kmsKeyArn: key?.arn,
    zone,
    protection: 'ENABLED',
    lifecyclePolicies: [],
    backup: input.Backup ?? zone !== undefined,
    tags: fromTags(input.Tags),
  }
  return toFileSystem(context, fileSystems.put(context, record))
}

function describe(input: sdk.DescribeFileSystemsCommandInput, context: RequestContext) {
  const all =
    input.FileSystemId !== undefined
      ? [requireFileSystem(context, input.FileSystemId)]
      : fileSystems
          .list(context)
          .filter(
            ({ creationToken }) => input.CreationToken === undefined || creationToken === input.CreationToken,
          )
  const { items, next } = pageOf(all, input.MaxItems ?? 100, input.Marker, () =>
    badRequest('Invalid pagination marker'),
  )
  return {
    Marker: input.Marker,
    FileSystems: items.map((one) => toFileSystem(context, one)),
    NextMarker: next,
  }
}

function update(input: sdk.UpdateFileSystemCommandInput, context: RequestContext) {
  const record = requireAvailable(context, input.FileSystemId)
  const mode = input.ThroughputMode ?? record.throughputMode
  const mibps =
    input.ProvisionedThroughputInMibps ?? (mode === 'provisioned' ? record.provisionedMibps : undefined)
  checkThroughput(mode, mibps)
  const next = { ...record, throughputMode: mode, provisionedMibps: mibps }
  return toFileSystem(context, fileSystems.put(context, next))
}

function remove(input: sdk.DeleteFileSystemCommandInput, context: RequestContext) {
  const record = requireFileSystem(context, input.FileSystemId)
  const used = (what: string) =>
    efsError(
      'FileSystemInUse',
      `The file system '${record.id}' cannot be deleted because it has ${what}. You must delete the ${what}, and then try again.`,
      409,
    )
  if (mountTargetsOf(context, record.id).length > 0) throw used('mount targets')
  if (accessPointsOf(context, record.id).length > 0) throw used('access points')
  fileSystems.put(context, { ...record, state: 'deleting', since: context.world.clock.now() })
  return {}
}

export const fileSystemHandlers: Record<string, Handler> = {
  CreateFileSystem: create,
  DescribeFileSystems: describe,
  UpdateFileSystem: update,
  DeleteFileSystem: remove,
  UpdateFileSystemProtection: (input: sdk.UpdateFileSystemProtectionCommandInput, context) => {
    const record = requireAvailable(context, input.FileSystemId)
    const protection = input.ReplicationOverwriteProtection === 'DISABLED' ? 'DISABLED' : 'ENABLED'
    fileSystems.put(context, { ...record, protection })
    return { ReplicationOverwriteProtection: protection }
  },
}
