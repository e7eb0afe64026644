import type { Scope } from '../ec2/index.ts'
import { keyInUse, serviceUser } from '../encryption.ts'
import { AwsError } from '../wire/service.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html: what the key's policy must let the service do. */
const OPERATIONS = ['Encrypt', 'Decrypt', 'GenerateDataKey', 'DescribeKey']

/**
 * ARN of the key of a log group, which is used not in the caller's name but in that of CloudWatch Logs: the key's policy must let
 * `logs.REGION.amazonaws.com` in. Throws InvalidParameterException and AccessDeniedException.
 */
export function logGroupKey(scope: Scope, arn: string, keyId: string): string {
  const notAllowed = () =>
    new AwsError(
      'AccessDeniedException',
      `The specified KMS key does not exist or is not allowed to be used with Arn '${arn}'`,
    )
  const encryptionContext = { 'aws:logs:arn': arn }
  return keyInUse(
    serviceUser(scope, 'logs'),
    { service: 'logs', keyId, operations: OPERATIONS, encryptionContext },
    ({ code }) =>
      code === 'NotFoundException' || code === 'AccessDeniedException'
        ? notAllowed()
        : new AwsError('InvalidParameterException', 'The specified KMS Key Id could not be found.'),
  ).arn
}
