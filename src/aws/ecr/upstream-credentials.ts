import type { Scope } from '../ec2/index.ts'
import { findSecret, versionOf } from '../secretsmanager/index.ts'
import { AwsError } from '../wire/service.ts'

/**
 * User name and password for an upstream registry, from the secret `ecr-pullthroughcache/…` with `username` and `accessToken`
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html).
 * Throws SecretNotFoundException, UnableToAccessSecretException with the texts of the API reference.
 */
export function upstreamCredentials(scope: Scope, secretArn: string): { username: string; password: string } {
  const secret = findSecret(scope, secretArn)
  if (!secret || secret.deleted !== undefined) {
    throw new AwsError(
      'SecretNotFoundException',
      'The ARN of the secret specified in the pull through cache rule was not found. Update the pull through cache rule with a valid secret ARN and try again.',
    )
  }
  try {
    const { username, accessToken } = JSON.parse(versionOf(secret, {}).string ?? '')
    if (typeof username === 'string' && typeof accessToken === 'string')
      return { username, password: accessToken }
  } catch {
    // Reported below: not the form that ECR wants.
  }
  throw new AwsError(
    'UnableToAccessSecretException',
    'The secret is unable to be accessed. Verify the resource permissions for the secret and try again.',
  )
}
