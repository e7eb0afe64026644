import type * as sdk from '@aws-sdk/client-eks'
import type { Scope } from '../ec2/index.ts'
import { keyInUse } from '../encryption.ts'
import { rolePrincipal } from '../iam/identity.ts'
import { findKey } from '../kms/index.ts'
import type { RequestContext } from '../wire/service.ts'
import { invalidParameter, invalidRequest, requireActiveCluster } from './errors.ts'
import type { ClusterRecord, Issue } from './records.ts'
import { putCluster } from './tables.ts'
import { beginUpdate, toUpdate } from './updates.ts'

/**
 * The KMS key that wraps what a cluster stores, checked. Throws InvalidParameterException as EKS does. `resources` decides nothing since
 * Kubernetes 1.28 and may be left out: https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html (read 2026-11-28).
 */
export function checkedKey(
  context: RequestContext,
  config: sdk.EncryptionConfig[] | undefined,
): string | undefined {
  if (!config?.length) return undefined
  const [{ resources, provider } = {}] = config
  if (config.length > 1 || (resources?.length && resources.join() !== 'secrets')) {
    throw invalidParameter('The only supported resource for envelope encryption is secrets')
  }
  const arn = provider?.keyArn ?? ''
  if (!arn.startsWith('arn:aws:kms:')) throw invalidKey(arn)
  // EKS makes a grant for itself with the caller's rights.
  const use = { service: 'eks', keyId: arn, operations: ['DescribeKey', 'CreateGrant'] }
  return keyInUse(context, use, (error) => {
    switch (error.code) {
      case 'AccessDeniedException':
        return error
      case 'InvalidKeyUsageException':
        return invalidParameter(`The key ${arn} must be symmetric`)
      case 'NotFoundException':
        return invalidKey(arn)
      default:
        return invalidParameter(`The key ${arn} is not enabled: ${error.message}`)
    }
  }).arn
}

const invalidKey = (arn: string) =>
  invalidParameter(`The keyArn in encryptionConfig provider ${arn} is invalid`)

export function associateEncryptionConfig(
  input: sdk.AssociateEncryptionConfigCommandInput,
  context: RequestContext,
) {
  const cluster = requireActiveCluster(context, input.clusterName)
  if (cluster.encryptionKeyArn) {
    throw invalidRequest('Cluster already has encryption configuration', { clusterName: cluster.name })
  }
  const encryptionKeyArn = checkedKey(context, input.encryptionConfig)
  if (!encryptionKeyArn) throw invalidParameter('encryptionConfig must not be empty')
  const params = [{ type: 'EncryptionConfig', value: JSON.stringify(input.encryptionConfig) }]
  const update = beginUpdate(context, {
    clusterName: cluster.name,
    type: 'AssociateEncryptionConfig',
    params,
  })
  putCluster(context, {
    ...cluster,
    encryptionKeyArn,
    status: 'UPDATING',
    since: context.world.clock.now(),
    updateId: update.id,
  })
  return { update: toUpdate(update) }
}

const KEY_ISSUES = {
  Disabled: ['KmsKeyDisabled', 'is disabled'],
  PendingDeletion: ['KmsKeyMarkedForDeletion', 'is marked for deletion'],
} as const

/**
 * What is wrong with what a cluster stands on: its role and the key of its secrets.
 * Codes: https://docs.aws.amazon.com/eks/latest/APIReference/API_ClusterIssue.html
 */
export function clusterIssues(scope: Scope, { roleArn, encryptionKeyArn }: ClusterRecord): Issue[] {
  const issues: Issue[] = []
  if (!rolePrincipal(scope.world, roleArn, 'eks')) {
    issues.push({
      code: 'IamRoleNotFound',
      message: `The cluster's IAM role ${roleArn} was not found.`,
      resourceIds: [roleArn],
    })
  }
  if (!encryptionKeyArn) return issues
  const key = findKey(scope, encryptionKeyArn)
  if (!key) {
    issues.push({
      code: 'KmsKeyNotFound',
      message: `The KMS key ${encryptionKeyArn} was not found.`,
      resourceIds: [encryptionKeyArn],
    })
  } else if (key.state !== 'Enabled') {
    const [code, what] = KEY_ISSUES[key.state]
    issues.push({
      code,
      message: `The KMS key ${encryptionKeyArn} ${what}.`,
      resourceIds: [encryptionKeyArn],
    })
  }
  return issues
}
