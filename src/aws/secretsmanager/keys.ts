import { keyInUse, quoted } from '../encryption.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'

/** The key of secrets that name none. */
const DEFAULT_KEY = 'alias/aws/secretsmanager'

const contextOf = (secretArn: string, versionId: string) => ({
  SecretARN: secretArn,
  SecretVersionId: versionId,
})

/** Both what the service tells of KMS's refusals: "decrypt" and "encrypt" have errors of their own. */
const refused = (context: RequestContext, what: 'encrypt' | 'decrypt') => (error: AwsError) =>
  error.code === 'AccessDeniedException'
    ? new AwsError('AccessDeniedException', 'Access to KMS is not allowed')
    : new AwsError(
        what === 'encrypt' ? 'EncryptionFailure' : 'DecryptionFailure',
        `Secrets Manager can't ${what} the secret value: ${quoted(context, error)}`,
      )

/**
 * ARN of the key that a version is encrypted with, used in the caller's name. Throws EncryptionFailure and AccessDeniedException.
 * Rights: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export function encryptingKey(
  context: RequestContext,
  keyId: string | undefined,
  secretArn: string,
  versionId: string,
): string {
  const use = {
    service: 'secretsmanager',
    keyId: keyId ?? DEFAULT_KEY,
    operations: ['GenerateDataKey', 'Decrypt'],
    encryptionContext: contextOf(secretArn, versionId),
  }
  return keyInUse(context, use, refused(context, 'encrypt')).arn
}

/** Uses a version's key to read it. Throws DecryptionFailure and AccessDeniedException. */
export function decryptWith(
  context: RequestContext,
  keyArn: string,
  secretArn: string,
  versionId: string,
): void {
  const use = {
    service: 'secretsmanager',
    keyId: keyArn,
    operations: ['Decrypt'],
    encryptionContext: contextOf(secretArn, versionId),
  }
  keyInUse(context, use, refused(context, 'decrypt'))
}
