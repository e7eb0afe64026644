import type { Scope } from '../ec2/index.ts'
import { giveGrant, type KeyUser, keyInUse, retireGrants, serviceUser } from '../encryption.ts'
import { AwsError } from '../wire/service.ts'
import type { Encryption, RepositoryRecord } from './records.ts'

// How ECR uses the KMS key of a repository: its maker lets ECR use it by two grants, and from then on ECR encrypts and decrypts
// in its own name. https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html

/** What KMS refused, as ECR passes it on. */
const kmsException = ({ code, message }: AwsError) =>
  new AwsError('KmsException', message, { fields: { kmsError: code } })

const grantee = ({ region }: Pick<Scope, 'region'>) => `ecr.${region}.amazonaws.com`

const contextOf = (repositoryArn: string) => ({ 'aws:ecr:arn': repositoryArn })

/** The encryption of a new repository, with a key that its maker may let ECR use. Throws KmsException. */
export function grantableEncryption(
  user: KeyUser,
  repositoryArn: string,
  encryption: Encryption | undefined,
): Encryption | undefined {
  if (!encryption || encryption.encryptionType === 'AES256') return encryption
  const key = keyInUse(
    user,
    {
      service: 'ecr',
      keyId: encryption.kmsKey ?? 'alias/aws/ecr',
      operations: ['DescribeKey', 'CreateGrant'],
      encryptionContext: contextOf(repositoryArn),
    },
    kmsException,
  )
  return { ...encryption, kmsKey: key.arn }
}

/** Lets ECR use a key for a repository; gives the key's ARN. Without a key: the one that AWS keeps for ECR. Throws KmsException. */
export function giveKey(scope: Scope, repositoryArn: string, keyId = 'alias/aws/ecr'): string {
  const own = { ...scope, authorize: () => {} }
  let key = keyInUse(own, { service: 'ecr', keyId, operations: [] }, kmsException)
  for (let grants = 0; grants < 2; grants++) {
    key = giveGrant(scope, key, {
      granteePrincipal: grantee(scope),
      retiringPrincipal: grantee(scope),
      operations: ['GenerateDataKey', 'Decrypt'],
      constraints: { EncryptionContextSubset: contextOf(repositoryArn) },
    })
  }
  return key.arn
}

/** Gives the grants of a repository back. */
export function releaseKey(scope: Scope, { kmsKey, arn }: RepositoryRecord): void {
  if (kmsKey === undefined) return
  retireGrants(
    scope,
    kmsKey,
    ({ granteePrincipal, constraints }) =>
      granteePrincipal === grantee(scope) && constraints?.EncryptionContextSubset?.['aws:ecr:arn'] === arn,
  )
}

/**
 * Throws KmsException when what a repository holds cannot be read (`Decrypt`) or written (`GenerateDataKey`) now: its key is
 * disabled, pending deletion or gone, or its grants were revoked.
 */
export function requireKey(
  scope: Scope,
  { kmsKey, arn }: RepositoryRecord,
  operation: 'Decrypt' | 'GenerateDataKey',
): void {
  if (kmsKey === undefined) return
  keyInUse(
    serviceUser(scope, 'ecr'),
    { service: 'ecr', keyId: kmsKey, operations: [operation], encryptionContext: contextOf(arn) },
    kmsException,
  )
}

/** Why a repository's key cannot be used now, in KMS's words; undefined when it can. */
export function keyFailure(...use: Parameters<typeof requireKey>): string | undefined {
  try {
    requireKey(...use)
    return undefined
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return error.message
  }
}
