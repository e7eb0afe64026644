import type * as sdk from '@aws-sdk/client-efs'
import { type Scope, tables } from '../ec2/index.ts'
import { createInterface } from '../ec2/interfaces.ts'
import { defaultGroup } from '../ec2/network-interfaces.ts'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { badRequest, efsError } from './errors.ts'
import type { FileSystemRecord, MountTargetRecord } from './records.ts'
import {
  mountTargets,
  mountTargetsOf,
  requireAccessPoint,
  requireAvailable,
  requireFileSystem,
  requireMountTarget,
} from './tables.ts'

/** https://docs.aws.amazon.com/efs/latest/ug/limits.html (from knowledge, 2026-11) */
const GROUPS_PER_TARGET = 5

const toMountTarget = (scope: Scope, record: MountTargetRecord): sdk.MountTargetDescription => ({
  OwnerId: scope.accountId,
  MountTargetId: record.id,
  FileSystemId: record.fileSystemId,
  SubnetId: record.subnetId,
  LifeCycleState: record.state,
  IpAddress: record.address,
  NetworkInterfaceId: record.networkInterfaceId,
  AvailabilityZoneId: record.zoneId,
  AvailabilityZoneName: record.zone,
  VpcId: record.vpcId,
})

/** Throws SecurityGroupLimitExceeded, SecurityGroupNotFound. */
function checkGroups(scope: Scope, vpcId: string, ids: string[]): void {
  if (ids.length > GROUPS_PER_TARGET)
    throw efsError(
      'SecurityGroupLimitExceeded',
      `A mount target may have up to ${GROUPS_PER_TARGET} security groups.`,
    )
  for (const id of ids) {
    if (tables.securityGroups.find(scope, id)?.vpcId !== vpcId)
      throw efsError('SecurityGroupNotFound', `One or more invalid security groups: [${id}]`)
  }
}

/** One mount target a zone, all in one VPC. Throws MountTargetConflict, AvailabilityZonesMismatch. */
function checkPlace(
  scope: Scope,
  fileSystem: FileSystemRecord,
  subnet: { vpcId: string; zone: string },
): void {
  const others = mountTargetsOf(scope, fileSystem.id)
  if (others.some(({ vpcId }) => vpcId !== subnet.vpcId))
    throw efsError(
      'MountTargetConflict',
      'requested subnet for new mount target is not in the same VPC as existing mount targets',
      409,
    )
  if (others.some(({ zone }) => zone === subnet.zone))
    throw efsError('MountTargetConflict', 'mount target already exists in this AZ', 409)
  if (fileSystem.zone && fileSystem.zone.name !== subnet.zone)
    throw efsError(
      'AvailabilityZonesMismatch',
      `The Availability Zone of the subnet (${subnet.zone}) is different from that of the file system (${fileSystem.zone.name}).`,
    )
}

function create(input: sdk.CreateMountTargetCommandInput, context: RequestContext) {
  const fileSystem = requireAvailable(context, input.FileSystemId)
  const subnet = tables.subnets.find(context, input.SubnetId!)
  if (!subnet) throw efsError('SubnetNotFound', `The subnet ID '${input.SubnetId}' does not exist`)
  checkPlace(context, fileSystem, subnet)
  const groupIds = input.SecurityGroups?.length ? input.SecurityGroups : [defaultGroup(context, subnet.vpcId)]
  checkGroups(context, subnet.vpcId, groupIds)
  if (input.IpAddressType === 'IPV6_ONLY' || input.IpAddressType === 'DUAL_STACK')
    throw badRequest('Drydock does not simulate mount targets with IPv6 addresses')
  const id = `fsmt-0${context.world.ids.hex(16)}`
  const eni = makeInterface(context, id, fileSystem.id, subnet.id, groupIds, input.IpAddress)
  const record = mountTargets.put(context, {
    id,
    fileSystemId: fileSystem.id,
    state: 'creating',
    since: context.world.clock.now(),
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    zone: subnet.zone,
    zoneId: subnet.zoneId,
    networkInterfaceId: eni.id,
    address: eni.addresses[0]!,
  })
  return toMountTarget(context, record)
}

/** EC2's refusals in the words of EFS. */
function makeInterface(
  scope: Scope,
  id: string,
  fileSystemId: string,
  subnetId: string,
  groupIds: string[],
  privateIp: string | undefined,
) {
  try {
    return createInterface(scope, {
      subnet: tables.subnets.get(scope, subnetId),
      groupIds,
      description: `EFS mount target for ${fileSystemId} (${id})`,
      interfaceType: 'efs',
      requesterId: 'amazon-efs',
      privateIp,
      attachment: { instanceOwnerId: 'amazon-aws', deviceIndex: 1, deleteOnTermination: false },
    })
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    if (error.code === 'InsufficientFreeAddressesInSubnet')
      throw efsError('NoFreeAddressesInSubnet', 'The subnet has no free IP addresses.', 409)
    if (error.code === 'InvalidIPAddress.InUse')
      throw efsError('IpAddressInUse', `IP address '${privateIp}' is already in use`, 409)
    throw badRequest(error.message)
  }
}

function describe(input: sdk.DescribeMountTargetsCommandInput, context: RequestContext) {
  const given = [input.FileSystemId, input.MountTargetId, input.AccessPointId].filter(Boolean)
  if (given.length !== 1) throw badRequest('Must specify exactly one mutually exclusive parameter.')
  const { items, next } = pageOf(selected(input, context), input.MaxItems ?? 100, input.Marker, () =>
    badRequest('Invalid pagination marker'),
  )
  return {
    Marker: input.Marker,
    MountTargets: items.map((one) => toMountTarget(context, one)),
    NextMarker: next,
  }
}

function selected(input: sdk.DescribeMountTargetsCommandInput, scope: Scope): MountTargetRecord[] {
  if (input.MountTargetId) return [requireMountTarget(scope, input.MountTargetId)]
  const fileSystemId =
    input.AccessPointId !== undefined
      ? requireAccessPoint(scope, input.AccessPointId).fileSystemId
      : requireFileSystem(scope, input.FileSystemId).id
  return mountTargetsOf(scope, fileSystemId)
}

export const mountTargetHandlers: Record<string, Handler> = {
  CreateMountTarget: create,
  DescribeMountTargets: describe,
  DeleteMountTarget: (input: sdk.DeleteMountTargetCommandInput, context) => {
    const record = requireMountTarget(context, input.MountTargetId)
    mountTargets.put(context, { ...record, state: 'deleting', since: context.world.clock.now() })
    return {}
  },
  DescribeMountTargetSecurityGroups: (input: sdk.DescribeMountTargetSecurityGroupsCommandInput, context) => {
    const { networkInterfaceId } = requireMountTarget(context, input.MountTargetId)
    return { SecurityGroups: tables.networkInterfaces.get(context, networkInterfaceId).groupIds }
  },
  ModifyMountTargetSecurityGroups: (input: sdk.ModifyMountTargetSecurityGroupsCommandInput, context) => {
    const { networkInterfaceId, vpcId } = requireMountTarget(context, input.MountTargetId)
    const groupIds = input.SecurityGroups?.length ? input.SecurityGroups : [defaultGroup(context, vpcId)]
    checkGroups(context, vpcId, groupIds)
    tables.networkInterfaces.patch(context, networkInterfaceId, { groupIds })
    return {}
  },
}
