import type * as sdk from '@aws-sdk/client-efs'
import { validatePolicy } from '../iam/policy/validate.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { badRequest, efsError } from './errors.ts'
import type { FileSystemRecord } from './records.ts'
import { fileSystems, requireAvailable, requireFileSystem } from './tables.ts'

function checkPolicy(policy: string): void {
  try {
    validatePolicy(policy, 'resource')
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw efsError('InvalidPolicyException', `Policy is malformed: ${error.message}`)
  }
}

const noPolicy = () => efsError('PolicyNotFound', 'The resource policy does not exist.', 404)

const backupOf = ({ backup }: FileSystemRecord) => ({
  BackupPolicy: { Status: backup ? ('ENABLED' as const) : ('DISABLED' as const) },
})

/** One transition a policy, each kind once: https://docs.aws.amazon.com/efs/latest/ug/API_PutLifecycleConfiguration.html */
function checkLifecycle(policies: sdk.LifecyclePolicy[]): void {
  const kinds = policies.map((policy) => Object.keys(policy))
  if (kinds.some((kind) => kind.length !== 1))
    throw badRequest('Each LifecyclePolicy object can have only one transition.')
  const all = kinds.flat()
  if (new Set(all).size < all.length) throw badRequest('A lifecycle transition is given more than once.')
}

/** Lifecycle, backup and access of file systems. */
export const settingHandlers: Record<string, Handler> = {
  PutLifecycleConfiguration: (input: sdk.PutLifecycleConfigurationCommandInput, context) => {
    const record = requireAvailable(context, input.FileSystemId)
    const lifecyclePolicies = input.LifecyclePolicies ?? []
    checkLifecycle(lifecyclePolicies)
    fileSystems.put(context, { ...record, lifecyclePolicies })
    return { LifecyclePolicies: lifecyclePolicies }
  },
  DescribeLifecycleConfiguration: (input: sdk.DescribeLifecycleConfigurationCommandInput, context) => ({
    LifecyclePolicies: requireFileSystem(context, input.FileSystemId).lifecyclePolicies,
  }),
  PutBackupPolicy: (input: sdk.PutBackupPolicyCommandInput, context) => {
    const record = requireAvailable(context, input.FileSystemId)
    return backupOf(fileSystems.put(context, { ...record, backup: input.BackupPolicy?.Status === 'ENABLED' }))
  },
  DescribeBackupPolicy: (input: sdk.DescribeBackupPolicyCommandInput, context) =>
    backupOf(requireFileSystem(context, input.FileSystemId)),
  PutFileSystemPolicy: (input: sdk.PutFileSystemPolicyCommandInput, context) => {
    const record = requireAvailable(context, input.FileSystemId)
    checkPolicy(input.Policy!)
    fileSystems.put(context, { ...record, policy: input.Policy! })
    return { FileSystemId: record.id, Policy: input.Policy }
  },
  DescribeFileSystemPolicy: (input: sdk.DescribeFileSystemPolicyCommandInput, context) => {
    const { id, policy } = requireFileSystem(context, input.FileSystemId)
    if (policy === undefined) throw noPolicy()
    return { FileSystemId: id, Policy: policy }
  },
  DeleteFileSystemPolicy: (input: sdk.DeleteFileSystemPolicyCommandInput, context) => {
    const { policy: _gone, ...record } = requireAvailable(context, input.FileSystemId)
    fileSystems.put(context, record)
    return {}
  },
  DescribeAccountPreferences: () => ({
    ResourceIdPreference: { ResourceIdType: 'LONG_ID', Resources: ['FILE_SYSTEM', 'MOUNT_TARGET'] },
  }),
}
