import type { Scope } from './ec2/index.ts'
import { trusts } from './iam/policy/evaluate.ts'
import {
  findKey,
  type GrantRecord,
  grantUse,
  type KeyRecord,
  managedKey,
  managedService,
  policyWithGrants,
  putKey,
  scopeOf,
  usableKey,
} from './kms/index.ts'
import { AwsError } from './wire/service.ts'

/** In whose name a key is used: a request's caller, or a role that a service works with. */
export interface KeyUser extends Scope {
  /** Who asks, when it is not the account that the work is in. */
  principal?: { accountId: string }
  /** Asks IAM and the key's policy; throws when they do not allow. */
  authorize(action: string, resource: string, conditions?: Record<string, string | string[]>): void
}

export interface KeyUse {
  /** The service that asks KMS, by its host name: `ssm`, `ec2`. */
  service: string
  /** A key's id, ARN or alias. */
  keyId: string
  /** What KMS is asked for: `Decrypt`, `GenerateDataKey`, `CreateGrant`. */
  operations: string[]
  encryptionContext?: Record<string, string>
}

/**
 * The symmetric key that a service uses in somebody's name. AWS's own key of a service comes into being when first named.
 * Where KMS refuses, throws what `refused` makes of its error: NotFoundException, DisabledException, KMSInvalidStateException,
 * InvalidKeyUsageException or AccessDeniedException.
 */
export function keyInUse(user: KeyUser, use: KeyUse, refused: (error: AwsError) => AwsError): KeyRecord {
  try {
    return useKey(user, use)
  } catch (error) {
    throw error instanceof AwsError ? refused(error) : error
  }
}

function useKey(user: KeyUser, { service, keyId, operations, encryptionContext = {} }: KeyUse): KeyRecord {
  const own = managedService(keyId)
  if (own !== undefined) managedKey(user, own)
  const known = findKey(user, keyId)
  // KMS finds the key in the ciphertext, and tells nobody whether it is gone or not theirs.
  if (!known && operations.includes('Decrypt') && operations.length === 1) {
    throw new AwsError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    )
  }
  const conditions = {
    'kms:CallerAccount': user.principal?.accountId ?? user.accountId,
    'kms:ViaService': `${service}.${user.region}.amazonaws.com`,
    'kms:GrantIsForAWSResource': 'true',
    ...Object.fromEntries(
      Object.entries(encryptionContext).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
    ),
    'kms:EncryptionContextKeys': Object.keys(encryptionContext),
  }
  if (known) for (const operation of operations) ask(user, `kms:${operation}`, known.arn, conditions)
  const key = usableKey(user, keyId, 'ENCRYPT_DECRYPT')
  if (key.spec !== 'SYMMETRIC_DEFAULT') {
    throw new AwsError(
      'InvalidKeyUsageException',
      `Algorithm SYMMETRIC_DEFAULT and key spec ${key.spec} are incompatible.`,
    )
  }
  return key
}

/** As KMS says it, whatever the protocol of the service in between. */
function ask(
  user: KeyUser,
  action: string,
  arn: string,
  conditions: Record<string, string | string[]>,
): void {
  try {
    user.authorize(action, arn, conditions)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw new AwsError('AccessDeniedException', error.message)
  }
}

/** A service of AWS that uses keys in its own name: it may what a key's policy and its grants allow `ecr.REGION.amazonaws.com`. */
export function serviceUser(scope: Scope, name: string): KeyUser {
  const service = `${name}.${scope.region}.amazonaws.com`
  return {
    ...scope,
    authorize(action, arn, conditions = {}) {
      if (trusts(keyPolicy(scope, arn) ?? '{"Statement":[]}', { service }, action, conditions, arn)) return
      throw new AwsError(
        'AccessDeniedException',
        `User: ${service} is not authorized to perform: ${action} on resource: ${arn} because no resource-based policy allows the ${action} action`,
      )
    },
  }
}

type Grant = Omit<GrantRecord, 'id' | 'token' | 'issuingAccount' | 'createdAt'>

/** Gives a service a right to a key that its user may give. */
export const giveGrant = (scope: Scope, key: KeyRecord, grant: Grant): KeyRecord =>
  grantUse(scope, key, grant).key

/** Takes back what `ended` says of a key's grants; a key that is gone has none. */
export function retireGrants(scope: Scope, arn: string, ended: (grant: GrantRecord) => boolean): void {
  const key = findKey(scope, arn)
  if (!key?.grants.some(ended)) return
  putKey(scopeOf(scope, arn), { ...key, grants: key.grants.filter((grant) => !ended(grant)) })
}

/** KMS's error in the words of a service that passes it on. */
export const quoted = ({ world }: Pick<Scope, 'world'>, { code, message }: AwsError): string =>
  `${message} (Service: AWSKMS; Status Code: 400; Error Code: ${code}; Request ID: ${world.ids.uuid()}; Proxy: null)`

/** A key's policy with its grants, for who decides outside of a request. */
export function keyPolicy(scope: Scope, arn: string): string | undefined {
  const key = findKey(scope, arn)
  return key && policyWithGrants(key)
}
