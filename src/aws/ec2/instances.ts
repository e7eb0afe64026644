import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { publicDnsName } from './addresses.ts'
import { instanceTypes } from './data/instance-types.ts'
import { invalidParameterCombination, missingParameter, required } from './errors.ts'
import { select } from './filters.ts'
import { resolvedImage } from './image-parameters.ts'
import { launchInstances, setInstanceState, terminateInstance, USER_SHUTDOWN } from './launch.ts'
import { launchTemplateData } from './launch-templates.ts'
import { metadataFields, toMetadataOptions } from './metadata-options.ts'
import { associationOf, toAddresses, toGroups } from './network-interfaces.ts'
import type { InstanceRecord, InstanceState } from './records.ts'
import type { Scope } from './scope.ts'
import { instances, keyPairs, networkInterfaces, securityGroups, subnets, vpcs } from './tables.ts'
import { tagsFor, toTags } from './tags.ts'

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
      : [
          {
            DeviceName: '/dev/xvda',
            Ebs: {
              AttachTime: new Date(instance.launchedAt),
              DeleteOnTermination: true,
              Status: 'attached',
              VolumeId: instance.volumeId,
            },
          },
        ],
    ClientToken: instance.clientToken ?? '',
    CpuOptions: type && { CoreCount: Math.max(1, type.vcpus / 2), ThreadsPerCore: type.vcpus > 1 ? 2 : 1 },
    EbsOptimized: false,
    EnaSupport: true,
    Hypervisor: 'xen',
    IamInstanceProfile: instance.profile && { Arn: instance.profile.arn, Id: instance.profile.id },
    InstanceLifecycle: instance.lifecycle,
    KeyName: instance.keyName,
    LaunchTime: new Date(instance.launchedAt),
    MetadataOptions: toMetadataOptions(instance),
    Monitoring: { State: 'disabled' },
    NetworkInterfaces: instance.networkInterfaceIds.flatMap((id) => toInstanceInterface(scope, id)),
    Placement: { AvailabilityZone: instance.zone, GroupName: '', Tenancy: 'default' },
    PlatformDetails: 'Linux/UNIX',
    PrivateDnsName: gone ? '' : instance.privateDnsName,
    PrivateIpAddress: gone ? undefined : instance.privateIp,
    PublicDnsName: instance.publicIp ? publicDnsName(scope.region, instance.publicIp) : '',
    PublicIpAddress: instance.publicIp,
    RootDeviceName: '/dev/xvda',
    RootDeviceType: 'ebs',
    SecurityGroups: gone ? [] : toGroups(scope, instance.groupIds),
    SourceDestCheck: true,
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
  const groupIds = input.SecurityGroupIds ?? network?.Groups ?? []
  for (const id of groupIds) securityGroups.get(context, id)
  const launched = launchInstances(context, {
    imageId,
    type: input.InstanceType ?? 'm1.small',
    subnet,
    count,
    groupIds,
    keyName: input.KeyName,
    profile: input.IamInstanceProfile && profileOf(context, input.IamInstanceProfile),
    userData: input.UserData,
    publicIp: network?.AssociatePublicIpAddress,
    privateIp: input.PrivateIpAddress ?? network?.PrivateIpAddress,
    volumeSizeGiB: input.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize,
    lifecycle: input.InstanceMarketOptions?.MarketType === 'spot' ? 'spot' : undefined,
    clientToken: input.ClientToken,
    metadata: metadataFields(input.MetadataOptions),
    tags: tagsFor(
      input.TagSpecifications?.filter(({ ResourceType }) => ResourceType === 'instance'),
      'instance',
    ),
  })
  return toReservation(context, launched)
}

/** Only the members that are there, so that they may lie over a launch template's. */
function definedOf<T extends object>(input: T): T {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as T
}

function profileOf(scope: Scope, profile: sdk.IamInstanceProfileSpecification) {
  const arn = profile.Arn ?? `arn:aws:iam::${scope.accountId}:instance-profile/${profile.Name}`
  return { arn, id: `AIPA${scope.world.ids.text(17, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}` }
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
function find(context: Scope, ids: string[] | undefined): InstanceRecord[] {
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
  const { page, NextToken } = select(find(context, input.InstanceIds), input, {
    architecture: (instance) => instanceTypes.get(instance.type)?.architecture,
    'availability-zone': (instance) => instance.zone,
    'client-token': (instance) => instance.clientToken,
    'dns-name': (instance) => instance.publicIp && publicDnsName(context.region, instance.publicIp),
    'iam-instance-profile.arn': (instance) => instance.profile?.arn,
    'image-id': (instance) => instance.imageId,
    'instance-id': (instance) => instance.id,
    'instance-lifecycle': (instance) => instance.lifecycle,
    'instance-state-code': (instance) => STATE_CODES[instance.state],
    'instance-state-name': (instance) => instance.state,
    'instance-type': (instance) => instance.type,
    'instance.group-id': (instance) => instance.groupIds,
    'ip-address': (instance) => instance.publicIp,
    'key-name': (instance) => instance.keyName,
    'launch-time': (instance) => new Date(instance.launchedAt).toISOString(),
    'network-interface.group-id': (instance) => instance.groupIds,
    'network-interface.network-interface-id': (instance) => instance.networkInterfaceIds,
    'network-interface.subnet-id': (instance) => instance.subnetId,
    'network-interface.vpc-id': (instance) => instance.vpcId,
    'owner-id': () => context.accountId,
    'private-dns-name': (instance) => instance.privateDnsName,
    'private-ip-address': (instance) => instance.privateIp,
    'requester-id': (instance) => instance.requesterId,
    'reservation-id': (instance) => instance.reservationId,
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
  const shown = find(context, input.InstanceIds).filter(
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
  return find(context, ids).map((before) => ({
    InstanceId: before.id,
    PreviousState: toState(before.state),
    CurrentState: toState(apply(before).state),
  }))
}

export function terminateInstances(input: sdk.TerminateInstancesCommandInput, context: RequestContext) {
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
  const found = find(context, input.InstanceIds)
  for (const instance of found) if (instance.state !== 'running') throw incorrectState(instance, 'rebooted')
  const rebootedAt = context.world.clock.now()
  for (const instance of found) instances.put(context, { ...instance, rebootedAt })
  return {}
}
