import type * as sdk from '@aws-sdk/client-ec2'
import type { RequestContext } from '../wire/service.ts'
import { required } from './errors.ts'
import { select } from './filters.ts'
import type { SnapshotRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { snapshots, volumes } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

const toSnapshot = (scope: Scope, snapshot: SnapshotRecord): sdk.Snapshot => ({
  SnapshotId: snapshot.id,
  VolumeId: snapshot.volumeId,
  VolumeSize: snapshot.sizeGiB,
  State: snapshot.state,
  Progress: snapshot.state === 'completed' ? '100%' : '0%',
  StartTime: new Date(snapshot.createdAt),
  CompletionTime: snapshot.state === 'completed' ? new Date(snapshot.since) : undefined,
  Description: snapshot.description,
  OwnerId: scope.accountId,
  Encrypted: snapshot.kmsKeyId !== undefined,
  KmsKeyId: snapshot.kmsKeyId,
  StorageTier: 'standard',
  Tags: toTags(snapshot.tags),
})

export function createSnapshot(input: sdk.CreateSnapshotCommandInput, context: RequestContext) {
  const volume = volumes.get(context, required(input.VolumeId, 'volumeId'))
  const now = context.world.clock.now()
  const snapshot = snapshots.put(context, {
    id: snapshots.newId(context),
    tags: tagsFor(input.TagSpecifications, 'snapshot'),
    volumeId: volume.id,
    sizeGiB: volume.sizeGiB,
    description: input.Description ?? '',
    kmsKeyId: volume.kmsKeyId,
    state: 'pending',
    since: now,
    createdAt: now,
  })
  const { StorageTier: _tier, ...shown } = toSnapshot(context, snapshot)
  return { ...shown, Progress: '' }
}

export function describeSnapshots(input: sdk.DescribeSnapshotsCommandInput, context: RequestContext) {
  const owned =
    !input.OwnerIds?.length || input.OwnerIds.some((id) => id === 'self' || id === context.accountId)
  const all = owned ? snapshots.list(context, input.SnapshotIds) : []
  const { page, NextToken } = select(all, input, {
    description: ({ description }) => description,
    encrypted: ({ kmsKeyId }) => kmsKeyId !== undefined,
    'owner-id': () => context.accountId,
    'owner-alias': () => undefined,
    'storage-tier': () => 'standard',
    'transfer-type': () => undefined,
    progress: ({ state }) => (state === 'completed' ? '100%' : '0%'),
    'snapshot-id': ({ id }) => id,
    'start-time': ({ createdAt }) => new Date(createdAt).toISOString(),
    status: ({ state }) => state,
    'volume-id': ({ volumeId }) => volumeId,
    'volume-size': ({ sizeGiB }) => sizeGiB,
  })
  return { Snapshots: page.map((snapshot) => toSnapshot(context, snapshot)), NextToken }
}

export function deleteSnapshot(input: sdk.DeleteSnapshotCommandInput, context: RequestContext) {
  snapshots.delete(context, snapshots.get(context, required(input.SnapshotId, 'snapshotId')).id)
  return {}
}
