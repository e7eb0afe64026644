import { randomBytes } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-kms'
import type { Scope } from '../ec2/index.ts'
import { validatePolicy } from '../iam/policy/validate.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { HMAC_BYTES, KEY_SPECS } from './data/specs.ts'
import { makePair } from './key-pairs.ts'
import { managedKey, managedService } from './managed.ts'
import { page } from './paging.ts'
import type { KeyRecord } from './records.ts'
import { materialId } from './rotation.ts'
import { aliasArn, listKeyRecords, putKey, putMaterial, requireKey } from './tables.ts'

const DAY = 86_400_000

/** The policy that a key has when none is given: the account decides by its own policies. */
export const defaultPolicy = (accountId: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  })

export function toMetadata(scope: Scope, key: KeyRecord): sdk.KeyMetadata {
  const info = KEY_SPECS[key.spec]!
  return {
    AWSAccountId: scope.accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    DeletionDate: key.deletionAt === undefined ? undefined : new Date(key.deletionAt),
    Origin: 'AWS_KMS',
    KeyManager: key.manager,
    CustomerMasterKeySpec: key.spec as sdk.CustomerMasterKeySpec,
    KeySpec: key.spec as sdk.KeySpec,
    EncryptionAlgorithms:
      key.usage === 'ENCRYPT_DECRYPT' ? (info.encryption as sdk.EncryptionAlgorithmSpec[]) : undefined,
    SigningAlgorithms: key.usage === 'SIGN_VERIFY' ? (info.signing as sdk.SigningAlgorithmSpec[]) : undefined,
    MacAlgorithms: key.usage === 'GENERATE_VERIFY_MAC' ? (info.mac as sdk.MacAlgorithmSpec[]) : undefined,
    KeyAgreementAlgorithms:
      key.usage === 'KEY_AGREEMENT' ? (info.agreement as sdk.KeyAgreementAlgorithmSpec[]) : undefined,
    MultiRegion: false,
    CurrentKeyMaterialId: materialId(key),
  }
}

/** Stores a new key with its secret. */
export function storeKey(
  scope: Scope,
  material: string,
  options: Omit<KeyRecord, 'id' | 'arn' | 'state' | 'createdAt' | 'grants'>,
): KeyRecord {
  const id = scope.world.ids.uuid()
  putMaterial(scope, id, material, 0)
  return putKey(scope, {
    ...options,
    id,
    arn: aliasArn(scope, `key/${id}`),
    state: 'Enabled',
    createdAt: scope.world.clock.now(),
    grants: [],
  })
}

/** A new secret: bytes in base64, or a private key in PEM. */
async function makeMaterial(spec: string): Promise<string> {
  const pair = KEY_SPECS[spec]!.pair
  if (!pair) return randomBytes(HMAC_BYTES[spec] ?? 32).toString('base64')
  return (await makePair(pair)).export({ type: 'pkcs8', format: 'pem' }) as string
}

export const tagsFrom = (list: { TagKey?: string; TagValue?: string }[] | undefined) =>
  Object.fromEntries((list ?? []).map(({ TagKey = '', TagValue = '' }) => [TagKey, TagValue]))

export async function createKey(input: sdk.CreateKeyCommandInput, context: RequestContext) {
  const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
  const info = KEY_SPECS[spec]
  if (!info || (input.Origin ?? 'AWS_KMS') !== 'AWS_KMS' || input.MultiRegion) {
    throw new AwsError(
      'UnsupportedOperationException',
      'Drydock simulates single-region KMS keys of origin AWS_KMS and of the specs in FIDELITY.md only.',
    )
  }
  const usage = input.KeyUsage ?? (info.mac ? 'GENERATE_VERIFY_MAC' : 'ENCRYPT_DECRYPT')
  if (!info.usages.includes(usage)) {
    throw new AwsError('ValidationException', `KeyUsage ${usage} is not compatible with KeySpec ${spec}`)
  }
  const policy = input.Policy ?? defaultPolicy(context.accountId)
  checkPolicy(context, policy, input.BypassPolicyLockoutSafetyCheck)
  const key = storeKey(context, await makeMaterial(spec), {
    description: input.Description ?? '',
    usage: usage as KeyRecord['usage'],
    spec,
    manager: 'CUSTOMER',
    policy,
    tags: tagsFrom(input.Tags),
  })
  return { KeyMetadata: toMetadata(context, key) }
}

/** Throws MalformedPolicyDocumentException, also for a policy that would lock its author out. */
function checkPolicy({ accountId, principal }: RequestContext, policy: string, bypass = false): void {
  try {
    validatePolicy(policy, 'resource')
  } catch (error) {
    throw new AwsError('MalformedPolicyDocumentException', (error as Error).message)
  }
  const names = [accountId, `arn:aws:iam::${accountId}:root`, principal.arn, principal.roleArn, '*']
  if (bypass || names.some((name) => name && policy.includes(JSON.stringify(name)))) return
  throw new AwsError(
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  )
}

export function describeKey(input: sdk.DescribeKeyCommandInput, context: RequestContext) {
  const service = managedService(input.KeyId!)
  const key = service ? managedKey(context, service) : requireKey(context, input.KeyId!)
  return { KeyMetadata: toMetadata({ ...context, accountId: key.arn.split(':')[4]! }, key) }
}

export function listKeys(input: sdk.ListKeysCommandInput, context: RequestContext) {
  const { items, paging } = page(listKeyRecords(context), input)
  return { Keys: items.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })), ...paging }
}

/** A key of the customer's own. Throws for AWS's keys and for keys that are on their way out. */
export function changeable(context: RequestContext, id: string, pendingToo = false): KeyRecord {
  const key = requireKey(context, id)
  if (key.manager === 'AWS') {
    throw new AwsError('AccessDeniedException', `${key.arn} is managed by AWS and cannot be changed`, {})
  }
  if (key.state === 'PendingDeletion' && !pendingToo) throw pendingDeletion(key)
  return key
}

export const pendingDeletion = ({ arn }: KeyRecord) =>
  new AwsError('KMSInvalidStateException', `${arn} is pending deletion.`)

/** A key that may be used in this way. Throws NotFound, Disabled, KMSInvalidState and InvalidKeyUsage exceptions. */
export function usableKey(scope: Scope, id: string, usage: KeyRecord['usage']): KeyRecord {
  const key = requireKey(scope, id)
  if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.arn} is disabled.`)
  if (key.state === 'PendingDeletion') throw pendingDeletion(key)
  if (key.usage !== usage) {
    throw new AwsError(
      'InvalidKeyUsageException',
      `${key.arn} key usage is ${key.usage} which is not valid for this operation.`,
    )
  }
  return key
}

export function enableKey(input: sdk.EnableKeyCommandInput, context: RequestContext) {
  putKey(context, { ...changeable(context, input.KeyId!), state: 'Enabled' })
  return {}
}

export function disableKey(input: sdk.DisableKeyCommandInput, context: RequestContext) {
  putKey(context, { ...changeable(context, input.KeyId!), state: 'Disabled' })
  return {}
}

export function scheduleKeyDeletion(input: sdk.ScheduleKeyDeletionCommandInput, context: RequestContext) {
  const key = changeable(context, input.KeyId!)
  const days = input.PendingWindowInDays ?? 30
  const deletionAt = context.world.clock.now() + days * DAY
  putKey(context, { ...key, state: 'PendingDeletion', deletionAt })
  return {
    KeyId: key.arn,
    DeletionDate: new Date(deletionAt),
    KeyState: 'PendingDeletion' as const,
    PendingWindowInDays: days,
  }
}

export function cancelKeyDeletion(input: sdk.CancelKeyDeletionCommandInput, context: RequestContext) {
  const key = changeable(context, input.KeyId!, true)
  if (key.state !== 'PendingDeletion') {
    throw new AwsError('KMSInvalidStateException', `${key.arn} is not pending deletion.`)
  }
  const { deletionAt: _, ...rest } = key
  putKey(context, { ...rest, state: 'Disabled' })
  return { KeyId: key.arn }
}

export function updateKeyDescription(input: sdk.UpdateKeyDescriptionCommandInput, context: RequestContext) {
  putKey(context, { ...changeable(context, input.KeyId!), description: input.Description! })
  return {}
}

export function getKeyPolicy(input: sdk.GetKeyPolicyCommandInput, context: RequestContext) {
  if ((input.PolicyName ?? 'default') !== 'default')
    throw new AwsError('NotFoundException', 'No such policy exists')
  return {
    Policy: JSON.stringify(JSON.parse(requireKey(context, input.KeyId!).policy), null, 2),
    PolicyName: 'default',
  }
}

export function putKeyPolicy(input: sdk.PutKeyPolicyCommandInput, context: RequestContext) {
  const key = changeable(context, input.KeyId!)
  checkPolicy(context, input.Policy!, input.BypassPolicyLockoutSafetyCheck)
  putKey(context, { ...key, policy: input.Policy! })
  return {}
}

export function listKeyPolicies(input: sdk.ListKeyPoliciesCommandInput, context: RequestContext) {
  requireKey(context, input.KeyId!)
  return { PolicyNames: ['default'], Truncated: false }
}

export function tagResource(input: sdk.TagResourceCommandInput, context: RequestContext) {
  const key = changeable(context, input.KeyId!)
  putKey(context, { ...key, tags: { ...key.tags, ...tagsFrom(input.Tags) } })
  return {}
}

export function untagResource(input: sdk.UntagResourceCommandInput, context: RequestContext) {
  const key = changeable(context, input.KeyId!)
  const kept = Object.entries(key.tags).filter(([name]) => !input.TagKeys!.includes(name))
  putKey(context, { ...key, tags: Object.fromEntries(kept) })
  return {}
}

export function listResourceTags(input: sdk.ListResourceTagsCommandInput, context: RequestContext) {
  const { tags } = requireKey(context, input.KeyId!)
  const { items, paging } = page(Object.entries(tags), input)
  return { Tags: items.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...paging }
}
