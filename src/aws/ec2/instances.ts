import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { publicDnsName } from './addresses.ts'
import { instanceTypes } from './data/instance-types.ts'
import { invalidParameterCombination, missingParameter, required } from './errors.ts'
import { select } from './filters.ts'
import { resolvedImage } from './image-parameters.ts'
import { primaryInterface } from './instance-attributes.ts'
import { profileFor } from './instance-profiles.ts'
import {
  definedOf,
  launchInstances,
  ROOT_DEVICE,
  setInstanceState,
  terminateInstance,
  USER_SHUTDOWN,
} from './launch.ts'
import { launchFields } from './launch-fields.ts'
import { launchTemplateData } from './launch-templates.ts'
import { toMetadataOptions } from './metadata-options.ts'
import { associationOf, toAddresses, toGroups } from './network-interfaces.ts'
import type { InstanceRecord, InstanceState } from './records.ts'
import type { Scope } from './scope.ts'
import { instances, keyPairs, networkInterfaces, securityGroups, subnets, vpcs } from './tables.ts'
import { toTags } from './tags.ts'
import { volumesOf } from './volume-index.ts'

const STATE_CODES: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

export const toState = (state: InstanceState) => ({ Code: STATE_CODES[state], Name: state })

function toInstance(scope: Scope, instance: InstanceRecord): sdk.Instance {
  const gone = instance.state === 'terminated'
  const type = instanceTypes.get(instance.type)
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    InstanceType: instance.type as never,
    State: toState(instance.state),
    StateReason: instance.stateReason && {
      Code: instance.stateReason.code,
      Message: instance.stateReason.message,
    },
    StateTransitionReason: instance.stateReason
      ? `User initiated (${new Date(instance.since).toISOString().slice(0, 19).replace('T', ' ')} GMT)`
      : '',
    AmiLaunchIndex: instance.launchIndex,
    Architecture: type?.architecture,
    BlockDeviceMappings: gone
      ? []
      : volumesOf(scope, instance.id).map(({ id, attachment }) => ({
          DeviceName: attachment!.device,
          Ebs: {
            AttachTime: new Date(attachment!.attachedAt),
            DeleteOnTermination: attachment!.deleteOnTermination,
            Status: 'attached',
            VolumeId: id,
          },
        })),
    ClientToken: instance.clientToken ?? '',
    CpuOptions: type && { CoreCount: Math.max(1, type.vcpus / 2), ThreadsPerCore: type.vcpus > 1 ? 2 : 1 },
    EbsOptimized: instance.ebsOptimized ?? false,
    EnaSupport: true,
    Hypervisor: 'xen',
    IamInstanceProfile: instance.profile && { Arn: instance.profile.arn, Id: instance.profile.id },
    InstanceLifecycle: instance.lifecycle,
    KeyName: instance.keyName,
    LaunchTime: new Date(instance.launchedAt),
    MetadataOptions: toMetadataOptions(instance),
    Monitoring: { State: instance.monitored ? 'enabled' : 'disabled' },
    NetworkInterfaces: instance.networkInterfaceIds.flatMap((id) => toInstanceInterface(scope, id)),
    Placement: { AvailabilityZone: instance.zone, GroupName: '', Tenancy: 'default' },
    PlatformDetails: 'Linux/UNIX',
    PrivateDnsName: gone ? '' : instance.privateDnsName,
    PrivateIpAddress: gone ? undefined : instance.privateIp,
    PublicDnsName: instance.publicIp ? publicDnsName(scope.region, instance.publicIp) : '',
    PublicIpAddress: instance.publicIp,
    RootDeviceName: ROOT_DEVICE,
    RootDeviceType: 'ebs',
    SecurityGroups: gone ? [] : toGroups(scope, instance.groupIds),
    SourceDestCheck: gone ? undefined : primaryInterface(scope, instance)?.sourceDestCheck,
    SubnetId: gone ? undefined : instance.subnetId,
    VpcId: gone ? undefined : instance.vpcId,
    Tags: toTags(instance.tags),
    VirtualizationType: 'hvm',
  }
}

function toInstanceInterface(scope: Scope, id: string): sdk.InstanceNetworkInterface[] {
  const eni = networkInterfaces.find(scope, id)
  if (!eni) return []
  return [
    {
      NetworkInterfaceId: eni.id,
      Description: eni.description,
      Groups: toGroups(scope, eni.groupIds),
      InterfaceType: eni.interfaceType,
      MacAddress: eni.macAddress,
      OwnerId: scope.accountId,
      PrivateIpAddress: eni.addresses[0],
      PrivateIpAddresses: toAddresses(scope, eni),
      Association: associationOf(scope, eni),
      SourceDestCheck: eni.sourceDestCheck,
      Status: 'in-use',
      SubnetId: eni.subnetId,
      VpcId: eni.vpcId,
      Attachment: eni.attachment && {
        AttachmentId: eni.attachment.id,
        AttachTime: new Date(eni.attachment.attachedAt),
        DeleteOnTermination: eni.attachment.deleteOnTermination,
        DeviceIndex: eni.attachment.deviceIndex,
        Status: 'attached',
      },
    },
  ]
}

function toReservation(scope: Scope, group: InstanceRecord[]): sdk.Reservation {
  return {
    ReservationId: group[0]!.reservationId,
    OwnerId: scope.accountId,
    RequesterId: group[0]!.requesterId,
    Groups: [],
    Instances: group.map((instance) => toInstance(scope, instance)),
  }
}

export function runInstances(raw: sdk.RunInstancesCommandInput, context: RequestContext) {
  const again = repeated(context, raw)
  if (again) return toReservation(context, again)
  const input = { ...launchTemplateData(context, raw.LaunchTemplate), ...definedOf(raw) }
  const imageId = resolvedImage(context, required(input.ImageId, 'ImageId'))
  const count = input.MaxCount ?? 1
  if (count < (input.MinCount ?? 1)) {
    throw invalidParameterCombination('MaxCount must be greater than or equal to MinCount')
  }
  const network = input.NetworkInterfaces?.[0]
  const subnet = subnetFor(context, input.SubnetId ?? network?.SubnetId)
  if (input.KeyName && !keyPairs.list(context).some(({ name }) => name === input.KeyName)) {
    throw keyPairs.missing(input.KeyName)
  }
  const fields = launchFields(context, input)
  for (const id of fields.groupIds ?? []) securityGroups.get(context, id)
  const launched = launchInstances(context, {
    ...fields,
    imageId,
    type: input.InstanceType ?? 'm1.small',
    subnet,
    count,
    profile: input.IamInstanceProfile && profileFor(context, input.IamInstanceProfile),
    privateIp: input.PrivateIpAddress ?? network?.PrivateIpAddress,
    clientToken: input.ClientToken,
  })
  return toReservation(context, launched)
}

/** The reservation of a request that comes a second time. Throws when it says something else by then. */
function repeated(scope: Scope, input: sdk.RunInstancesCommandInput): InstanceRecord[] | undefined {
  if (!input.ClientToken) return undefined
  const made = instances.list(scope).filter(({ clientToken }) => clientToken === input.ClientToken)
  if (made.length === 0) return undefined
  const { type, imageId, subnetId } = made[0]!
  if (
    (input.InstanceType && input.InstanceType !== type) ||
    (input.ImageId?.startsWith('ami-') && input.ImageId !== imageId) ||
    (input.SubnetId && input.SubnetId !== subnetId)
  ) {
    throw new AwsError(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    )
  }
  return made
}

function subnetFor(scope: Scope, id: string | undefined) {
  if (id) return subnets.get(scope, id)
  const vpc = vpcs.list(scope).find((candidate) => candidate.isDefault)
  const candidates = vpc
    ? subnets.list(scope).filter(({ isDefault, vpcId }) => isDefault && vpcId === vpc.id)
    : []
  if (candidates.length > 0) return candidates[scope.world.ids.number(candidates.length)]!
  throw vpc
    ? new AwsError('MissingInput', 'No subnets found for the default VPC. Please specify a subnet.')
    : new AwsError(
        'VPCIdNotSpecified',
        'No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.',
      )
}

/** Instances by id, or all. Throws Malformed and NotFound as EC2 does, naming all that are missing. */
export function findInstances(context: Scope, ids: string[] | undefined): InstanceRecord[] {
  if (!ids?.length) return instances.list(context)
  for (const id of ids) {
    if (!/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
      throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`)
    }
  }
  const missing = ids.filter((id) => !instances.find(context, id))
  if (missing.length === 1) throw instances.missing(missing[0]!)
  if (missing.length > 1) {
    throw new AwsError('InvalidInstanceID.NotFound', `The instance IDs '${missing.join(', ')}' do not exist`)
  }
  return instances.list(context, ids)
}

export function describeInstances(input: sdk.DescribeInstancesCommandInput, context: RequestContext) {
  const { page, NextToken } = select(findInstances(context, input.InstanceIds), input, {
    architecture: (instance) => instanceTypes.get(instance.type)?.architecture,
    'availability-zone': (instance) => instance.zone,
    'client-token': (instance) => instance.clientToken,
    'dns-name': (instance) => instance.publicIp && publicDnsName(context.region, instance.publicIp),
    'iam-instance-profile.arn': (instance) => instance.profile?.arn,
    'image-id': (instance) => instance.imageId,
    'block-device-mapping.device-name': (instance) =>
      volumesOf(context, instance.id).map(({ attachment }) => attachment!.device),
    'block-device-mapping.volume-id': (instance) => volumesOf(context, instance.id).map(({ id }) => id),
    'instance-id': (instance) => instance.id,
    'instance-lifecycle': (instance) => instance.lifecycle,
    'instance-state-code': (instance) => STATE_CODES[instance.state],
    'instance-state-name': (instance) => instance.state,
    'instance-type': (instance) => instance.type,
    'instance.group-id': (instance) => instance.groupIds,
    'instance.group-name': (instance) =>
      toGroups(context, instance.groupIds).map(({ GroupName }) => GroupName),
    'ip-address': (instance) => instance.publicIp,
    'key-name': (instance) => instance.keyName,
    hypervisor: () => 'xen',
    'iam-instance-profile.name': (instance) => instance.profile?.arn.split('/').at(-1),
    'launch-index': (instance) => instance.launchIndex,
    'metadata-options.http-tokens': (instance) => instance.metadataHttpTokens,
    'monitoring-state': (instance) => (instance.monitored ? 'enabled' : 'disabled'),
    platform: () => undefined,
    'platform-details': () => 'Linux/UNIX',
    'product-code': () => undefined,
    'root-device-name': () => ROOT_DEVICE,
    'root-device-type': () => 'ebs',
    'source-dest-check': (instance) => primaryInterface(context, instance)?.sourceDestCheck,
    tenancy: () => 'default',
    'virtualization-type': () => 'hvm',
    'launch-time': (instance) => new Date(instance.launchedAt).toISOString(),
    'network-interface.group-id': (instance) => instance.groupIds,
    'network-interface.network-interface-id': (instance) => instance.networkInterfaceIds,
    'network-interface.subnet-id': (instance) => instance.subnetId,
    'network-interface.vpc-id': (instance) => instance.vpcId,
    'owner-id': () => context.accountId,
    'private-dns-name': (instance) => instance.privateDnsName,
    'private-ip-address': (instance) => instance.privateIp,
    reason: (instance) => instance.stateReason?.message,
    'requester-id': (instance) => instance.requesterId,
    'reservation-id': (instance) => instance.reservationId,
    'state-reason-code': (instance) => instance.stateReason?.code,
    'subnet-id': (instance) => instance.subnetId,
    'vpc-id': (instance) => instance.vpcId,
  })
  const reservations = Map.groupBy(page, (instance) => instance.reservationId)
  return { Reservations: [...reservations.values()].map((group) => toReservation(context, group)), NextToken }
}

export function describeInstanceStatus(
  input: sdk.DescribeInstanceStatusCommandInput,
  context: RequestContext,
) {
  const shown = findInstances(context, input.InstanceIds).filter(
    (instance) => input.IncludeAllInstances || instance.state === 'running',
  )
  const { page, NextToken } = select(shown, input, {
    'availability-zone': (instance) => instance.zone,
    'instance-state-code': (instance) => STATE_CODES[instance.state],
    'instance-state-name': (instance) => instance.state,
    'instance-status.status': (instance) => (instance.state === 'running' ? 'ok' : 'not-applicable'),
    'system-status.status': (instance) => (instance.state === 'running' ? 'ok' : 'not-applicable'),
  })
  return {
    InstanceStatuses: page.map((instance) => {
      const Status = instance.state === 'running' ? 'ok' : 'not-applicable'
      const Details = Status === 'ok' ? [{ Name: 'reachability', Status: 'passed' }] : undefined
      return {
        InstanceId: instance.id,
        AvailabilityZone: instance.zone,
        InstanceState: toState(instance.state),
        InstanceStatus: { Status, Details },
        SystemStatus: { Status, Details },
      }
    }),
    NextToken,
  }
}

/** Changes the state of instances; gives what terminate, stop and start answer. */
function change(
  context: RequestContext,
  ids: string[] | undefined,
  apply: (instance: InstanceRecord) => InstanceRecord,
) {
  if (!ids?.length) throw missingParameter('InstanceId')
  return findInstances(context, ids).map((before) => ({
    InstanceId: before.id,
    PreviousState: toState(before.state),
    CurrentState: toState(apply(before).state),
  }))
}

/** Throws OperationNotPermitted for the first of the instances that is protected. */
function checkProtection(
  context: RequestContext,
  ids: string[] | undefined,
  attribute: 'disableApiTermination' | 'disableApiStop',
  done: string,
): void {
  const kept = findInstances(context, ids).find((instance) => instance[attribute])
  if (kept && ids?.length)
    throw new AwsError(
      'OperationNotPermitted',
      `The instance '${kept.id}' may not be ${done}. Modify its '${attribute}' instance attribute and try again.`,
    )
}

export function terminateInstances(input: sdk.TerminateInstancesCommandInput, context: RequestContext) {
  checkProtection(context, input.InstanceIds, 'disableApiTermination', 'terminated')
  return {
    TerminatingInstances: change(context, input.InstanceIds, ({ id }) => terminateInstance(context, id)),
  }
}

const incorrectState = ({ id }: InstanceRecord, verb: string) =>
  new AwsError(
    'IncorrectInstanceState',
    `The instance '${id}' is not in a state from which it can be ${verb}.`,
  )

export function stopInstances(input: sdk.StopInstancesCommandInput, context: RequestContext) {
  checkProtection(context, input.InstanceIds, 'disableApiStop', 'stopped')
  return {
    StoppingInstances: change(context, input.InstanceIds, (instance) => {
      if (instance.state === 'stopped' || instance.state === 'stopping') return instance
      if (instance.state !== 'running') throw incorrectState(instance, 'stopped')
      return setInstanceState(context, instance.id, 'stopping', USER_SHUTDOWN)
    }),
  }
}

export function startInstances(input: sdk.StartInstancesCommandInput, context: RequestContext) {
  return {
    StartingInstances: change(context, input.InstanceIds, (instance) => {
      if (instance.state === 'running' || instance.state === 'pending') return instance
      if (instance.state !== 'stopped') throw incorrectState(instance, 'started')
      return setInstanceState(context, instance.id, 'pending')
    }),
  }
}

export function rebootInstances(input: sdk.RebootInstancesCommandInput, context: RequestContext) {
  const found = findInstances(context, input.InstanceIds)
  for (const instance of found) if (instance.state !== 'running') throw incorrectState(instance, 'rebooted')
  const rebootedAt = context.world.clock.now()
  for (const instance of found) instances.put(context, { ...instance, rebootedAt })
  return {}
}
