import type { Properties } from '../records.ts'
import { type Calls, changed, documentText, type Reading, type ResourceType, without } from './type.ts'

const efs = (call: Calls, operation: string, input: Record<string, unknown>) => call('efs', operation, input)

/** What EFS says of the life of its resources. */
function stateOf(state: string, attributes: Record<string, unknown>): Reading {
  if (state === 'error') return { state: 'failed', reason: 'The resource is in the state error.' }
  return state === 'available' ? { state: 'ready', attributes } : { state: 'pending' }
}

const fileSystem: ResourceType = {
  name: 'AWS::EFS::FileSystem',
  lingers: true,
  properties:
    'AvailabilityZoneName* BackupPolicy BypassPolicyLockoutSafetyCheck Encrypted* FileSystemPolicy FileSystemProtection FileSystemTags KmsKeyId* LifecyclePolicies PerformanceMode* ProvisionedThroughputInMibps ThroughputMode',
  async create(call, p, order) {
    const own = (p.FileSystemTags ?? []) as { Key: string }[]
    const { FileSystemId } = await efs(call, 'CreateFileSystem', {
      ...without(
        p,
        'BackupPolicy',
        'BypassPolicyLockoutSafetyCheck',
        'FileSystemPolicy',
        'FileSystemProtection',
        'FileSystemTags',
        'LifecyclePolicies',
      ),
      CreationToken: order.token,
      Tags: [...own, ...order.ownTags.filter(({ Key }) => !own.some((one) => one.Key === Key))],
    })
    return FileSystemId
  },
  async read(call, FileSystemId) {
    const { FileSystems } = await efs(call, 'DescribeFileSystems', { FileSystemId })
    const { LifeCycleState, FileSystemArn: Arn } = FileSystems[0]
    return stateOf(LifeCycleState, { FileSystemId, Arn })
  },
  settle: (call, id, p) => setSettings(call, id, p, {}),
  async update(call, FileSystemId, p, before) {
    const { ThroughputMode, ProvisionedThroughputInMibps } = p
    if (changed('ThroughputMode', p, before) || changed('ProvisionedThroughputInMibps', p, before))
      await efs(call, 'UpdateFileSystem', { FileSystemId, ThroughputMode, ProvisionedThroughputInMibps })
    await setSettings(call, FileSystemId, p, before)
  },
  remove: (call, FileSystemId) => efs(call, 'DeleteFileSystem', { FileSystemId }),
}

/** What a file system takes only once it is there. */
async function setSettings(call: Calls, FileSystemId: string, p: Properties, before: Properties) {
  if (changed('LifecyclePolicies', p, before))
    await efs(call, 'PutLifecycleConfiguration', {
      FileSystemId,
      LifecyclePolicies: p.LifecyclePolicies ?? [],
    })
  if (changed('BackupPolicy', p, before) && p.BackupPolicy !== undefined)
    await efs(call, 'PutBackupPolicy', { FileSystemId, BackupPolicy: p.BackupPolicy })
  if (changed('FileSystemProtection', p, before))
    await efs(call, 'UpdateFileSystemProtection', {
      FileSystemId,
      ...(p.FileSystemProtection as Properties | undefined),
    })
  if (!changed('FileSystemPolicy', p, before)) return
  if (p.FileSystemPolicy === undefined) await efs(call, 'DeleteFileSystemPolicy', { FileSystemId })
  else
    await efs(call, 'PutFileSystemPolicy', {
      FileSystemId,
      Policy: documentText(p.FileSystemPolicy),
      BypassPolicyLockoutSafetyCheck: p.BypassPolicyLockoutSafetyCheck,
    })
}

const mountTarget: ResourceType = {
  name: 'AWS::EFS::MountTarget',
  lingers: true,
  properties: 'FileSystemId!* SubnetId!* SecurityGroups! IpAddress* IpAddressType* Ipv6Address*',
  create: async (call, p) => (await efs(call, 'CreateMountTarget', p)).MountTargetId,
  async read(call, MountTargetId) {
    const { MountTargets } = await efs(call, 'DescribeMountTargets', { MountTargetId })
    return stateOf(MountTargets[0].LifeCycleState, {
      Id: MountTargetId,
      IpAddress: MountTargets[0].IpAddress,
    })
  },
  update: (call, MountTargetId, { SecurityGroups }) =>
    efs(call, 'ModifyMountTargetSecurityGroups', { MountTargetId, SecurityGroups }),
  remove: (call, MountTargetId) => efs(call, 'DeleteMountTarget', { MountTargetId }),
}

const accessPoint: ResourceType = {
  name: 'AWS::EFS::AccessPoint',
  lingers: true,
  properties: 'FileSystemId!* ClientToken* PosixUser* RootDirectory* AccessPointTags',
  async create(call, p, order) {
    const { AccessPointId } = await efs(call, 'CreateAccessPoint', {
      ...without(p, 'AccessPointTags'),
      ClientToken: p.ClientToken ?? order.token,
      Tags: p.AccessPointTags,
    })
    return AccessPointId
  },
  async read(call, AccessPointId) {
    const { AccessPoints } = await efs(call, 'DescribeAccessPoints', { AccessPointId })
    return stateOf(AccessPoints[0].LifeCycleState, { AccessPointId, Arn: AccessPoints[0].AccessPointArn })
  },
  remove: (call, AccessPointId) => efs(call, 'DeleteAccessPoint', { AccessPointId }),
}

export const efsTypes = [fileSystem, mountTarget, accessPoint]
