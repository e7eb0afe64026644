import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { required } from './errors.ts'
import { select } from './filters.ts'
import type { SnapshotRecord, VolumeRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { images, instances, snapshots, volumes } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'
import { volumesOf } from './volume-index.ts'

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

/** Takes a snapshot of a volume; it is `pending` until the lifecycle controller has it completed. */
export function takeSnapshot(
  scope: Scope,
  volume: VolumeRecord,
  { description, tags }: Pick<SnapshotRecord, 'description' | 'tags'>,
): SnapshotRecord {
  const now = scope.world.clock.now()
  return snapshots.put(scope, {
    id: snapshots.newId(scope),
    tags,
    volumeId: volume.id,
    sizeGiB: volume.sizeGiB,
    description,
    system: volume.system,
    kmsKeyId: volume.kmsKeyId,
    state: 'pending',
    since: now,
    createdAt: now,
  })
}

export function createSnapshot(input: sdk.CreateSnapshotCommandInput, context: RequestContext) {
  const volume = volumes.get(context, required(input.VolumeId, 'volumeId'))
  const snapshot = takeSnapshot(context, volume, {
    description: input.Description ?? '',
    tags: tagsFor(input.TagSpecifications, 'snapshot'),
  })
  const { StorageTier: _tier, ...shown } = toSnapshot(context, snapshot)
  return { ...shown, Progress: '' }
}

/** Of all volumes of an instance at one moment. */
export function createSnapshots(input: sdk.CreateSnapshotsCommandInput, context: RequestContext) {
  const { InstanceId: instanceId, ExcludeBootVolume, ExcludeDataVolumeIds } = input.InstanceSpecification!
  const instance = instances.get(context, required(instanceId, 'instanceId'))
  const wanted = volumesOf(context, instance.id).filter(
    ({ id }) =>
      !(ExcludeBootVolume && id === instance.volumeId) && !(ExcludeDataVolumeIds ?? []).includes(id),
  )
  const given = tagsFor(input.TagSpecifications, 'snapshot')
  const taken = wanted.map((volume) =>
    takeSnapshot(context, volume, {
      description: input.Description ?? '',
      tags: { ...(input.CopyTagsFromSource === 'volume' && volume.tags), ...given },
    }),
  )
  return {
    Snapshots: taken.map((snapshot) => {
      const { StorageTier, CompletionTime, KmsKeyId, ...shown } = toSnapshot(context, snapshot)
      return { ...shown, Progress: '' }
    }),
  }
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

/** Throws InvalidSnapshot.InUse while an image has it. */
export function deleteSnapshot(input: sdk.DeleteSnapshotCommandInput, context: RequestContext) {
  const { id } = snapshots.get(context, required(input.SnapshotId, 'snapshotId'))
  const user = images.list(context).find(({ volumes }) => volumes.some((one) => one.snapshotId === id))
  if (user)
    throw new AwsError('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${user.id}`)
  snapshots.delete(context, id)
  return {}
}
