import type * as sdk from '@aws-sdk/client-ec2'
import { type KeyUser, keyInUse } from '../encryption.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { checkedVolume, takesIops, type VolumeShape } from './data/volume-types.ts'
import { wholeSecond } from './dates.ts'
import { encryptionByDefault } from './ebs-encryption.ts'
import { invalidParameterValue, missingParameter, required } from './errors.ts'
import { never, select, shownFields } from './filters.ts'
import { systemOn } from './images.ts'
import type { Tags, VolumeRecord } from './records.ts'
import { zonesOf } from './regions.ts'
import type { Scope } from './scope.ts'
import { instances, snapshots, volumes } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

const MODIFICATION_COOLDOWN_MS = 6 * 3_600_000

export function toVolume(volume: VolumeRecord): sdk.Volume {
  const { attachment } = volume
  return {
    VolumeId: volume.id,
    Size: volume.sizeGiB,
    VolumeType: volume.type as sdk.VolumeType,
    Iops: volume.iops,
    Throughput: volume.throughput,
    State: attachment ? 'in-use' : volume.state,
    AvailabilityZone: volume.zone,
    CreateTime: new Date(volume.createdAt),
    Encrypted: volume.kmsKeyId !== undefined,
    KmsKeyId: volume.kmsKeyId,
    SnapshotId: volume.snapshotId ?? '',
    MultiAttachEnabled: false,
    Attachments: attachment ? [toAttachment(volume)] : [],
    Tags: toTags(volume.tags),
  }
}

const toAttachment = ({ id, attachment }: VolumeRecord): sdk.VolumeAttachment => ({
  VolumeId: id,
  InstanceId: attachment!.instanceId,
  Device: attachment!.device,
  State: attachment!.state,
  AttachTime: wholeSecond(attachment!.attachedAt),
  DeleteOnTermination: attachment!.deleteOnTermination,
})

/** What attaching and detaching answer. */
function toChangedAttachment(volume: VolumeRecord, State: 'attaching' | 'detaching') {
  const { DeleteOnTermination: _kept, ...shown } = toAttachment(volume)
  return { ...shown, AttachTime: new Date(volume.attachment!.attachedAt), State }
}

/** Makes a volume, checked by its type's rules; it is `creating` until the lifecycle controller has it available. */
export function makeVolume(
  scope: Scope,
  options: Partial<VolumeShape> & {
    zone: string
    tags: Tags
    snapshotId?: string
    /** Default: that of the snapshot. */
    system?: string
    kmsKeyId?: string
    id?: string
  },
): VolumeRecord {
  const { zone, tags, snapshotId, kmsKeyId } = options
  const now = scope.world.clock.now()
  return volumes.put(scope, {
    ...checkedVolume(options),
    id: options.id ?? volumes.newId(scope),
    tags,
    zone,
    state: 'creating',
    since: now,
    createdAt: now,
    snapshotId,
    system: options.system ?? (snapshotId === undefined ? undefined : systemOn(scope, snapshotId)),
    kmsKeyId,
  })
}

/** The key that a volume is encrypted with. Throws InvalidKMSKey… as EC2 does. */
export function keyFor(
  user: KeyUser,
  asked: boolean | undefined,
  keyId: string | undefined,
): string | undefined {
  const byDefault = encryptionByDefault(user)
  const encrypted = asked || byDefault.enabled
  if (!encrypted) {
    if (keyId)
      throw invalidParameterValue('The parameter KmsKeyId requires the parameter Encrypted to be set.')
    return undefined
  }
  const use = {
    service: 'ec2',
    keyId: keyId ?? byDefault.keyId,
    operations: ['GenerateDataKeyWithoutPlaintext', 'Decrypt'],
  }
  return keyInUse(user, use, ({ code }) =>
    code === 'NotFoundException'
      ? new AwsError('InvalidKmsKey.InvalidKeyId', `KMS Key id ${keyId} is invalid`)
      : new AwsError('InvalidKMSKey.InvalidState', 'The KMS key provided is in an incorrect state'),
  ).arn
}

export function createVolume(input: sdk.CreateVolumeCommandInput, context: RequestContext) {
  const zone = required(input.AvailabilityZone, 'AvailabilityZone')
  if (!zonesOf(context.region).some(({ name }) => name === zone)) {
    throw new AwsError('InvalidZone.NotFound', `The zone '${zone}' does not exist.`)
  }
  const snapshot = input.SnapshotId ? snapshots.get(context, input.SnapshotId) : undefined
  if (!snapshot && input.Size === undefined) throw missingParameter('size/snapshot')
  const volume = makeVolume(context, {
    zone,
    tags: tagsFor(input.TagSpecifications, 'volume'),
    sizeGiB: input.Size ?? snapshot?.sizeGiB,
    type: input.VolumeType,
    iops: input.Iops,
    throughput: input.Throughput,
    snapshotId: snapshot?.id,
    kmsKeyId: keyFor(
      context,
      input.Encrypted ?? snapshot?.kmsKeyId !== undefined,
      input.KmsKeyId ?? snapshot?.kmsKeyId,
    ),
  })
  // What is made is shown without attachments, and its date in whole seconds.
  const { Attachments: _none, ...shown } = toVolume(volume)
  return { ...shown, CreateTime: wholeSecond(volume.createdAt) }
}

/** Filters that read what is shown. */
const SHOWN = {
  'attachment.attach-time': 'Attachments.AttachTime',
  'availability-zone-id': 'AvailabilityZoneId',
  'fast-restored': 'FastRestored',
  'multi-attach-enabled': 'MultiAttachEnabled',
  'operator.managed': 'Operator.Managed',
  'operator.principal': 'Operator.Principal',
}

export function describeVolumes(input: sdk.DescribeVolumesCommandInput, context: RequestContext) {
  const { page, NextToken } = select(volumes.list(context, input.VolumeIds), input, {
    ...shownFields(toVolume, SHOWN),
    'attachment.device': ({ attachment }) => attachment?.device,
    'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
    'attachment.status': ({ attachment }) => attachment?.state,
    'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
    'availability-zone': ({ zone }) => zone,
    'create-time': ({ createdAt }) => new Date(createdAt).toISOString(),
    encrypted: ({ kmsKeyId }) => kmsKeyId !== undefined,
    size: ({ sizeGiB }) => sizeGiB,
    'snapshot-id': ({ snapshotId }) => snapshotId,
    status: (volume) => toVolume(volume).State,
    'volume-id': ({ id }) => id,
    'volume-type': ({ type }) => type,
  })
  return { Volumes: page.map(toVolume), NextToken }
}

export function describeVolumeStatus(input: sdk.DescribeVolumeStatusCommandInput, context: RequestContext) {
  const { page, NextToken } = select(volumes.list(context, input.VolumeIds), input, {
    'availability-zone': ({ zone }) => zone,
    'volume-status.status': () => 'ok',
    'volume-status.details-name': () => ['io-enabled', 'io-performance'],
    'volume-status.details-status': () => ['passed', 'not-applicable'],
    ...never('action.code', 'action.description', 'action.event-id', 'event.description', 'event.event-id'),
    ...never('event.event-type', 'event.not-after', 'event.not-before'),
  })
  return {
    VolumeStatuses: page.map(({ id, zone }) => ({
      VolumeId: id,
      AvailabilityZone: zone,
      Actions: [],
      Events: [],
      VolumeStatus: {
        Status: 'ok' as const,
        Details: [
          { Name: 'io-enabled' as const, Status: 'passed' },
          { Name: 'io-performance' as const, Status: 'not-applicable' },
        ],
      },
    })),
    NextToken,
  }
}

export function deleteVolume(input: sdk.DeleteVolumeCommandInput, context: RequestContext) {
  const volume = volumes.get(context, required(input.VolumeId, 'volumeId'))
  if (volume.attachment) {
    throw new AwsError(
      'VolumeInUse',
      `Volume ${volume.id} is currently attached to ${volume.attachment.instanceId}`,
    )
  }
  volumes.delete(context, volume.id)
  return {}
}

/** Attaches a volume to an instance of its zone. Throws EC2's errors. */
export function attach(scope: Scope, volumeId: string, instanceId: string, device: string): VolumeRecord {
  const volume = volumes.get(scope, volumeId)
  const instance = instances.get(scope, instanceId)
  if (volume.attachment) throw new AwsError('VolumeInUse', `${volume.id} is already attached to an instance`)
  if (volume.state !== 'available') {
    throw new AwsError('IncorrectState', `Volume '${volume.id}' is not in the 'available' state.`)
  }
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw new AwsError('IncorrectState', `Instance '${instanceId}' is not 'running'.`)
  }
  if (instance.zone !== volume.zone) {
    throw new AwsError(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${instanceId}'`,
    )
  }
  const taken = volumes
    .list(scope)
    .some((other) => other.attachment?.instanceId === instanceId && other.attachment.device === device)
  if (taken)
    throw invalidParameterValue(
      `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
    )
  const attachedAt = scope.world.clock.now()
  const attachment = {
    instanceId,
    device,
    state: 'attached' as const,
    attachedAt,
    deleteOnTermination: false,
  }
  return volumes.put(scope, { ...volume, attachment })
}

export function attachVolume(input: sdk.AttachVolumeCommandInput, context: RequestContext) {
  const instanceId = required(input.InstanceId, 'instanceId')
  const volumeId = required(input.VolumeId, 'volumeId')
  const { kmsKeyId: keyId } = volumes.get(context, volumeId)
  // The instance gets a grant on the volume's key, with the caller's rights.
  if (keyId !== undefined) {
    const use = { service: 'ec2', keyId, operations: ['CreateGrant', 'Decrypt'] }
    keyInUse(
      context,
      use,
      () =>
        new AwsError(
          'CustomerKeyHasBeenRevoked',
          `Volume ${volumeId} cannot be attached. The encrypted volume was unable to access the KMS key`,
        ),
    )
  }
  const volume = attach(context, volumeId, instanceId, required(input.Device, 'device'))
  return toChangedAttachment(volume, 'attaching')
}

/** Takes a volume off its instance. */
export function detach(scope: Scope, volumeId: string): VolumeRecord {
  const { attachment: _, ...volume } = volumes.get(scope, volumeId)
  return volumes.put(scope, { ...volume, state: 'available' })
}

export function detachVolume(input: sdk.DetachVolumeCommandInput, context: RequestContext) {
  const volume = volumes.get(context, required(input.VolumeId, 'volumeId'))
  const { attachment } = volume
  if (!attachment || (input.InstanceId && attachment.instanceId !== input.InstanceId)) {
    throw new AwsError('IncorrectState', `Volume '${volume.id}' is in the 'available' state.`)
  }
  if (
    attachment.device === '/dev/xvda' &&
    instances.find(context, attachment.instanceId)?.state === 'running'
  ) {
    throw new AwsError('OperationNotPermitted', 'Unable to detach root volume')
  }
  detach(context, volume.id)
  return toChangedAttachment(volume, 'detaching')
}

export function modifyVolume(input: sdk.ModifyVolumeCommandInput, context: RequestContext) {
  const volume = volumes.get(context, required(input.VolumeId, 'volumeId'))
  const now = context.world.clock.now()
  const last = volume.modification?.at
  if (last !== undefined && now - last < MODIFICATION_COOLDOWN_MS) {
    throw new AwsError(
      'VolumeModificationRateExceeded',
      `You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.`,
    )
  }
  if (input.Size !== undefined && input.Size < volume.sizeGiB) {
    throw invalidParameterValue('New size cannot be smaller than existing size')
  }
  const before = {
    sizeGiB: volume.sizeGiB,
    type: volume.type,
    iops: volume.iops,
    throughput: volume.throughput,
  }
  const changed = input.VolumeType !== undefined && input.VolumeType !== volume.type
  const next = checkedVolume({
    sizeGiB: input.Size ?? volume.sizeGiB,
    type: input.VolumeType ?? volume.type,
    iops: input.Iops ?? (changed || !takesIops(volume.type) ? undefined : volume.iops),
    throughput: input.Throughput ?? (changed ? undefined : volume.throughput),
  })
  const modified = volumes.put(context, { ...volume, ...next, modification: { at: now, before } })
  const { EndTime: _later, ...shown } = toModification(modified)
  return { VolumeModification: { ...shown, ModificationState: 'modifying' as const, Progress: 0 } }
}

function toModification({
  id,
  modification,
  sizeGiB,
  type,
  iops,
  throughput,
}: VolumeRecord): sdk.VolumeModification {
  const { at, before } = modification!
  return {
    VolumeId: id,
    ModificationState: 'completed',
    Progress: 100,
    StartTime: wholeSecond(at),
    EndTime: wholeSecond(at),
    OriginalSize: before.sizeGiB,
    OriginalVolumeType: before.type as sdk.VolumeType,
    OriginalIops: before.iops,
    OriginalThroughput: before.throughput,
    TargetSize: sizeGiB,
    TargetVolumeType: type as sdk.VolumeType,
    TargetIops: iops,
    TargetThroughput: throughput,
  }
}

export function describeVolumesModifications(
  input: sdk.DescribeVolumesModificationsCommandInput,
  context: RequestContext,
) {
  const all = volumes.list(context, input.VolumeIds).filter(({ modification }) => modification)
  const { page, NextToken } = select(all, input, {
    'modification-state': () => 'completed',
    ...shownFields(toModification, {
      'original-iops': 'OriginalIops',
      'original-size': 'OriginalSize',
      'original-volume-type': 'OriginalVolumeType',
      originalMultiAttachEnabled: 'OriginalMultiAttachEnabled',
      'start-time': 'StartTime',
      'target-iops': 'TargetIops',
      'target-size': 'TargetSize',
      'target-volume-type': 'TargetVolumeType',
      targetMultiAttachEnabled: 'TargetMultiAttachEnabled',
      'volume-id': 'VolumeId',
    }),
  })
  return { VolumesModifications: page.map(toModification), NextToken }
}
