import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { required } from './errors.ts'
import type { SnapshotRecord, Tags } from './records.ts'
import type { Scope } from './scope.ts'
import { snapshots } from './tables.ts'
import { tagList, tagsFor } from './tags.ts'
import { keyFor } from './volumes.ts'

/** What a copy tells as its volume: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html */
const NO_VOLUME = 'vol-ffffffff'

/** Puts a copy of a snapshot's content into a region; the copy is `pending` until the lifecycle controller has it completed. */
export function putCopy(
  scope: Scope,
  source: Pick<SnapshotRecord, 'sizeGiB' | 'system'>,
  options: { description: string; kmsKeyId?: string; tags: Tags },
): SnapshotRecord {
  const now = scope.world.clock.now()
  return snapshots.put(scope, {
    id: snapshots.newId(scope),
    volumeId: NO_VOLUME,
    sizeGiB: source.sizeGiB,
    system: source.system,
    state: 'pending',
    since: now,
    createdAt: now,
    ...options,
  })
}

export function copySnapshot(input: sdk.CopySnapshotCommandInput, context: RequestContext) {
  const region = required(input.SourceRegion, 'sourceRegion')
  const from = snapshots.get({ ...context, region }, required(input.SourceSnapshotId, 'sourceSnapshotId'))
  if (from.state !== 'completed')
    throw new AwsError('IncorrectState', `Snapshot '${from.id}' is not in the 'completed' state.`)
  const encrypted = input.Encrypted || from.kmsKeyId !== undefined
  // A key of another region is of no use here: a copy that names none has the default key.
  const keyId = input.KmsKeyId ?? (region === context.region ? from.kmsKeyId : undefined)
  const copy = putCopy(context, from, {
    description: input.Description ?? `[Copied ${from.id} from ${region}] ${from.description}`.trim(),
    kmsKeyId: keyFor(context, encrypted, keyId),
    tags: tagsFor(input.TagSpecifications, 'snapshot'),
  })
  return { SnapshotId: copy.id, Tags: tagList(copy.tags) }
}
